"""Every state that a key or a page can be in is shown with its words (CONSOLE.md §3.23)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from app.actions import keys, members, rotation
from app.domain.refusals import Unavailable
from app.web.console import key_health
from tests.console.conftest import Console
from tests.console.test_key_use import used
from tests.console.test_members import acting_key, found
from tests.usage.staging import call
from tests.world import OPERATOR, Key

LIST = "/tenant-api-keys"
ALL = ["Edit", "Rotate", "Revoke", "More for"]


def controls(page: Page, key: Key) -> list[str]:
    """What a row offers, without the key's name."""
    row = page.get_by_test_id(f"row-{key.id}").locator(".c-act")
    labels = row.locator("a.kt-icon, button.kt-icon").evaluate_all("all => all.map(one => one.ariaLabel)")
    return [label.removesuffix(f" {key.object['name']}") for label in labels]


def badges(page: Page, key: Key) -> list[str]:
    """The badges of a row, each with an icon."""
    found = page.get_by_test_id(f"row-{key.id}").locator(".badge")
    assert found.locator("svg").count() == found.count()
    return found.all_inner_texts()


def test_keys_show_in_the_list_what_state_they_are_in_and_what_can_be_done(console: Console) -> None:
    world = console.world
    tenant = world.tenant["id"]
    expired = world.key("Expired", expires_at="2026-11-22")
    active, never = world.key("Active"), world.key("Never")
    world.clock.advance(days=2)
    soon, turning = world.key("Soon", expires_at="2026-11-26"), world.key("Turning")
    used(console, turning)
    rotation.rotate(world.ctx, OPERATOR, tenant, turning.id, world.clock(), overlap=timedelta(hours=24))
    used(console, turning)
    used(console, active)
    world.clock.advance(minutes=3)
    gone = found(console, console.member("super_user", "Grace Hopper"))
    suspended = acting_key(console, gone["id"], "Suspended")
    members.edit(world.ctx, OPERATOR, tenant, gone["id"], world.clock(), active=False)
    revoked = world.key("Revoked")
    keys.revoke(world.ctx, OPERATOR, tenant, revoked.id, world.clock())
    page = console.signed_in()
    expected: list[tuple[Key, list[str], list[str]]] = [
        (active, ["Active"], ALL),
        (never, ["Active"], ALL),
        (soon, ["Active", "Expiring soon"], ALL),
        (expired, ["Expired"], ["Rotate", "Revoke", "More for"]),
        (turning, ["Active", "Rotating"], ALL),
        (suspended, ["Suspended"], ["Edit", "Revoke", "More for"]),
        (revoked, ["Revoked"], ["Delete", "More for"]),
    ]
    assert [(badges(page, key), controls(page, key)) for key, _, _ in expected] == [
        (said, offered) for _, said, offered in expected
    ]
    expect(page.get_by_test_id(f"row-{never.id}").locator(".c-used")).to_have_text("Never")
    expect(page.get_by_test_id(f"row-{soon.id}").locator(".c-expires")).to_contain_text("in 3 days")
    expect(page.get_by_test_id(f"row-{turning.id}").locator(".c-status")).to_contain_text("old used 3 minutes ago")
    count = page.get_by_role("navigation", name="Main").get_by_test_id("expiring-count")
    expect(count).to_have_text(re.compile("1 ?1 expires soon"))


def test_a_keys_page_says_what_its_state_means(console: Console) -> None:
    world = console.world
    tenant = world.tenant["id"]
    expired = world.key("Expired", expires_at="2026-11-22")
    world.clock.advance(days=2)
    assert call(world, expired.secret, "192.0.2.201") == 401
    world.ctx.recorder.flush()
    soon = world.key("Soon", expires_at="2026-11-26")
    gone = found(console, console.member("super_user", "Grace Hopper"))
    suspended = acting_key(console, gone["id"], "Suspended")
    members.edit(world.ctx, OPERATOR, tenant, gone["id"], world.clock(), active=False)
    assert call(world, suspended.secret) == 403
    page = console.signed_in()
    page.goto(f"{LIST}/{expired.id}")
    expect(page.get_by_test_id("expired")).to_contain_text("This key expired on Sun 22 Nov 2026 23:59:59 UTC.")
    expect(page.get_by_test_id("expired")).to_contain_text(
        "It was called once since, last 0 seconds ago from 192.0.2.201"
    )
    page.goto(f"{LIST}/{soon.id}")
    expect(page.get_by_test_id("expiring")).to_contain_text("Stops working on Thu 26 Nov 2026 23:59:59 UTC, in 3 days.")
    page.get_by_test_id("expiring").get_by_role("link", name="Rotate it").click()
    expect(page.get_by_role("dialog", name="Rotate API Key")).to_contain_text("Keep current: 26 Nov 2026")
    page.goto(f"{LIST}/{suspended.id}")
    expect(page.get_by_test_id("suspended")).to_have_text(
        "This key is suspended: the member it acts as is not active. Activate them, or give the key another group."
    )
    page.get_by_test_id("field-group").select_option("grp_ro")
    page.get_by_role("button", name="Update API Key").click()
    expect(page.get_by_test_id("suspended")).to_have_count(0)
    assert call(world, suspended.secret) == 200


