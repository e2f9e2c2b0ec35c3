"""The whole of a key's life without JavaScript, and with the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.actions import keys
from tests.console.conftest import Console
from tests.usage.staging import call


def test_everything_about_a_key_is_done_without_a_script(console: Console) -> None:
    world = console.world
    for number in range(30):
        world.key(f"Other {number:02}")
    page = console.signed_in(java_script_enabled=False)
    page.get_by_test_id("generate-api-key").click()
    page.get_by_test_id("field-name").fill("Slack Integration")
    page.get_by_test_id("field-group").select_option("grp_ro")
    page.get_by_test_id("submit").click()
    secret = page.get_by_test_id("secret-value").inner_text()
    page.get_by_test_id("secret-close").click()
    page.goto("/tenant-api-keys")
    page.get_by_test_id("search").fill("Slack")
    page.get_by_test_id("filter-status").select_option("active")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_test_id("result-line")).to_have_text("1 key matches")
    page.get_by_test_id("row-edit").click()
    page.get_by_test_id("field-description").fill("Posts to the team's channel")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Slack Integration was updated.")
    page.goto("/tenant-api-keys?q=Slack")
    page.get_by_test_id("row-rotate").click()
    page.get_by_test_id("confirm-submit").click()
    rotated = page.get_by_test_id("secret-value").inner_text()
    assert [call(world, one) for one in (secret, rotated)] == [401, 200]
    world.ctx.recorder.flush()
    page.goto("/tenant-api-keys?q=Slack")
    page.get_by_test_id("row-revoke").click()
    page.get_by_test_id("confirm-text").fill("Slack Integration")
    page.get_by_test_id("confirm-submit").click()
    assert call(world, rotated) == 401
    page.goto("/tenant-api-keys?q=Slack")
    page.get_by_role("link", name="Delete Slack Integration").click()
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_have_text("API Key Slack Integration was deleted.")
    page.goto("/tenant-api-keys?per=25")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next").click()
    expect(page.get_by_test_id("result-line")).to_have_text("26\u201330 of 30 keys")


def focused(page: Page) -> str:
    """The test hook of what has the focus, or its name."""
    return str(page.evaluate("(one => one.dataset.testid || one.id || one.textContent.trim())(document.activeElement)"))


def to(page: Page, hook: str, key: str = "Tab") -> None:
    """Move the focus on until it is at something; every stop on the way must be seen."""
    for _ in range(80):
        if focused(page) == hook:
            return
        page.keyboard.press(key)
        ring = page.evaluate(
            "(one => one === document.body || getComputedStyle(one).outlineStyle !== 'none'"
            " || getComputedStyle(one).boxShadow !== 'none' || one.matches('.visually-hidden'))(document.activeElement)"
        )
        assert ring, f"the focus on {focused(page)} is not seen"
    pytest.fail(f"the keyboard does not reach {hook}")


def test_the_first_stop_leads_past_the_navigation(console: Console) -> None:
    page = console.signed_in()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_key_is_generated_copied_rotated_and_revoked_with_the_keyboard_alone(console: Console) -> None:
    page = console.signed_in(permissions=["clipboard-read", "clipboard-write"], reduced_motion="reduce")
    page.get_by_test_id("generate-api-key").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/new")
    to(page, "submit")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("field-name")).to_be_focused()
    page.keyboard.type("Slack Integration")
    to(page, "field-group")
    page.keyboard.type("Read")
    to(page, "submit")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("secret-panel").get_by_role("heading").first).to_be_focused()
    secret = page.get_by_test_id("secret-value").inner_text()
    to(page, "copy-secret")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("copy-secret")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    to(page, "secret-close")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/tenant-api-keys$"))
    to(page, "row-rotate")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert focused(page) == "row-rotate"
    page.keyboard.press("Enter")
    to(page, "confirm-submit")
    page.keyboard.press("Enter")
    page.get_by_test_id("secret-panel").wait_for()
    to(page, "secret-stored")
    page.keyboard.press("Space")
    to(page, "secret-close")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/tenant-api-keys$"))
    to(page, "row-revoke")
    page.keyboard.press("Enter")
    expect(dialog.get_by_test_id("confirm-cancel")).to_be_focused()
    to(page, "confirm-submit")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("status")).to_contain_text("was revoked")
    found = keys.show(console.world.ctx, console.world.tenant["id"], _only(page), console.world.clock())
    assert found["status"] == "revoked"


def _only(page: Page) -> str:
    return str(page.locator("tbody tr").first.get_attribute("data-testid")).removeprefix("row-")


def test_a_menu_is_used_with_the_keyboard(console: Console) -> None:
    console.world.key("Mobile App")
    page = console.signed_in(reduced_motion="reduce")
    to(page, "row-more")
    page.keyboard.press("Enter")
    menu = page.locator("[popover]:popover-open")
    expect(menu).to_be_visible()
    expect(menu.get_by_text("View details")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_text("Edit")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    assert focused(page) == "row-more"
