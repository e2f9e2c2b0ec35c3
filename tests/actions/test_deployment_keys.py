"""Resource servers and operator keys: they belong to the deployment and count in no limit."""

from __future__ import annotations

import pytest

from app.actions import operator_keys, resource_servers, tenants
from app.domain.refusals import Conflict, Invalid, NotFound
from tests.world import ISSUER, OPERATOR, World, as_key


def test_a_resource_server_sees_tokens_of_its_audience_and_counts_in_no_limit(world: World) -> None:
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), key_limit=1)
    key = world.key()
    made = resource_servers.create(world.ctx, OPERATOR, world.clock(), name="Orders", tenant="Acme")
    assert made.key["audience"] == f"{ISSUER}/api"
    assert made.key["tenant"] == {"id": world.tenant["id"], "name": "Acme"}
    everyone = as_key(resource_servers.create(world.ctx, OPERATOR, world.clock(), name="All"))
    other = as_key(resource_servers.create(world.ctx, OPERATOR, world.clock(), name="Bills", audience="urn:bills"))
    token = world.token(key)
    assert world.introspect(as_key(made), token)["active"]
    assert world.introspect(everyone, token)["active"]
    assert world.introspect(other, token) == {"active": False}
    assert world.introspect(other, world.token(key, resource="urn:bills"))["aud"] == "urn:bills"


@pytest.mark.parametrize(
    "audience",
    ["", "orders", "https://a.example/#x", "https://a b", ISSUER, f"{ISSUER}/", f"{ISSUER}/admin", "http://[", "é:x"],
)
def test_an_audience_is_an_absolute_uri_and_never_our_own(world: World, audience: str) -> None:
    with pytest.raises(Invalid) as invalid:
        resource_servers.create(world.ctx, OPERATOR, world.clock(), name="Orders", audience=audience)
    assert [problem.field for problem in invalid.value.problems] == ["audience"]


def test_resource_servers_are_listed_shown_and_deleted(world: World) -> None:
    ids = sorted(
        resource_servers.create(world.ctx, OPERATOR, world.clock(), name=f"Server {n}").key["client_id"]
        for n in range(3)
    )
    assert [key["client_id"] for key in resource_servers.page(world.ctx, ids[0], 1, world.clock())] == [ids[1]]
    assert resource_servers.show(world.ctx, ids[0], world.clock())["group"]["name"] == "Resource server"
    resource_servers.delete(world.ctx, OPERATOR, ids[0], world.clock())
    assert len(resource_servers.page(world.ctx, None, 50, world.clock())) == 2
    for gone in (ids[0], world.key().id):
        with pytest.raises(NotFound):
            resource_servers.delete(world.ctx, OPERATOR, gone, world.clock())
    with pytest.raises(NotFound):
        resource_servers.create(world.ctx, OPERATOR, world.clock(), name="Orders", tenant="Nobody")


def test_operator_keys_hold_the_deployments_scopes_and_revocation_is_final(world: World) -> None:
    made = operator_keys.create(world.ctx, OPERATOR, world.clock(), name="Deploy")
    assert made.key["tenant"] is None
    assert "tenants:write" in made.key["scopes"]
    assert "audience" not in made.key
    key_id = made.key["client_id"]
    assert operator_keys.revoke(world.ctx, OPERATOR, key_id, world.clock())["status"] == "revoked"
    with pytest.raises(Conflict):
        operator_keys.revoke(world.ctx, OPERATOR, key_id, world.clock())
    assert [key["client_id"] for key in operator_keys.page(world.ctx, None, 50, world.clock())] == [key_id]
    with pytest.raises(Invalid):
        operator_keys.create(world.ctx, OPERATOR, world.clock(), name=" ")
