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
