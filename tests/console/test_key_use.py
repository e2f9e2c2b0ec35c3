"""A key's page tells how it is used, by whom, and what would happen to them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.actions import keys, rotation
from tests.console.conftest import Console
from tests.console.test_keys import generate
from tests.usage.staging import call
from tests.world import OPERATOR, Key


def used(console: Console, key: Key, calls: int = 3, address: str = "198.51.100.4") -> None:
    """Calls with a key, written down."""
    for _ in range(calls):
        call(console.world, key.secret, address)
    console.world.ctx.recorder.flush()


@pytest.mark.spec("S2-30", "S2-48")
def test_the_chart_says_what_it_shows_in_words_and_in_a_table(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App", ip_allowlist=("198.51.100.0/24",))
    used(console, key, 4)
    world.clock.advance(days=31)
    used(console, key, 9)
    used(console, key, 2, "203.0.113.9")
    page = console.signed_in()
    page.goto(f"/tenant-api-keys/{key.id}")
    figure = page.get_by_test_id("usage-figure")
    expect(figure.locator("figcaption")).to_have_text("11 requests in 30 days, 81.8 % OK. 403 peaked on 22 Dec with 2.")
    expect(page.locator(".kt-stats")).to_contain_text("7 more than before")
    expect(figure.locator("rect.ok")).to_have_count(1)
    figure.get_by_text("View as table").click()
    expect(page.get_by_test_id("usage-table").get_by_role("row", name=re.compile("22 Dec"))).to_contain_text("902000")
    page.get_by_role("navigation", name="Range").get_by_role("link", name="90d").click()
    expect(figure.locator("figcaption")).to_contain_text("15 requests in 90 days")
    answer = page.request.get(f"{console.base}/tenant-api-keys/{key.id}/usage.csv?range=7d")
    assert answer.text().splitlines()[0] == "day,ok,401,403,429,other,checks"
    assert answer.text().splitlines()[-1] == "2026-12-22,9,0,2,0,0,0"


@pytest.mark.spec("S2-48")
def test_callers_are_told_apart_and_new_ones_are_marked(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App")
    used(console, key)
    world.clock.advance(days=2)
    used(console, key, 1, "203.0.113.9")
    page = console.signed_in()
    page.goto(f"/tenant-api-keys/{key.id}")
    rows = page.get_by_test_id("callers").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("203.0.113.9python-requests/2.32 New")
    expect(rows.nth(1)).not_to_contain_text("New")
    expect(page.get_by_test_id("timeline")).to_contain_text("First call from a new address, 203.0.113.9")


def test_a_key_never_used_says_so_and_how_to_try_it(console: Console) -> None:
    key = console.world.key(name="Mobile App")
    page = console.signed_in()
    page.goto(f"/tenant-api-keys/{key.id}")
    expect(page.get_by_test_id("usage-none")).to_have_text("This key has not been used yet.")
    expect(page.locator("#usage")).to_contain_text("/api/user")
    page.goto(f"/tenant-api-keys/{key.id}/revoke")
    expect(page.get_by_role("main")).to_contain_text("Never used. Revoking affects nothing.")


@pytest.mark.spec("S4-67", "S1-35")
def test_after_a_revocation_its_page_tells_who_still_calls(console: Console) -> None:
    world = console.world
    key = world.key(name="Old Zapier")
    used(console, key, 1)
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    world.clock.advance(minutes=4)
    used(console, key, 17)
    world.clock.advance(minutes=1)
    page = console.signed_in()
    page.goto(f"/tenant-api-keys/{key.id}")
    expect(page.get_by_test_id("revoked")).to_contain_text("cannot be re-activated. Generate a new key")
    expect(page.get_by_test_id("refused-since")).to_contain_text(
        "17 refused calls since then, last 1 minute ago from 198.51.100.4 (python-requests/2.32)."
    )
    expect(page.get_by_role("link", name="Rotate secret")).to_have_count(0)


def test_a_reason_that_is_too_long_is_said_and_nothing_is_revoked(console: Console) -> None:
    key = console.world.key(name="Old Zapier")
    page = console.signed_in()
    for place, fields in (
        (f"/tenant-api-keys/{key.id}/revoke", {}),
        ("/tenant-api-keys/bulk", {"action": "revoke", "select": key.id, "confirmed": "1"}),
    ):
        for reason in ("x" * 201, "two\nlines"):
            form = {"csrf": page.locator("[name=csrf]").first.input_value(), "reason": reason, **fields}
            answer = page.request.post(f"{console.base}{place}", form=form, max_redirects=0)
            assert answer.status == 422
            assert "A reason is one line of at most 200 characters." in answer.text()
    assert keys.show(console.world.ctx, console.world.tenant["id"], key.id, console.world.clock())["status"] == "active"


@pytest.mark.spec("S1-35", "S4-65")
def test_a_key_in_use_is_revoked_only_by_typing_its_name(console: Console) -> None:
    key = console.world.key(name="Mobile App")
    used(console, key)
    page = console.signed_in()
    for ending in ("rotate", "delete", "revoke"):
        page.goto(f"/tenant-api-keys/{key.id}/{ending}")
        expect(page.locator(".kt-evidence")).to_contain_text(
            "Last used 0 seconds ago from 198.51.100.4 (python-requests/2.32). "
            "3 calls since yesterday, from 1 address in the last 24 hours."
        )
    page.get_by_test_id("confirm-text").fill("mobile")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("The text does not match.")
    page.get_by_test_id("confirm-text").fill(" mobile app ")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Mobile App was revoked. It stopped working at")


def test_an_overlap_shows_who_still_holds_the_old_secret_and_is_ended_by_typing(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App")
    made = rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), overlap=timedelta(hours=24))
    world.clock.advance(minutes=5)
    used(console, key, 2)
    assert made.issued is not None
    call(world, made.issued.text, "203.0.113.7")
    world.ctx.recorder.flush()
    page = console.signed_in()
    page.goto(f"/tenant-api-keys/{key.id}")
    card = page.get_by_test_id("overlap-card")
    expect(card.get_by_test_id("old-secret-evidence")).to_contain_text("0 seconds ago from 198.51.100.4")
    expect(card).to_contain_text("33 % of calls since 12:00 use the new secret")
    expect(card.get_by_test_id("old-callers")).to_contain_text("2 calls")
    expect(card.get_by_test_id("verdict")).to_contain_text("Not safe to end yet.")
    card.get_by_role("link", name="Extend").click()
    page.get_by_label("72 hours from now").check()
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_test_id("status")).to_have_text("The old secret works until Tue 24 Nov 2026 12:05:00 UTC.")
    card.get_by_role("link", name="End overlap now").click()
    expect(page.get_by_role("dialog")).to_contain_text(
        "was used 0 seconds ago by 198.51.100.4. That caller loses access"
    )
    page.get_by_test_id("confirm-text").fill("Mobile App")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_have_text("The overlap has ended. The old secret stopped working.")
    expect(card).to_have_count(0)
    assert world.whoami(key.secret) == 401


def test_an_old_secret_that_was_quiet_for_a_day_is_ended_without_typing(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App")
    used(console, key)
    rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), overlap=timedelta(hours=72))
    world.clock.advance(hours=25)
    page = console.signed_in()
    page.goto(f"/tenant-api-keys/{key.id}")
    expect(page.get_by_test_id("verdict")).to_contain_text("It is safe to end the overlap.")
    page.get_by_role("link", name="End overlap now").click()
    expect(page.get_by_test_id("confirm-text")).to_have_count(0)
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("The overlap has ended.")
    answer = page.goto(f"/tenant-api-keys/{key.id}/overlap")
    assert answer is not None
    assert answer.status == 409


def test_the_panel_of_a_new_secret_sees_its_first_call(console: Console) -> None:
    page = console.open()
    page.clock.install()
    console.sign_in(page, console.member())
    secret = generate(page)
    line = page.get_by_test_id("first-use")
    expect(line).to_contain_text("Waiting for the first call…")
    call(console.world, secret, "203.0.113.7", "curl/8.9.0")
    console.world.ctx.recorder.flush()
    page.clock.run_for(6000)
    expect(line).to_contain_text("First successful call 0 seconds ago from 203.0.113.7 (curl/8.9).")
    expect(page.get_by_test_id("secret-value")).to_have_text(secret)


def test_the_panel_stops_waiting_after_ten_minutes(console: Console) -> None:
    page = console.open()
    page.clock.install()
    console.sign_in(page, console.member())
    generate(page)
    console.world.clock.advance(minutes=10)
    page.clock.run_for(6000)
    line = page.get_by_test_id("first-use")
    expect(line).to_contain_text("This page has stopped looking.")
    expect(line).not_to_have_attribute("hx-trigger", re.compile("every"))


@pytest.mark.spec("S3-5", "S4-53", "S4-56")
@pytest.mark.parametrize("script", [True, False])
def test_an_edit_says_what_the_key_gains_and_loses_and_whom_it_would_block(console: Console, script: bool) -> None:
    key = console.world.key(name="Mobile App", group="Full access")
    used(console, key)
    page = console.signed_in(java_script_enabled=script)
    page.goto(f"/tenant-api-keys/{key.id}/edit")
    page.get_by_test_id("field-group").select_option("grp_ro")
    page.get_by_test_id("field-allowlist").fill("203.0.113.0/24")
    if script:
        page.get_by_test_id("field-allowlist").blur()
    else:
        page.get_by_test_id("check-impact").click()
    expect(page.get_by_test_id("impact-group")).to_contain_text("Mobile App gains nothing. Loses: ")
    expect(page.get_by_test_id("impact-group")).to_contain_text("contacts:write")
    expect(page.get_by_test_id("impact-allowlist")).to_have_text(
        re.compile("198.51.100.4 called 0 seconds ago and would be blocked.")
    )
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Mobile App was updated.")
    assert call(console.world, key.secret) == 403


@pytest.mark.parametrize("choice", ["use-mine", "use-theirs"])
def test_of_two_people_who_edit_at_once_the_second_chooses(console: Console, choice: str) -> None:
    world = console.world
    key = world.key(name="Mobile App", description="Old words")
    page = console.signed_in()
    page.goto(f"/tenant-api-keys/{key.id}/edit")
    page.get_by_test_id("field-description").fill("My words")
    keys.edit(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), description="Their words")
    page.get_by_test_id("submit").click()
    expect(page.get_by_role("alert")).to_contain_text("Operator changed this key at")
    expect(page.get_by_test_id("conflict").get_by_role("row", name="Description")).to_have_text(
        re.compile(r"My words\s*Their words")
    )
    page.get_by_test_id(choice).click()
    if choice == "use-theirs":
        expect(page.get_by_test_id("field-description")).to_have_value("Their words")
    else:
        expect(page.get_by_test_id("status")).to_contain_text("was updated")
    found = keys.show(world.ctx, world.tenant["id"], key.id, world.clock())
    assert found["description"] == ("My words" if choice == "use-mine" else "Their words")
