"""Whom a provider's word lets in, and what becomes of a provider that fails."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from app.actions import members
from app.domain import single_sign_on
from tests.console.fake_provider import CLIENT_ID, SECRET, FakeProvider
from tests.console.people import Person, events
from tests.console.sso import Way
from tests.world import OPERATOR, World

CONNECTION = {"name": "Acme", "client_id": CLIENT_ID, "secret": SECRET, "domains": "acme.example", "new_role": ""}


@pytest.mark.parametrize(
    ("person", "trusting", "enters"),
    [
        ({}, False, True),
        ({"email": "Ada@ACME.example"}, False, True),
        ({"email_verified": "true"}, False, True),
        ({"email_verified": False}, False, False),
        ({"email_verified": False}, True, False),
        ({"email_verified": None}, False, False),
        ({"email_verified": None}, True, True),
        ({"email_verified": [True]}, False, False),
        ({"email": "ada@other.example"}, True, False),
        ({"email": "ada@acme.example@other.example"}, True, False),
        ({"email": "ada@sub.acme.example"}, True, False),
        ({"email": "acme.example"}, True, False),
        ({"email": ["ada@acme.example"]}, True, False),
        ({"email": None}, True, False),
    ],
)
def test_an_address_must_be_verified_and_of_the_connections_domains(
    fake: FakeProvider, person: dict[str, Any], trusting: bool, enters: bool
) -> None:
    way = Way(fake.world, fake, trust_addresses=trusting)
    way.member()
    told = {**fake.person, **person}
    fake.person = {name: value for name, value in told.items() if value is not None}
    fake.told_by_userinfo = {"sub": "person-1"}
    assert way.go().status_code == (303 if enters else 403)
    assert way.is_in() is enters


def test_an_address_may_be_told_at_the_userinfo_endpoint_of_the_same_person_only(way: Way) -> None:
    address = {name: way.fake.person.pop(name) for name in ("email", "email_verified")}
    way.fake.told_by_userinfo = {"sub": "somebody else", **address}
    assert way.go().status_code == 502
    way.fake.told_by_userinfo = {"sub": "person-1", **address}
    assert way.go().status_code == 303


def test_after_the_first_time_the_subject_decides_whatever_its_address_is(way: Way) -> None:
    assert way.go().status_code == 303
    way.fake.person["email"] = "ada.married@acme.example"
    assert way.go(Person(way.world, "x")).status_code == 303


def test_an_address_that_was_given_to_another_person_opens_nothing(way: Way) -> None:
    assert way.go().status_code == 303
    way.fake.person["sub"] = "person-2"
    other = Person(way.world, "x")
    assert way.go(other).status_code == 403
    assert not way.is_in(other)


def test_a_stranger_gets_a_page_and_no_account(fake: FakeProvider) -> None:
    way = Way(fake.world, fake)
    answer = way.go()
    assert answer.status_code == 403
    assert "You are not a member here" in answer.text
    assert members.page(way.world.ctx, way.world.tenant["id"], None, 10) == []


def test_a_connection_may_make_strangers_members_with_the_role_it_names(fake: FakeProvider) -> None:
    way = Way(fake.world, fake, new_role="auditor")
    assert way.go().status_code == 303
    made = members.page(way.world.ctx, way.world.tenant["id"], None, 10)
    assert [(one["email"], one["name"], one["role"]) for one in made] == [("ada@acme.example", "Ada O.", "auditor")]
    assert "member.created" in events(way.world)


def test_a_deactivated_member_does_not_get_in_and_a_removed_one_is_a_stranger(way: Way) -> None:
    assert way.go().status_code == 303
    tenant, now = way.world.tenant["id"], way.world.clock()
    boss = members.create(way.world.ctx, OPERATOR, tenant, now, email="b@x.example", name="B", role="global_admin")
    ada = next(one for one in members.page(way.world.ctx, tenant, None, 9) if one["id"] != boss["id"])
    members.edit(way.world.ctx, OPERATOR, tenant, ada["id"], now, active=False)
    assert "You may not sign in" in way.go(Person(way.world, "x")).text
    members.remove(way.world.ctx, OPERATOR, tenant, ada["id"], now)
    assert "You are not a member here" in way.go(Person(way.world, "x")).text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"x" * 600_000])
def test_a_provider_that_answers_nonsense_gets_a_page_of_our_own(way: Way, body: bytes) -> None:
    way.fake.body = body
    answer = way.person.read(f"/sign-in/sso/{way.id}")
    assert answer.status_code == 502
    assert "The identity provider does not answer" in answer.text


@pytest.mark.parametrize(("status", "headers"), [(500, {}), (302, {"Location": "http://169.254.169.254/"}), (404, {})])
def test_a_provider_that_fails_or_redirects_gets_a_page_of_our_own(
    way: Way, status: int, headers: dict[str, str]
) -> None:
    way.fake.status, way.fake.headers = status, headers
    assert way.person.read(f"/sign-in/sso/{way.id}").status_code == 502
    assert len(way.fake.asked) == 1


def test_a_provider_that_is_down_gets_a_page_of_our_own_and_is_asked_again_later(way: Way) -> None:
    way.fake.bend_metadata = lambda found: {**found, "issuer": "https://another.example"}
    assert [way.person.read(f"/sign-in/sso/{way.id}").status_code for _ in range(3)] == [502] * 3
    assert len(way.fake.asked) == 1
    way.world.clock.advance(seconds=5)
    way.fake.bend_metadata = lambda found: found
    assert way.person.read(f"/sign-in/sso/{way.id}").status_code == 303


@pytest.mark.parametrize(
    "changed",
    [
        {"token_endpoint": "http://10.0.0.1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"userinfo_endpoint": "https://me@host/"},
        {"authorization_endpoint": None},
        {"token_endpoint": ["https://x.example"]},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
def test_a_provider_must_describe_itself_as_the_specification_says(way: Way, changed: dict[str, Any]) -> None:
    way.fake.bend_metadata = lambda found: {**found, **changed}
    assert way.person.read(f"/sign-in/sso/{way.id}").status_code == 502
    assert way.fake.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    ("address", "reachable"),
    [("10.1.2.3", True), ("2001:db8::1", True), ("93.184.215.14", True)]
    + [(one, False) for one in ("127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1")]
    + [(one, False) for one in ("fe80::1", "::ffff:169.254.169.254", "255.255.255.255")],
)
def test_no_provider_is_at_an_address_of_this_machine_or_its_surroundings(address: str, reachable: bool) -> None:
    assert single_sign_on.reachable(ip_address(address)) is reachable


def test_a_console_that_is_no_trial_calls_no_provider_on_its_own_machine(make_world: Callable[..., World]) -> None:
    world = make_world()
    person = Person(world).signed_in()
    for issuer in ("http://localhost:1", "http://idp.example", "https://127.0.0.1:1"):
        page = person.read("/settings/sso/new").text
        proposed = page.split('name="proposed" value="')[1].split('"')[0]
        answer = person.send("/settings/sso/new", **CONNECTION, issuer=issuer, proposed=proposed)
        assert answer.status_code == (303 if issuer.startswith("https") else 422)
    place = answer.headers["Location"]
    assert "it could not be read" in person.send(f"{place}/test").text
