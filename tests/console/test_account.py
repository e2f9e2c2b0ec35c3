"""A member's own page: name, theme, password, the browsers they are signed in with."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.domain.browsers import browser_name
from tests.console.conftest import Console
from tests.console.people import PASSWORD, Person, events, member
from tests.world import World

NEW = "another four unrelated words"


def sent(person: Person, path: str, **fields: str) -> int:
    """Send a form of the account page; the status."""
    return person.send(path, at="/account", **fields).status_code


def test_the_name_changes_and_the_address_does_not(world: World) -> None:
    person = Person(world).signed_in()
    assert sent(person, "/account", name="Ada King", email="other@example.com") == 303
    page = person.read("/account").text
    assert "Your name was changed." in page
    assert 'value="Ada King"' in page
    assert person.email in page
    assert sent(person, "/account", name="  ") == 422


@pytest.mark.parametrize("role", ["global_admin", "tenant_administrator", "super_user", "auditor", "member"])
def test_whoever_may_sign_in_has_the_page(world: World, role: str) -> None:
    person = Person(world, member(world, role)).signed_in()
    assert person.read("/account").status_code == 200
    assert sent(person, "/account", name="Somebody Else") == 303


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_kept_and_every_page_has_it_from_its_first_byte(world: World, theme: str) -> None:
    person = Person(world).signed_in()
    assert "data-bs-theme" not in person.read("/account").text
    assert sent(person, "/account/theme", theme=theme) == 303
    assert f'<html lang="en" data-bs-theme="{theme}">' in person.read("/tenant-api-keys").text
    assert sent(person, "/account/theme", theme="") == 303
    assert "data-bs-theme" not in person.read("/account").text
    assert sent(person, "/account/theme", theme='"><script>') == 422


def test_shortcuts_are_off_until_somebody_wants_them(world: World) -> None:
    """WCAG 2.2 §2.1.4."""
    person = Person(world).signed_in()
    assert "data-shortcuts" not in person.read("/tenant-api-keys").text
    assert sent(person, "/account/shortcuts", shortcuts="on") == 303
    assert "<body data-shortcuts" in person.read("/tenant-api-keys").text
    assert "data-shortcuts" not in Person(world, member(world, "auditor")).signed_in().read("/tenant-api-keys").text
    assert sent(person, "/account/shortcuts") == 303
    assert "data-shortcuts" not in person.read("/tenant-api-keys").text


def test_a_new_password_needs_the_old_one_and_signs_every_other_browser_out(world: World) -> None:
    person = Person(world).signed_in()
    other = Person(world, person.email).signed_in()
    before = person.cookie
    wrong = person.send("/account/password", at="/account", current="wrong", password=NEW, repeated=NEW)
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.text
    assert "wrong" not in wrong.text.replace("is-wrong", "")
    assert sent(person, "/account/password", current=PASSWORD, password=NEW, repeated="different words here") == 422
    assert sent(person, "/account/password", current=PASSWORD, password="short", repeated="short") == 422
    assert sent(person, "/account/password", current=PASSWORD, password=NEW, repeated=NEW) == 303
    assert person.cookie != before
    assert person.read("/account").status_code == 200
    assert other.read("/account").headers["Location"].startswith("/sign-in")
    assert other.sign_in().status_code == 422
    assert other.sign_in(NEW).status_code == 303
    assert events(world).count("member.password_set") == 2


def test_guessing_the_old_password_waits_like_guessing_at_the_door(world: World) -> None:
    person = Person(world).signed_in()
    for _ in range(5):
        assert sent(person, "/account/password", current="wrong", password=NEW, repeated=NEW) == 422
    answer = person.send("/account/password", at="/account", current=PASSWORD, password=NEW, repeated=NEW)
    assert "Too many attempts. Try again at" in answer.text
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert Person(world, person.email).sign_in().status_code == 429


def test_a_browser_is_signed_out_from_another_one(world: World) -> None:
    person = Person(world).signed_in()
    other = Person(world, person.email).signed_in()
    page = person.read("/account").text
    theirs, own = re.findall(r"/account/sessions/(ses_\w+)/end", page)
    if page.index("This one") < page.index(theirs):
        theirs, own = own, theirs
    assert sent(person, f"/account/sessions/{theirs}/end") == 303
    assert other.read("/account").status_code == 303
    assert sent(person, f"/account/sessions/{theirs}/end") == 404
    assert "session.ended" in events(world)
    assert sent(person, f"/account/sessions/{own}/end") == 303
    assert person.read("/account").headers["Location"].startswith("/sign-in")


def test_nobody_ends_the_session_of_somebody_else(world: World) -> None:
    ada, eve = Person(world).signed_in(), Person(world, member(world, name="Eve Other")).signed_in()
    hers = re.findall(r"/account/sessions/(ses_\w+)/end", ada.read("/account").text)[0]
    assert sent(eve, f"/account/sessions/{hers}/end") == 404
    assert sent(eve, "/account/sessions/others/end") == 303
    assert ada.read("/account").status_code == 200


def test_every_other_browser_is_signed_out_at_once(world: World) -> None:
    person = Person(world).signed_in()
    others = [Person(world, person.email).signed_in() for _ in range(2)]
    assert sent(person, "/account/sessions/others/end") == 303
    assert "2 other browsers were signed out." in person.read("/account").text
    assert [other.read("/account").status_code for other in others] == [303, 303]


def test_a_session_ends_when_nothing_is_asked_for_half_an_hour(world: World) -> None:
    person = Person(world).signed_in()
    world.clock.advance(minutes=30, seconds=-1)
    assert person.read("/account").status_code == 200
    world.clock.advance(minutes=30, seconds=-1)
    assert person.read("/account").status_code == 200
    world.clock.advance(minutes=30)
    assert person.read("/account").headers["Location"] == "/sign-in?next=/account"


def test_a_session_ends_after_twelve_hours_whatever_is_asked_for(world: World) -> None:
    person = Person(world).signed_in()
    began = world.clock()
    while person.read("/account").status_code == 200:
        world.clock.advance(minutes=10)
    assert world.clock() - began == timedelta(hours=12)


def test_a_session_lasts_no_less_than_the_notice_says(world: World) -> None:
    """When it was last seen is written once a minute: the notice comes at 27 minutes and says two."""
    person = Person(world).signed_in()
    world.clock.advance(seconds=59)
    assert person.read("/account").status_code == 200
    world.clock.advance(minutes=29)
    assert person.read("/account/still-here").status_code == 200


AGENTS = [
    ("Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0 Safari/537.36", "Chrome 141, Linux"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/141.0 Safari/537.36 Edg/141.0.1", "Edge 141, Windows"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.1 Safari/605.1", "Safari 19, macOS"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604", "Safari 19, iPhone"),
    ("Mozilla/5.0 (Android 16; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0", "Firefox 144, Android"),
    ("curl/8.9.1", "curl/8.9.1"),
    ("", ""),
    ("x" * 200, "x" * 40),
]


@pytest.mark.parametrize(("user_agent", "said"), AGENTS)
def test_browsers_are_named_as_people_know_them(user_agent: str, said: str) -> None:
    assert browser_name(user_agent) == said


def test_the_notice_before_the_end_keeps_page_and_session(console: Console) -> None:
    page = console.signed_in()
    page.get_by_test_id("generate-api-key").click()
    page.get_by_test_id("field-name").fill("Half typed")
    notice = page.get_by_test_id("idle-notice")
    expect(notice).to_be_hidden()
    console.world.clock.advance(minutes=27)
    notice.evaluate("node => { node.getAnimations()[0].currentTime = 27 * 60 * 1000 + 10 }")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("You will be signed out in 2 minutes.")
    expect(page.get_by_test_id("status")).to_contain_text("You will be signed out in 2 minutes.")
    notice.get_by_role("link", name="Stay signed in").click()
    expect(notice).to_be_hidden()
    console.world.clock.advance(minutes=20)
    expect(page.get_by_test_id("field-name")).to_have_value("Half typed")
    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Account")


def test_the_notice_works_without_a_script(console: Console) -> None:
    page = console.open(java_script_enabled=False)
    console.sign_in(page, console.member())
    stay = page.get_by_test_id("idle-notice").locator("a")
    assert (stay.get_attribute("href"), stay.get_attribute("target")) == ("/account/still-here", "_blank")
    console.world.clock.advance(minutes=28)
    page.goto("/account/still-here")
    expect(page.get_by_role("main")).to_contain_text("Until 12:58, and longer with every page.")


def test_the_account_page_in_a_browser(console: Console) -> None:
    page = console.signed_in()
    page.locator("#account-opener").click()
    page.get_by_role("link", name="Account", exact=True).click()
    page.get_by_label("Theme").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_test_id("sessions").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_test_id("sessions")).to_contain_text("This one")
    page.get_by_label("Current password").fill("not it")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password once more").fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_test_id("error-summary")).to_be_focused()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password once more").fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_test_id("status")).to_contain_text("Your password was changed.")


def test_single_keys_search_and_lead_to_pages_once_they_are_turned_on(console: Console) -> None:
    console.world.key("Mobile App")
    page = console.signed_in()
    page.goto("/account")
    page.keyboard.press("g")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text("Account")
    with page.expect_navigation():
        page.get_by_label("Single-key shortcuts").check()
    expect(page.get_by_label("Single-key shortcuts")).to_be_checked()
    page.get_by_label("Name", exact=True).press_sequentially("gk/")
    expect(page.get_by_label("Name", exact=True)).to_have_value(re.compile("gk/"))
    page.locator("h1").click()
    page.keyboard.press("/")
    page.wait_for_url("**/tenant-api-keys#search")
    expect(page.get_by_test_id("search")).to_be_focused()
    page.get_by_test_id("search").press("Tab")
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.get_by_test_id("search")).to_be_focused()
    expect(page.get_by_test_id("search")).to_have_value("")
    page.locator("h1").click()
    for keys, place in (("ga", "/audit-log"), ("gh", "/tenant-api-keys/health"), ("gk", "/tenant-api-keys")):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_url(f"**{place}")
    page.keyboard.press("g")
    page.keyboard.press("x")
    page.keyboard.press("a")
    page.keyboard.press("Control+k")
    page.locator("#account-opener").click()
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_contain_text("API Keys")
