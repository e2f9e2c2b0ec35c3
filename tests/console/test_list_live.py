"""The list of keys swapped in place: where the focus goes, what is said once, what happens when it cannot load."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Console
from tests.console.test_key_list import shows

LIST = "/tenant-api-keys"
WATCHED = """() => {
  window.same = true;
  window.said = [];
  const status = document.querySelector("[role=status]");
  new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true, subtree: true });
}"""


def sixty(console: Console, **options: Any) -> Page:
    for number in range(60):
        console.world.key(name=f"Key {number:02}")
        console.world.clock.advance(seconds=1)
    page = console.signed_in(**options)
    page.goto(f"{LIST}?per=25")
    page.evaluate(WATCHED)
    return page


def still_the_same(page: Page) -> bool:
    """Whether no other page has been loaded since the list was opened."""
    return bool(page.evaluate("window.same === true"))


@pytest.mark.spec("S4-18", "S4-19")
def test_filters_order_and_pages_replace_the_list_and_nothing_else(console: Console) -> None:
    page = sixty(console)
    line = page.get_by_test_id("result-line")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next").click()
    expect(line).to_have_text("26\u201350 of 60 keys")
    expect(line).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?per=25&after="))
    assert page.evaluate("window.said") == ["26\u201350 of 60 keys"]
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"\?sort=name&per=25$"))
    expect(line).to_be_focused()
    page.get_by_test_id("search").fill("key 0")
    page.get_by_test_id("search").press("Enter")
    expect(line).to_have_text("10 keys match")
    expect(line).to_be_focused()
    expect(page.get_by_role("button", name="Apply")).to_be_hidden()
    page.get_by_test_id("filter-status").select_option("revoked")
    expect(line).to_have_text("No keys match these filters.")
    page.get_by_role("link", name="Clear filters").first.click()
    expect(line).to_have_text("1\u201325 of 60 keys")
    page.get_by_role("navigation", name="Per page").get_by_role("link", name="100").click()
    expect(line).to_have_text("1\u201360 of 60 keys")
    expect(page).to_have_title("API Keys \u00b7 Keyturn")
    assert still_the_same(page)
    assert len(page.evaluate("window.said")) == 6


def test_the_way_back_leads_through_every_list_and_nothing_of_a_page_is_stored(console: Console) -> None:
    page = sixty(console)
    line = page.get_by_test_id("result-line")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next").click()
    expect(line).to_have_text("26\u201350 of 60 keys")
    page.get_by_test_id("filter-used").select_option("never")
    expect(line).to_have_text("1\u201325 of 60 keys")
    expect(page.get_by_test_id("filter-used")).to_have_value("never")
    page.go_back()
    expect(line).to_have_text("26\u201350 of 60 keys")
    expect(page.get_by_test_id("filter-used")).to_have_value("")
    page.go_back()
    expect(line).to_have_text("1\u201325 of 60 keys")
    page.go_forward()
    expect(line).to_have_text("26\u201350 of 60 keys")
    assert still_the_same(page)
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    page.get_by_role("link", name="Key 30", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Key 30")
    page.go_back()
    expect(line).to_have_text("26\u201350 of 60 keys")


def test_a_list_that_cannot_be_loaded_stays_and_can_be_tried_again(console: Console) -> None:
    page = sixty(console)
    page.route("**/tenant-api-keys?*", lambda route: route.abort())
    page.get_by_test_id("filter-used").select_option("never")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Could not load. Check your connection.")
    expect(page.get_by_test_id("result-line")).to_have_text("1\u201325 of 60 keys")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    box, region = alert.bounding_box(), page.locator("#results").bounding_box()
    assert box is not None
    assert region is not None
    assert box["y"] < region["y"]
    page.unroute("**/tenant-api-keys?*")
    alert.get_by_role("button", name="Try again").click()
    expect(page).to_have_url(re.compile("used=never"))
    expect(page.get_by_test_id("result-line")).to_be_focused()
    expect(alert).to_be_hidden()
    assert still_the_same(page)
    console.complaints[:] = [said for said in console.complaints if "Failed to fetch" not in said]
    assert console.complaints.pop().endswith("net::ERR_FAILED")


def test_while_a_list_is_on_its_way_the_old_one_stays_and_says_that_it_is_busy(console: Console) -> None:
    page = sixty(console)
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/tenant-api-keys?*", hold)
    page.get_by_test_id("filter-used").select_option("never")
    region = page.locator("#results")
    expect(region).to_have_attribute("aria-busy", "true")
    expect(page.get_by_test_id("result-line")).to_have_text("1\u201325 of 60 keys")
    line = "getComputedStyle(document.querySelector('#results .kt-panel'), '::before')"
    assert page.evaluate(f"[{line}.height, {line}.animationDelay]") == ["2px", "0.3s"]
    with page.expect_request(re.compile("status=active")):
        page.get_by_test_id("filter-status").select_option("active")  # the later one counts
    expect(region).to_have_attribute("aria-busy", "true")
    held[-1].continue_()
    expect(page).to_have_url(re.compile("status=active.*used=never"))
    expect(region).not_to_have_attribute("aria-busy", "true")


def test_dialogs_menus_and_the_selection_work_in_a_list_that_was_swapped_in(console: Console) -> None:
    page = sixty(console)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next").click()
    expect(page.get_by_test_id("result-line")).to_have_text("26\u201350 of 60 keys")
    row = page.get_by_role("row", name=re.compile("Key 30"))
    row.get_by_test_id("row-more").click()
    expect(row.get_by_role("button", name="Copy key ID")).to_be_visible()
    page.keyboard.press("Escape")
    row.get_by_test_id("row-revoke").click()
    dialog = page.get_by_test_id("dialog")
    dialog.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Key 30 was revoked.")
    expect(page.get_by_test_id("result-line")).to_have_text("26\u201350 of 60 keys")
    page.get_by_test_id("filter-status").select_option("active")
    expect(page.get_by_test_id("result-line")).to_have_text("1\u201325 of 59 keys")
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_test_id("bulk-bar")).to_contain_text("Selected: 25")
    expect(page.get_by_test_id("status")).not_to_contain_text("was revoked")


def test_whoever_is_signed_out_meanwhile_is_led_to_the_door_and_back_to_what_was_asked_for(console: Console) -> None:
    page = sixty(console)
    page.context.clear_cookies()
    page.get_by_test_id("filter-used").select_option("never")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/tenant-api-keys%3F.*used%3Dnever"))


def test_a_secret_pasted_into_the_search_is_cut_in_the_browser_which_says_so(console: Console) -> None:
    key = console.world.key(name="Mobile App")
    page = console.signed_in()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(LIST)
    page.get_by_test_id("search").fill(f"Authorization: Bearer {key.secret}")
    page.get_by_test_id("search").press("Enter")
    expect(page).to_have_url(re.compile(rf"\?q={key.id}$"))
    shows(page, "Mobile App")
    expect(page.get_by_test_id("status")).to_contain_text("That looked like a secret. We searched for its key ID only.")
    assert not any(key.secret[-20:] in url for url in asked)
    page.get_by_test_id("filter-status").select_option("active")
    expect(page).to_have_url(re.compile("status=active"))
    expect(page.get_by_test_id("status")).to_have_text("1 key matches")


def test_the_address_keeps_only_what_the_list_understands(console: Console) -> None:
    world = console.world
    world.key(name="Bound", ip_allowlist=("203.0.113.0/24",), expires_at="2026-12-31")
    world.clock.advance(seconds=1)
    world.key(name="Open")
    page = console.signed_in()
    for query, found in (("expires=never", "Open"), ("ip=none", "Open"), ("expires=never&ip=all&sort=secret", "Open")):
        page.goto(f"{LIST}?{query}")
        shows(page, found)
    page.goto(f"{LIST}?nonsense=1&per=7&group=grp_nothing&status=perhaps&expires=never")
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/tenant-api-keys\?sort=name&expires=never$"))
    shows(page, "Open")
    page.get_by_role("link", name="Clear filters").click()
    shows(page, "Bound", "Open")


def test_after_a_change_the_focus_is_where_it_was_and_after_a_deletion_on_the_next_row(console: Console) -> None:
    page = sixty(console)
    rows = page.get_by_test_id("keys-table").locator("tbody tr")
    dialog = page.get_by_test_id("dialog")
    rows.nth(3).get_by_test_id("row-edit").click()
    dialog.get_by_test_id("field-name").fill("Key 03, renamed")
    dialog.get_by_test_id("submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Key 03, renamed was updated.")
    expect(rows.nth(3).get_by_test_id("row-edit")).to_be_focused()
    for step in ("revoked", "deleted"):
        rows.nth(3).get_by_test_id("row-revoke").click()
        dialog.get_by_test_id("confirm-submit").click()
        expect(page.get_by_test_id("status")).to_contain_text(f"was {step}.")
        if step == "revoked":
            expect(rows.nth(3).get_by_test_id("row-revoke")).to_be_focused()
    expect(page.get_by_role("link", name="Key 04", exact=True)).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0
