"""Signing keys in the console: everybody who may look sees them, only marked members change them."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from app.actions import members, signing_keys
from tests.console.conftest import Console
from tests.console.people import PASSWORD
from tests.world import OPERATOR

PLACE = "/settings/signing-keys"


def states(console: Console) -> dict[str, Any]:
    """The signing keys by state."""
    return {key["state"]: key["kid"] for key in signing_keys.all_keys(console.world.ctx, console.world.clock())}


def operator(console: Console, role: str = "global_admin") -> Page:
    """A browser of a member whom the operator has marked."""
    email = console.member(role)
    world = console.world
    members.edit(world.ctx, OPERATOR, world.tenant["id"], email, world.clock(), operator=True)
    page = console.open()
    console.sign_in(page, email)
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    return page


def test_who_may_look_sees_the_states_and_nothing_to_press(console: Console) -> None:
    page = console.signed_in("auditor")
    page.get_by_role("link", name="Signing keys").click()
    kids = states(console)
    expect(page.get_by_test_id("state-line")).to_contain_text(
        f"Tokens are signed with kid {kids['active'][:8]}… (ES256)"
    )
    row = page.get_by_test_id(f"row-{kids['active']}")
    expect(row).to_contain_text("Signing")
    expect(page.get_by_test_id(f"row-{kids['next']}")).to_contain_text("Next")
    for hidden in ("prepare", "activate", "revoke"):
        expect(page.get_by_test_id(hidden)).to_have_count(0)
    for step in ("activate", "revoke"):
        answer = page.goto(f"{PLACE}/{kids['next']}/{step}")
        assert answer is not None
        assert answer.status == 403
    page.goto(PLACE)
    expect(page.get_by_role("link", name="Key set (JWKS)")).to_have_attribute(
        "href", re.compile(r"/\.well-known/jwks\.json$")
    )


def test_a_global_admin_is_no_operator_and_a_super_user_sees_nothing(console: Console) -> None:
    page = console.signed_in()
    answer = page.goto(f"{PLACE}/{states(console)['active']}/revoke")
    assert answer is not None
    assert answer.status == 403
    expect(console.signed_in("super_user").get_by_role("link", name="Signing keys")).to_have_count(0)


def test_the_next_key_signs_only_when_every_cache_knows_it(console: Console) -> None:
    page = operator(console)
    before = states(console)
    page.goto(PLACE)
    card = page.get_by_test_id("next-key")
    expect(card).to_contain_text(
        "Safe to promote at Sat 21 Nov 2026 12:05:05 UTC: resource servers may cache the key set for 5 minutes."
    )
    expect(page.get_by_test_id("activate")).to_be_disabled()
    page.goto(f"{PLACE}/{before['next']}/activate")
    expect(page.get_by_test_id("waits")).to_contain_text("Safe to use from Sat 21 Nov 2026 12:05")
    expect(page.get_by_test_id("confirm-submit")).to_have_count(0)
    console.world.clock.advance(minutes=6)
    page.goto(PLACE)
    expect(card).to_contain_text("Ready")
    page.get_by_test_id("activate").click()
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_contain_text(f"New tokens are signed with {before['next'][:8]}")
    after = states(console)
    assert (after["active"], after["verifying"]) == (before["next"], before["active"])
    expect(page.get_by_test_id(f"row-{before['active']}")).to_contain_text("Verifying only")


def test_the_page_tells_whether_resource_servers_know_the_next_key(console: Console) -> None:
    page, world = console.signed_in("auditor"), console.world
    page.goto(PLACE)
    fetches = page.get_by_test_id("fetches")
    expect(fetches).to_contain_text("Nobody has fetched the key set since this key was published.")
    etag = world.client.get("/.well-known/jwks.json").headers["ETag"]
    assert world.client.get("/.well-known/jwks.json", headers={"If-None-Match": etag}).status_code == 304
    world.ctx.recorder.flush()
    world.clock.advance(minutes=4)
    page.reload()
    expect(fetches).to_contain_text("was fetched 2 times since this key was published, last 4 minutes ago")
    world.client.get("/.well-known/jwks.json")
    world.ctx.recorder.flush()
    signing_keys.prepare(world.ctx, OPERATOR, world.clock())
    world.client.get("/.well-known/jwks.json")
    world.ctx.recorder.flush()
    counted = [(key["state"], key["fetches"]) for key in signing_keys.all_keys(world.ctx, world.clock())]
    assert sorted(counted) == [("active", 4), ("next", 1), ("next", 4)]


def test_revoking_needs_a_fresh_proof_and_the_beginning_of_the_key_s_id(console: Console) -> None:
    key = console.world.key()
    token = console.world.token(key)
    page = operator(console, "member")
    before = states(console)
    console.world.clock.advance(minutes=16)
    page.goto(f"{PLACE}/{before['active']}/revoke")
    expect(page).to_have_url(re.compile("/re-auth"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("Continue|Confirm")).click()
    expect(page.get_by_role("main")).to_contain_text("Every access token signed with it becomes invalid at once")
    page.get_by_test_id("confirm-text").fill("something")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("The text does not match.")
    page.get_by_test_id("confirm-text").fill(before["active"][:8])
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("was revoked.")
    assert states(console)["active"] == before["next"]
    assert states(console)["revoked"] == before["active"]
    answer = console.world.client.get("/api/user", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_another_key_is_prepared(console: Console) -> None:
    page = operator(console)
    page.goto(PLACE)
    page.get_by_test_id("prepare").click()
    expect(page.get_by_test_id("status")).to_contain_text("was published.")
    kept = [key["state"] for key in signing_keys.all_keys(console.world.ctx, console.world.clock())]
    assert sorted(kept) == ["active", "next", "next"]
