"""What the network may do to a verifier: nothing worse than a refusal in time."""

from __future__ import annotations

import gzip
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from keyturn_verify import StatusUnavailable, Verifier
from keyturn_verify.messages import Request, Response
from keyturn_verify.transport import Transport
from tests.verifier.issuer import AUDIENCE, LIST, LIST_TYPE, Answer, Issuer

LARGEST = 1000
SHORT, LONG = 0.3, 20.0  # seconds: for what never comes, and for what comes however busy the machine is
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
Speak = Callable[[socket.socket], None]


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(LONG)
    yield made
    made.close()


@pytest.fixture
def impatient() -> Iterator[Transport]:
    made = Transport(SHORT)
    yield made
    made.close()


@pytest.fixture
def peer() -> Iterator[Callable[[Speak], str]]:
    """Listen on a port, and speak as the test says to whoever connects."""
    listeners: list[socket.socket] = []

    def listen(speak: Speak) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    try:
                        speak(connection)
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield listen
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def dripping(head: bytes) -> Speak:
    """Say something now and then, for ever."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(head)
        pause = threading.Event()
        while not pause.wait(0.05):
            connection.sendall(b"x")

    return speak


@pytest.mark.parametrize(
    "speak",
    [
        lambda c: c.recv(1),
        dripping(b""),
        dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        dripping(HEAD + b"Content-Length: 900\r\n\r\n"),
    ],
    ids=["silent", "no head", "half a head", "half a body"],
)
def test_a_server_that_never_ends_is_not_waited_for(
    impatient: Transport, peer: Callable[[Speak], str], speak: Speak
) -> None:
    answer = impatient.send(Request(peer(speak), {}, LARGEST))
    assert re.search("no answer|too slow", answer.problem)
    assert answer.body == b""


@pytest.mark.parametrize(
    ("speak", "problem"),
    [
        (lambda c: None, "no answer"),
        (lambda c: c.sendall(HEAD + b"Content-Length: 9\r\n\r\nabc"), "no answer"),
        (lambda c: c.sendall(HEAD + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000), "too large"),
        (lambda c: c.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1388\r\n" + b"x" * 5000), "too large"),
        (lambda c: c.sendall(HEAD + b"\r\n" + b"x" * 100_000), "too large"),
        (lambda c: c.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"), "no answer"),
        (lambda c: c.sendall(HEAD + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"), "coding"),
        (lambda c: c.sendall(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), "no answer"),
    ],
)
def test_what_a_server_must_not_send_is_no_answer(
    transport: Transport, peer: Callable[[Speak], str], speak: Speak, problem: str
) -> None:
    answer = transport.send(Request(peer(speak), {}, LARGEST))
    assert problem in answer.problem
    assert answer.body == b""


def test_a_packed_answer_is_unpacked_as_far_as_it_may(transport: Transport, peer: Callable[[Speak], str]) -> None:
    def says(body: bytes) -> Speak:
        head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        return lambda connection: connection.sendall(head + body)

    assert transport.send(Request(peer(says(gzip.compress(b"a" * 900))), {}, LARGEST)).body == b"a" * 900
    bomb = gzip.compress(bytes(500_000))
    assert "unpacked" in transport.send(Request(peer(says(bomb)), {}, LARGEST)).problem


def test_nobody_there_is_no_answer(transport: Transport) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    assert "no answer" in transport.send(Request(url, {}, LARGEST)).problem
    assert "no answer" in transport.send(Request("http://name.invalid/", {}, LARGEST)).problem


def test_redirects_are_not_followed(served: Issuer, transport: Transport) -> None:
    served.replace["/here"] = Answer(302, {"location": served.url + "/there"}, b"")
    assert transport.send(Request(served.url + "/here", {}, LARGEST)).status == 302
    assert served.paths() == ["/here"]


def test_a_kept_connection_that_was_closed_is_made_again(served: Issuer, transport: Transport) -> None:
    served.replace["/a"] = Answer(200, {}, b"first")
    assert transport.send(Request(served.url + "/a", {}, LARGEST)).body == b"first"
    answers = iter([None, Answer(200, {}, b"second")])
    served.change["/"] = lambda answer: answer
    original, served.answer = served.answer, lambda *_arguments: next(answers)  # type: ignore[method-assign]
    assert transport.send(Request(served.url + "/a", {}, LARGEST)).body == b"second"
    served.answer = original  # type: ignore[method-assign]


class ImpatientForLists:
    """Waits long for all but the list."""

    def __init__(self) -> None:
        self._short, self._long = Transport(SHORT), Transport(LONG)

    def send(self, request: Request) -> Response:
        return (self._short if request.url.endswith(LIST) else self._long).send(request)

    def close(self) -> None:
        self._short.close()
        self._long.close()


def test_a_slow_issuer_costs_one_answer_and_not_every_one(served: Issuer) -> None:
    came, go_on = threading.Event(), threading.Event()

    def slow(answer: Answer) -> Answer:
        came.set()
        go_on.wait(LONG)
        return answer

    served.change[LIST] = slow
    clocks = {"wall": lambda: served.clock.wall, "elapsed": lambda: served.clock.elapsed}
    with Verifier(served.url, AUDIENCE, background=False, transport=ImpatientForLists, **clocks) as verifier:
        for _ in range(10):
            with pytest.raises(StatusUnavailable):
                verifier.verify(served.token())
        assert came.is_set()
        assert served.paths().count(LIST) == 1
    go_on.set()


def test_a_list_packed_by_http_too_is_read(served: Issuer) -> None:
    served.replace[LIST] = Answer(
        200, {"content-type": LIST_TYPE, "content-encoding": "gzip"}, gzip.compress(served.list_token().encode())
    )
    with Verifier(served.url, AUDIENCE, wall=lambda: served.clock.wall) as verifier:
        verifier.verify(served.token())
