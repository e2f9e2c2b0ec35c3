"""The recipes of deploy/gateways as they are committed, each with the real gateway."""

from __future__ import annotations

import json
import socket

import jwt
import pytest

from app.actions import keys, tenants
from app.clock import utc_now
from tests.gateways.conftest import Street
from tests.gateways.programs import Recipe
from tests.gateways.upstream import ELSEWHERE
from tests.patience import PATIENCE_SECONDS
from tests.rfc.asking import impostor
from tests.server.wire import request
from tests.world import OPERATOR, Key

SCOPED, TOKEN = "/contacts/7?page=2", "/boards/7?page=2"


def bearer(secret: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {secret}"


def sent(key: Key) -> list[tuple[str, str]]:
    """A key in each of the headers that it may come in."""
    return [bearer(key.secret), ("X-API-Key", key.secret), ("Authorization", key.basic)]


@pytest.mark.spec("S2-17", "S3-3", "S5-2")
def test_the_api_sees_who_calls_and_not_the_key(street: Street) -> None:
    key = street.deployment.key
    for header in sent(key):
        for path in (SCOPED, TOKEN):
            assert street.call(path, header).status == 200
            seen = street.api.seen[-1]
            assert (seen.path, seen.named("x-key-id"), seen.named("x-tenant-id")) == (path, [key.id], [street.tenant])
            assert "contacts:read" in seen.named("x-scope")[0].split(" ")
            assert seen.named("x-api-key") == []
            assert header[1] not in json.dumps(seen.headers)
            assert key.secret not in json.dumps(seen.headers)


def test_where_it_is_asked_for_the_api_gets_a_token_that_verifies(street: Street) -> None:
    key = street.deployment.key
    answer = street.keyturn.ask(request("GET", "/.well-known/jwks.json"))
    assert answer is not None
    published = {key["kid"]: jwt.PyJWK(key) for key in answer.json["keys"]}
    for header in sent(key):
        assert street.call(TOKEN, header).status == 200
        (authorization,) = street.api.seen[-1].named("authorization")
        token = authorization.removeprefix("Bearer ")
        issuer = street.ctx.settings.issuer
        public = published[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, public, algorithms=["ES256"], audience=f"{issuer}/api", issuer=issuer)
        assert (claims["sub"], claims["tenant"]) == (key.id, street.tenant)
        assert street.api.seen[-1].named("x-access-token") == []
        assert street.call(SCOPED, header).status == 200
        assert street.api.seen[-1].named("authorization") == []


def test_a_token_passes_as_a_key_does(street: Street) -> None:
    granted = street.keyturn.ask(street.deployment.token_request)
    assert granted is not None
    token = granted.json["access_token"]
    assert street.call(TOKEN, bearer(token)).status == 200
    assert street.api.seen[-1].named("authorization") == [f"Bearer {token}"]
    assert street.call(SCOPED, bearer(token)).status == 200
    assert street.api.seen[-1].named("authorization") == []


@pytest.mark.parametrize("path", [SCOPED, TOKEN])
@pytest.mark.parametrize("dash", ["-", "_", "."])
def test_nobody_smuggles_an_identity_past_the_gateway(street: Street, path: str, dash: str) -> None:
    key = street.key(f"Smuggler {path[1]}{dash}", "contacts:read", "boards:read")
    told = {"X-Key-Id": "kt_X", "X-Tenant-Id": "other", "X-Scope": "boards:write", "X-Access-Token": "a.b.c"}
    told |= {"X-API-Key": key.secret, "X-Keyturn-Scope": "contacts:read", "X-Keyturn-Token": "0"}
    headers = [(name.replace("-", dash).upper() if dash != "-" else name, value) for name, value in told.items()]
    reply = street.call(path, bearer(key.secret), *headers)
    assert reply.status == 200
    seen = street.api.seen[-1]
    assert (seen.named("x-key-id"), seen.named("x-tenant-id")) == ([key.id], [street.tenant])
    assert seen.named("x-scope") == ["boards:read contacts:read"]
    assert seen.named("x-access-token") == seen.named("x-api-key") == seen.named("forwarded") == []
    assert key.secret not in json.dumps(seen.headers)
    assert all("boards:write" not in value and value != "kt_X" for _, value in seen.headers)


def test_no_header_of_the_caller_changes_what_is_needed(street: Street) -> None:
    key = street.key("Boards only", "boards:read")
    count = len(street.api.seen)
    for name in ("X-Keyturn-Scope", "X_Keyturn_Scope", "x-keyturn_scope", "X.Keyturn.Scope"):
        for path in (
            SCOPED,
            "/contacts",
            "/contacts/",
            "//contacts/7",
            "/boards/../contacts/7",
            "/contacts/../contacts/7",
        ):
            reply = street.call(path, bearer(key.secret), (name, "boards:read"))
            assert reply.status in {403, 301, 307, 308}, (path, reply.status)
    assert len(street.api.seen) == count


@pytest.mark.spec("S2-39")
@pytest.mark.parametrize("path", [SCOPED, TOKEN])
def test_without_a_key_the_caller_gets_keyturns_own_401(street: Street, path: str) -> None:
    count = len(street.api.seen)
    for headers in ([], [bearer("nonsense")], [("Authorization", "Token x")], [("X-API-Key", "a"), bearer("b")]):
        for method in ("GET", "POST", "OPTIONS"):
            reply = street.call(path, *headers, method=method)
            assert reply.status == 401
            (challenge,) = reply.headers.get_all("WWW-Authenticate", [])
            assert challenge.startswith('Bearer realm="Keyturn"')
            assert (reply.headers["Content-Type"], reply.json["status"]) == ("application/problem+json", 401)
            assert reply.json["message"]
    assert len(street.api.seen) == count


@pytest.mark.spec("S2-40", "S2-41")
def test_without_the_scope_the_caller_gets_keyturns_own_403(street: Street) -> None:
    key = street.key("No contacts", "boards:read")
    count = len(street.api.seen)
    reply = street.call(SCOPED, bearer(key.secret))
    assert (reply.status, reply.json["error"], reply.json["message"]) == (403, "insufficient_scope", "Unauthorized")
    assert "contacts:read" in reply.json["hints"][0]
    assert "insufficient_scope" in reply.headers["WWW-Authenticate"]
    assert len(street.api.seen) == count
    assert street.call(TOKEN, bearer(key.secret)).status == 200


def test_a_revoked_key_is_refused_at_the_very_next_request(street: Street) -> None:
    key = street.key("Short life")
    assert street.call(TOKEN, bearer(key.secret)).status == 200
    token = street.api.seen[-1].named("authorization")[0]
    count = len(street.api.seen)
    keys.revoke(street.ctx, OPERATOR, street.tenant, key.id, utc_now())
    assert street.call(TOKEN, bearer(key.secret)).status == 401
    assert street.call(SCOPED, ("Authorization", token)).status == 401
    assert len(street.api.seen) == count


def test_the_address_is_the_callers_own_whatever_it_says(street: Street) -> None:
    near = street.key("Near", ip_allowlist=(f"{ELSEWHERE}/32",))
    far = street.key("Far", ip_allowlist=("203.0.113.0/24",))
    lies = [(name, "203.0.113.9") for name in ("X-Forwarded-For", "X_Forwarded_For", "X-Real-IP", "X.Forwarded.For")]
    lies.append(("Forwarded", "for=203.0.113.9"))
    for path in (SCOPED, TOKEN):
        assert street.call(path, bearer(near.secret), source=ELSEWHERE).status == 200
        assert street.call(path, bearer(near.secret)).status == 403
        for lie in lies:
            assert street.call(path, bearer(far.secret), lie, source=ELSEWHERE).json["error"] == "ip_not_allowed"
            assert street.call(path, bearer(near.secret), lie, source=ELSEWHERE).status == 200, lie


def test_whoever_comes_too_often_is_told_when_to_come_again(street: Street) -> None:
    wrong = impostor(street.key("Guessed"))
    replies = [street.call(SCOPED, bearer(wrong.secret)) for _ in range(21)]
    assert {reply.status for reply in replies[:20]} == {401}
    assert (replies[20].status, replies[20].json["error"]) == (429, "rate_limited")
    assert 0 < int(replies[20].headers["Retry-After"]) <= 61  # the second that the window began in counts in full


@pytest.mark.parametrize("path", [SCOPED, TOKEN])
def test_a_tenant_that_has_used_its_allowance_up_is_told_what_is_left_and_until_when(street: Street, path: str) -> None:
    tenant, _ = tenants.create(street.ctx, OPERATOR, f"Small {path}", "standard", utc_now())
    tenants.change(street.ctx, OPERATOR, tenant["id"], utc_now(), rate_limit=3)
    key = street.key("Busy", tenant=tenant["id"])
    replies = [street.call(path, bearer(key.secret)) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert (replies[3].json["error"], replies[3].headers["RateLimit"].split(";")[1]) == ("rate_limited", "r=0")
    assert ";q=3;w=60" in replies[3].headers["RateLimit-Policy"]
    assert 0 < int(replies[3].headers["Retry-After"]) <= 61


def test_method_query_and_body_arrive_whole(street: Street) -> None:
    body = b"x" * 1_500_000
    for path in (SCOPED, TOKEN):
        for method in ("POST", "PUT", "DELETE"):
            assert street.call(path, bearer(street.deployment.key.secret), method=method, body=body).status == 200
            seen = street.api.seen[-1]
            assert (seen.method, seen.path, seen.body == body) == (method, path, True)


def test_a_websocket_is_opened_with_a_key_and_not_without(street: Street) -> None:
    key = street.deployment.key
    opened = switched(street.gateway.port, {"X-API-Key": key.secret})
    assert opened.startswith(b"HTTP/1.1 101 ")
    assert opened.endswith(b"PING")
    assert street.api.seen[-1].named("x-key-id") == [key.id]
    assert switched(street.gateway.port, {}).startswith(b"HTTP/1.1 401 ")


def switched(port: int, headers: dict[str, str]) -> bytes:
    """Ask for another protocol and say "ping" in it; everything that comes back."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(request("GET", TOKEN, {"Host": "api.example", **upgrade, **headers}))
        data = connection.recv(65536)
        if data.startswith(b"HTTP/1.1 101 "):
            connection.sendall(b"ping")
            while not data.endswith(b"PING") and (more := connection.recv(65536)):
                data += more
        return data


def test_when_keyturn_is_gone_nobody_passes(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> None:
    street = Street(recipe, tmp_path_factory.mktemp("gone"))
    try:
        key = bearer(street.deployment.key.secret)
        assert {street.call(path, key).status for path in (SCOPED, TOKEN)} == {200}
        street.keyturn.stop()
        count = len(street.api.seen)
        for path in (SCOPED, TOKEN):
            assert street.call(path, key).status in {500, 503}
            assert street.call(path, key, method="POST", body=b"x" * 100_000).status in {500, 503}
        assert len(street.api.seen) == count
    finally:
        street.close()
