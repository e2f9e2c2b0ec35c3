"""The exact time behind "3 days ago": at the pointer and at the focus, and away again (WCAG 2.2 §1.4.13)."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.console import looking
from tests.console.conftest import Console
from tests.world import Key

EXACT = "Sat 21 Nov 2026 12:00:00 UTC"


def opened(console: Console) -> tuple[Page, Locator, Key]:
    """The list with two keys, the first of them used."""
    world = console.world
    key = world.key(name="Old Zapier")
    world.key(name="Unused")
    page = console.signed_in()
    return page, page.get_by_role("tooltip"), key


def test_the_pointer_is_told_and_may_go_to_what_it_is_told(console: Console) -> None:
    page, told, key = opened(console)
    time = page.get_by_test_id(f"row-{key.id}").locator(".c-created time")
    before = page.get_by_test_id("keys-table").bounding_box()
    time.hover()
    expect(told).to_have_text(EXACT)
    assert page.get_by_test_id("keys-table").bounding_box() == before
    expect(time).not_to_have_attribute("title", EXACT)  # the browser's own hint would stand beside it
    told.hover()
    page.get_by_role("heading", level=1).hover()
    expect(told).to_be_hidden()
    time.hover()
    expect(told).to_be_visible()
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()


def test_a_row_tells_all_of_its_times_at_its_name_and_is_no_further_stop(console: Console) -> None:
    page, told, key = opened(console)
    name = page.get_by_test_id(f"row-{key.id}").get_by_role("link", name="Old Zapier", exact=True)
    name.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(name).to_be_focused()
    expect(told).to_have_text(f"Created: {EXACT}")
    expect(name).to_have_accessible_description(f"Created: {EXACT}")
    assert looking.axe(page) == []
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    expect(name).to_be_focused()
    page.keyboard.press("Tab")
    expect(told).to_be_hidden()
    assert page.locator("time[tabindex]").count() == 0


def test_a_row_that_leads_nowhere_is_one_stop(console: Console) -> None:
    page, told, key = opened(console)
    world = console.world
    assert world.client.get("/api/user", headers={"X-API-Key": key.secret}).status_code == 200
    world.ctx.recorder.flush()
    page.goto(f"/tenant-api-keys/{key.id}")
    stops = page.locator(".kt-callers time[tabindex]")
    expect(stops).to_have_count(1)
    stops.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(told).to_have_text(f"First seen: {EXACT}Last seen: {EXACT}")
    page.keyboard.press("Tab")
    expect(told).to_be_hidden()
