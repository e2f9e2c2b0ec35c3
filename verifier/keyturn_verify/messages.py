"""What goes over the network and comes back, as values; and how long an answer may be kept (RFC 9111)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send.

    largest   the most bytes of body to take, before and after unpacking
    """

    url: str
    headers: Mapping[str, str]
    largest: int
    body: bytes | None = None

    @property
    def method(self) -> str:
        """A request with a body is a POST."""
        return "GET" if self.body is None else "POST"


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; `problem` says why nothing usable did. Names of headers are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    problem: str = ""

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def age(self) -> int:
        """Seconds that caches have kept it before it came here (RFC 9111 §5.1)."""
        return _seconds(self.headers.get("age", "")) or 0

    @property
    def max_age(self) -> int | None:
        """How many seconds it is fresh for, from when its origin sent it (RFC 9111 §5.2.2.1)."""
        for directive in self.headers.get("cache-control", "").lower().split(","):
            name, _, value = directive.strip().partition("=")
            if name in {"no-store", "no-cache"}:
                return 0
            if name == "max-age":
                return _seconds(value.strip('"')) or 0
        return None

    @property
    def retry_after(self) -> int:
        """Seconds to wait before asking again; 0 when nothing is said, or a date."""
        return _seconds(self.headers.get("retry-after", "")) or 0


def failed(problem: str) -> Response:
    """An answer that never came."""
    return Response(0, problem=problem)


def _seconds(text: str) -> int | None:
    return int(text) if _SECONDS.fullmatch(text) else None
