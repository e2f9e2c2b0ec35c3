"""Answers of authenticators that prove nothing: used twice, given to another, copied, out of date, made up."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.console.authenticators import Authenticator, added, answered, in_a_quiet_page, posted
from tests.console.conftest import Console
from tests.console.people import Person, events, token
from tests.world import World


def test_an_answer_counts_once(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    added(page)
    in_a_quiet_page(page)
    answer = answered(page, "/sign-in/passkey/options")
    cookies = page.context.cookies()
    assert posted(page, "/sign-in/passkey", credential=answer).status == 303
    page.context.clear_cookies()
    page.context.add_cookies(cookies)
    assert posted(page, "/sign-in/passkey", credential=answer).status == 422


def test_an_answer_to_another_browsers_challenge_counts_nothing(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    added(page)
    in_a_quiet_page(page)
    answer = answered(page, "/sign-in/passkey/options")
    page.evaluate("fetch('/sign-in/passkey/options', {method: 'POST'})")
    assert posted(page, "/sign-in/passkey", credential=answer).status == 422


def test_a_challenge_is_over_after_ten_minutes(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    added(page)
    in_a_quiet_page(page)
    answer = answered(page, "/sign-in/passkey/options")
    console.world.clock.advance(minutes=10)
    assert posted(page, "/sign-in/passkey", credential=answer).status == 422


def test_a_copied_authenticator_is_noticed_by_its_count(console: Console) -> None:
    page = console.signed_in()
    authenticator = Authenticator(page)
    added(page)
    (credential,) = authenticator.credentials
    in_a_quiet_page(page)
    assert posted(page, "/sign-in/passkey", credential=answered(page, "/sign-in/passkey/options")).status == 303
    authenticator.clear()
    authenticator.give(credential)  # the count begins again where it was
    in_a_quiet_page(page)
    assert posted(page, "/sign-in/passkey", credential=answered(page, "/sign-in/passkey/options")).status == 422


def test_a_passkey_of_somebody_else_proves_nothing(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    added(page)
    answer = answered(page, "/sign-in/passkey/options")
    csrf = page.locator("[name=csrf]").first.get_attribute("value") or ""
    assert posted(page, "/re-auth", csrf=csrf, credential=answer, next="/account").status == 422  # an open challenge
    other = console.open()
    console.sign_in(other, console.member(name="Eve Other"))
    theirs = other.locator("[name=csrf]").first.get_attribute("value") or ""
    mine = answered(page, "/re-auth/passkey/options", csrf)
    cookie = next(one for one in page.context.cookies() if one["name"].endswith("challenge"))
    other.context.add_cookies([cookie])
    assert posted(other, "/re-auth", csrf=theirs, credential=mine, next="/account").status == 422


NAMES = st.sampled_from(["id", "rawId", "response", "userHandle", "type", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=st.text(max_size=60) | VALUES.map(json.dumps))
def test_whatever_a_browser_sends_is_no_way_in_and_no_crash(world: World, answer: str) -> None:
    client = World.client_of(world.app)
    assert client.post("/sign-in/passkey/options").status_code == 200
    assert client.post("/sign-in/passkey", data={"credential": answer}).status_code == 422


def test_whatever_is_sent_as_a_new_passkey_adds_none(world: World) -> None:
    person = Person(world).signed_in()
    csrf = token(person.read("/account/passkeys/new").text)
    empty = '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}'
    for answer in ("", "{}", "[]", "null", "[" * 5000, empty):
        assert person.client.post("/account/passkeys/options", headers={"X-CSRF-Token": csrf}).status_code == 200
        sent = person.client.post("/account/passkeys", data={"csrf": csrf, "name": "x", "credential": answer})
        assert sent.status_code == 422
    assert "passkey.added" not in events(world)
