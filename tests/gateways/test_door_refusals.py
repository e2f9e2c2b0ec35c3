"""/gateway/check refuses with statuses that gateways know, and says why."""

from __future__ import annotations

import json

import pytest

from app.actions import keys, tenants
from app.domain.refusals import Reason, Verdict
from app.web.replies import gateway_refusal
from app.web.reply_tables import DOORS
from tests.fixtures import WorldMaker
from tests.gateways.asking import BELOW, CHECK, ask
from tests.rfc.asking import impostor
from tests.world import OPERATOR, World


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"Authorization": "Basic !"}, ""),
        ({"Authorization": "Bearer a b"}, ""),
        ({"Authorization": "Bearer a, Bearer b"}, ""),
        ({"Authorization": "Token KEY"}, ""),
        ({"Authorization": "Bearer KEY", "X-API-Key": "other"}, ""),
        ({"X-API-Key": "KEY, KEY"}, ""),
        ({"X-API-Key": "k\u00e9y"}, ""),
        ({}, "api_key=KEY"),
        ({}, "access_token=KEY&token=1"),
        ({}, "token=KEY"),
        ({}, "token=1"),
        ({"X-API-Key": "KEY1"}, ""),
    ],
)
def test_whatever_is_wrong_with_a_credential_is_401(world: World, headers: dict[str, str], query: str) -> None:
    key = world.key()
    sent = {name: value.replace("KEY", key.secret) for name, value in headers.items()}
    for path in (CHECK, BELOW):
        answer = world.client.get(path, query_string=query.replace("KEY", key.secret), headers=sent)
        assert (answer.status_code, answer.json["status"]) == (401, 401)
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="Keyturn"')
        assert answer.headers["Cache-Control"] == "no-store"
        assert key.secret not in answer.text


def test_only_a_credential_in_the_query_is_told_of_as_one(world: World) -> None:
    told = world.client.get(CHECK, query_string="api_key=x&token=1").json["error"]
    assert told == "credentials_in_query"
    for path in (CHECK + "?token=1&scope=contacts:read", BELOW + "?api_key=x"):
        assert world.client.get(path).json["error"] == "invalid_api_key"


def test_a_gateway_that_sees_headers_only_gets_the_problem_in_one(world: World) -> None:
    for answer in (world.client.get(CHECK), ask(world, world.key().secret, CHECK + "?scope=boards:none")):
        assert json.loads(answer.headers["X-Keyturn-Problem"]) == answer.json
        assert answer.headers["X-Keyturn-Problem"].isascii()


@pytest.mark.parametrize("reason", list(Reason))
def test_no_refusal_has_a_status_that_gateways_do_not_know(reason: Reason) -> None:
    later = gateway_refusal(Verdict(reason, retry_after=3), "r", frozenset(), 403).status
    assert later in {401, 403}
    if DOORS[reason].status == 429:
        answer = gateway_refusal(Verdict(reason, retry_after=3), "r", frozenset(), 429)
        assert (answer.status, dict(answer.headers)["Retry-After"]) == (429, "3")


@pytest.mark.parametrize("status", [429, 403])
def test_who_guesses_is_slowed_down_with_the_status_that_the_gateway_knows(make_world: WorldMaker, status: int) -> None:
    world = make_world(KEYTURN_GATEWAY_RATE_STATUS=str(status))
    wrong = impostor(world.key()).secret
    answers = [ask(world, wrong) for _ in range(21)]
    assert {answer.status_code for answer in answers[:20]} == {401}
    assert (answers[20].status_code, answers[20].json["error"]) == (status, "rate_limited")
    assert int(answers[20].headers["Retry-After"]) > 0


def test_a_revoked_key_and_its_tokens_are_refused_at_the_next_question(world: World) -> None:
    key = world.key()
    token = ask(world, key.secret, CHECK + "?token=1").headers["X-Access-Token"]
    assert ask(world, token).status_code == 200
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    assert [ask(world, sent).status_code for sent in (key.secret, token)] == [401, 401]


def test_a_tenant_without_api_access_is_403(world: World) -> None:
    key = world.key()
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=False)
    answer = ask(world, key.secret)
    assert (answer.status_code, answer.json["error"]) == (403, "api_access_disabled")


def test_the_callers_address_is_what_a_trusted_gateway_says(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_TRUSTED_PROXIES="127.0.0.1")
    key = world.key(ip_allowlist=("203.0.113.0/24",))
    https = {"X-Forwarded-Proto": "https"}
    told = {
        "203.0.113.9": 200, "198.51.100.1": 403, "203.0.113.9, 198.51.100.1": 403, "198.51.100.1, 203.0.113.9": 200,
        "nonsense": 403,
    }  # fmt: skip
    for forwarded, status in told.items():
        assert ask(world, key.secret, headers={**https, "X-Forwarded-For": forwarded}).status_code == status
    stranger = {"REMOTE_ADDR": "198.51.100.7"}
    headers = {"X-Forwarded-For": "203.0.113.9"}
    assert ask(world, key.secret, headers=headers, environ_overrides=stranger).status_code == 403


def test_a_key_sent_without_tls_is_refused_with_403(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_TRUSTED_PROXIES="127.0.0.1")
    answer = ask(world, world.key().secret, headers={"X-Forwarded-Proto": "http"})
    assert (answer.status_code, answer.json["error"]) == (403, "insecure_transport")


def test_it_belongs_to_the_public_plane(world: World) -> None:
    key = world.key()
    for plane, status in (("public", 200), ("admin", 404)):
        client = World.client_of(world.another_process(plane=plane))
        assert client.get(CHECK, headers={"X-API-Key": key.secret}).status_code == status
        assert client.get(BELOW, headers={"X-API-Key": key.secret}).status_code == status


def test_an_issuer_with_a_path_has_the_address_below_it_too(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_ISSUER="https://keys.example/t1")
    assert ask(world, world.key().secret, "/t1" + BELOW).status_code == 200


@pytest.mark.spec("S2-37", "S2-39")
def test_the_answer_tells_what_to_look_at(world: World) -> None:
    key = world.key()
    spaced = ask(world, key.secret[:30] + " " + key.secret[30:])
    assert spaced.status_code == 401
    assert any("extra spaces" in hint for hint in spaced.json["hints"])
    scheme = world.client.get(CHECK, headers={"Authorization": f"Token {key.secret}"})
    assert (scheme.status_code, scheme.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Keyturn"')
    assert any("Bearer" in hint for hint in scheme.json["hints"])


@pytest.mark.spec("S2-38")
def test_a_revoked_key_is_told_so_by_its_own_secret(world: World) -> None:
    key = world.key()
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    answer = ask(world, key.secret)
    assert answer.status_code == 401
    assert any("was revoked at" in hint for hint in answer.json["hints"])
