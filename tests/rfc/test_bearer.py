"""RFC 6750: what a resource server answers to a bearer token, and to the lack of one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import Client

from app.actions import groups, keys
from app.web.doors import enter
from app.web.front import Front, Route
from app.web.replies import Answer, json_answer
from app.web.request import Request
from tests.rfc.forging import Forger
from tests.world import OPERATOR, Key, World

NEEDED = frozenset({"contacts:write", "contacts:read"})
CHALLENGE = re.compile(r'Bearer (?:[a-z_]+="[^"\\]*"(?:, |$))+')
VALUE = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")  # RFC 6750 §3: neither a quote nor a backslash
SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*")
BAD_CHARACTERS = ["a b", "a*b", "a\tb", "=a", "a=b", '"a"', "a%20b", "a\\b", "\u00e9"]


@pytest.fixture
def resource(world: World) -> Client:
    """An API of the product that takes bearer tokens and keys, no Basic, and needs two scopes."""

    def view(request: Request) -> Answer:
        caller, _ = enter(request, request.ctx.settings.default_audience, NEEDED, basic=False)
        return json_answer({"key_id": caller.key_id})

    return Client(Front(world.ctx, {"/contacts": Route(dict.fromkeys(("GET", "POST"), view), name="contacts")}, None))


def call(client: Client, *authorization: str, path: str = "/contacts", **more: Any) -> Any:
    """Call a resource with any number of Authorization fields."""
    headers = Headers([("Authorization", value) for value in authorization])
    return client.open(path, headers=headers, base_url="https://keys.example", **more)


def challenge(answer: Any) -> dict[str, str]:
    """The attributes of the one Bearer challenge, each of which may come once."""
    (value,) = answer.headers.getlist("WWW-Authenticate")
    assert CHALLENGE.fullmatch(value), value
    found = re.findall(r'([a-z_]+)="([^"]*)"', value)
    assert len(dict(found)) == len(found), value
    return dict(found)


@pytest.mark.spec("T-6750-01")
def test_without_credentials_the_challenge_names_the_realm_and_no_error(world: World, resource: Client) -> None:
    for answer in (call(resource), call(resource, ""), world.client.get("/api/user")):
        assert (answer.status_code, challenge(answer)) == (401, {"realm": "Keyturn"})


@pytest.mark.spec("T-6750-02")
@pytest.mark.parametrize("scheme", ["Basic", "Digest", "DPoP", "Negotiate"])
def test_another_scheme_is_answered_as_no_credentials_are(world: World, resource: Client, scheme: str) -> None:
    answer = call(resource, f"{scheme} {world.key().basic.removeprefix('Basic ')}")
    assert (answer.status_code, challenge(answer)) == (401, {"realm": "Keyturn"})


@pytest.mark.spec("T-6750-03")
def test_a_malformed_or_badly_signed_token_is_an_invalid_token(world: World, resource: Client) -> None:
    forger = Forger(world)
    short = f"{forger.head}.{forger.body}.{forger.signature[:-4]}"
    for token in (
        "abc",
        "a.b.c",
        short,
        forger.unsigned({"alg": "none"}),
        forger.ours(claims={"aud": "https://other"}),
    ):
        for answer in (call(resource, f"Bearer {token}"), forger.at_door(token)):
            assert (answer.status_code, challenge(answer)["error"]) == (401, "invalid_token")
    assert call(resource, f"Bearer {forger.token}").status_code == 200


@pytest.mark.spec("T-6750-03")
def test_an_expired_or_revoked_token_is_an_invalid_token(world: World, resource: Client) -> None:
    key = world.key()
    revoked, expired = world.token(key), world.token(key)
    assert world.client.post("/revoke", data={"token": revoked}, auth=key.auth).status_code == 200
    answer = call(resource, f"Bearer {revoked}")
    assert (answer.status_code, challenge(answer)["error"]) == (401, "invalid_token")
    assert call(resource, f"Bearer {expired}").status_code == 200
    world.clock.advance(seconds=600)
    answer = call(resource, f"Bearer {expired}")
    assert (answer.status_code, challenge(answer)["error"]) == (401, "invalid_token")


@pytest.mark.spec("T-6750-03")
def test_a_wrong_or_revoked_key_is_an_invalid_token_at_every_door(world: World, resource: Client) -> None:
    key, other = world.key(), world.key("Other")
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    for secret in (key.secret, key.secret[:-1], key.id, other.secret.replace(other.id[3:], key.id[3:])):
        for answer in (
            call(resource, f"Bearer {secret}"),
            world.client.get("/api/user", headers={"X-API-Key": secret}),
            world.client.get("/api/user", headers={"Authorization": Key(key.id, secret).basic}),
        ):
            assert (answer.status_code, challenge(answer)["error"]) == (401, "invalid_token"), secret


@pytest.mark.spec("T-6750-04")
def test_too_small_a_scope_is_told_with_the_scope_that_is_needed(world: World, resource: Client) -> None:
    reader, full = world.key(group="Read only"), world.key("Full")
    for sent in (reader.secret, world.token(reader), world.token(full, scope="contacts:read")):
        answer = call(resource, f"Bearer {sent}")
        assert answer.status_code == 403
        needed = {"realm": "Keyturn", "error": "insufficient_scope", "scope": "contacts:read contacts:write"}
        assert challenge(answer) == needed
    for sent in (full.secret, world.token(full)):
        assert call(resource, f"Bearer {sent}").json == {"key_id": full.id}


@pytest.mark.spec("T-6750-04")
def test_a_token_has_no_more_scope_than_its_group_has_now(world: World, resource: Client) -> None:
    tenant = world.tenant["id"]
    group = groups.create(world.ctx, OPERATOR, tenant, world.clock(), name="Contacts", scopes=sorted(NEEDED))
    token = world.token(world.key(group="Contacts"))
    assert call(resource, f"Bearer {token}").status_code == 200
    groups.edit(world.ctx, OPERATOR, tenant, group["id"], world.clock(), scopes=["contacts:read"])
    answer = call(resource, f"Bearer {token}")
    assert (answer.status_code, challenge(answer)["error"]) == (403, "insufficient_scope")


@pytest.mark.spec("T-6750-05")
@pytest.mark.parametrize("sent", ["Bearer", "Bearer ", *(f"Bearer {text}" for text in BAD_CHARACTERS)])
def test_a_header_that_holds_no_token_is_an_invalid_request(world: World, resource: Client, sent: str) -> None:
    environ = {"HTTP_AUTHORIZATION": sent.encode().decode("latin-1")}
    for answer in (call(resource, environ_base=environ), world.client.get("/api/user", environ_base=environ)):
        assert (answer.status_code, challenge(answer)["error"]) == (400, "invalid_request")


@pytest.mark.spec("T-6750-05")
def test_two_authorization_fields_are_an_invalid_request_even_when_each_is_good(world: World, resource: Client) -> None:
    key = world.key()
    for second in (f"Bearer {key.secret}", f"Bearer {world.token(key)}", key.basic, "Bearer x"):
        answer = call(resource, f"Bearer {key.secret}", second)
        assert (answer.status_code, challenge(answer)["error"]) == (400, "invalid_request")


@pytest.mark.spec("T-6750-06")
def test_a_token_in_a_form_is_never_read_beside_a_header_or_alone(world: World, resource: Client) -> None:
    token = world.token(world.key())
    for other in (token, "x"):
        answer = call(resource, f"Bearer {token}", method="POST", data={"access_token": other})
        assert answer.status_code == 200
    answer = call(resource, method="POST", data={"access_token": token})
    assert (answer.status_code, challenge(answer)) == (401, {"realm": "Keyturn"})


@pytest.mark.spec("T-6750-07")
@pytest.mark.parametrize("name", ["access_token", "ACCESS_TOKEN", "api_key"])
def test_a_credential_in_the_query_is_not_read_and_the_hint_says_so(world: World, resource: Client, name: str) -> None:
    key = world.key()
    for value in (world.token(key), key.secret, "x"):
        answer = call(resource, path=f"/contacts?{name}={value}")
        assert (answer.status_code, challenge(answer)["error"]) == (400, "invalid_request")
        assert answer.json["error"] == "credentials_in_query"
        assert answer.json["hints"]
        assert value.encode() not in answer.data or value == "x"
        assert call(resource, f"Bearer {key.secret}", path=f"/contacts?{name}={value}").status_code == 200


@pytest.mark.spec("T-6750-07")
def test_credentials_in_the_query_of_the_token_endpoint_count_as_none(world: World) -> None:
    key = world.key()
    query = {"access_token": world.token(key), "client_id": key.id, "client_secret": key.secret}
    answer: Any = world.client.post("/token", query_string=query, data={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.spec("T-6750-08")
@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_compared_without_case(world: World, resource: Client, scheme: str) -> None:
    key = world.key()
    for sent in (key.secret, world.token(key)):
        assert call(resource, f"{scheme} {sent}").status_code == 200


@pytest.mark.spec("T-6750-09")
def test_no_challenge_repeats_an_attribute_or_gives_back_what_was_sent(world: World, resource: Client) -> None:
    reader, full = world.key(group="Read only"), world.key("Full")
    marker = "zzzMARKzzz"
    sent = ["", "Bearer", f"Bearer {marker}", f'Bearer {marker}"', f"Bearer {marker}\\", f"Basic {marker}", marker]
    sent += [f"Bearer {reader.secret}", f"Bearer {world.token(reader)}", f"Bearer {full.secret}{marker}"]
    seen = set()
    for field in sent:
        for path in ("/contacts", f"/contacts?access_token={marker}"):
            answer = call(resource, field, path=path)
            attributes = challenge(answer)
            seen.add(attributes.get("error"))
            assert all(VALUE.fullmatch(value) for value in attributes.values())
            assert SCOPE.fullmatch(attributes.get("scope", "none"))
            assert marker not in str(answer.headers)
            assert marker not in answer.text
    assert seen == {None, "invalid_request", "invalid_token", "insufficient_scope"}
