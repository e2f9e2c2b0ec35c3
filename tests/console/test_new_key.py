"""The page that makes a key: what it explains, what it says the key would be, what it refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.actions import key_lists, tenants
from app.actions.key_lists import Filters
from tests.console.conftest import Console
from tests.console.test_keys import close
from tests.world import OPERATOR

NEW = "/tenant-api-keys/new"


def listed(console: Console) -> list[dict[str, Any]]:
    """The keys of the tenant."""
    return key_lists.page(console.world.ctx, console.world.tenant["id"], Filters(), console.world.clock()).items


def described(page: Page, testid: str) -> str:
    """The words that assistive technology reads with a field."""
    ids = page.get_by_test_id(testid).get_attribute("aria-describedby") or ""
    return " ".join(page.locator(f"[id='{one}']").inner_text() for one in ids.split())


def fill(page: Page, name: str = "ERP Integration", group: str = "Read only") -> None:
    """The fields without which there is no key."""
    page.get_by_test_id("field-name").fill(name)
    page.get_by_test_id("field-group").select_option(label=option(page, group))
    expect(page.get_by_test_id("group-says")).to_be_visible()


def option(page: Page, group: str) -> str:
    """The label of a group's option."""
    return next(
        text for text in page.get_by_test_id("field-group").locator("option").all_inner_texts() if group in text
    )


@pytest.mark.spec(
    "S1-7", "S1-13", "S1-37", "S2-6", "S2-9", "S2-10", "S2-11", "S3-15", "S3-16", "S4-20", "S4-21", "S4-22", "S4-47"
)
def test_a_full_page_form_explains_every_field_and_how_keys_are_named(console: Console) -> None:
    page = console.signed_in()
    button = page.locator(".kt-title", has=page.get_by_role("heading", level=1)).get_by_test_id("generate-api-key")
    expect(button).to_have_text("Generate API Key")
    button.click()
    expect(page).to_have_url(re.compile(f"{NEW}$"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    information = page.get_by_role("group", name="Key Information")
    labels = information.locator("label").all_inner_texts()
    assert [label.split(" (")[0] for label in labels] == [
        "Key Name",
        "Description",
        "Authorization Group",
        "Expiration Date",
    ]
    assert "For example Mobile App, ERP Integration, or Zapier (dev). 2 to 200 characters." in described(
        page, "field-name"
    )
    assert "Purpose, owner" in described(page, "field-description")
    assert "Decides what the key may do" in described(page, "field-group")
    assert "stops at 23:59:59" in described(page, "field-expires")
    assert "One IP address or CIDR range per line" in described(page, "field-allowlist")
    for words in ("One key for each integration", "Slack Integration, Dev Testing Key, John's Dashboard Key"):
        expect(page.get_by_role("complementary")).to_contain_text(words)


@pytest.mark.spec("S4-48")
def test_the_hint_of_the_name_gives_examples(console: Console) -> None:
    page = console.signed_in()
    page.goto(NEW)
    hint = described(page, "field-name")
    assert "Mobile App" in hint
    assert "ERP Integration" in hint
    assert page.get_by_test_id("field-name").get_attribute("placeholder") is None


@pytest.mark.spec("S1-8", "S2-7", "S3-2", "S2-5", "S5-10", "S5-12", "S1-10", "S4-25", "S4-44", "S4-13")
def test_generating_makes_the_key_and_counts_it(console: Console) -> None:
    world = console.world
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), key_limit=10)
    world.key(name="First")
    page = console.signed_in()
    expect(page.get_by_test_id("usage-counter")).to_contain_text("1/10 keys")
    page.get_by_test_id("generate-api-key").click()
    fill(page)
    page.get_by_test_id("field-description").fill("Nightly export")
    page.get_by_test_id("submit").click()
    key_id = page.get_by_test_id("secret-panel").get_by_label("Key ID", exact=True).inner_text()
    secret = page.get_by_test_id("secret-value").inner_text()
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=(key_id, secret))
    assert answer.status_code == 200
    close(page)
    row = page.get_by_test_id(f"row-{key_id}")
    expect(row.get_by_role("link", name="ERP Integration", exact=True)).to_be_visible()
    expect(page.get_by_test_id("usage-counter")).to_contain_text("2/10 keys")
    assert {key["name"] for key in listed(console)} == {"First", "ERP Integration"}
    page.get_by_role("link", name="ERP Integration", exact=True).click()
    expect(page.get_by_test_id("key-id")).to_have_text(key_id)
    expect(page.get_by_role("button", name="Copy key ID").last).to_be_visible()
    masked = page.get_by_role("definition").filter(has_text="kts_")
    expect(masked).to_contain_text(re.compile(rf"kts_\w+…{secret.split('_')[2][-4:]}"))
    assert secret not in page.content()
    page.goto("/tenant-api-keys")
    row.get_by_test_id("row-revoke").click()
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("usage-counter")).to_contain_text("1/10 keys")


