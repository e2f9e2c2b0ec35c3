"""Credentials change only for somebody who proved within the last 15 minutes to be there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from app.actions import keys, members
from app.web.console.install import PARTS
from app.web.console.proof import packed, unpacked
from app.web.forms import Form
from tests.console.conftest import Console
from tests.console.people import PASSWORD, Person, events, member, token
from tests.world import OPERATOR, World

GUARDED = [page for part in PARTS for page in part.every if page.proof]


@pytest.mark.parametrize("minutes", [15, 16, 11 * 60])
def test_no_guarded_page_is_reached_with_an_old_proof(world: World, minutes: int) -> None:
    email = member(world)
    # Some pages are for members marked operator: to anybody else they are closed, proof or not.
    members.edit(world.ctx, OPERATOR, world.tenant["id"], email, world.clock(), operator=True)
    person = Person(world, email).signed_in()
    key = world.key()
    csrf = token(person.read("/tenant-api-keys").text)
    before = len(events(world))
    person.stays_for(minutes)
    for page in GUARDED:
        path = page.path.replace("{key_id}", key.id).replace("{", "").replace("}", "")
        if page.method == "GET":
            answer = person.read(f"{path}?sort=name")
            assert answer.status_code == 303, page
            assert answer.headers["Location"] == f"/re-auth?next={path.replace('?', '%3F')}%3Fsort%3Dname"
        else:
            answer = person.client.post(path, data={"csrf": csrf, "name": "Anything"})
            assert answer.status_code == 403, page
            assert "Confirm it is you" in answer.text
    assert len(events(world)) == before


def test_a_page_that_changes_credentials_is_guarded_and_one_that_stops_a_leak_is_not() -> None:
    guarded = {f"{page.method} {page.path}" for page in GUARDED}
    assert {"GET /tenant-api-keys/new", "POST /tenant-api-keys", "POST /tenant-api-keys/{key_id}/rotate"} <= guarded
    assert not {"POST /tenant-api-keys/{key_id}/revoke", "POST /tenant-api-keys/{key_id}/delete"} & guarded


def test_a_proof_lasts_for_less_than_15_minutes(world: World) -> None:
    person = Person(world).signed_in()
    person.stays_for(14)
    assert person.read("/tenant-api-keys/new").status_code == 200
    world.clock.advance(seconds=60)
    assert person.read("/tenant-api-keys/new").status_code == 303


def test_the_proof_moves_on_and_the_cookie_is_another_one(world: World) -> None:
    person = Person(world).signed_in()
    person.stays_for(20)
    before = person.cookie
    csrf = token(person.read("/re-auth").text)
    answer = person.client.post("/re-auth", data={"csrf": csrf, "password": PASSWORD, "next": "/tenant-api-keys/new"})
    # RFC 9110 §15.4.4: the browser goes on with GET.
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tenant-api-keys/new")
    assert person.cookie not in {None, before}
    assert person.read("/tenant-api-keys/new").status_code == 200
    assert "member.proved" in events(world)
    person.client.set_cookie("__Host-session", before or "")
    assert person.read("/tenant-api-keys").headers["Location"].startswith("/sign-in")


def test_a_wrong_password_proves_nothing_and_after_five_the_right_one_waits(world: World) -> None:
    person = Person(world).signed_in()
    person.stays_for(20)
    csrf = token(person.read("/re-auth").text)
    for _ in range(5):
        answer = person.client.post("/re-auth", data={"csrf": csrf, "password": "not this one"})
        assert answer.status_code == 422
        assert "This is not correct." in answer.text
    answer = person.client.post("/re-auth", data={"csrf": csrf, "password": PASSWORD})
    assert "Too many attempts. Try again at 12:20:01 UTC." in answer.text
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert person.read("/tenant-api-keys/new").status_code == 303
    world.clock.advance(seconds=2)
    assert person.client.post("/re-auth", data={"csrf": csrf, "password": PASSWORD}).status_code == 303


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nb", ""])
def test_a_proof_leads_nowhere_but_home(world: World, elsewhere: str) -> None:
    person = Person(world).signed_in()
    csrf = token(person.read("/re-auth").text)
    answer = person.client.post("/re-auth", data={"csrf": csrf, "password": PASSWORD, "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_nobody_proves_anything_with_another_sites_form(world: World) -> None:
    person = Person(world).signed_in()
    assert person.client.post("/re-auth", data={"password": PASSWORD}).status_code == 400
    forged = {"Sec-Fetch-Site": "cross-site"}
    csrf = token(person.read("/re-auth").text)
    assert person.client.post("/re-auth", data={"csrf": csrf, "password": PASSWORD}, headers=forged).status_code == 400


# CONSOLE.md §3.21: what needs a proof of the last minutes, and what must be fast when a key has leaked.
PROVED = (
    r"/tenant-api-keys(/[^/]+/rotate|/bulk)?",
    r"/settings/authorization-groups(/(?!effect)[^/]+(/delete)?)?",
    r"/settings/members/(invite|[^/]+(/(deactivate|activate|keys|remove|reset))?)",
    r"/settings/sso/(require|new|[^/]+|[^/]+/remove)",
    r"/settings/tenant/(api-access|sessions)",
    r"/settings/signing-keys/.*",
)
FAST = ("/tenant-api-keys/{key_id}/revoke", "/tenant-api-keys/{key_id}/delete", "/sign-out")


def test_a_proof_is_asked_for_where_credentials_or_powers_change_and_nowhere_a_leak_is_stopped() -> None:
    pages = {page.path: page for part in PARTS for page in part.every if page.method == "POST" and not page.public}
    wanted = {path for path in pages if any(re.fullmatch(one, path) for one in PROVED)} - set(FAST)
    assert {path for path in wanted if not pages[path].proof} == set()
    assert {path for path in FAST if pages[path].proof} == set()
    own = {path for path, page in pages.items() if page.proof} - wanted
    assert all(path.startswith("/account/") for path in own)


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
FIELDS = st.dictionaries(st.text("abcdefghij_", min_size=1, max_size=8).map(lambda text: f"f{text}"), TEXT, max_size=8)


@settings(max_examples=40, deadline=None)
@given(fields=FIELDS, several=st.lists(TEXT.filter(bool), max_size=5))
def test_a_form_comes_out_of_the_proof_as_it_went_in(fields: dict[str, str], several: list[str]) -> None:
    form = Form()
    form.update({name: value for name, value in fields.items() if value})
    if several:
        form["select"], form.lists["select"] = several[0], several
    form["csrf"] = form["password"] = form["code"] = form["secret"] = "never"
    sent: dict[str, Any] = {}
    for field, value in unpacked(packed(form)):
        sent.setdefault(field, []).append(value)
    wanted = {name: [value] for name, value in fields.items() if value} | ({"select": several} if several else {})
    assert sent == wanted


def test_a_form_survives_the_proof_and_no_secret_is_in_the_page(console: Console) -> None:
    page = console.signed_in()
    page.get_by_test_id("generate-api-key").click()
    page.get_by_test_id("field-name").fill('Bücher & "Co" <b>')
    page.get_by_test_id("field-description").fill("One line\nanother line")
    page.get_by_test_id("field-group").select_option(index=1)
    expect(page.get_by_test_id("group-says")).to_be_visible()
    console.world.clock.advance(minutes=20)
    page.get_by_test_id("submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    page.get_by_label("Password").fill("not this one")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("This is not correct.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_test_id("submit").click()
    expect(page).to_have_url(re.compile(r"/tenant-api-keys/kt_[0-9A-HJKMNP-TV-Z]{16}$"))
    assert PASSWORD not in "".join(console.bodies)
    made = keys.show(console.world.ctx, console.world.tenant["id"], page.url.rpartition("/")[2], console.world.clock())
    assert (made["name"], made["description"]) == ('Bücher & "Co" <b>', "One line\nanother line")


def test_the_proof_works_without_a_script(console: Console) -> None:
    page = console.open(java_script_enabled=False)
    console.sign_in(page, member(console.world))
    page.goto("/tenant-api-keys/new")
    page.get_by_test_id("field-name").fill("Plain")
    page.get_by_test_id("field-group").select_option(index=1)
    console.world.clock.advance(minutes=20)
    page.get_by_test_id("submit").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_test_id("submit").click()
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(re.compile(r"/tenant-api-keys/kt_"))
