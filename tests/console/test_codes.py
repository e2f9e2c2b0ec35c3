"""Codes of an authenticator app, and recovery codes for the day it is lost."""

from __future__ import annotations

from functools import partial

import pytest

from tests.console.people import Person, events
from tests.console.phone import turned_on, verified
from tests.together import at_once
from tests.world import World


def test_a_code_is_asked_for_after_the_password_and_not_before_it(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    other = Person(world, person.email)
    assert other.sign_in("wrong").status_code == 422
    answer = other.sign_in(place="/account")
    assert answer.headers["Location"] == "/sign-in/verify?next=/account"
    assert other.cookie is None
    assert other.read("/account").headers["Location"].startswith("/sign-in?")
    assert other.read("/sign-in/verify").status_code == 200
    code = phone.code()
    assert verified(other, f"{code[:3]} {code[3:]}") == 303
    assert other.read("/account").status_code == 200
    assert {"totp.turned_on", "recovery_codes.made", "member.signed_in"} <= set(events(world))


def test_the_second_step_without_the_first_leads_back(world: World) -> None:
    person = Person(world).signed_in()
    phone, codes = turned_on(person)
    stranger = Person(world, person.email)
    assert stranger.read("/sign-in/verify").headers["Location"] == "/sign-in?next=/"
    for code in (phone.code(), codes[0]):
        assert verified(stranger, code) == 303
        assert stranger.cookie is None


def test_a_code_works_once_even_within_its_half_minute(world: World) -> None:
    # RFC 6238 §5.2: a code that was accepted is not accepted again.
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    code = phone.code()
    first, second = Person(world, person.email), Person(world, person.email)
    first.sign_in()
    second.sign_in()
    assert verified(first, code) == 303
    assert verified(second, code) == 422
    assert verified(second, phone.code(-1)) == 422
    assert verified(second, phone.code(1)) == 303


def test_the_code_that_turned_codes_on_does_not_sign_in(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    used = phone.code(-1)
    other = Person(world, person.email)
    other.sign_in()
    assert verified(other, used) == 422


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_phone_may_be_half_a_minute_off(world: World, steps: int, status: int) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    world.clock.advance(minutes=5)
    other = Person(world, person.email)
    other.sign_in()
    assert verified(other, phone.code(steps)) == status


def test_a_recovery_code_works_once_and_is_stored_nowhere_as_it_is(world: World) -> None:
    person = Person(world).signed_in()
    _, codes = turned_on(person)
    assert len(set(codes)) == 10
    other = Person(world, person.email)
    other.sign_in()
    assert verified(other, f" {codes[3].lower().replace('0', 'o')} ") == 303
    again = Person(world, person.email)
    again.sign_in()
    assert verified(again, codes[3]) == 422
    assert verified(again, codes[4].replace("-", "")) == 303
    assert "8 recovery codes are left." in again.read("/account").text
    assert events(world).count("recovery_code.used") == 2
    if world.url.startswith("sqlite"):
        stored = (world.folder / "keyturn.db").read_bytes() + (world.folder / "keyturn.db-wal").read_bytes()
        assert not any(code.encode() in stored or code.replace("-", "").encode() in stored for code in codes)


def test_guessing_codes_waits_and_a_right_password_does_not_start_anew(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    other = Person(world, person.email)
    for _ in range(5):
        assert other.sign_in().status_code == 303
        assert verified(other, "000000") == 422
    assert "Too many attempts" in other.sign_in().text
    answer = other.client.post("/sign-in/verify", data={"code": phone.code()})
    assert "Too many attempts" in answer.text
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    world.clock.advance(seconds=2)
    assert verified(other, phone.code()) == 303


def test_many_guesses_at_once_count_one_by_one(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    wrong = [code for code in (f"{number:06}" for number in range(40)) if code not in map(phone.code, (-1, 0, 1))][:16]
    guessers = [Person(world, person.email) for _ in wrong]
    guessers[0].sign_in()
    held = guessers[0].client.get_cookie("__Host-halfway")
    assert held is not None
    said: list[str] = []

    def guess(guesser: Person, code: str) -> None:
        guesser.client.set_cookie("__Host-halfway", held.value)
        said.append(guesser.client.post("/sign-in/verify", data={"code": code}).text)

    assert at_once([partial(guess, *pair) for pair in zip(guessers, wrong, strict=True)]) == []
    assert sum("This code is not correct" in text for text in said) == 5
    assert sum("Too many attempts" in text for text in said) == 11


def test_half_a_sign_in_is_over_after_ten_minutes(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    other = Person(world, person.email)
    other.sign_in()
    world.clock.advance(minutes=10)
    assert other.read("/sign-in/verify").status_code == 303
    assert verified(other, phone.code()) == 303
    assert other.cookie is None