@pytest.mark.spec("S4-23", "S4-24", "S4-26", "S4-27")
def test_what_breaks_a_rule_is_said_at_its_field_and_nothing_is_made(console: Console) -> None:
    page = console.signed_in()
    page.goto(NEW)
    expect(page.get_by_test_id("field-group").locator("option").first).to_have_text("Select a group")
    expect(page.get_by_test_id("field-group")).to_have_value("")
    page.get_by_test_id("submit").click()
    summary = page.get_by_test_id("error-summary")
    expect(summary).to_contain_text("There are 2 problems")
    assert "Enter a key name." in described(page, "field-name")
    assert "Select an authorization group." in described(page, "field-group")
    for name, said in (("x", "It is 1."), (" y ", "It is 1."), ("n" * 201, "It is 201.")):
        page.get_by_test_id("field-name").evaluate("(field, text) => { field.value = text; }", name)
        page.get_by_test_id("submit").click()
        expect(summary).to_contain_text(f"Key Name must be 2 to 200 characters. {said}")
    page.get_by_test_id("field-description").fill("Nightly")
    expect(page.get_by_test_id("count-description")).to_have_text("7/1000")
    page.get_by_test_id("field-description").evaluate("field => { field.value = 'd'.repeat(1001); }")
    page.get_by_test_id("submit").click()
    expect(summary).to_contain_text("Description must be 1000 characters or fewer. It is 1,001.")
    assert listed(console) == []
    for name, description in (("ab", ""), ("n" * 200, "d" * 1000)):
        page.goto(NEW)
        fill(page, name)
        page.get_by_test_id("field-description").fill(description)
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("secret-panel")).to_be_visible()
        close(page)
    assert sorted(len(key["name"]) for key in listed(console)) == [2, 200]
    assert sorted(len(key["description"]) for key in listed(console)) == [0, 1000]


def test_the_summary_says_when_the_key_ends_who_may_call_and_what_it_counts_as(console: Console) -> None:
    world = console.world
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), key_limit=10)
    world.key(name="ERP Integration")
    page = console.signed_in()
    page.goto(NEW)
    summary = page.get_by_test_id("summary")
    expect(page.get_by_test_id("says-expiry")).to_contain_text("Never expires. Consider 90 days.")
    expect(summary).to_contain_text("2 of 10 keys")
    page.get_by_role("button", name="90 days").click()
    expect(page.get_by_test_id("says-expiry")).to_have_text(
        "Stops working on Fri 19 Feb 2027 23:59:59 UTC (UTC), in 90 days."
    )
    expect(summary).to_contain_text("19 Feb 2027in 90 days")
    page.get_by_test_id("field-name").fill("erp integration")
    page.get_by_test_id("field-name").blur()
    expect(page.get_by_test_id("named-alike")).to_contain_text("Another key has this name.")
    page.get_by_role("button", name="Add your address").click()
    expect(page.get_by_test_id("field-allowlist")).to_have_value("127.0.0.1")
    page.get_by_test_id("field-allowlist").fill("127.0.0.1\n203.0.113.9/24")
    page.get_by_test_id("field-allowlist").blur()
    expect(page.get_by_test_id("list-says")).to_have_text("Line 2 saved as 203.0.113.0/24.")
    page.get_by_text("Check an address").click()
    page.get_by_test_id("check-address").fill("203.0.113.77")
    page.get_by_test_id("check-address").blur()
    expect(page.get_by_test_id("address-says")).to_have_text("203.0.113.77 is allowed by line 2.")
    page.get_by_test_id("check-address").fill("192.0.2.1")
    page.get_by_test_id("check-address").blur()
    expect(page.get_by_test_id("address-says")).to_have_text("192.0.2.1 is not allowed by the IP allowlist.")
    assert [key["name"] for key in listed(console)] == ["ERP Integration"]
