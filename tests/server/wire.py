"""Raw bytes to a server, and the answers to them."""

from __future__ import annotations

import base64
import json
import socket
from dataclasses import dataclass
from typing import Any, Self

from tests.patience import PATIENCE_SECONDS

GOOD_FORM = b"grant_type=client_credentials"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """One answer off the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Wire:
    """A connection on which anything can be sent."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=PATIENCE_SECONDS)
        self._kept = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, *, head: bool = False) -> Answer | None:
        """The next answer, or None when the connection ended without one."""
        while b"\r\n\r\n" not in self._kept:
            if not self._more():
                return None
        top, _, self._kept = self._kept.partition(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        status = int(lines[0].split(" ")[1])
        if status == 100:
            return self.answer(head=head)
        length = 0 if head or status in {204, 304} else int(headers.get("content-length", "0"))
        while len(self._kept) < length and self._more():
            pass
        body, self._kept = self._kept[:length], self._kept[length:]
        return Answer(status, headers, body)

    def ended(self) -> bool:
        """Whether the other side closes the connection, having sent nothing more."""
        return not self._kept and not self._more()

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self._kept += data
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()


def request(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """Write a request down."""
    fields = {"Host": "127.0.0.1", **({"Content-Length": str(len(body))} if body else {}), **(headers or {})}
    return (
        f"{method} {target} HTTP/1.1\r\n".encode()
        + b"".join(f"{n}: {v}\r\n".encode("latin-1") for n, v in fields.items())
        + b"\r\n"
        + body
    )


def basic(pair: bytes) -> str:
    return "Basic " + base64.b64encode(pair).decode()


def token_request(headers: str, body: bytes = GOOD_FORM) -> bytes:
    """Write a request to /token down, header by header."""
    head = f"POST /token HTTP/1.1\r\nHost: x\r\n{headers}"
    if "Content-Type" not in headers:
        head += f"Content-Type: {FORM}\r\n"
    if "Transfer-Encoding" not in headers and "Content-Length" not in headers:
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode("latin-1") + b"\r\n" + body
