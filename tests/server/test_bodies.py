"""Bodies: whole, in parts, too large, cut short; and the connection they come on."""

from __future__ import annotations

import pytest

from tests.server.running import Deployment, Server
from tests.server.wire import FORM, GOOD_FORM, request, token_request


def test_pipelined_requests_are_answered_in_their_order(server: Server, deployment: Deployment) -> None:
    with server.wire() as wire:
        wire.send(
            request("GET", "/healthz")
            + deployment.token_request
            + request("GET", "/nothing")
            + deployment.token_request
        )
        answers = [wire.answer() for _ in range(4)]
    assert [answer.status for answer in answers if answer is not None] == [200, 200, 404, 200]


def test_whoever_waits_for_100_continue_is_heard(server: Server, deployment: Deployment) -> None:
    fields = {"Authorization": deployment.key.basic, "Content-Type": FORM, "Expect": "100-continue"}
    head, _, body = request("POST", "/token", fields, GOOD_FORM).partition(b"\r\n\r\n")
    with server.wire() as wire:
        wire.send(head + b"\r\n\r\n")
        assert wire.socket.recv(100).startswith(b"HTTP/1.1 100")
        wire.send(body)
        answer = wire.answer()
    assert answer is not None
    assert answer.status == 200


def test_a_chunked_form_is_a_form(server: Server, deployment: Deployment) -> None:
    headers = f"Authorization: {deployment.key.basic}\r\nTransfer-Encoding: chunked\r\n"
    answer = server.ask(token_request(headers, b"5\r\ngrant\r\n18\r\n_type=client_credentials\r\n0\r\n\r\n"))
    assert answer is not None
    assert answer.status == 200


@pytest.mark.spec("T-6749-34")
@pytest.mark.parametrize("size", [65_537, 100_000, 250_000])
def test_a_body_too_large_is_413_and_the_connection_lives_on(server: Server, deployment: Deployment, size: int) -> None:
    with server.wire() as wire:
        wire.send(
            request("POST", "/token", {"Content-Type": FORM}, b"a=" + b"b" * (size - 2)) + deployment.token_request
        )
        first, second = wire.answer(), wire.answer()
    assert first is not None
    assert first.status == 413
    assert second is not None
    assert second.status == 200


def test_a_chunked_body_too_large_is_413(server: Server) -> None:
    chunk = b"2000\r\n" + b"a" * 0x2000 + b"\r\n"
    answer = server.ask(token_request("Transfer-Encoding: chunked\r\n", chunk * 12 + b"0\r\n\r\n"))
    assert answer is not None
    assert answer.status == 413


def test_a_gigabyte_announced_is_refused_without_being_read(server: Server) -> None:
    answer = server.ask(token_request(f"Content-Length: {1 << 30}\r\n", b"a" * 1000))
    assert answer is not None
    assert answer.status == 413


def test_a_body_cut_short_does_not_pass_for_the_whole(server: Server) -> None:
    with server.wire() as wire:
        wire.send(token_request(f"Content-Length: {len(GOOD_FORM) + 10}\r\n"))
        wire.socket.shutdown(1)
        answer = wire.answer()
    assert answer is None or answer.status == 400
