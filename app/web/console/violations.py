"""What browsers report against the pages' security policy (CSP Level 3 §5.3)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from app.runtime import log
from app.web.console.pages import Pages, Visit
from app.web.faults import BadRequest, Fault
from app.web.forms import media_type
from app.web.replies import Answer

pages = Pages()
LARGEST, LONGEST, LONGEST_NUMBER, MOST_A_MINUTE = 16 * 1024, 200, 7, 60
KINDS = frozenset({"application/csp-report", "application/reports+json", "application/json"})
PLACES = frozenset({"tenant-api-keys", "settings", "account", "sign-in", "set-up", "re-auth", "audit-log", "help"})
WORDS = frozenset({"inline", "eval", "wasm-eval", "data", "blob", "self", "trusted-types-policy", "trusted-types-sink"})
_DIRECTIVE = re.compile(r"[a-z-]{1,40}")


class Budget:
    """How many reports of a minute are written down: anybody may send them."""

    def __init__(self) -> None:
        self._minute, self._left = -1, 0

    def allows(self, minute: int) -> bool:
        """Whether one more may be written in this minute."""
        if minute != self._minute:
            self._minute, self._left = minute, MOST_A_MINUTE
        self._left -= 1
        return self._left >= 0


budget = Budget()


@pages.add("POST", "/csp-report", public=True)
def take_report(visit: Visit) -> Answer:
    """POST /csp-report: write down what was violated and where, without the values in any address."""
    if media_type(visit.http.environ.get("CONTENT_TYPE") or "") not in KINDS:
        raise BadRequest(Fault.CONTENT_TYPE)
    for report in _reports(visit.http.body(LARGEST)):
        if budget.allows(int(visit.now.timestamp()) // 60):
            log.warned("csp.violated", request_id=visit.http.id, **_told(report))
    return Answer(204, (("Cache-Control", "no-store"),), b"")


def _reports(body: bytes) -> list[dict[str, Any]]:
    # Old browsers send one report in a member of its own, others a list of them.
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(Fault.UNREADABLE) from error
    found = [one.get("body") for one in read if isinstance(one, dict)] if isinstance(read, list) else []
    if isinstance(read, dict):
        found = [read.get("csp-report")]
    return [one for one in found if isinstance(one, dict)]


def _told(report: dict[str, Any]) -> dict[str, str]:
    def said(*names: str) -> str:
        return next((str(report[name]) for name in names if report.get(name)), "")

    directive = said("effectiveDirective", "effective-directive", "violated-directive").partition(" ")[0]
    line = said("lineNumber", "line-number")
    return {
        "directive": directive if _DIRECTIVE.fullmatch(directive) else "",
        "page": _page(said("documentURL", "document-uri")),
        "blocked": _origin(said("blockedURL", "blocked-uri")),
        "source": _origin(said("sourceFile", "source-file")),
        "line": line if line.isdecimal() and len(line) <= LONGEST_NUMBER else "",
    }


def _page(address: str) -> str:
    # Only the first part of a path that is ours: one-time links and pasted keys stay out of the log.
    first = _split(address)[1].removeprefix("/").partition("/")[0]
    return f"/{first}" if first in PLACES else ""


def _origin(address: str) -> str:
    host = _split(address)[0]
    return host[:LONGEST] if host else address if address in WORDS else ""


def _split(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    return host, parts.path
