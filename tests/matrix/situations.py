"""Everything that can speak against a key: how it comes about, and what each kind of door must say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.actions import groups, keys, members, rotation, tenants
from app.domain.credentials import new_secret
from tests.matrix.doors import ADMIN, Shown
from tests.world import OPERATOR, Key, World, as_key

AWAY = "203.0.113.9"
UNKNOWN = "kt_0000000000000000"
Answers = tuple[int, str | None]
GRANTED: Answers = (200, None)
INVALID_CLIENT: Answers = (401, "invalid_client")
UNAUTHORIZED_CLIENT: Answers = (400, "unauthorized_client")
INVALID_KEY: Answers = (401, "invalid_api_key")
INACTIVE: Answers = (200, "inactive")
ACTIVE: Answers = (200, "active")


@dataclass(frozen=True)
class Row:
    """One reason with its answers (PRODUCT.md §7); None where the reason cannot come up.

    stage   brings it about and gives what the caller shows
    hint    what a caller whose secret verified is told; what everybody is told where nothing verified
    reason  the exact reason, told to a caller whose secret verified
    """

    stage: Callable[[World], Shown]
    oauth: Answers | None
    revoke: Answers | None
    secret: Answers | None
    token: Answers | None
    introspection: Answers | None
    hint: str | None = None
    reason: str | None = None


def shown(world: World, key: Key) -> Shown:
    """A key in good standing, with tokens for the product and for the management API."""
    return Shown(key, world.token(key), world.token(key, resource=ADMIN), world.resource_server())


def act(action: Callable[..., Any], world: World, *what: str, **more: Any) -> Any:
    """Let the operator do something to the tenant now."""
    return action(world.ctx, OPERATOR, world.tenant["id"], *what, world.clock(), **more)


def well(world: World) -> Shown:
    return shown(world, world.key())


def _with_secret(world: World, turn: Callable[[Key], Key]) -> Shown:
    good = well(world)
    return replace(good, key=turn(good.key), token="a.b.c", admin_token="a.b.c")


def malformed(world: World) -> Shown:
    return _with_secret(world, lambda key: Key(key.id, key.secret[:20] + "_oops"))


def truncated(world: World) -> Shown:
    return _with_secret(world, lambda key: Key(key.id, key.secret[:-1]))


def mistyped(world: World) -> Shown:
    swapped = {"a": "b"}
    return _with_secret(
        world, lambda key: Key(key.id, key.secret[:30] + swapped.get(key.secret[30], "a") + key.secret[31:])
    )


def spaced(world: World) -> Shown:
    return _with_secret(world, lambda key: Key(key.id, key.secret[:30] + " " + key.secret[30:]))


def unknown_key(world: World) -> Shown:
    return _with_secret(world, lambda _: Key(UNKNOWN, new_secret(UNKNOWN, bytes).text))


def wrong_secret(world: World) -> Shown:
    return _with_secret(world, lambda key: Key(key.id, new_secret(key.id, bytes).text))


def guessing(world: World) -> Shown:
    good = well(world)
    for number in range(20):
        guess = new_secret(good.key.id, lambda size, number=number: number.to_bytes(size)).text
        assert world.whoami(guess) == 401
    return good


def revoked(world: World) -> Shown:
    good = well(world)
    act(keys.revoke, world, good.key.id)
    return good


def expired(world: World) -> Shown:
    good = shown(world, world.key(expires_at="2026-11-21T12:05:00Z"))
    world.clock.advance(minutes=5)
    return good


def deleted(world: World) -> Shown:
    good = well(world)
    act(keys.delete, world, good.key.id)
    return good


def replaced(world: World) -> Shown:
    good = well(world)
    act(rotation.rotate, world, good.key.id)
    return good


def access_off(world: World) -> Shown:
    good = well(world)
    act(tenants.change, world, api_access=False)
    return good


def closed(world: World) -> Shown:
    good = well(world)
    act(tenants.close, world)
    return good


def creator_inactive(world: World) -> Shown:
    person = act(members.create, world, email="ann@acme.example", name="Ann", role="auditor")
    good = shown(world, world.key(group="Same as the key's creator", created_by_member=person["id"]))
    act(members.edit, world, person["id"], active=False)
    return good


def creator_removed(world: World) -> Shown:
    person = act(members.create, world, email="ann@acme.example", name="Ann", role="auditor")
    good = shown(world, world.key(group="Same as the key's creator", created_by_member=person["id"]))
    act(members.remove, world, person["id"])
    return good


def elsewhere(world: World) -> Shown:
    return replace(shown(world, world.key(ip_allowlist=("127.0.0.1",))), address=AWAY)


def scope_missing(world: World) -> Shown:
    group = act(groups.create, world, name="Narrow", scopes=["contacts:read", "groups:read"])
    good = shown(world, world.key(group=group["id"]))
    return replace(good, scope="contacts:write")


def other_tenant(world: World) -> Shown:
    other = world.new_tenant("Globex")
    return replace(well(world), headers={"X-Tenant": other["id"]})


def other_tenant_by_name(world: World) -> Shown:
    world.new_tenant("Globex")
    return replace(well(world), headers={"X-Tenant": "Globex"})


def in_overlap(world: World) -> Shown:
    good = well(world)
    new = as_key(act(rotation.rotate, world, good.key.id, overlap=world.settings.lifetime * 100))
    assert world.whoami(new.secret) == 200
    return good


def suspended(stage: Callable[[World], Shown], error: str, hint: str, reason: str) -> Row:
    return Row(stage, UNAUTHORIZED_CLIENT, UNAUTHORIZED_CLIENT, (403, error), (403, error), INACTIVE, hint, reason)


def ended(stage: Callable[[World], Shown], hint: str, reason: str) -> Row:
    return Row(stage, INVALID_CLIENT, INVALID_CLIENT, INVALID_KEY, INVALID_KEY, INACTIVE, hint, reason)


def unproven(stage: Callable[[World], Shown], hint: str) -> Row:
    return Row(stage, INVALID_CLIENT, INVALID_CLIENT, INVALID_KEY, INVALID_KEY, INACTIVE, hint)


TOO_MANY: Answers = (429, "temporarily_unavailable")
ROWS: dict[str, Row] = {
    "nothing": Row(well, GRANTED, GRANTED, GRANTED, GRANTED, ACTIVE),
    "the old secret in an overlap": Row(in_overlap, GRANTED, GRANTED, GRANTED, GRANTED, ACTIVE),
    "malformed": unproven(malformed, "extra spaces"),
    "truncated": unproven(truncated, "cut short"),
    "mistyped": unproven(mistyped, "mistyped"),
    "a space inside": unproven(spaced, "extra spaces"),
    "unknown key": unproven(unknown_key, "extra spaces"),
    "wrong secret": unproven(wrong_secret, "extra spaces"),
    "revoked": ended(revoked, "revoked at 2026-11-21T12:00:00Z", "revoked"),
    "expired": ended(expired, "expired at 2026-11-21T12:05:00Z", "expired"),
    "deleted": ended(deleted, "deleted at 2026-11-21T12:00:00Z", "deleted"),
    "replaced": ended(replaced, "replaced at 2026-11-21T12:00:00Z", "replaced"),
    "API access off": suspended(access_off, "api_access_disabled", "switched off", "api_access_off"),
    "tenant closed": suspended(closed, "api_access_disabled", "closed", "tenant_closed"),
    "creator inactive": suspended(creator_inactive, "account_inactive", "account is not active", "creator_inactive"),
    "creator removed": suspended(creator_removed, "account_inactive", "account is not active", "creator_inactive"),
    "address": suspended(elsewhere, "ip_not_allowed", "IP address", "address_refused"),
    "another tenant by ID": replace(
        suspended(other_tenant, "other_tenant", "different tenant", "other_tenant"), introspection=ACTIVE
    ),
    "another tenant by name": replace(
        suspended(other_tenant_by_name, "other_tenant", "different tenant", "other_tenant"), introspection=ACTIVE
    ),
    "guessing": Row(guessing, TOO_MANY, TOO_MANY, (429, "rate_limited"), GRANTED, ACTIVE, "Wait"),
}
# Only where something is wanted that needs a scope: not at /api/user, /revoke or /introspect.
SCOPE = Row(
    scope_missing,
    (400, "invalid_scope"),
    None,
    (403, "insufficient_scope"),
    (403, "insufficient_scope"),
    None,
    "The key lacks: ",
    "scope_refused",
)
