"""Key health: which keys deserve a look, and the filter that shows exactly those."""

from __future__ import annotations

from datetime import timedelta

from app.actions import groups, keys, rotation
from app.domain import health
from tests.admin.client import Admin
from tests.usage.staging import call
from tests.world import OPERATOR, Key, World

UNREMARKABLE = {"group": "Plain", "ip_allowlist": ("198.51.100.0/24", "127.0.0.0/8"), "expires_at": "2027-12-31"}


def plain(world: World, name: str, **more: object) -> Key:
    return world.key(name, **{**UNREMARKABLE, **more})  # type: ignore[arg-type]


def stage(world: World) -> dict[str, set[str]]:
    """One key or more for each question; whom each is to find."""
    groups.create(world.ctx, OPERATOR, world.tenant["id"], world.clock(), name="Plain", scopes=["contacts:read"])
    plain(world, "Never used")
    idle = plain(world, "Idle")
    call(world, idle.secret)
    expired, revoked = plain(world, "Expired", expires_at="2026-12-31"), plain(world, "Revoked")
    plain(world, "Expired in silence", expires_at="2026-12-31")
    world.ctx.recorder.flush()
    world.clock.advance(days=91)
    fresh = {name: plain(world, name) for name in ("Browser", "Rotating", "Well")}
    fresh["Full"] = plain(world, "Full", group="Full access")
    fresh["Anywhere"] = plain(world, "Anywhere", ip_allowlist=())
    fresh["Endless"] = plain(world, "Endless", expires_at=None)
    fresh["Soon"] = plain(world, "Soon", expires_at=(world.clock() + timedelta(days=3)).date().isoformat())
    tenant = world.tenant["id"]
    rotation.rotate(world.ctx, OPERATOR, tenant, fresh["Rotating"].id, world.clock(), overlap=timedelta(hours=72))
    world.clock.advance(hours=25)
    call(world, fresh["Browser"].secret, Origin="https://app.example.com")
    Admin(world, world.key("Administration").secret).ok("DELETE", f"api-keys/{plain(world, 'Deleted').id}")
    keys.revoke(world.ctx, OPERATOR, tenant, revoked.id, world.clock())
    assert [call(world, key.secret) for key in (expired, revoked)] == [401, 401]
    world.ctx.recorder.flush()
    return {
        "expired_but_called": {"Expired"},
        "revoked_but_called": {"Revoked"},
        "browser_use": {"Browser"},
        "expiring_soon": {"Soon"},
        "long_overlap": {"Rotating"},
        "full_access": {"Full", "Administration"},
        "no_ip_allowlist": {"Anywhere", "Administration"},
        "never_expires": {"Endless", "Administration"},
        "old_secret": {"Never used", "Idle"},
        "never_used": {"Never used"},
        "idle": {"Idle"},
    }


def test_s1_40_key_health_counts_what_deserves_a_look_and_its_filter_lists_the_same(world: World) -> None:
    expected = stage(world)
    admin = Admin(world, world.key("Looking on", group="Read only", expires_at="2028-01-01").secret)
    other = world.new_tenant("Other")
    world.key("Theirs", tenant=other)
    answer = admin.ok("GET", "api-keys/health")
    assert not answer["clear"]
    assert [card["name"] for card in answer["cards"]] == list(health.QUESTIONS)
    for card in answer["cards"]:
        query = "&".join(f"{name}={value}" for name, value in card["filter"].items())
        names = {item["name"] for item in admin.ok("GET", f"api-keys?{query}")["items"]} - {"Looking on"}
        assert names == expected[card["name"]], card["name"]
        shown = admin.ok("GET", f"api-keys?{query}&sort=last_used&dir=desc")["items"]
        assert len(shown) == card["count"]
        assert card["sentence"].startswith(str(card["count"]))


def test_a_tenant_without_a_worry_is_told_so(world: World) -> None:
    tenant = world.new_tenant("Calm")
    stranger = Admin(world, world.key("Looking on", group="Read only", tenant=tenant).secret)
    cards = {card["name"]: card for card in stranger.ok("GET", "api-keys/health")["cards"]}
    assert cards["idle"]["sentence"] == "None."
    assert cards["never_expires"]["sentence"] == "1 key without an end."
    assert tuple(cards) == health.QUESTIONS
