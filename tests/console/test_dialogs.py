"""Edit, rotate, revoke and delete open over the page they are asked from; leaving them changes nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.actions import audit, keys
from tests.console.conftest import Console
from tests.console.test_key_use import used
from tests.world import OPERATOR, Key

LIST = "/tenant-api-keys"


def stored(console: Console, key: Key) -> dict[str, Any]:
    """The key as an API client sees it."""
    world = console.world
    return keys.show(world.ctx, world.tenant["id"], key.id, world.clock())


def happened(console: Console) -> int:
    """How many events the audit log has."""
    world = console.world
    return len(audit.page(world.ctx, world.tenant["id"], world.clock()).items)


def dialog(page: Page, name: str) -> Any:
    """The open dialog of this title."""
    return page.get_by_role("dialog", name=name)


@pytest.mark.spec("S1-24", "S1-25", "S4-69")
def test_every_question_opens_over_the_list_and_cancelling_changes_nothing(console: Console) -> None:
    page = console.signed_in()
    key = console.world.key(name="Mobile App")
    before, events = stored(console, key), happened(console)
    page.goto(LIST)
    for opener, title in (("row-edit", "Edit"), ("row-rotate", "Rotate"), ("row-revoke", "Revoke")):
        for leave in ("confirm-cancel", "Escape", "Close"):
            page.get_by_test_id(opener).click()
            asks = dialog(page, f"{title} API Key")
            expect(asks).to_be_visible()
            assert console.world.whoami(key.secret) == 200
            if leave == "Escape":
                page.keyboard.press("Escape")
            elif leave == "Close":
                asks.get_by_role("button", name="Close").click()
            else:
                asks.get_by_test_id(leave).click()
            expect(asks).to_be_hidden()
            expect(page.get_by_test_id(opener)).to_be_focused()
    page.get_by_test_id("row-more").click()
    page.get_by_role("link", name="Delete API Key").click()
    dialog(page, "Delete API Key").get_by_test_id("confirm-cancel").click()
    expect(page.get_by_test_id("row-more")).to_be_focused()
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    assert (stored(console, key), happened(console)) == (before, events)


@pytest.mark.spec("S1-26")
def test_a_rotation_is_told_where_assistive_technology_hears_it(console: Console) -> None:
    page = console.signed_in()
    key = console.world.key(name="Mobile App")
    page.goto(f"{LIST}/{key.id}")
    page.get_by_role("main").get_by_role("link", name="Rotate secret").click()
    dialog(page, "Rotate API Key").get_by_role("button", name="Rotate").click()
    said = page.get_by_role("status").filter(has_text="Secret rotated. The old secret stopped working at 12:00:00.")
    expect(said).to_be_visible()
    assert console.world.whoami(key.secret) == 401
    assert console.world.whoami(page.get_by_test_id("secret-value").inner_text()) == 200


@pytest.mark.spec("S4-14", "S4-49", "S4-52", "S4-55", "S5-23", "S4-50", "S4-41")
def test_the_pencil_opens_a_dialog_with_four_fields_that_saves_and_leads_back(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App", description="Old words", expires_at="2026-12-31")
    world.key(name="Other")
    page = console.signed_in()
    page.goto(f"{LIST}?sort=name")
    page.get_by_role("link", name="Edit Mobile App").click()
    asks = dialog(page, "Edit API Key")
    expect(asks.get_by_test_id("field-name")).to_be_focused()
    fields = asks.locator(":is(input, textarea, select):not([type=hidden])")
    assert fields.evaluate_all("found => found.map(one => one.name)") == [
        "name",
        "description",
        "group",
        "ip_allowlist",
    ]
    expect(asks.get_by_test_id("field-name")).to_have_value("Mobile App")
    expect(asks.get_by_test_id("field-description")).to_have_value("Old words")
    expect(asks.get_by_test_id("field-group")).to_have_value("grp_full")
    expect(asks).to_contain_text("To change the expiration, rotate the key.")
    asks.get_by_test_id("field-name").fill("Mobile App 2")
    asks.get_by_test_id("field-allowlist").fill("127.0.0.1")
    asks.get_by_role("button", name="Save").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Mobile App 2 was updated.")
    expect(page).to_have_url(re.compile(rf"{LIST}\?sort=name$"))
    expect(asks).to_be_hidden()
    expect(page.get_by_test_id(f"row-{key.id}")).to_contain_text("Mobile App 2")
    fields = {
        "csrf": page.locator("[name=csrf]").first.input_value(),
        "name": "Mobile App 3",
        "expires_at": "2030-01-01",
    }
    page.request.post(f"{console.base}{LIST}/{key.id}/edit", form=fields, max_redirects=0)
    found = stored(console, key)
    assert (found["name"], found["expires_at"]) == ("Mobile App 3", key.object["expires_at"])
    page.goto(f"{LIST}/{key.id}")
    expect(page.get_by_role("main")).to_contain_text("Lost it? Rotate to get a new one.")
    assert not any(key.secret in body for body in console.bodies)


def test_what_a_dialog_is_refused_is_shown_in_it(console: Console) -> None:
    page = console.signed_in()
    key = console.world.key(name="Mobile App")
    used(console, key)
    page.goto(LIST)
    page.get_by_role("link", name="Edit Mobile App").click()
    asks = dialog(page, "Edit API Key")
    asks.get_by_test_id("field-name").fill("x")
    asks.get_by_test_id("field-allowlist").fill("example.com")
    asks.get_by_role("button", name="Save").click()
    expect(asks.get_by_test_id("error-summary")).to_be_focused()
    expect(asks).to_contain_text("Line 1: 'example.com' is not a valid IP address or CIDR range.")
    expect(asks.get_by_test_id("field-name")).to_have_value("x")
    asks.get_by_test_id("confirm-cancel").click()
    page.get_by_role("link", name="Revoke Mobile App").click()
    asks = dialog(page, "Revoke API Key")
    expect(asks.get_by_test_id("confirm-text")).to_be_focused()
    asks.get_by_test_id("confirm-text").fill("No")
    asks.get_by_test_id("confirm-submit").click()
    expect(asks.get_by_test_id("error-summary")).to_contain_text("The text does not match.")
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    assert console.world.whoami(key.secret) == 200


def test_somebody_who_was_faster_is_told_on_a_page_and_an_old_proof_is_asked_for(console: Console) -> None:
    world = console.world
    page = console.signed_in()
    key = world.key(name="Mobile App")
    page.goto(LIST)
    page.get_by_role("link", name="Edit Mobile App").click()
    expect(dialog(page, "Edit API Key")).to_be_visible()
    keys.edit(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), description="Theirs")
    dialog(page, "Edit API Key").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Operator changed this key at")
    world.clock.advance(minutes=16)
    page.goto(LIST)
    page.get_by_role("link", name="Rotate Mobile App").click()
    expect(page).to_have_url(re.compile("/re-auth"))


@pytest.mark.spec("S3-8", "S3-9", "S3-13", "S4-75", "S4-16")
def test_the_three_dots_lead_to_revoke_and_every_control_names_its_key(console: Console) -> None:
    world = console.world
    key, other = world.key(name="Mobile App"), world.key(name="ERP")
    resource_server = world.resource_server()
    token = world.token(key)
    page = console.signed_in()
    page.goto(LIST)
    row = page.get_by_test_id(f"row-{key.id}")
    names = page.locator("tbody .c-act").locator(".kt-row-icons a, [data-testid=row-more]")
    labels = names.evaluate_all("found => found.map(one => one.getAttribute('aria-label'))")
    assert len(labels) == len(set(labels)) == 8
    assert all(label.endswith(("Mobile App", "ERP")) for label in labels)
    last = row.get_by_role("cell").last
    last.get_by_role("button", name="More for Mobile App").press("Enter")
    items = page.locator(f"#more-{key.id}").locator("a, button")
    said = ["View details", "Edit", "Rotate secret", "Copy key ID", "Revoke", "Delete API Key"]
    expect(items).to_have_text(said)
    page.locator(f"#more-{key.id}").get_by_role("link", name="Revoke").click()
    asks = dialog(page, "Revoke API Key")
    expect(asks).to_contain_text("any applications using this key will lose access immediately")
    asks.get_by_test_id("confirm-submit").click()
    expect(row).to_have_attribute("data-state", "revoked")
    assert world.client.get("/api/user", headers={"X-API-Key": key.secret}).json["message"] == "Invalid API Key"
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert world.introspect(resource_server, token) == {"active": False}
    assert world.whoami(other.secret) == 200
    expect(page.get_by_test_id("generate-api-key")).to_be_visible()


@pytest.mark.spec("S5-26")
def test_the_edit_dialog_has_a_trash_button_that_asks_and_deletes(console: Console) -> None:
    page = console.signed_in()
    key = console.world.key(name="Old Zapier")
    page.goto(LIST)
    page.get_by_role("link", name="Edit Old Zapier").click()
    dialog(page, "Edit API Key").get_by_role("link", name="Delete API Key").click()
    asks = dialog(page, "Delete API Key")
    expect(asks.get_by_test_id("confirm-cancel")).to_be_focused()
    asks.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Old Zapier was deleted.")
    expect(page.get_by_test_id(f"row-{key.id}")).to_have_count(0)
    assert console.world.whoami(key.secret) == 401


def test_a_dialog_that_cannot_be_loaded_says_so_and_can_be_tried_again(console: Console) -> None:
    page = console.signed_in()
    console.world.key(name="Mobile App")
    page.goto(LIST)
    page.route("**/revoke", lambda route: route.abort())
    page.get_by_role("link", name="Revoke Mobile App").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Could not load. Check your connection.")
    page.unroute("**/revoke")
    alert.get_by_role("button", name="Try again").click()
    expect(dialog(page, "Revoke API Key")).to_be_visible()
    assert console.complaints.pop().endswith("net::ERR_FAILED")


def test_a_form_is_sent_once_however_often_its_button_is_pressed(console: Console) -> None:
    world = console.world
    page = console.signed_in()
    world.key(name="Mobile App")
    page.goto(LIST)
    page.get_by_role("link", name="Rotate Mobile App").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    dialog(page, "Rotate API Key").get_by_role("button", name="Rotate").dblclick()
    expect(page.get_by_test_id("secret-panel")).to_be_visible()
    assert asked.count("POST") == 1
    rotation_events = [
        e for e in audit.page(world.ctx, world.tenant["id"], world.clock()).items if "rotated" in e["event"]
    ]
    assert len(rotation_events) == 1