def test_a_deleted_key_is_gone_for_who_may_know_and_was_never_there_for_another_tenant(console: Console) -> None:
    world = console.world
    key = world.key("Old Zapier")
    page = console.signed_in()
    page.goto(f"{LIST}/{key.id}/delete")
    page.get_by_test_id("confirm-submit").click()
    page.goto(f"{LIST}/{key.id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("This key was deleted")
    expect(page.get_by_role("main")).to_contain_text("Ada Okafor deleted it on Sat 21 Nov 2026 12:00:00 UTC.")
    stranger = console.open()
    console.sign_in(stranger, console.member(name="Bo Lin", tenant=world.new_tenant("Other")["id"]))
    answer = stranger.goto(f"{LIST}/{key.id}")
    assert answer is not None
    assert answer.status == 404


def test_deleting_a_revoked_key_says_since_when_it_has_not_worked(console: Console) -> None:
    world = console.world
    key = world.key("Old Zapier")
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    world.clock.advance(days=3)
    page = console.signed_in()
    page.get_by_role("link", name="Delete Old Zapier").click()
    asks = page.get_by_role("dialog", name="Delete API Key")
    expect(asks).to_contain_text("Delete Old Zapier from the list? It has not worked since 21 Nov 2026.")
    expect(asks).to_contain_text("The audit log keeps a record of the key without its secret.")


def test_a_rotation_during_a_rotation_and_after_a_leak_say_what_they_do(console: Console) -> None:
    world = console.world
    key = world.key("Mobile App")
    rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), overlap=timedelta(hours=24))
    page = console.signed_in()
    page.get_by_role("link", name="Rotate Mobile App").click()
    asks = page.get_by_role("dialog", name="Rotate API Key")
    last = key.secret.split("_")[2][-4:]
    expect(asks).to_contain_text(f"A rotation is already in progress. The secret ending {last} stops working now.")
    asks.get_by_label("After 24 hours").check()
    asks.get_by_label("Reason").select_option("leak")
    expect(asks.get_by_label("Immediately")).to_be_checked()
    expect(asks.get_by_label("After 24 hours")).to_be_disabled()
    expect(asks).to_contain_text(
        "A leaked secret should stop now, so an overlap is not offered after a suspected leak."
    )
    asks.get_by_label("Reason").select_option("scheduled")
    expect(asks.get_by_label("After 24 hours")).to_be_enabled()


def test_filters_that_find_nothing_say_so_and_what_a_preset_leaves_out(console: Console) -> None:
    world = console.world
    for number in range(2):
        key = world.key(f"Key {number}")
        keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    page = console.signed_in()
    page.get_by_role("link", name="Usable now").click()
    line = page.get_by_test_id("result-line")
    expect(line).to_have_text("No keys match these filters. 2 keys that are revoked or expired would.")
    expect(page.get_by_role("search")).to_be_visible()
    page.goto(f"{LIST}?q=nothing")
    expect(line).to_have_text("No keys match these filters.")
    page.get_by_role("link", name="Clear filters").first.click()
    expect(line).to_have_text("1\u20132 of 2 keys")


def test_an_address_that_leads_nowhere_offers_a_search(console: Console) -> None:
    world = console.world
    key = world.key("Mobile App")
    page = console.signed_in()
    answer = page.goto("/tenant-api-keys/kt_0000000000000000")
    assert answer is not None
    assert answer.status == 404
    page.get_by_test_id("search").fill("mobile")
    page.get_by_test_id("search").press("Enter")
    expect(page.get_by_test_id(f"row-{key.id}")).to_be_visible()


def test_an_address_nobody_knows_is_a_page_for_people_and_json_for_programs(console: Console) -> None:
    page = console.signed_in()
    for place, status, title in (("/settings/nothing", 404, "Not found"), ("/sign-out", 405, "There is no page here")):
        answer = page.goto(place)
        assert answer is not None
        assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.get_by_test_id("search")).to_have_count(1 if status == 404 else 0)
        program = page.request.get(place, headers={"Accept": "*/*"})
        assert (program.status, program.headers["content-type"]) == (status, "application/problem+json")
    assert page.request.get("/sign-out", headers={"Accept": "text/html"}).headers["allow"] == "POST"
    told = page.request.get("/admin/nothing", headers={"Accept": "text/html"})
    assert (told.status, told.headers["content-type"]) == (404, "application/problem+json")


def test_a_failure_has_a_request_id_and_no_inside(console: Console, monkeypatch: Any) -> None:
    page = console.signed_in()

    def broken(*_: Any) -> Any:
        raise RuntimeError("the inside")

    monkeypatch.setattr(key_health.usage, "key_health", broken)
    answer = page.goto(f"{LIST}/health")
    assert answer is not None
    assert answer.status == 500
    expect(page.get_by_role("main")).to_contain_text("Something failed on our side")
    expect(page.get_by_role("main")).to_contain_text("Nothing was changed unless the list shows it.")
    expect(page.get_by_role("main")).to_contain_text(answer.headers["x-request-id"])
    assert "the inside" not in page.content()


def test_without_its_database_the_console_says_when_to_come_back(console: Console, monkeypatch: Any) -> None:
    page = console.signed_in()
    database = console.world.ctx.database

    def down(*_: Any) -> Any:
        raise Unavailable("down", 5)

    monkeypatch.setattr(database, "read", down)
    answer = page.goto(LIST)
    assert answer is not None
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    expect(page.get_by_role("heading", level=1)).to_have_text("Not available right now")
