"""A tenant that takes no other word than its provider's, and sessions that only the provider may prove."""

from __future__ import annotations

import pytest

from app.actions import members
from app.actions.people import sso_connections
from app.domain.refusals import Conflict
from tests.console.people import PASSWORD, Person, member
from tests.console.sso import Way
from tests.world import OPERATOR


def required(way: Way, *, on: bool = True) -> None:
    sso_connections.demand(way.world.ctx, OPERATOR, way.world.tenant["id"], way.world.clock(), required=on)


def test_a_required_single_sign_on_refuses_passwords_and_says_so_only_to_who_knows_them(way: Way) -> None:
    person = Person(way.world, member(way.world))
    required(way)
    assert "E-mail or password is not correct" in person.sign_in("wrong").text
    refused = person.sign_in()
    assert refused.status_code == 422
    assert "single sign-on alone" in refused.text
    assert way.go().status_code == 303
    required(way, on=False)
    assert person.sign_in().status_code == 303


def test_requiring_it_ends_every_session_that_began_another_way(way: Way) -> None:
    person = Person(way.world, member(way.world)).signed_in()
    way.go()
    answer = way.person.send("/settings/sso/require", required="on")
    assert answer.status_code == 303
    assert way.is_in()
    assert not way.is_in(person)


def test_who_came_by_password_cannot_require_it_and_lock_themselves_out(way: Way) -> None:
    person = Person(way.world, member(way.world)).signed_in()
    answer = person.send("/settings/sso/require", required="on")
    assert answer.status_code == 422
    assert way.is_in(person)
    assert not sso_connections.is_required(way.world.ctx, way.world.tenant["id"])


def test_a_one_time_link_brings_the_last_global_admin_back_and_nobody_else(way: Way) -> None:
    tenant, now, ctx = way.world.tenant["id"], way.world.clock(), way.world.ctx
    ada = members.page(ctx, tenant, None, 9)[0]
    other = members.create(ctx, OPERATOR, tenant, now, email="o@x.example", name="O", role="tenant_administrator")
    required(way)
    for found, enters in ((other, False), (ada, True)):
        link = members.reset(ctx, OPERATOR, tenant, found["id"], now)
        person = Person(way.world, found["email"])
        path = link.removeprefix("http://localhost:8000")
        answer = person.client.post(path, data={"password": PASSWORD, "repeated": PASSWORD})
        assert (answer.status_code == 303) is enters
        assert way.is_in(person) is enters
        assert person.sign_in().status_code == 422


def test_neither_the_last_connection_nor_ones_own_is_removed(way: Way) -> None:
    person = Person(way.world, member(way.world)).signed_in()
    way.go()
    assert way.person.send(f"/settings/sso/{way.id}/remove").status_code == 409
    assert way.is_in()
    assert person.send(f"/settings/sso/{way.id}/remove").status_code == 303
    assert not way.is_in()
    with pytest.raises(Conflict):
        required(way)


def test_a_session_by_single_sign_on_proves_itself_at_its_provider_alone(way: Way) -> None:
    way.go()
    way.world.clock.advance(minutes=16)
    page = way.person.read("/re-auth?next=/settings/sso/new").text
    link = page.split('href="/re-auth/sso?word=')[1].split('"')[0]
    assert "password" not in page.split("<h1>")[1]
    address = way.leave(path=f"/re-auth/sso?word={link}")
    assert "prompt=login" in address
    assert "max_age=0" in address
    old = way.fake.allows(address)
    way.fake.bend_claims = lambda claims: {**claims, "auth_time": claims["auth_time"] - 900}
    assert way.back(old).status_code == 502
    assert way.person.read("/settings/sso/new").status_code == 303
    way.fake.bend_claims = lambda claims: claims
    page = way.person.read("/re-auth?next=/settings/sso/new").text
    link = page.split('href="/re-auth/sso?word=')[1].split('"')[0]
    answer = way.back(way.fake.allows(way.leave(path=f"/re-auth/sso?word={link}")))
    assert answer.headers["Location"] == "/settings/sso/new"
    assert way.person.read("/settings/sso/new").status_code == 200


def test_a_proof_by_somebody_else_proves_nothing(way: Way) -> None:
    way.go()
    way.member("eve@acme.example")
    way.world.clock.advance(minutes=16)
    page = way.person.read("/re-auth").text
    link = page.split('href="/re-auth/sso?word=')[1].split('"')[0]
    address = way.leave(path=f"/re-auth/sso?word={link}")
    way.fake.person = {"sub": "person-2", "email": "eve@acme.example", "email_verified": True}
    answer = way.back(way.fake.allows(address))
    assert "Somebody else signed in" in answer.text
    assert way.person.read("/settings/sso/new").status_code == 303
