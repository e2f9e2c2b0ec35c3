"""Signing in with a password: what is stored, what is told, how many attempts count."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.actions.people import attempts, passwords
from tests.console.people import PASSWORD, Person, member
from tests.world import World


@pytest.mark.usefixtures("shipped_passwords")
def test_passwords_are_hashed_as_the_specification_of_argon2_recommends() -> None:
    """RFC 9106 §4, the second recommended option: Argon2id, 64 MiB, three passes, four lanes."""
    assert passwords.hasher().hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_stranger_and_a_wrong_password_hear_the_same(world: World) -> None:
    known, unknown = Person(world, member(world)), Person(world, "nobody@example.com")
    said = {
        answer.text.replace(person.email, "") for person in (known, unknown) for answer in [person.sign_in("wrong")]
    }
    pages = {text[: text.index("nonce")] + text[text.index("<h1>") :] for text in said}
    assert len(pages) == 1
    assert "E-mail or password is not correct." in pages.pop()


def test_each_failure_after_the_fifth_waits_twice_as_long_and_never_more_than_a_quarter_of_an_hour(
    world: World,
) -> None:
    person = Person(world)
    waits = []
    for _ in range(18):
        person.sign_in("wrong")
        began = world.clock()
        while "Too many attempts" in person.sign_in("wrong").text:
            world.clock.advance(seconds=1 if world.clock() - began < timedelta(minutes=1) else 60)
        waits.append((world.clock() - began).total_seconds())
    assert waits[0] == 0
    assert max(waits) <= attempts.LONGEST_DELAY.total_seconds() + 60
    assert sorted(waits) == waits


def test_a_stranger_waits_as_long_as_a_member_does(world: World) -> None:
    known, unknown = Person(world, member(world)), Person(world, "nobody@example.com")
    for minutes in (0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 60, 0, 24 * 60, 0, 0, 0, 0, 0, 0, 23 * 60, 0):
        world.clock.advance(minutes=minutes)
        said = [
            (answer.status_code, answer.headers.get("Retry-After"), "Too many attempts" in answer.text)
            for answer in (known.sign_in("wrong"), unknown.sign_in("wrong"))
        ]
        assert said[0] == said[1]
    assert said[0][0] == 429
    other = Person(world, "somebody.else@example.com")
    assert other.sign_in("wrong").status_code == 422


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_but_home(world: World, place: str) -> None:
    assert Person(world).sign_in(place=place).headers["Location"] == "/"
