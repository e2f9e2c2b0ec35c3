"""API keys in the console, as an administrator meets them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.actions import keys
from tests.console.conftest import Console
from tests.world import Key

SECRET = re.compile(r"kts_[0-9A-Z]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")


def generate(page: Page, name: str = "Slack Integration") -> str:
    """Generate a key through the form; its secret, from the panel."""
    page.get_by_test_id("generate-api-key").click()
    page.get_by_test_id("field-name").fill(name)
    page.get_by_test_id("field-group").select_option(label=next(iter(group_labels(page))))
    expect(page.get_by_test_id("group-says")).to_be_visible()
    page.get_by_test_id("submit").click()
    return page.get_by_test_id("secret-value").inner_text()


def group_labels(page: Page) -> list[str]:
    """The groups that the form offers."""
    return [text for text in page.get_by_test_id("field-group").locator("option").all_inner_texts() if "Read" in text]


def dead(console: Console, key: Key, token: str, reader: Key) -> None:
    """See that a key does nothing any more, at any door, nor does a token that it got before."""
    client = console.world.client
    answer = client.get("/api/user", headers={"X-API-Key": key.secret})
    assert (answer.status_code, answer.json["message"]) == (401, "Invalid API Key")
    answer = client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert console.world.introspect(reader, token) == {"active": False}


def close(page: Page) -> None:
    """Leave the panel as somebody who has stored the secret."""
    page.get_by_test_id("secret-stored").check()
    page.get_by_test_id("secret-close").click()


@pytest.mark.spec("S1-4", "S1-5", "S1-6", "S3-14", "S4-39", "S4-38", "S1-9", "S4-35", "S4-37", "S5-14", "S3-17")
def test_an_administrator_signs_in_generates_a_key_and_finds_it_in_the_list(console: Console) -> None:
    page = console.open()
    page.goto("/tenant-api-keys")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/tenant-api-keys$"))
    console.sign_in(page, console.member())
    page.get_by_role("navigation", name="Main").get_by_role("link", name="API Keys").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API Keys")
    secret = generate(page)
    assert SECRET.fullmatch(secret)
    expect(page).to_have_url(re.compile(r"/tenant-api-keys/kt_[0-9A-HJKMNP-TV-Z]{16}$"))
    expect(page.get_by_test_id("secret-panel")).to_contain_text("shown once and cannot be shown again")
    close(page)
    row = page.get_by_test_id("keys-table").get_by_role("row", name=re.compile("Slack Integration"))
    expect(row).to_contain_text("Active")
    expect(row).to_contain_text("Never")


@pytest.mark.spec("S1-11", "S2-8", "S3-6", "S4-73", "S2-16", "S3-11", "S1-12")
def test_a_secret_is_in_exactly_one_answer_and_works(console: Console) -> None:
    page = console.signed_in()
    secret = generate(page)
    page.get_by_test_id("secret-stored").check()
    page.get_by_test_id("secret-details").click()
    page.reload()
    page.go_back()
    page.goto("/tenant-api-keys")
    assert sum(secret in body for body in console.bodies) == 1
    assert secret not in str(page.context.cookies())
    assert secret not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    answer = console.world.client.get("/api/user", headers={"X-API-Key": secret})
    assert answer.status_code == 200


@pytest.mark.spec("S4-36", "S5-13")
def test_the_secret_is_copied_and_the_button_says_so(console: Console) -> None:
    page = console.signed_in(permissions=["clipboard-read", "clipboard-write"])
    secret = generate(page)
    page.get_by_test_id("copy-secret").click()
    expect(page.get_by_test_id("copy-secret")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_test_id("secret-close").click()
    expect(page).to_have_url(re.compile("/tenant-api-keys$"))


@pytest.mark.spec("S1-14", "S1-15", "S1-16", "S1-17", "S1-19", "S4-50", "S4-51")
def test_a_key_is_edited_on_its_page_and_its_secret_stays(console: Console) -> None:
    page = console.signed_in()
    key = console.world.key(name="Mobile App")
    page.goto("/tenant-api-keys")
    page.get_by_role("link", name="Mobile App", exact=True).click()
    expect(page).to_have_title(re.compile("Mobile App"))
    expect(page.get_by_test_id("field-name")).to_have_value("Mobile App")
    page.get_by_test_id("field-name").fill("Mobile App 2")
    page.get_by_test_id("field-description").fill("For both stores")
    page.get_by_role("button", name="Update API Key").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Mobile App 2 was updated.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mobile App 2")
    page.reload()
    expect(page.get_by_test_id("field-description")).to_have_value("For both stores")
    assert console.world.client.get("/api/user", headers={"X-API-Key": key.secret}).status_code == 200


@pytest.mark.spec("S1-20", "S1-21", "S1-22", "S1-23", "S1-27", "S1-28", "S4-57", "S4-58", "S4-59", "S4-60")
def test_rotating_says_what_it_does_and_the_old_secret_stops(console: Console) -> None:
    page = console.signed_in()
    key, reader = console.world.key(name="Mobile App"), console.world.resource_server()
    token = console.world.token(key)
    page.goto("/tenant-api-keys")
    page.get_by_role("link", name="Rotate Mobile App").click()
    asks = page.get_by_role("dialog", name="Rotate API Key")
    expect(asks).to_contain_text("lose access immediately. This cannot be undone. Update every system")
    asks.get_by_role("button", name="Rotate").click()
    secret = page.get_by_test_id("secret-value").inner_text()
    expect(page.get_by_test_id("secret-panel")).to_contain_text("The old secret stopped working at")
    expect(page.get_by_test_id("secret-panel")).to_contain_text("update every application before you close this")
    expect(page).to_have_url(re.compile(f"/tenant-api-keys/{key.id}$"))
    assert sum(secret in body for body in console.bodies) == 1
    world = console.world
    found = keys.show(world.ctx, world.tenant["id"], key.id, world.clock())
    assert {found[name] == key.object[name] for name in ("client_id", "name", "group", "expires_at")} == {True}
    dead(console, key, token, reader)
    assert world.whoami(secret) == 200
    page.get_by_test_id("secret-stored").check()
    page.get_by_test_id("secret-details").click()
    expect(page.get_by_text("Regenerates the client secret").first).to_be_attached()


@pytest.mark.spec("S2-21", "S2-22", "S2-23", "S2-25", "S4-64", "S4-65", "S4-66", "S4-69", "S4-68")
def test_revoking_asks_and_then_the_row_says_revoked(console: Console) -> None:
    page = console.signed_in()
    key, reader = console.world.key(name="Old Zapier"), console.world.resource_server()
    token = console.world.token(key)
    page.goto("/tenant-api-keys")
    page.get_by_role("link", name="Revoke Old Zapier").click()
    asks = page.get_by_role("dialog", name="Revoke API Key")
    expect(asks).to_contain_text("Old Zapier? This action cannot be undone, and any applications using this key will")
    page.get_by_test_id("confirm-cancel").click()
    expect(asks).to_be_hidden()
    assert console.world.client.get("/api/user", headers={"X-API-Key": key.secret}).status_code == 200
    page.goto(f"/tenant-api-keys/{key.id}/revoke")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Old Zapier was revoked.")
    row = page.get_by_test_id(f"row-{key.id}")
    expect(row).to_have_attribute("data-state", "revoked")
    expect(row).to_contain_text("Revoked")
    expect(row.get_by_test_id("row-edit")).to_have_count(0)
    expect(row.get_by_test_id("row-rotate")).to_have_count(0)
    row.get_by_test_id("row-more").click()
    items = page.locator(f"#more-{key.id}").locator("a, button")
    expect(items).to_have_text(["View details", "Copy key ID", "Delete API Key"])
    dead(console, key, token, reader)
    fields = {"csrf": page.locator("[name=csrf]").first.input_value(), "name": "Back again"}
    for forged in ("edit", "rotate", "revoke"):
        answer = page.request.post(f"{console.base}/tenant-api-keys/{key.id}/{forged}", form=fields)
        assert (answer.status, "cannot be changed any more" in answer.text()) == (409, True), forged
    page.reload()
    expect(row).to_contain_text("Revoked")


@pytest.mark.spec("S1-30", "S1-31", "S1-32", "S1-33", "S5-28")
def test_deleting_leads_to_the_list_and_the_page_is_gone(console: Console) -> None:
    page = console.signed_in()
    key = console.world.key(name="Mobile App")
    page.goto(f"/tenant-api-keys/{key.id}")
    header = page.locator(".kt-title").locator("a, button")
    expect(header.last).to_have_text("Delete API Key")  # the last of the menu, which the last control opens
    for press in ("Enter", "Space", "click"):
        more = page.locator(".kt-title > button").last
        more.click() if press == "click" else more.press(press)
        expect(page.locator("#more")).to_be_visible()
        if press != "click":
            page.keyboard.press("Escape")
            expect(page.locator("#more")).to_be_hidden()
    page.locator("#more").get_by_role("link", name="Delete API Key").click()
    expect(page.get_by_role("dialog")).to_contain_text("until a new key is created and configured")
    page.get_by_test_id("confirm-submit").click()
    expect(page).to_have_url(re.compile("/tenant-api-keys$"))
    expect(page.get_by_test_id("status")).to_contain_text("API Key Mobile App was deleted.")
    answer = page.goto(f"/tenant-api-keys/{key.id}")
    assert answer is not None
    assert answer.status == 410
    for asked in ("", "?status=active", "?status=revoked", "?expiration=expired", "?used=never", f"?q={key.id}"):
        page.goto(f"/tenant-api-keys{asked}")
        expect(page.get_by_test_id(f"row-{key.id}")).to_have_count(0)


@pytest.mark.spec("S5-18", "S5-19", "S5-20", "S5-21", "S5-22", "S5-16", "S5-17")
def test_the_list_is_ordered_by_its_headers_oldest_first(console: Console) -> None:
    for name in ("Beta", "Alpha", "Gamma"):
        console.world.key(name=name)
        console.world.clock.advance(minutes=1)
    page = console.signed_in()
    names = page.get_by_test_id("keys-table").locator("tbody .kt-name")
    expect(names).to_have_text(["Beta", "Alpha", "Gamma"])
    expect(page.get_by_role("columnheader", name=re.compile("Created"))).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(names).to_have_text(["Alpha", "Beta", "Gamma"])
    page.get_by_role("columnheader", name=re.compile("Name")).get_by_role("link").click()
    expect(names).to_have_text(["Gamma", "Beta", "Alpha"])
    expect(page).to_have_url(re.compile(r"sort=name&dir=desc"))
    expect(page.get_by_role("columnheader", name=re.compile("Name"))).to_contain_text("▼")
    expect(page.get_by_role("columnheader", name=re.compile("Created"))).not_to_contain_text("▲")
    page.get_by_role("columnheader", name="Created").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name=re.compile("Created"))).to_contain_text("▲")
    page.get_by_role("columnheader", name=re.compile("Created")).get_by_role("link").click()
    expect(page).to_have_url(re.compile("dir=desc"))
    expect(names).to_have_text(["Gamma", "Alpha", "Beta"])


@pytest.mark.spec("S1-1", "S1-18", "S2-4")
def test_who_may_not_manage_keys_sees_none_and_changes_none(console: Console) -> None:
    key = console.world.key(name="Mobile App")
    page = console.signed_in("member")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="API Keys")).to_have_count(0)
    answer = page.goto("/tenant-api-keys")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("main")).to_contain_text("api_keys:read")
    auditor = console.open()
    console.sign_in(auditor, console.member("auditor", "Eve Auditor"))
    auditor.goto(f"/tenant-api-keys/{key.id}")
    expect(auditor.get_by_test_id("field-name")).to_have_count(0)
    for browser in (auditor, page):
        browser.goto("/account")
        fields = {"csrf": browser.locator("[name=csrf]").first.input_value(), "name": "Mine now"}
        assert browser.request.post(f"{console.base}/tenant-api-keys/{key.id}/edit", form=fields).status == 403
    assert (
        keys.show(console.world.ctx, console.world.tenant["id"], key.id, console.world.clock())["name"] == "Mobile App"
    )
    auditor.goto("/settings/members/roles")
    roles = auditor.get_by_test_id("roles-table").get_by_role("row")
    expect(roles.filter(has_text="See list, details, usage")).to_contain_text("api_keys:read")
    expect(roles.filter(has_text="Generate, edit, rotate")).to_contain_text("api_keys:write")
