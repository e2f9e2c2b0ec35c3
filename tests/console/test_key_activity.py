"""The timeline of a key's page: some events at a time, whatever else happens meanwhile."""

from __future__ import annotations

import re
from html import unescape

from playwright.sync_api import Page, expect

from app.actions import keys
from tests.console.conftest import Console
from tests.console.people import Person, member
from tests.console.test_key_use import used
from tests.world import OPERATOR, Key, World

LIST = "/tenant-api-keys"


def renamed(world: World, key: Key, *numbers: int) -> None:
    """Give a key one name after the other."""
    for number in numbers:
        keys.edit(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), name=f"Name {number}")
        world.clock.advance(minutes=1)


def told(page: Page) -> list[str]:
    """What the timeline says was done, from the top."""
    return page.get_by_test_id("timeline").locator("li > p").all_inner_texts()


def test_older_events_follow_when_they_are_asked_for(console: Console) -> None:
    world = console.world
    key = world.key("Name 0")
    world.clock.advance(minutes=1)
    renamed(world, key, *range(1, 31))
    used(console, key)
    world.clock.advance(minutes=1)
    renamed(world, key, *range(31, 46))
    page = console.signed_in()
    page.goto(f"{LIST}/{key.id}")
    assert told(page) == [
        *(f"Renamed from Name {number - 1} to Name {number}" for number in range(45, 30, -1)),
        told(page)[15],
        *(f"Renamed from Name {number - 1} to Name {number}" for number in range(30, 26, -1)),
    ]
    assert told(page)[15].startswith("First used from ")
    older = page.get_by_test_id("show-older")
    older.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("timeline").locator("li > p")).to_have_count(40)
    expect(page.get_by_test_id("timeline").locator("li").nth(20)).to_be_focused()
    older.click()
    expect(older).to_have_count(0)
    all_told = told(page)
    assert (len(all_told), all_told[-1]) == (47, "Key generated")
    assert len(set(all_told)) == len(all_told)


def test_older_events_are_a_page_of_their_own_without_a_script(console: Console) -> None:
    world = console.world
    key = world.key("Name 0")
    renamed(world, key, *range(1, 31))
    page = console.open(java_script_enabled=False)
    console.sign_in(page, console.member())
    page.goto(f"{LIST}/{key.id}")
    before = told(page)
    renamed(world, key, 31)  # what happens meanwhile moves nothing
    page.get_by_test_id("show-older").click()
    assert page.url.endswith("#activity")
    assert [*before, *told(page)] == [
        *(f"Renamed from Name {number - 1} to Name {number}" for number in range(30, 0, -1)),
        "Key generated",
    ]
    page.get_by_role("link", name="Newest").click()
    expect(page.get_by_test_id("timeline").locator("li > p").first).to_have_text("Renamed from Name 30 to Name 31")


def test_an_event_names_its_request_and_a_made_up_place_shows_the_newest(world: World) -> None:
    person = Person(world, member(world)).signed_in()
    key = world.key("Name 0")
    sent = person.client.post(
        f"{LIST}/{key.id}/revoke",
        data={"csrf": hidden(person.read(f"{LIST}/{key.id}/revoke").text)},
        headers={"X-Request-ID": "request-of-the-revocation"},
    )
    assert sent.status_code == 303
    assert "request-of-the-revocation" in person.read(f"{LIST}/{key.id}").text
    renamed(world, world.key("Other"), 1)
    for made_up in ("nonsense", "", "AAAA", "%00"):
        page = unescape(person.read(f"{LIST}/{key.id}?activity={made_up}").text)
        assert "Key revoked" in page
    assert person.read(f"{LIST}/{world.key(tenant=world.new_tenant('Other')).id}/activity").status_code == 404


def hidden(page: str) -> str:
    """What the forms of a page carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]
