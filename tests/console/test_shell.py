"""What stands around every page: the navigation, also where there is no room for it, and the ways to help."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Console
from tests.console.people import Person, member, token
from tests.world import World

PHONE = {"width": 390, "height": 844}


def test_on_a_narrow_window_a_button_opens_the_navigation(console: Console) -> None:
    page = console.signed_in(viewport=PHONE)
    menu, nav = page.get_by_role("button", name="Menu", exact=True), page.get_by_role("navigation", name="Main")
    expect(nav).to_be_hidden()
    expect(menu).to_have_attribute("aria-expanded", "false")
    menu.focus()
    page.keyboard.press("Enter")
    expect(nav).to_be_visible()
    expect(menu).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(nav.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(nav).to_be_hidden()
    expect(menu).to_be_focused()
    expect(menu).to_have_attribute("aria-expanded", "false")
    menu.click()
    nav.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")
    page.set_viewport_size({"width": 900, "height": 800})
    expect(nav).to_be_visible()
    expect(menu).to_be_hidden()


def test_the_navigation_opens_without_a_script(console: Console) -> None:
    page = console.open(java_script_enabled=False, viewport=PHONE)
    console.sign_in(page, console.member())
    nav = page.get_by_role("navigation", name="Main")
    expect(nav).to_be_hidden()
    page.get_by_test_id("menu").click()
    expect(nav).to_be_visible()
    page.get_by_test_id("menu").click()
    expect(nav).to_be_hidden()
    page.get_by_test_id("menu").click()
    nav.get_by_role("link", name="Members & roles").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Members")


def test_the_parts_of_a_page_come_in_one_order(console: Console) -> None:
    page = console.signed_in()
    parts = page.evaluate(
        "[...document.querySelectorAll('.kt-skip, header.kt-head, nav.kt-nav, main, footer')].map(one => one.localName)"
    )
    assert parts == ["a", "header", "nav", "main", "footer"]
    expect(page.get_by_role("main")).to_have_attribute("tabindex", "-1")
    assert page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts() == [
        *("General", "API Keys", "Key health", "Audit log", "Authorization groups", "Members & roles"),
        *("Single sign-on", "Signing keys", "Verifiers", "Help"),
    ]


def test_a_role_sees_no_entry_that_it_cannot_open(console: Console) -> None:
    page = console.signed_in("member")
    assert page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts() == ["Help"]


@pytest.mark.parametrize(
    ("settings", "links"),
    [
        ({}, ["Help", "API documentation"]),
        (
            {"KEYTURN_SUPPORT_URL": "mailto:help@example.com", "KEYTURN_STATUS_URL": "https://status.example.com/"},
            ["Help", "API documentation", "Service status", "Contact support"],
        ),
    ],
)
def test_the_foot_of_a_page_leads_nowhere_that_is_not_set(
    make_world: Callable[..., World], settings: dict[str, str], links: list[str]
) -> None:
    world = make_world(**settings)
    page = Person(world, member(world)).signed_in().read("/account").text
    foot = page.partition('<footer class="kt-foot">')[2].partition("</footer>")[0]
    assert re.findall(r"<a [^>]*>([^<]+)</a>", foot) == links


@pytest.mark.parametrize(("language", "lang"), [("en-XA", "en-XA"), ("en", "en"), ("de, en;q=0.5", "en"), ("", "en")])
def test_a_page_names_its_language_and_marks_what_is_in_english_in_it(world: World, language: str, lang: str) -> None:
    person = Person(world, member(world)).signed_in()
    csrf = token(person.read("/account").text)
    answer = person.client.post("/account", data={"csrf": csrf, "name": ""}, headers={"Accept-Language": language})
    assert answer.status_code == 422
    assert f'<html lang="{lang}"' in answer.text
    assert re.search(r'class="kt-error"[^>]*><svg.*</svg><span lang="en">[^<]+</span>', answer.text)
