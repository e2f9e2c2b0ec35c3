"""Rotation, overlap and revocation over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.client import Admin
from tests.world import World


@pytest.mark.parametrize("action", ["rotate", "regenerate"])
def test_a_rotation_replaces_the_secret_at_once(admin: Admin, world: World, action: str) -> None:
    key = world.key()
    answer = admin("POST", f"api-keys/{key.id}/{action}")
    assert answer.headers["ETag"] == '"2"'
    assert "Location" not in answer.headers
    assert world.whoami(key.secret) == 401
    assert world.whoami(answer.json["client_secret"]) == 200
    assert answer.json["client_id"] == key.id


def test_an_overlap_lets_both_secrets_work_until_its_end(admin: Admin, world: World) -> None:
    key = world.key()
    rotated = admin.ok("POST", f"api-keys/{key.id}/rotate", {"overlap": "24h", "reason": "scheduled"})
    assert "rotating" in rotated["flags"]
    assert [secret["ends_at"] for secret in rotated["secrets"]] == [None, "2026-11-22T12:00:00Z"]
    assert world.whoami(key.secret) == world.whoami(rotated["client_secret"]) == 200
    moved = admin.ok("POST", f"api-keys/{key.id}/overlap", {"extend_to": "2026-11-23T14:00:00+02:00"})
    assert moved["secrets"][1]["ends_at"] == "2026-11-23T12:00:00Z"
    ended = admin.ok("POST", f"api-keys/{key.id}/overlap", data={"end": "now"})
    assert len(ended["secrets"]) == 1
    assert (world.whoami(key.secret), world.whoami(rotated["client_secret"])) == (401, 200)
    assert admin.refused(409, "POST", f"api-keys/{key.id}/overlap", {"end": "now"})["error"] == "no_overlap"


def test_an_overlap_moves_by_one_good_instruction_only(admin: Admin, world: World) -> None:
    key = world.key()
    admin.ok("POST", f"api-keys/{key.id}/rotate", {"overlap": "1h"})
    bad: list[dict[str, Any]] = [
        {},
        {"end": None},
        {"end": "later"},
        {"end": "now", "extend_to": "2026-11-23T12:00:00Z"},
    ]
    times = (
        "soon",
        5,
        "2026-11-23T12:00:00",
        "2020-01-01T00:00:00Z",
        "2027-11-23T12:00:00Z",
        "9999-12-31T23:59:59-14:00",
    )
    for body in [*bad, *({"extend_to": time} for time in times)]:
        admin.refused(422, "POST", f"api-keys/{key.id}/overlap", body)
    assert world.whoami(key.secret) == 200


def test_a_rotation_that_breaks_a_rule_leaves_the_secret(admin: Admin, world: World) -> None:
    key = world.key()
    bad: list[tuple[dict[str, Any], str]] = [
        ({"overlap": "8d"}, "overlap"),
        ({"overlap": "soon"}, "overlap"),
        ({"overlap": "1h", "reason": "leak"}, "overlap"),
        ({"overlap": 3600}, "overlap"),
        ({"reason": "boredom"}, "reason"),
        ({"expires_at": "2020-01-01"}, "expires_at"),
        ({"name": "New"}, "name"),
    ]
    for body, field in bad:
        assert admin.fields("POST", f"api-keys/{key.id}/rotate", body) == {field}
    assert world.whoami(key.secret) == 200


def test_regenerate_knows_no_overlap(admin: Admin, world: World) -> None:
    assert admin.fields("POST", f"api-keys/{world.key().id}/regenerate", {"overlap": "1h"}) == {"overlap"}


def test_a_rotation_keeps_the_end_or_gives_a_new_one(admin: Admin, world: World) -> None:
    key = world.key(expires_at="2026-12-01")
    assert admin.ok("POST", f"api-keys/{key.id}/rotate")["expires_at"] == "2026-12-01T23:59:59Z"
    longer = admin.ok("POST", f"api-keys/{key.id}/rotate", {"expires_at": "2027-01-31"})
    assert longer["expires_at"] == "2027-01-31T23:59:59Z"
    assert admin.ok("POST", f"api-keys/{key.id}/rotate", {"expires_at": None})["expires_at"] is None
    admin.ok("POST", f"api-keys/{key.id}/rotate", {"expires_at": "2026-12-01"})
    world.clock.advance(days=20)
    assert admin.refused(409, "POST", f"api-keys/{key.id}/rotate")["error"] == "key_expired"
    assert admin.ok("POST", f"api-keys/{key.id}/rotate", data={"expires_at": ""})["expires_at"] is None


def test_a_revoked_key_stays_and_takes_no_change(admin: Admin, world: World) -> None:
    key = world.key()
    revoked = admin.ok("POST", f"api-keys/{key.id}/revoke", {"reason": "leak"})
    assert (revoked["status"], revoked["flags"]) == ("revoked", [])
    assert world.whoami(key.secret) == 401
    for path, body in [("/revoke", None), ("/rotate", None), ("/regenerate", None), ("/overlap", {"end": "now"})]:
        assert admin.refused(409, "POST", f"api-keys/{key.id}{path}", body)["error"] == "key_revoked"
    assert admin.refused(409, "PATCH", f"api-keys/{key.id}", {"name": "New"})["error"] == "key_revoked"
    assert admin.ok("GET", f"api-keys/{key.id}")["status"] == "revoked"
    admin.ok("DELETE", f"api-keys/{key.id}")


def test_a_reason_is_a_short_line(admin: Admin, world: World) -> None:
    for reason in (5, "x" * 201, "line\nbreak"):
        assert admin.fields("POST", f"api-keys/{world.key().id}/revoke", {"reason": reason}) == {"reason"}


def test_a_key_can_revoke_itself(admin: Admin, world: World) -> None:
    own = admin.ok("GET", "api-keys")["items"][0]["client_id"]
    assert admin.ok("POST", f"api-keys/{own}/revoke")["status"] == "revoked"
    assert admin.refused(401, "GET", "api-keys")["error"] == "invalid_api_key"
