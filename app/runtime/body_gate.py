"""Keeps callers who never finish their bodies from holding every thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.domain.refusals import Unavailable


class BodyGate:
    """A WSGI application before another one: of all threads only so many may wait for a body. There is no other deadline for one."""

    def __init__(self, application: Any, most: int) -> None:
        self._application, self.most = application, most
        self.reading: list[None] = []  # its length is the count; append and pop need no lock

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass a request on; one with a body reads it through the gate."""
        if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _Gated(environ["wsgi.input"], self)
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer


class _Gated:
    __slots__ = ("_gate", "_stream")

    def __init__(self, stream: Any, gate: BodyGate) -> None:
        self._stream, self._gate = stream, gate

    def read(self, size: int = -1) -> bytes:
        """Read as the stream does; Unavailable when too many are waiting already."""
        reading = self._gate.reading
        if len(reading) >= self._gate.most:
            raise Unavailable("Too many requests are waiting for the rest of their bodies.")
        reading.append(None)
        try:
            data: bytes = self._stream.read(size) if size >= 0 else self._stream.read()
        finally:
            reading.pop()
        return data
