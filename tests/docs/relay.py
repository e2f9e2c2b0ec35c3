"""Something between a caller and Keyturn that counts what passes, and may refuse the first calls."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.patience import PATIENCE_SECONDS


class Relay(ThreadingHTTPServer):
    """Hands requests on to a port of this machine.

    refusals   statuses answered first, one a request, instead of handing it on
    """

    daemon_threads = True

    def __init__(self, target: int, refusals: dict[str, list[int]] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.refusals = target, refusals or {}
        self.passed: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def _hand_on(self) -> None:
        assert isinstance(self.server, Relay)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if waiting := self.server.refusals.get(self.path):
            self.send_response(waiting.pop(0))
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.server.passed.append(f"{self.command} {self.path}")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=PATIENCE_SECONDS)
        connection.request(self.command, self.path, body or None, dict(self.headers.items()))
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "transfer-encoding", "server", "date"}:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _hand_on  # noqa: N815 - the names the base class looks for

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""
