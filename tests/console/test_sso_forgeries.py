"""What comes back from an identity provider is believed only when all of it fits; nobody is let in by anything less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import ECKey

from tests.console.fake_provider import CLIENT_ID, Claims, FakeProvider, asked_for
from tests.console.people import Person, events, member
from tests.console.sso import Way

Bend = Callable[[FakeProvider], None]


def test_a_good_answer_lets_its_member_in_and_the_log_says_how(way: Way) -> None:
    answer = way.go()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert way.is_in()
    assert {"sso_connection.linked", "sso_connection.signed_in", "member.signed_in"} <= set(events(way.world))


def test_the_request_carries_pkce_a_state_a_nonce_and_the_connections_own_callback(way: Way) -> None:
    """RFC 7636 §4.3."""
    asked = [asked_for(way.leave()) for _ in range(2)]
    assert asked[0]["code_challenge_method"] == "S256"
    assert asked[0]["redirect_uri"] == f"http://localhost:8000/sign-in/sso/{way.id}/callback"
    assert asked[0]["scope"] == "openid email profile"
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name]) == 43
        assert asked[0][name] != asked[1][name]


@pytest.mark.parametrize("state", [None, "", "x" * 43])
def test_a_forged_state_lets_nobody_in(way: Way, state: str | None) -> None:
    answer = way.back(way.fake.allows(way.leave(), state=state))
    assert answer.status_code == 400
    assert "This sign-in is out of date" in answer.text
    assert not way.is_in()


def test_a_code_of_one_browser_opens_nothing_in_another(way: Way) -> None:
    said, other = way.fake.allows(way.leave()), Person(way.world, "other")
    assert way.back(said, other).status_code == 400
    way.leave(other)
    assert way.back(said, other).status_code == 400
    assert not way.is_in(other)


def test_an_answer_works_once(way: Way) -> None:
    said = way.fake.allows(way.leave())
    cookies = way.person.client._cookies.copy()
    assert way.back(said).status_code == 303
    way.person.client._cookies = cookies
    assert way.back(said).status_code == 400


def test_a_code_that_was_used_before_opens_nothing(way: Way) -> None:
    said = way.fake.allows(way.leave())
    way.fake.codes.clear()
    answer = way.back(said)
    assert answer.status_code == 502
    assert "invalid_grant" in answer.text
    assert not way.is_in()


def test_an_answer_after_ten_minutes_comes_too_late(way: Way) -> None:
    said = way.fake.allows(way.leave())
    way.world.clock.advance(minutes=10)
    assert way.back(said).status_code == 400


@pytest.mark.parametrize("issuer", [None, "https://another.example", ""])
def test_an_answer_in_another_issuers_name_is_refused(way: Way, issuer: str | None) -> None:
    """RFC 9207 §2.4."""
    answer = way.back(way.fake.allows(way.leave(), iss=issuer))
    assert answer.status_code == 502
    assert way.fake.asked.count("/token") == 0


def test_a_provider_that_promises_no_issuer_need_not_name_itself_and_must_not_name_another(way: Way) -> None:
    """RFC 9207 §3."""
    way.fake.bend_metadata = lambda found: {**found, "authorization_response_iss_parameter_supported": False}
    assert way.back(way.fake.allows(way.leave(), iss="https://another.example")).status_code == 502
    assert way.back(way.fake.allows(way.leave(), iss=None)).status_code == 303


def test_no_connection_takes_the_answer_of_another(way: Way) -> None:
    other = Way(way.world, way.fake)
    answer = way.back(way.fake.allows(other.leave(way.person)), sso_id=way.id)
    assert answer.status_code == 400
    assert way.fake.asked.count("/token") == 0


def _changed(**claims: Any) -> Callable[[Claims], Claims]:
    return lambda found: {name: value for name, value in {**found, **claims}.items() if value is not None}


FORGED: dict[str, Bend] = {
    "nonce": lambda fake: setattr(fake, "bend_claims", _changed(nonce="x" * 43)),
    "no nonce": lambda fake: setattr(fake, "bend_claims", _changed(nonce=None)),
    "iss": lambda fake: setattr(fake, "bend_claims", _changed(iss="https://another.example")),
    "aud": lambda fake: setattr(fake, "bend_claims", _changed(aud="another client")),
    "no aud": lambda fake: setattr(fake, "bend_claims", _changed(aud=None)),
    "many without azp": lambda fake: setattr(fake, "bend_claims", _changed(aud=[CLIENT_ID, "another"])),
    "azp": lambda fake: setattr(fake, "bend_claims", _changed(aud=[CLIENT_ID, "another"], azp="another")),
    "expired": lambda fake: setattr(fake, "bend_claims", _changed(exp=1)),
    "no exp": lambda fake: setattr(fake, "bend_claims", _changed(exp=None)),
    "text for exp": lambda fake: setattr(fake, "bend_claims", _changed(exp="tomorrow")),
    "of tomorrow": lambda fake: setattr(fake, "bend_claims", _changed(iat=4_000_000_000)),
    "no sub": lambda fake: setattr(fake, "bend_claims", _changed(sub=None)),
    "a list for sub": lambda fake: setattr(fake, "bend_claims", _changed(sub=["person-1"])),
    "alg none": lambda fake: setattr(fake, "sign", fake.unsigned),
    "alg HS256": lambda fake: setattr(fake, "sign", fake.signed_with_the_secret),
    "no token": lambda fake: setattr(fake, "sign", lambda _claims: None),
    "no JWT": lambda fake: setattr(fake, "sign", lambda _claims: "a.b.c"),
}


@pytest.mark.parametrize("bend", FORGED.values(), ids=FORGED.keys())
def test_a_forged_id_token_lets_nobody_in(way: Way, bend: Bend) -> None:
    bend(way.fake)
    answer = way.go()
    assert answer.status_code == 502, answer.text
    assert "cannot be trusted" in answer.text
    assert not way.is_in()


def test_a_token_by_a_key_that_is_not_published_lets_nobody_in(way: Way) -> None:
    published = way.fake.key
    forged = ECKey.generate_key("P-256", {"kid": "one"})

    def sign(claims: Claims) -> str:
        way.fake.key = forged
        try:
            return way.fake.signed(claims)
        finally:
            way.fake.key = published

    way.fake.sign = sign
    assert way.go().status_code == 502


def test_a_key_that_is_new_is_fetched_and_not_more_often_than_every_half_minute(way: Way) -> None:
    assert way.go().status_code == 303
    way.fake.key = ECKey.generate_key("P-256", {"kid": "two"})
    assert way.go().status_code == 502
    way.world.clock.advance(seconds=31)
    assert way.go().status_code == 303
    assert way.fake.asked.count("/.well-known/openid-configuration") == 1


def test_what_the_provider_refuses_is_told_and_its_words_are_not_repeated(way: Way) -> None:
    said = way.fake.allows(way.leave(), code=None)
    answer = way.back({**said, "error": "access_denied", "error_description": "<b>send money</b>"})
    assert answer.status_code == 403
    assert "access_denied" in answer.text
    assert "money" not in answer.text


def test_a_member_signed_in_by_password_is_not_disturbed_by_an_answer_they_did_not_ask_for(way: Way) -> None:
    person = Person(way.world, member(way.world))
    person.sign_in()
    way.back({"code": "x", "state": "y", "iss": way.fake.issuer}, person)
    assert person.email in person.read("/account").text


def test_what_a_browser_holds_meanwhile_is_short_and_out_of_reach(way: Way) -> None:
    given = way.person.read(f"/sign-in/sso/{way.id}").headers["Set-Cookie"]
    assert len(given) < 120
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    assert urlsplit(way.leave()).path == "/authorize"
