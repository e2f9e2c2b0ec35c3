"""/gateway/check on a real connection: what a gateway passes on of its caller's request does no harm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.asking import CHECK
from tests.server.running import Deployment, Server
from tests.server.wire import request


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    made = Deployment(tmp_path_factory.mktemp("door"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(deployment: Deployment) -> Server:
    return deployment.serve()


WITHOUT_BODY = [{"Content-Length": "5000"}, {"Transfer-Encoding": "chunked"}, {"Expect": "100-continue"}]


@pytest.mark.parametrize("headers", [*WITHOUT_BODY, {"Content-Length": "5000", "Expect": "100-continue"}])
@pytest.mark.parametrize("known", [True, False])
def test_a_body_that_never_comes_is_not_waited_for(
    server: Server, deployment: Deployment, headers: dict[str, str], known: bool
) -> None:
    asked = server.ask(request("POST", CHECK, {**headers, "X-API-Key": deployment.key.secret if known else "none"}))
    assert asked is not None
    assert asked.status == (200 if known else 401)


@pytest.mark.parametrize("known", [True, False])
def test_a_whole_body_does_no_harm(server: Server, deployment: Deployment, known: bool) -> None:
    key = deployment.key.secret if known else "none"
    for body in (b"x", b"x" * 200_000):  # of more than fits the buffers nobody can say how far it gets
        asked = server.ask(request("PUT", CHECK, {"X-API-Key": key}, body))
        assert asked is not None
        assert asked.status == (200 if known else 401)


def test_a_connection_is_kept_for_the_next_question(server: Server, deployment: Deployment) -> None:
    with server.wire() as wire:
        for _ in range(3):
            wire.send(request("GET", CHECK, {"X-API-Key": deployment.key.secret}))
            answer = wire.answer()
            assert answer is not None
            assert answer.status == 200
        wire.send(request("HEAD", CHECK, {"X-API-Key": "none"}))
        refused = wire.answer(head=True)
        assert refused is not None
        assert refused.status == 401
        wire.send(request("GET", CHECK, {"X-API-Key": deployment.key.secret}))
        assert wire.answer() is not None
