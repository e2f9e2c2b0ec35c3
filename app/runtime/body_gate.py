"""Keeps callers who never finish their bodies from holding every thread."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from app.domain.refusals import Unavailable

PATIENCE_SECONDS, LOOKS = 0.5, 50


class BodyGate:
    """A WSGI application before another one: only so many threads may wait for a body, which has no other deadline."""

    def __init__(self, application: Any, most: int) -> None:
        self._application, self.most = application, most
        self.reading: list[None] = []  # its length is the count; one too many does no harm, so there is no lock

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass a request on; one with a body reads it through the gate."""
        if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _Gated(environ["wsgi.input"], self)
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer

    def wait(self) -> None:
        """Wait for others to have their bodies: at work that is a matter of milliseconds; Unavailable if it is not."""
        pause = threading.Event()
        for _ in range(LOOKS):
            pause.wait(PATIENCE_SECONDS / LOOKS)
            if len(self.reading) < self.most:
                return
        raise Unavailable("Too many requests are waiting for the rest of their bodies.")


class _Gated:
    __slots__ = ("_gate", "_stream")

    def __init__(self, stream: Any, gate: BodyGate) -> None:
        self._stream, self._gate = stream, gate

    def read(self, size: int = -1) -> bytes:
        """Read as the stream does; Unavailable when too many are waiting already."""
        reading = self._gate.reading
        if len(reading) >= self._gate.most:
            self._gate.wait()
        reading.append(None)
        try:
            data: bytes = self._stream.read(size) if size >= 0 else self._stream.read()
        finally:
            reading.pop()
        return data
