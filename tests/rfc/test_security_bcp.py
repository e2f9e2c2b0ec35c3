"""RFC 9700: what holds across all endpoints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.actions import audit
from app.runtime import log
from tests.fixtures import WorldMaker
from tests.signing import jwks, verified
from tests.world import World

FORM = {"grant_type": "client_credentials"}
PROXY = "10.9.9.9"


@pytest.mark.spec("T-9700-02")
def test_a_token_is_for_one_audience_and_for_no_more_than_its_keys_group_holds(world: World) -> None:
    claims = verified(world.token(world.key(group="Read only")), jwks(world.client))
    assert isinstance(claims["aud"], str)
    assert all(scope.endswith(":read") for scope in claims["scope"].split())


@pytest.mark.spec("T-9700-02")
def test_a_token_carries_no_scope_that_was_not_asked_for(world: World) -> None:
    claims = verified(world.token(world.key(), scope="contacts:read"), jwks(world.client))
    assert claims["scope"] == "contacts:read"


FORWARDED = [
    {"X-Forwarded-For": "203.0.113.7"},
    {"Forwarded": "for=203.0.113.7"},
    {"X-Real-IP": "203.0.113.7"},
    {"X-Client-IP": "203.0.113.7"},
]


@pytest.mark.spec("T-9700-03")
@pytest.mark.parametrize("headers", FORWARDED)
def test_a_caller_cannot_write_its_own_address(world: World, headers: dict[str, str]) -> None:
    key = world.key(ip_allowlist=("203.0.113.7",))
    answer = world.client.post("/token", data=FORM, auth=key.auth, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")
    assert world.client.get("/api/user", headers={"X-API-Key": key.secret, **headers}).status_code == 403


@pytest.mark.spec("T-9700-03")
@pytest.mark.parametrize("headers", FORWARDED[:2])
def test_a_trusted_proxy_may_tell_the_callers_address_and_nobody_else_through_it(
    make_world: WorldMaker, headers: dict[str, str]
) -> None:
    world = make_world(KEYTURN_TRUSTED_PROXIES=f"{PROXY}/32")
    key = world.key(ip_allowlist=("203.0.113.7",))
    through = {"REMOTE_ADDR": PROXY}
    assert (
        world.client.post("/token", data=FORM, auth=key.auth, headers=headers, environ_base=through).status_code == 200
    )
    name, written = next(iter(headers.items()))
    added = {name: f"{written}, {'for=' if name == 'Forwarded' else ''}192.0.2.66"}
    assert world.client.post("/token", data=FORM, auth=key.auth, headers=added, environ_base=through).status_code == 400
    assert (
        world.client.post(
            "/token", data=FORM, auth=key.auth, headers=headers, environ_base={"REMOTE_ADDR": "10.9.9.8"}
        ).status_code
        == 400
    )


@pytest.mark.spec("T-9700-03")
def test_a_caller_cannot_call_its_own_connection_secure(world: World) -> None:
    plain = {"wsgi.url_scheme": "http"}
    headers = {
        "X-Forwarded-Proto": "https",
        "Forwarded": "proto=https",
        "X-Forwarded-Ssl": "on",
        "Front-End-Https": "on",
    }
    answer = world.client.post(
        "/token", data=FORM, auth=world.key().auth, headers=headers, environ_overrides=plain, environ_base=plain
    )
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


CERTIFICATE = (
    "X-SSL-Client-Cert",
    "X-Client-Cert",
    "Client-Cert",
    "X-Forwarded-Client-Cert",
    "X-SSL-Client-Verify",
    "X-SSL-Client-S-DN",
)


@pytest.mark.spec("T-9700-03")
@pytest.mark.parametrize("name", CERTIFICATE)
def test_a_certificate_in_a_header_authenticates_nobody(world: World, name: str) -> None:
    key = world.key()
    answer = world.client.post("/token", data={**FORM, "client_id": key.id}, headers={name: "SUCCESS"})
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def _everything(world: World, key: Any) -> tuple[list[str], list[Any]]:
    """Use a key in every way, well and badly; the secrets and tokens in play, and the answers to what failed."""
    client, wrong = world.client, world.key("Other").secret
    token = world.token(key)
    bearer = {"Authorization": f"Bearer {token}"}
    answers = [
        client.post("/token", data=FORM, auth=(key.id, wrong)),
        client.post("/token", data={**FORM, "scope": "no:such"}, auth=key.auth),
        client.post("/token", data={**FORM, "client_secret": key.secret, "client_id": key.id}, auth=key.auth),
        client.post(f"/token?client_secret={key.secret}", data=FORM),
        client.post("/token", data=f"client_secret={key.secret}", content_type="text/plain"),
        client.get(f"/api/user?api_key={key.secret}"),
        client.get("/api/user", headers={"X-API-Key": key.secret[:-1]}),
        client.get("/api/user", headers={"X-API-Key": key.secret, **bearer}),
        client.get(f"/{key.secret}"),
        client.get(f"/api/user/{token}"),
        client.post("/introspect", data={"token": token}, auth=(key.id, wrong)),
        client.get("/api/user", headers={"Authorization": f"Bearer {token}x"}),
        client.post("/revoke", data={"token": token}, auth=world.key("Third").auth),
        client.get("/api/user", headers={"X-API-Key": key.secret, "X-Request-ID": key.secret + "\t"}),
    ]
    assert client.post("/revoke", data={"token": token}, auth=key.auth).status_code == 200
    answers.append(client.get("/api/user", headers=bearer))
    return [key.secret, wrong, token, key.secret.split("_")[2], token.rpartition(".")[2], token.split(".")[1]], answers


@pytest.mark.spec("T-9700-04")
def test_no_log_line_answer_or_audit_event_holds_a_secret_or_a_token(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    key = world.key()
    secrets, answers = _everything(world, key)
    captured = capfd.readouterr()
    lines = captured.out + captured.err
    assert "request.refused" in lines, "refusals are logged"
    events = json.dumps(list(audit.export(world.ctx, None)))
    assert "token.revoked" in events, "what a caller takes back is recorded, by its jti"
    for secret in secrets:
        assert secret not in lines
        assert secret not in events
        for answer in answers:
            assert secret not in answer.text
            assert secret not in str(answer.headers)


@pytest.mark.spec("T-9700-04")
def test_an_unforeseen_failure_is_logged_by_its_place_without_the_values_in_play(
    capfd: pytest.CaptureFixture[str],
) -> None:
    secret = "kts_0000000000000000_secret"

    class Asked:
        id, method, path, address = "r1", "GET", "/api/user", None

    try:
        raise ValueError(secret)
    except ValueError as error:
        log.crashed(Asked(), error)
    captured = capfd.readouterr()
    lines = captured.out + captured.err
    assert "request.crashed" in lines
    assert "ValueError" in lines
    assert secret not in lines
