"""The only file that knows the HTTP client: bounded in bytes and time, no redirects, no cookies."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import zlib
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from keyturn_verify.messages import Request, Response, failed
from keyturn_verify.version import VERSION

CONNECTIONS = 16
_CHUNK = 64 << 10
_AGENT = f"keyturn-verify/{VERSION}"
_ending = threading.local()


class _OneEnd:
    """A connection whose answer's head must be there in time, however slowly it drips."""

    sock: Any

    def getresponse(self) -> Any:
        """Wait for the head of an answer, and cut the connection when the time is over."""
        cut = threading.Event()
        timer = threading.Timer(max(0.0, getattr(_ending, "at", 0.0) - time.monotonic()), _cut, (self.sock, cut))
        timer.daemon = True
        timer.start()
        try:
            answer = super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()
        if cut.is_set():  # a head that ends early looks whole
            answer.close()
            raise TimeoutError
        return answer


class _Http(_OneEnd, HTTPConnection):
    pass


class _Https(_OneEnd, HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


class Transport:
    """Sends requests from any thread; a child process makes its own.

    timeout   seconds for a whole exchange
    context   for TLS: None trusts what the system trusts
    """

    def __init__(self, timeout: float, context: Any = None) -> None:
        self._timeout = timeout
        options = {} if context is None else {"ssl_context": context}
        self._manager = urllib3.PoolManager(maxsize=CONNECTIONS, block=False, retries=False, **options)
        self._manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def send(self, request: Request) -> Response:
        """Exchange one request; whatever goes wrong is in the answer's `problem`."""
        end = _ending.at = time.monotonic() + self._timeout
        try:
            return _read(self._answer(request, end), request.largest, end)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, zlib.error) as error:
            return failed(f"no answer ({type(error).__name__})")

    def _answer(self, request: Request, end: float) -> urllib3.BaseHTTPResponse:
        headers = {**request.headers, "Accept-Encoding": "gzip", "User-Agent": _AGENT}
        options: dict[str, Any] = {"preload_content": False, "decode_content": False, "redirect": False}
        timeout = urllib3.Timeout(connect=self._timeout, read=self._timeout)
        for last in (False, True):
            try:
                return self._manager.request(
                    request.method, request.url, body=request.body, headers=headers, timeout=timeout, **options
                )
            except urllib3.exceptions.ProtocolError:
                # The other side may have closed a connection that was kept. Nothing that is sent here changes anything.
                if last or time.monotonic() > end - self._timeout / 2:
                    raise
        raise AssertionError

    def close(self) -> None:
        """Close what is open."""
        self._manager.clear()


def _read(answer: urllib3.BaseHTTPResponse, largest: int, end: float) -> Response:
    body = bytearray()
    while chunk := answer.read1(_CHUNK, decode_content=False):
        body += chunk
        if len(body) > largest or time.monotonic() > end:
            answer.close()
            return failed("the answer is too large" if len(body) > largest else "the answer is too slow")
    answer.release_conn()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding == "gzip":
        stream = zlib.decompressobj(31)
        body = bytearray(stream.decompress(bytes(body), largest + 1))
        if len(body) > largest or not stream.eof:
            return failed("the unpacked answer is too large, or cut")
    elif coding != "identity":
        return failed("the answer is in a coding that nobody asked for")
    return Response(answer.status, headers, bytes(body))


def _cut(sock: socket.socket | None, cut: threading.Event) -> None:
    cut.set()
    with contextlib.suppress(OSError, AttributeError):
        if sock is not None:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS too: the other thread still reads from it
