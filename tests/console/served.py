"""The application as tests serve it: every page it answers is kept, and no thread leaves a connection behind."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.world import World

REDIRECTS = ("301", "303", "308")


def served(world: World, bodies: list[str]) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """The world's application; the HTML it answers is added to `bodies`, as it was before it was packed."""

    def answered(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        kept: list[tuple[str, dict[str, str]]] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept.append((status, dict(headers)))
            return start_response(status, headers, *more)

        try:
            body = b"".join(world.app.wsgi_app(environ, start))
        finally:
            world.ctx.database._drop()  # threads end with their request, and what they hold must not be found open
        status, named = kept[-1]
        if named.get("Content-Type", "").startswith("text/html") and not status.startswith(REDIRECTS):
            bodies.append(unpacked(body, named).decode())
        return [body]

    return answered


def unpacked(body: bytes, headers: dict[str, str]) -> bytes:
    """An answer's body as it was before it was packed."""
    return gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
