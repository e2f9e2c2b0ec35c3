"""The key limit in the console: what is left is told, and at its end what can be done."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Console
from tests.console.test_keys import close
from tests.console.test_new_key import fill


@pytest.mark.spec("S2-46", "S4-45")
def test_at_the_limit_generate_leads_to_what_can_be_done(console: Console) -> None:
    tenant = console.world.new_tenant("Small", plan="standard")
    made = [console.world.key(name=f"Key {number}", tenant=tenant) for number in range(4)]
    page = console.open()
    console.sign_in(page, console.member(tenant=tenant["id"]))
    expect(page.get_by_test_id("usage-counter")).to_contain_text("1 left")
    page.get_by_test_id("generate-api-key").click()
    fill(page, "The fifth")
    page.get_by_test_id("submit").click()
    close(page)
    expect(page.get_by_test_id("usage-counter")).to_contain_text("5/5 keys")
    expect(page.get_by_test_id("usage-counter")).to_contain_text("Limit reached")
    page.get_by_test_id("generate-api-key").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "You have 5 of 5 keys. Revoke a key you no longer need, or contact support to raise the limit."
    )
    support = page.get_by_role("main").get_by_role("link", name="Contact support")
    expect(support).to_have_attribute("href", "mailto:help@example.com")
    page.get_by_role("link", name="View least recently used").click()
    page.goto(f"/tenant-api-keys/{made[0].id}/revoke")
    page.get_by_test_id("confirm-submit").click()
    page.get_by_test_id("generate-api-key").click()
    expect(page.get_by_test_id("field-name")).to_be_visible()
