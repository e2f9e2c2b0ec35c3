"""Hands every call of a key that was recognised to the recorder, by what came of it whatever door it came by."""

from __future__ import annotations

from app.domain.usage import NOBODY, Outcome
from app.web.reply_tables import DOORS
from app.web.request import Request

_OUTCOMES = {401: Outcome.UNAUTHORIZED, 403: Outcome.FORBIDDEN, 429: Outcome.LIMITED}
OK, _FIRST_FAILURE = 200, 400
# OAuth endpoints answer 400 where a door says 403 or 429: the reason decides, so that all doors agree.
_BY_REASON = {str(reason): _OUTCOMES.get(row.status, Outcome.OTHER) for reason, row in DOORS.items()} | {
    "unauthorized_client": Outcome.FORBIDDEN
}


def count(request: Request, status: int, reason: str | None) -> None:
    """Count an answered call; the request knows whose it was."""
    environ, address = request.environ, request.address
    request.ctx.recorder.used(
        request.facts,
        Outcome.OK if status == OK else outcome(status, reason),
        request.now,
        NOBODY if address is None else address,
        environ.get("HTTP_USER_AGENT", ""),
        environ.get("HTTP_ORIGIN"),
    )


def outcome(status: int, reason: str | None) -> Outcome:
    """What came of a call: by the reason it was refused for, else by the status it was answered with."""
    if reason is None:
        return Outcome.OK if status < _FIRST_FAILURE else _OUTCOMES.get(status, Outcome.OTHER)
    found = _BY_REASON.get(reason)
    return _OUTCOMES.get(status, Outcome.OTHER) if found is None else found
