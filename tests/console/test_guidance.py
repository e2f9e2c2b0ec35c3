"""What the console teaches where it helps: what keys are for, where a secret goes, where to find things."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Console
from tests.console.test_keys import generate
from tests.usage.staging import call

LIST = "/tenant-api-keys"


@pytest.mark.spec("S2-2")
def test_the_empty_list_says_what_keys_are_for(console: Console) -> None:
    page = console.signed_in()
    empty = page.locator(".kt-empty")
    expect(empty.get_by_role("heading", level=2)).to_have_text("No API Keys yet")
    expect(empty).to_contain_text(
        "Generate a key to connect an integration, automate a task, or call the API from your own code."
    )
    expect(empty.get_by_role("link", name="Generate API Key")).to_be_visible()
    expect(empty.get_by_role("link", name="Quick start")).to_have_attribute("href", "/help/quick-start")
    expect(page.get_by_role("search")).to_have_count(0)
    console.world.key()
    page.reload()
    expect(empty).to_have_count(0)
    expect(page.get_by_role("main")).to_contain_text("API Keys let your integrations call the API.")


@pytest.mark.spec("S1-38", "S1-39", "S1-42", "S2-26", "S2-27", "S3-7", "S4-76")
def test_the_page_of_the_secret_says_where_to_keep_it(console: Console) -> None:
    page = console.signed_in()
    secret = generate(page)
    panel = page.get_by_test_id("secret-panel")
    expect(panel).to_contain_text(
        "Store it in a secrets manager or password manager and load it from an environment variable. Never share it, "
        "and do not put it in source code, a public repository, e-mail or chat. Use it only on a server, never in a "
        "web page or mobile app."
    )
    database = console.world.folder / "keyturn.db"
    if database.exists():
        written = b"".join(path.read_bytes() for path in database.parent.glob("keyturn.db*"))
        assert secret.encode() not in written
        assert secret.split("_")[2].encode() not in written


@pytest.mark.spec("S1-42")
def test_a_key_that_was_seen_in_a_browser_is_flagged(console: Console) -> None:
    world = console.world
    key = world.key(name="Widget")
    call(world, key.secret, Origin="https://shop.example.com")
    world.ctx.recorder.flush()
    page = console.signed_in()
    page.goto(f"{LIST}/{key.id}")
    expect(page.get_by_test_id("browser")).to_have_text(
        "Widget was used from a web browser (https://shop.example.com). Anyone who opens that page can read the "
        "secret. Rotate it and call the API from a server."
    )


@pytest.mark.spec("S2-3", "S4-10", "S4-11", "S3-1", "S5-9")
def test_keys_are_found_under_settings_and_at_every_address_that_was_ever_used(console: Console) -> None:
    page = console.signed_in()
    entries = page.get_by_role("navigation", name="Main").get_by_role("list", name="Data & Monitoring")
    expect(entries.get_by_role("link").first).to_have_text("API Keys")
    entries.get_by_role("link", name="API Keys").click()
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("API Keys")
    expect(entries.get_by_role("link", name="API Keys")).to_have_attribute("aria-current", "page")
    crumbs = page.get_by_role("navigation", name="Breadcrumb").get_by_role("listitem")
    assert [text.strip(" /") for text in crumbs.all_inner_texts()] == ["Settings", "Data & Monitoring", "API Keys"]
    for alias in ("/settings/api-keys", "/settings/api", "/api-credentials"):
        answer = page.request.get(f"{console.base}{alias}", max_redirects=0)
        assert (answer.status, answer.headers["location"]) == (308, LIST)


@pytest.mark.spec("S4-1", "S4-12")
@pytest.mark.parametrize("role", ["tenant_administrator", "super_user"])
def test_administrators_and_super_users_read_and_write_keys(console: Console, role: str) -> None:
    page = console.signed_in(role)
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    page.locator(".kt-title").get_by_test_id("generate-api-key").click()
    page.get_by_test_id("field-name").fill("Zapier")
    page.get_by_test_id("field-group").select_option("grp_ro")
    expect(page.get_by_test_id("group-says")).to_be_visible()
    page.get_by_test_id("submit").click()
    secret = page.get_by_test_id("secret-value").inner_text()
    assert console.world.whoami(secret) == 200
    nobody = console.open()
    console.sign_in(nobody, console.member("member", "Max Member"))
    answer = nobody.goto(LIST)
    assert answer is not None
    assert answer.status == 403


@pytest.mark.spec("S3-8", "S4-41")
def test_a_lost_secret_is_replaced_from_its_keys_page(console: Console) -> None:
    page = console.signed_in()
    key = console.world.key(name="Mobile App")
    page.goto(LIST)
    page.get_by_role("link", name="Mobile App", exact=True).click()
    credentials = page.get_by_role("definition").filter(has_text="Lost it? Rotate to get a new one.")
    credentials.get_by_role("link", name="Rotate secret").click()
    expect(page.get_by_role("dialog", name="Rotate API Key")).to_be_visible()
    for path in (f"{LIST}/{key.id}", f"{LIST}/export.csv", f"{LIST}?q={key.id}"):
        assert key.secret not in page.request.get(f"{console.base}{path}").text()
