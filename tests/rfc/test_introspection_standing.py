"""RFC 7662 §4: all applicable checks, at every question: who may know, and what a key is good for by now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.actions import groups, keys, members, resource_servers, rotation, tenants
from tests.rfc.asking import assert_inactive
from tests.rfc.forging import Forger
from tests.world import OPERATOR, Key, World

BILLING = "https://billing.example"
LISTED = ("127.0.0.1", "203.0.113.0/24")


def ask(world: World, caller: Key, token: str, **form: str) -> Any:
    """Ask about a token."""
    return world.client.post("/introspect", data={"token": token, **form}, auth=caller.auth)


def act(action: Callable[..., Any], world: World, *what: str, **more: Any) -> Any:
    """Let the operator do something to the tenant now."""
    return action(world.ctx, OPERATOR, world.tenant["id"], *what, world.clock(), **more)


ENDS: dict[str, Callable[[World, Key], object]] = {
    "revoked": lambda world, key: act(keys.revoke, world, key.id),
    "deleted": lambda world, key: act(keys.delete, world, key.id),
    "rotated": lambda world, key: act(rotation.rotate, world, key.id),
    "tenant closed": lambda world, _: act(tenants.close, world),
    "API access off": lambda world, _: act(tenants.change, world, api_access=False),
}


@pytest.mark.spec("T-7662-07", "T-7662-18")
@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_key_ends_its_tokens_at_the_next_question_to_any_node(world: World, end: str) -> None:
    key, server = world.key(), world.resource_server()
    token = world.token(key)
    far = world.client_of(world.another_process())
    question = {"data": {"token": token}, "auth": server.auth}
    for client in (world.client, far):
        answer: Any = client.post("/introspect", **question)
        assert answer.json["active"] is True
    ENDS[end](world, key)
    for client in (world.client, far):
        assert_inactive(client.post("/introspect", **question))


@pytest.mark.spec("T-7662-07")
def test_api_access_switched_on_again_brings_the_tokens_back(world: World) -> None:
    key, server = world.key(), world.resource_server()
    token = world.token(key)
    act(tenants.change, world, api_access=False)
    assert_inactive(ask(world, server, token))
    act(tenants.change, world, api_access=True)
    assert world.introspect(server, token)["active"] is True


@pytest.mark.spec("T-7662-07")
def test_a_token_ends_with_its_key_and_with_the_secret_that_obtained_it(world: World) -> None:
    key, server = world.key(expires_at="2026-11-22T12:00:00Z"), world.resource_server()
    world.clock.advance(days=1, minutes=-5)
    old = world.token(key)
    new = Key(key.id, act(rotation.rotate, world, key.id, overlap=timedelta(minutes=1)).issued.text)
    young = world.token(new)
    for token in (old, young):
        assert world.introspect(server, token)["active"] is True
    world.clock.advance(minutes=1)
    assert_inactive(ask(world, server, old))
    assert world.introspect(server, young)["active"] is True
    world.clock.advance(minutes=4)
    assert_inactive(ask(world, server, young))


@pytest.mark.spec("T-7662-07")
def test_a_token_of_a_key_that_acts_as_its_creator_stops_with_the_creator(world: World) -> None:
    person = act(members.create, world, email="ann@acme.example", name="Ann", role="auditor")
    key = world.key(group="Same as the key's creator", created_by_member=person["id"])
    token, server = world.token(key), world.resource_server()
    assert world.introspect(server, token)["active"] is True
    act(members.edit, world, person["id"], active=False)
    assert_inactive(ask(world, server, token))


@pytest.mark.spec("T-7662-02", "T-7662-07")
def test_after_an_edit_of_its_group_a_token_has_the_scope_that_is_left(world: World) -> None:
    scopes = ["contacts:read", "contacts:write"]
    group = act(groups.create, world, name="Contacts", scopes=scopes)
    token, server = world.token(world.key(group="Contacts")), world.resource_server()
    assert sorted(world.introspect(server, token)["scope"].split(" ")) == scopes
    act(groups.edit, world, group["id"], scopes=["contacts:read", "messages:read"])
    assert world.introspect(server, token)["scope"] == "contacts:read"
    act(groups.edit, world, group["id"], scopes=["messages:read"])
    assert_inactive(ask(world, server, token))
    act(groups.edit, world, group["id"], scopes=scopes)
    assert sorted(world.introspect(server, token)["scope"].split(" ")) == scopes


@pytest.mark.spec("T-7662-10")
def test_a_resource_server_sees_the_tokens_of_its_own_audience_only(world: World) -> None:
    key, server = world.key(), world.resource_server()
    billing = world.resource_server("Billing API", BILLING)
    admin = world.token(key, resource=world.settings.admin_audience)
    default, paid = world.token(key), world.token(key, resource=BILLING)
    for caller, seen in ((server, default), (billing, paid)):
        for token in (default, paid, admin):
            if token == seen:
                assert world.introspect(caller, token)["aud"] in {BILLING, world.settings.default_audience}
            else:
                assert_inactive(ask(world, caller, token))


@pytest.mark.spec("T-7662-10", "T-7662-11")
def test_a_resource_server_of_a_tenant_sees_that_tenants_tokens_only(world: World) -> None:
    globex = world.new_tenant("Globex")
    ours, theirs = world.token(world.key()), world.token(world.key(tenant=globex))
    own, everyones = world.resource_server("Own", tenant=globex), world.resource_server("Everyone's")
    assert_inactive(ask(world, own, ours))
    assert world.introspect(own, theirs)["tenant"] == globex["id"]
    assert world.introspect(everyones, ours)["tenant"] == world.tenant["id"]
    assert world.introspect(everyones, theirs)["tenant"] == globex["id"]
    resource_servers.delete(world.ctx, OPERATOR, own.id, world.clock())
    assert ask(world, own, theirs).status_code == 401


@pytest.mark.spec("T-7662-11")
def test_a_key_sees_its_own_tokens_of_any_audience_and_nobody_elses(world: World) -> None:
    key, other, server = world.key(), world.key("Other"), world.resource_server()
    for token in (world.token(key), world.token(key, resource=world.settings.admin_audience)):
        assert world.introspect(key, token)["client_id"] == key.id
        assert_inactive(ask(world, other, token))
    for secret in (key.secret, other.secret, server.secret):
        for caller in (key, server):
            assert_inactive(ask(world, caller, secret))


@pytest.mark.spec("T-7662-02", "T-7662-07")
def test_a_caller_that_tells_no_address_is_told_the_list_and_one_that_does_is_told_the_verdict(world: World) -> None:
    key, free, server = world.key(ip_allowlist=LISTED), world.key("Free"), world.resource_server()
    token = world.token(key)
    for none in ({}, {"client_address": ""}):
        assert world.introspect(server, token, **none)["ip_allowlist"] == ["127.0.0.1/32", "203.0.113.0/24"]
    for inside in ("203.0.113.7", "::ffff:203.0.113.7", "127.0.0.1"):
        told = world.introspect(server, token, client_address=inside)
        assert told["active"] is True
        assert "ip_allowlist" not in told
    for outside in ("192.0.2.7", "2001:db8::1", "203.0.113.7, 192.0.2.7", "203.0.113.7:443", "localhost", "x", " "):
        assert_inactive(ask(world, server, token, client_address=outside))
        assert world.introspect(server, world.token(free), client_address=outside)["active"] is True
    act(keys.edit, world, key.id, ip_allowlist=("198.51.100.1",))
    assert world.introspect(server, token)["ip_allowlist"] == ["198.51.100.1/32"]
    assert_inactive(ask(world, server, token, client_address="203.0.113.7"))


@pytest.mark.spec("T-7662-18", "T-7662-19")
def test_every_cause_of_inactive_has_the_same_bytes_and_headers(world: World) -> None:
    forger, server = Forger(world), world.resource_server()
    dead, listed = world.key("Dead"), world.key("Listed", ip_allowlist=LISTED)
    tokens = [world.token(dead), world.token(forger.key, resource=world.settings.admin_audience), dead.secret, "x"]
    tokens += [forger.ours({"typ": "JWT"}), forger.unsigned({"alg": "none"}), forger.ours(claims={"exp": 1})]
    act(keys.revoke, world, dead.id)
    answers = [ask(world, server, token) for token in tokens]
    answers.append(ask(world, server, world.token(listed), client_address="192.0.2.7"))
    for answer in answers:
        assert_inactive(answer)
    headers = [{name: value for name, value in answer.headers if name != "X-Request-ID"} for answer in answers]
    assert all(found == headers[0] for found in headers)
