"""Forms that come too late: after their session has ended, or with the token of another one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.actions import keys
from tests.console.conftest import Console
from tests.console.people import Person, member, token
from tests.world import World

LIST = "/tenant-api-keys"


def test_what_was_filled_in_when_the_session_ended_is_sent_after_signing_in_again(console: Console) -> None:
    world = console.world
    key = world.key("Mobile App")
    page = console.signed_in()
    page.goto(f"{LIST}/{key.id}/edit")
    page.get_by_test_id("field-name").fill("Mobile App 2")
    world.clock.advance(minutes=31)
    page.get_by_test_id("submit").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_label("E-mail").fill("ada.global_admin@example.com")
    page.get_by_label("Password").fill("four unrelated words here")
    page.get_by_test_id("submit").click()
    expect(page.get_by_role("main")).to_contain_text("You were signed out before your form arrived.")
    assert keys.show(world.ctx, world.tenant["id"], key.id, world.clock())["name"] == "Mobile App"
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_test_id("status")).to_contain_text("API Key Mobile App 2 was updated.")


def test_nothing_of_a_stranger_waits_for_anybody(world: World) -> None:
    key = world.key("Mobile App")
    person = Person(world, member(world)).signed_in()
    csrf = token(person.read("/account").text)
    world.clock.advance(minutes=31)
    path, mine = f"{LIST}/{key.id}/edit", {"name": "Mine"}
    for fields in (mine, {**mine, "csrf": "0" * 64}):
        assert person.client.post(path, data=fields).headers["Location"] == "/sign-in?next=/"
    stranger = Person(world, "nobody@example.com")
    assert stranger.client.post(path, data={**mine, "csrf": csrf}).headers["Location"] == "/sign-in?next=/"
    kept = person.client.post(path, data={**mine, "csrf": csrf})
    assert kept.headers["Location"] == "/sign-in?next=/resume"
    world.clock.advance(minutes=11)
    person.sign_in()
    assert person.read("/resume").headers["Location"] == "/"


@pytest.mark.parametrize("sent", ["edit", "generate"])
def test_a_form_out_of_date_leads_back_to_itself(world: World, sent: str) -> None:
    key = world.key("Mobile App")
    person = Person(world, member(world)).signed_in()
    path, form = (f"{LIST}/{key.id}/edit", f"{LIST}/{key.id}/edit") if sent == "edit" else (LIST, f"{LIST}/new")
    answer = person.client.post(path, data={"csrf": "0" * 64, "name": "Mine"})
    assert (answer.status_code, "This form is out of date" in answer.text) == (400, True)
    assert re.search(rf'<a [^>]*href="{form}"[^>]*>Reload the form</a>', answer.text)
    assert keys.show(world.ctx, world.tenant["id"], key.id, world.clock())["name"] == "Mobile App"


def test_what_was_filled_into_a_form_out_of_date_is_in_it_again(console: Console) -> None:
    """A second tab signs in anew, and with it every form that was open before is out of date."""
    world = console.world
    key = world.key("Mobile App")
    page = console.signed_in()
    page.goto(f"{LIST}/{key.id}/edit")
    page.get_by_test_id("field-name").fill('Bücher & "Co" <b>')
    page.get_by_test_id("field-description").fill("\nOne line\n</textarea> another")
    page.get_by_test_id("field-group").select_option("grp_full")
    page.get_by_test_id("field-allowlist").fill("203.0.113.0/24")
    other = page.context.new_page()
    other.context.clear_cookies()
    console.sign_in(other, "ada.global_admin@example.com")
    other.wait_for_url(lambda url: "sign-in" not in url)
    other.close()
    page.get_by_test_id("submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This form is out of date")
    expect(page.get_by_role("main")).to_contain_text("what you filled in is in it again, but for secrets")
    assert keys.show(world.ctx, world.tenant["id"], key.id, world.clock())["name"] == "Mobile App"
    page.get_by_test_id("reload").click()
    expect(page.get_by_test_id("field-name")).to_have_value('Bücher & "Co" <b>')
    expect(page.get_by_test_id("field-description")).to_have_value("\nOne line\n</textarea> another")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("was updated.")
    saved = keys.show(world.ctx, world.tenant["id"], key.id, world.clock())
    assert (saved["name"], saved["group"]["id"], saved["ip_allowlist"]) == (
        'Bücher & "Co" <b>',
        "grp_full",
        ["203.0.113.0/24"],
    )


def test_what_a_page_says_of_a_form_is_about_what_is_in_it_again(console: Console) -> None:
    page = console.signed_in()
    page.goto(f"{LIST}/new")
    page.get_by_test_id("field-name").fill("Slack Integration")
    page.get_by_test_id("field-group").select_option("grp_full")
    expect(page.get_by_test_id("group-says")).to_be_visible()
    page.locator("main [name=csrf]").evaluate("one => { one.value = '0'.repeat(64); }")
    page.get_by_test_id("submit").click()
    page.get_by_test_id("reload").click()
    expect(page.get_by_test_id("field-name")).to_have_value("Slack Integration")
    expect(page.get_by_test_id("summary")).to_contain_text("Slack Integration")
    expect(page.get_by_test_id("summary")).to_contain_text("Full access")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("secret-panel")).to_contain_text("Your new secret for Slack Integration")


def test_forms_of_ones_own_account_wait_too_unless_they_hold_a_secret(world: World) -> None:
    person = Person(world, member(world)).signed_in()
    csrf = token(person.read("/account").text)
    world.clock.advance(minutes=31)
    for path, fields, place in (
        ("/account", {"name": "Ada King"}, "/resume"),
        ("/account/password", {"current": "x", "password": "y", "repeated": "y"}, "/"),
        ("/sign-out", {}, "/"),
    ):
        answer = person.client.post(path, data={**fields, "csrf": csrf})
        assert answer.headers["Location"] == f"/sign-in?next={place}"


def test_a_refilled_form_notices_that_somebody_else_was_faster(world: World) -> None:
    key = world.key("Mobile App")
    person = Person(world, member(world)).signed_in()
    path, sent = f"{LIST}/{key.id}/edit", {"csrf": "0" * 64, "name": "Mine", "group": "grp_ro", "version": "1"}
    person.send(path, name="Theirs", group="grp_ro", version="1")
    ours = {"Sec-Fetch-Site": "same-origin"}
    stale = person.client.post(path, data=sent, headers=ours)
    assert stale.status_code == 400
    form = person.read(f"{path}?kept=1").text
    assert 'value="Mine"' in form
    again = person.client.post(path, data={**sent, "csrf": token(form), "version": hidden(form, "version")})
    assert again.status_code == 409
    world.clock.advance(minutes=10)
    assert 'value="Theirs"' in person.read(f"{path}?kept=1").text


def test_boxes_come_back_as_they_were_ticked_and_no_secret_comes_back(world: World) -> None:
    person = Person(world, member(world)).signed_in()
    sent = {"csrf": "0" * 64, "name": "Some", "scope": ["contacts:read", "boards:write"], "secret": "hidden"}
    person.client.post("/settings/authorization-groups", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    form = person.read("/settings/authorization-groups/new?kept=1").text
    ticked = re.findall(r'<input [^>]*name="scope"[^>]* value="([^"]+)"[^>]* checked', form)
    ticked += re.findall(r'<input [^>]*value="([^"]+)"[^>]*name="scope"[^>]* checked', form)
    assert sorted(set(ticked)) == ["boards:write", "contacts:read"]
    assert "hidden" not in re.findall(r'value="([^"]*)"', form)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {}])
def test_nothing_that_another_site_sent_is_put_into_a_form(world: World, headers: dict[str, str]) -> None:
    person = Person(world, member(world)).signed_in()
    answer = person.client.post(LIST, data={"csrf": "0" * 64, "name": "Evil"}, headers=headers)
    assert answer.status_code == 400
    assert "Evil" not in person.read(f"{LIST}/new?kept=1").text


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]
