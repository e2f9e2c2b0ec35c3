"""Many tokens in one request, each answered as if it had been asked about alone."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import keys
from tests.rfc.asking import assert_challenged, assert_error
from tests.world import OPERATOR, Key, World

BATCH = "/introspect/batch"


def ask(world: World, caller: Key, body: Any) -> Any:
    return world.client.post(BATCH, json=body, auth=caller.auth)


def test_each_token_is_answered_as_if_asked_about_alone(world: World) -> None:
    server, gone, bound = world.resource_server(), world.key("Gone"), world.key("Bound", ip_allowlist=("127.0.0.0/8",))
    tokens = [world.token(world.key()), world.token(gone), "nonsense", world.token(bound), "nonsense"]
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], gone.id, world.clock())
    answer = ask(world, server, {"tokens": tokens})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    alone = [world.introspect(server, token) for token in tokens]
    assert answer.json == {"items": alone}
    assert [item["active"] for item in alone] == [True, False, False, True, False]
    as_form = world.client.post(BATCH, data={"token": tokens}, auth=server.auth)
    assert as_form.json == answer.json
    by_form = {"token": tokens, "client_id": server.id, "client_secret": server.secret}
    assert world.client.post(BATCH, data=by_form).json == answer.json


def test_an_address_may_be_said_for_all_or_for_each(world: World) -> None:
    server = world.resource_server()
    token = world.token(world.key(ip_allowlist=("127.0.0.0/8",)))
    here, there = {"token": token, "client_address": "127.0.0.1"}, {"token": token, "client_address": "203.0.113.9"}
    answer = ask(world, server, {"tokens": [here, there, token], "client_address": "203.0.113.9"})
    assert [item["active"] for item in answer.json["items"]] == [True, False, False]
    assert "ip_allowlist" not in answer.json["items"][0]
    unsaid = ask(world, server, {"tokens": [token, here]}).json["items"]
    assert unsaid[0]["ip_allowlist"] == ["127.0.0.0/8"]
    as_form = world.client.post(BATCH, data={"token": [token], "client_address": "203.0.113.9"}, auth=server.auth)
    assert as_form.json == {"items": [{"active": False}]}


def test_a_key_sees_its_own_tokens_only(world: World) -> None:
    key = world.key()
    mine, theirs = world.token(key), world.token(world.key("Other"))
    items = ask(world, key, {"tokens": [mine, theirs]}).json["items"]
    assert [item["active"] for item in items] == [True, False]


def test_a_hundred_tokens_are_answered_and_one_more_is_refused(world: World) -> None:
    server, token = world.resource_server(), world.token(world.key())
    longest = "a" * 8192
    assert len(ask(world, server, {"tokens": [longest] * 99 + [token]}).json["items"]) == 100
    assert len(world.client.post(BATCH, data={"token": [longest] * 100}, auth=server.auth).json["items"]) == 100
    assert_error(ask(world, server, {"tokens": [token] * 101}), 400, "invalid_request")
    assert_error(world.client.post(BATCH, data={"token": [token] * 101}, auth=server.auth), 400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tokens": []},
        {"tokens": "a.b.c"},
        {"tokens": [""]},
        {"tokens": [1]},
        {"tokens": [None]},
        {"tokens": [["a"]]},
        {"tokens": [{}]},
        {"tokens": [{"token": 1}]},
        {"tokens": [{"token": "a", "client_address": 1}]},
        {"tokens": ["a"], "client_address": 1},
        [],
        "a.b.c",
        None,
    ],
    ids=str,
)
def test_what_cannot_be_read_is_an_invalid_request(world: World, body: Any) -> None:
    assert_error(ask(world, world.resource_server(), body), 400, "invalid_request")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"tokens": ["a"]} x', b'{"tokens": ["\\ud800"]}'])
def test_what_is_no_json_is_an_invalid_request(world: World, data: bytes) -> None:
    server = world.resource_server()
    answer = world.client.post(BATCH, data=data, auth=server.auth, content_type="application/json")
    assert_error(answer, 400, "invalid_request")


def test_who_asks_must_prove_it_as_at_the_single_question(world: World) -> None:
    key, server = world.key(), world.resource_server()
    for given in ({"json": {"tokens": ["a"]}}, {"data": {"token": ["a"]}}):
        assert_error(world.client.post(BATCH, **given), 400, "invalid_client")  # type: ignore[arg-type]
        wrong = world.client.post(BATCH, auth=(server.id, key.secret), **given)  # type: ignore[arg-type]
        assert_challenged(wrong)
    assert_error(world.client.get(BATCH), 405, "invalid_request")
    other = world.client.post(BATCH, data="<x/>", content_type="text/xml", auth=server.auth)
    assert_error(other, 400, "invalid_request")
