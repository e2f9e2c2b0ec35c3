"""A tiny API behind the gateways, which tells what reached it; and a caller before them."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ELSEWHERE = "127.0.0.2"  # callers come from another address than the gateway's own


@dataclass(frozen=True)
class Seen:
    """One request as it reached the API."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def named(self, name: str) -> list[str]:
        """The values of a header under this name, or any that programs take for it."""
        return [value for found, value in self.headers if plain(found) == name.lower()]


def plain(name: str) -> str:
    """A header's name as CGI, WSGI and PHP confuse it."""
    return name.lower().replace("_", "-").replace(".", "-")


class Api(ThreadingHTTPServer):
    """Answers 200 to everything, keeps what came, and switches protocols when asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[Seen] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        assert isinstance(self.server, Api)
        body = self._chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._whole()
        self.server.seen.append(Seen(self.command, self.path, list(self.headers.items()), body))
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(self.rfile.read(4).upper())
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok" if self.command != "HEAD" else b"")

    def _whole(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunks(self) -> bytes:
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Reply:
    """What a caller gets."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(
    port: int, path: str, *headers: tuple[str, str], method: str = "GET", body: bytes = b"", source: str = "127.0.0.1"
) -> Reply:
    """One request of a caller, its headers byte for byte."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40, source_address=(source, 0))
    try:
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name, value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()
