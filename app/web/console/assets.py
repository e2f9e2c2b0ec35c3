"""The files that pages load: built from locked packages, named by their content, kept by browsers for ever."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from app.domain.refusals import NotFound
from app.web.replies import Answer
from app.web.request import Request

FOLDER = Path(__file__).with_name("static")
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
FOR_EVER = ("Cache-Control", "public, max-age=31536000, immutable")


class NotBuilt(Exception):
    """The console's files have not been built; the message says how."""


@lru_cache(maxsize=1)
def names() -> dict[str, str]:
    """Each file's name in the pages and the name it is served under; NotBuilt when there are none."""
    try:
        found: dict[str, str] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
    except OSError as error:
        raise NotBuilt("The console's files are not built: run `make assets`.") from error
    return found


@lru_cache(maxsize=16)
def _content(name: str) -> tuple[bytes, bytes]:
    if name not in names().values():
        raise NotFound("file")
    return (FOLDER / name).read_bytes(), (FOLDER / f"{name}.gz").read_bytes()


def serve(request: Request, name: str) -> Answer:
    """GET /assets/<name>; packed for those who take it so."""
    plain, packed = _content(name)
    headers = (("Content-Type", KINDS[name.rpartition(".")[2]]), FOR_EVER, ("Vary", "Accept-Encoding"))
    if "gzip" in (request.header("Accept-Encoding") or ""):
        return Answer(200, (*headers, ("Content-Encoding", "gzip")), packed)
    return Answer(200, headers, plain)
