"""RFC 8707: the `resource` a token is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import resource_servers
from app.domain import scopes
from tests.signing import jwks, verified
from tests.world import ISSUER, OPERATOR, Key, World

RS1, RS2, ADMIN, API = "https://rs1.example", "https://rs2.example/v1", f"{ISSUER}/admin", f"{ISSUER}/api"


@pytest.fixture
def key(world: World) -> Key:
    """A key in a deployment with two registered resource servers."""
    world.resource_server("First", audience=RS1)
    world.resource_server("Second", audience=RS2)
    return world.key()


def ask(world: World, key: Key, *resources: str, **form: str) -> Any:
    pairs = [("grant_type", "client_credentials"), *form.items(), *(("resource", resource) for resource in resources)]
    body = "&".join(f"{name}={_quoted(value)}" for name, value in pairs)
    return world.client.post("/token", data=body, content_type="application/x-www-form-urlencoded", auth=key.auth)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def claims(world: World, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.data
    return verified(answer.json["access_token"], jwks(world.client))


def is_refused(answer: Any, error: str = "invalid_target") -> None:
    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert "access_token" not in answer.json
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


@pytest.mark.spec("T-8707-01", "T-9068-06")
@pytest.mark.parametrize("resource", [RS1, RS2, ADMIN, API])
def test_a_registered_audience_the_default_one_and_the_admins_can_be_asked_for(
    world: World, key: Key, resource: str
) -> None:
    assert claims(world, ask(world, key, resource))["aud"] == resource


@pytest.mark.spec("T-8707-01")
def test_a_resource_server_reads_the_tokens_of_its_own_audience_and_no_others(world: World, key: Key) -> None:
    mine, other, default = (world.token(key, resource=resource) for resource in (RS1, RS2, API))
    third = world.resource_server("Third", audience=RS1)
    assert world.introspect(third, mine)["aud"] == RS1
    assert world.introspect(third, other) == {"active": False}
    assert world.introspect(third, default) == {"active": False}
    assert world.introspect(world.resource_server("Default"), default)["active"] is True


@pytest.mark.spec("T-8707-02")
@pytest.mark.parametrize(
    "resource",
    [
        "rs1.example",
        "/v1",
        "//rs1.example",
        f"{RS1}#a",
        f"{RS1}#",
        "not a uri",
        " ",
        "https://",
        "\u00e9",
        "https://rs1.example\n",
        "javascript:alert(1)",
        "a" * 5000,
    ],
)
def test_what_is_no_absolute_uri_without_fragment_is_refused(world: World, key: Key, resource: str) -> None:
    is_refused(ask(world, key, resource))


@pytest.mark.spec("T-8707-02")
def test_an_empty_resource_counts_as_none(world: World, key: Key) -> None:
    assert claims(world, ask(world, key, ""))["aud"] == API
    assert claims(world, ask(world, key, "", RS1))["aud"] == RS1


@pytest.mark.spec("T-8707-03")
def test_an_unknown_audience_is_refused(world: World, key: Key) -> None:
    for resource in ("https://rs3.example", ISSUER, key.id, f"{ISSUER}/token", "urn:unknown"):
        is_refused(ask(world, key, resource))


@pytest.mark.spec("T-8707-03")
def test_another_tenants_resource_server_is_no_target_and_ones_own_is(world: World) -> None:
    other, key = world.new_tenant("Other"), world.key()
    world.resource_server("Theirs", audience="https://theirs.example", tenant=other)
    world.resource_server("Ours", audience="https://ours.example", tenant=world.tenant)
    is_refused(ask(world, key, "https://theirs.example"))
    assert claims(world, ask(world, key, "https://ours.example"))["aud"] == "https://ours.example"
    assert (
        claims(world, ask(world, world.key("Theirs", tenant=other), "https://theirs.example"))["tenant"] == other["id"]
    )


@pytest.mark.spec("T-8707-03")
def test_another_tenants_tokens_are_hidden_from_a_tenants_resource_server(world: World) -> None:
    other = world.new_tenant("Other")
    ours = world.resource_server("Ours", audience=API, tenant=world.tenant)
    assert world.introspect(ours, world.token(world.key()))["active"] is True
    assert world.introspect(ours, world.token(world.key("Theirs", tenant=other))) == {"active": False}


@pytest.mark.spec("T-8707-03")
def test_a_deleted_resource_servers_audience_is_no_target_any_more(world: World) -> None:
    key, server = world.key(), world.resource_server(audience=RS1)
    assert ask(world, key, RS1).status_code == 200
    resource_servers.delete(world.ctx, OPERATOR, server.id, world.clock())
    is_refused(ask(world, key, RS1))


@pytest.mark.spec("T-8707-04", "T-9700-02")
@pytest.mark.parametrize("resources", [(RS1, RS2), (RS1, ADMIN), (API, RS1, RS2), (RS1, "nonsense")])
def test_a_token_has_one_audience(world: World, key: Key, resources: tuple[str, ...]) -> None:
    is_refused(ask(world, key, *resources))


@pytest.mark.spec("T-8707-04")
def test_the_same_resource_twice_is_one_resource(world: World, key: Key) -> None:
    assert claims(world, ask(world, key, RS1, RS1))["aud"] == RS1


@pytest.mark.spec("T-8707-05")
def test_management_scopes_exist_at_the_admin_audience_and_nowhere_else(world: World, key: Key) -> None:
    for resource in (RS1, RS2, API):
        is_refused(ask(world, key, resource, scope="api_keys:read"), "invalid_scope")
        is_refused(ask(world, key, resource, scope="contacts:read api_keys:read"), "invalid_scope")
        assert not set(claims(world, ask(world, key, resource))["scope"].split()) & scopes.MANAGEMENT
    is_refused(ask(world, key, ADMIN, scope="contacts:read"), "invalid_scope")
    is_refused(ask(world, key, ADMIN, scope="tenants:write"), "invalid_scope")
    assert set(claims(world, ask(world, key, ADMIN))["scope"].split()) == scopes.TENANT_MANAGEMENT
    assert claims(world, ask(world, key, ADMIN, scope="api_keys:read"))["scope"] == "api_keys:read"


@pytest.mark.spec("T-8707-06")
@pytest.mark.parametrize(
    "resource",
    [
        f"{RS1}/",
        "https://RS1.example",
        "HTTPS://rs1.example",
        f"{RS1}:443",
        f"{RS2}/",
        f"{ISSUER}/admin/",
        f"{ISSUER}/Admin",
        f"{API}/",
    ],
)
def test_an_audience_is_compared_to_the_letter(world: World, key: Key, resource: str) -> None:
    is_refused(ask(world, key, resource))


@pytest.mark.spec("T-8707-02")
def test_the_target_is_looked_at_before_the_scope_and_after_the_client(world: World, key: Key) -> None:
    is_refused(ask(world, key, "nonsense", scope="no:such"))
    stranger = Key(key.id, world.key("Other").secret)
    assert ask(world, stranger, "nonsense").status_code == 401
