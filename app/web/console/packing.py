"""Packs pages for the way to the browser: a list is a tenth of its size then."""

from __future__ import annotations

import gzip

from app.web.replies import Answer
from app.web.request import Request

LEAST = 1024  # bytes: below this nothing is won
LEVEL = 5  # 180 KB to 14 KB; level 9 makes it 13, in three times the time
# A page holds what nobody else may learn, a form's token for one. Who can make a browser ask for pages with words of
# their choosing, and sees how long the packed answers are, guesses it letter by letter (BREACH). Only other sites have
# to guess: what they ask for is sent as it is. Every browser since 2023 says who asks, and none lets a page say it.
OWN = frozenset({"same-origin", "none"})


def packed(http: Request, answer: Answer) -> Answer:
    """Pack a page that the console itself or a person asked for; leave any other answer as it is."""
    if http.header("Sec-Fetch-Site") not in OWN or "gzip" not in (http.header("Accept-Encoding") or ""):
        return answer
    if len(answer.body) < LEAST or not dict(answer.headers).get("Content-Type", "").startswith("text/html"):
        return answer
    body = gzip.compress(answer.body, LEVEL, mtime=0)
    return answer._replace(headers=(*answer.headers, ("Content-Encoding", "gzip")), body=body)
