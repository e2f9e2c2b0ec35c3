"""Forms about keys: what they keep when a rule is broken, what they refuse, what is made of one that comes twice."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.console.conftest import Console
from tests.console.test_keys import generate, group_labels


def test_the_limit_is_told_before_the_form(console: Console) -> None:
    tenant = console.world.new_tenant("Small", plan="standard")
    for number in range(5):
        console.world.key(name=f"Key {number}", tenant=tenant)
    page = console.open()
    console.sign_in(page, console.member(tenant=tenant["id"]))
    expect(page.get_by_test_id("usage-counter")).to_contain_text("5/5 keys")
    page.get_by_test_id("generate-api-key").click()
    expect(page.get_by_role("alert")).to_contain_text("You have 5 of 5 keys.")
    keys_left = page.get_by_test_id("field-name")
    expect(keys_left).to_have_count(0)


def test_a_form_that_breaks_rules_keeps_what_was_typed_and_says_what_is_wrong(console: Console) -> None:
    page = console.signed_in()
    page.get_by_test_id("generate-api-key").click()
    page.get_by_test_id("field-name").fill("x")
    page.get_by_test_id("field-allowlist").fill("10.0.0.1\n10.0.0.0/33")
    page.get_by_test_id("submit").click()
    summary = page.get_by_test_id("error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Line 2: '10.0.0.0/33' is not a valid IP address or CIDR range.")
    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.get_by_test_id("field-name")).to_have_value("x")
    expect(page.get_by_test_id("field-name")).to_have_attribute("aria-invalid", "true")


def test_sending_the_form_twice_makes_one_key(console: Console) -> None:
    page = console.signed_in()
    page.get_by_test_id("generate-api-key").click()
    page.get_by_test_id("field-name").fill("Once")
    page.get_by_test_id("field-group").select_option(label=group_labels(page)[0])
    expect(page.get_by_test_id("group-says")).to_be_visible()
    form = page.locator("form[action='/tenant-api-keys']")
    fields = form.evaluate("form => Object.fromEntries(new FormData(form))")
    for _ in range(2):
        answer = page.request.post(f"{console.base}/tenant-api-keys", form=fields, max_redirects=0)
        assert answer.status == 303
    page.goto("/tenant-api-keys")
    expect(page.get_by_test_id("keys-table").locator("tbody tr")).to_have_count(1)


def test_another_tenants_key_is_not_there(console: Console) -> None:
    page = console.signed_in()
    other = console.world.new_tenant("Other")
    theirs = console.world.key(name="Theirs", tenant=other)
    for path in ("", "/edit", "/rotate", "/revoke", "/delete"):
        answer = page.goto(f"/tenant-api-keys/{theirs.id}{path}")
        assert answer is not None
        assert answer.status == 404


def test_closing_without_copying_is_asked_about(console: Console) -> None:
    page = console.signed_in()
    generate(page)
    page.get_by_test_id("secret-close").click()
    gate = page.get_by_text("Close without copying?")
    expect(gate).to_be_visible()
    page.get_by_role("button", name="Go back").click()
    expect(gate).to_be_hidden()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Close anyway").click()
    expect(page).to_have_url(re.compile("/tenant-api-keys$"))
