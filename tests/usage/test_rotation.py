"""Rotation with evidence: may the old secret be ended, and who still uses it?"""

from __future__ import annotations

from tests.admin.client import Admin
from tests.usage.staging import CURL, call, rotated, rotation
from tests.world import World


def test_the_verdict_names_who_still_uses_the_old_secret(admin: Admin, world: World) -> None:
    old = world.key()
    call(world, old.secret)
    world.clock.advance(minutes=1)
    new = rotated(admin, old, "72h")
    world.clock.advance(minutes=7)
    for _ in range(3):
        call(world, old.secret)
    call(world, new.secret, "203.0.113.7", CURL)
    world.clock.advance(minutes=3)
    found = rotation(admin, old)
    assert found["verdict"] == "still_used"
    assert found["reasons"] == ["Still used by 198.51.100.4 (python-requests/2.32) 3 minutes ago."]
    assert found["old_secret"]["calls_since_rotation"] == 3
    assert found["old_secret"]["last_used_at"] == "2026-11-21T12:08:00Z"
    assert found["old_secret"]["callers"] == [
        {"ip": "198.51.100.4", "client": "python-requests/2.32", "last_at": "2026-11-21T12:08:00Z", "calls": 3}
    ]
    assert found["new_secret"]["calls_since_rotation"] == 1
    assert found["new_secret"]["last_used_ip"] == "203.0.113.7"
    assert (found["rotated_at"], found["evidence_as_of"]) == ("2026-11-21T12:01:00Z", "2026-11-21T12:10:50Z")


def test_a_quiet_day_makes_it_safe_and_the_end_takes_the_evidence_away(admin: Admin, world: World) -> None:
    old = world.key()
    call(world, old.secret)
    made = admin.ok("POST", f"api-keys/{old.id}/rotate", {"overlap": "72h"})
    assert made["rotation"]["verdict"] == "not_yet_known"  # nothing has been written yet
    world.clock.advance(minutes=1)
    known = rotation(admin, old)
    assert known["verdict"] == "still_used"
    world.clock.advance(hours=24)
    call(world, made["client_secret"])
    found = rotation(admin, old)
    assert (found["verdict"], found["reasons"]) == ("safe_to_end", ["No call with the old secret for 24 hours."])
    assert "rotation" not in admin.ok("POST", f"api-keys/{old.id}/overlap", {"end": "now"})
    assert "rotation" not in admin.ok("GET", f"api-keys/{old.id}")
    assert "rotation" not in admin.ok("GET", "api-keys")["items"][0]


def test_a_token_of_the_old_secret_that_is_still_checked_keeps_it_in_use(admin: Admin, world: World) -> None:
    old, server = world.key(), world.resource_server()
    token = world.token(old)
    world.clock.advance(minutes=1)
    rotated(admin, old, "72h")
    world.clock.advance(minutes=1)
    assert world.introspect(server, token)["active"]
    found = rotation(admin, old)
    assert found["verdict"] == "still_used"
    assert found["reasons"] == [
        "A token obtained with it was checked 0 seconds ago.",
        "The new secret has not been used yet.",
    ]


def test_a_call_that_is_refused_still_shows_that_somebody_holds_the_old_secret(admin: Admin, world: World) -> None:
    old = world.key(ip_allowlist=("203.0.113.0/24",))
    rotated(admin, old, "72h")
    world.clock.advance(minutes=1)
    assert call(world, old.secret) == 403
    found = rotation(admin, old)
    assert (found["verdict"], found["old_secret"]["last_used_at"]) == ("still_used", None)
    assert found["old_secret"]["calls_since_rotation"] == 1
