from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import credentials
from app.domain.credentials import Issued, Presented
from app.domain.refusals import Reason, Refused

PEPPER = b"p" * 32
ALPHABET = credentials.BASE62 + "_-. é\n"

prefixes = st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True)
entropies = st.binary(min_size=32, max_size=32).map(lambda data: lambda count: data[:count])


def made() -> Issued:
    return credentials.new_secret(credentials.new_key_id("kt", secrets.token_bytes), secrets.token_bytes)


@given(prefixes, entropies)
def test_every_secret_that_is_made_can_be_read_and_names_its_key(prefix: str, entropy: credentials.Entropy) -> None:
    key_id = credentials.new_key_id(prefix, entropy)
    issued = credentials.new_secret(key_id, entropy)
    assert credentials.parse(issued.text) == Presented(key_id, issued.text)
    assert credentials.looks_like_secret(issued.text)


def test_a_key_id_and_a_secret_have_the_published_shape() -> None:
    key_id = credentials.new_key_id("kt", lambda count: b"\xff" * count)
    issued = credentials.new_secret(key_id, lambda count: b"\0" * count)
    assert key_id == "kt_ZZZZZZZZZZZZZZZZ"
    prefix, body, random, checksum = issued.text.split("_")
    assert (prefix, body, random, len(checksum)) == ("kts", "Z" * 16, "0" * 43, 6)
    assert issued.text.replace("_", "").isalnum()


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_different_chance_makes_different_secrets(one: bytes, other: bytes) -> None:
    texts = {
        credentials.new_secret("kt_0000000000000000", lambda count, data=data: data[:count]).text
        for data in (one, other)
    }
    assert len(texts) == len({one, other})


@given(st.data())
def test_no_single_mistyped_character_gets_past_the_checksum(data: st.DataObject) -> None:
    text = made().text
    at = data.draw(st.integers(0, len(text) - 1))
    typed = data.draw(st.sampled_from(ALPHABET).filter(lambda c: c != text[at]))
    with pytest.raises(Refused) as refused:
        credentials.parse(text[:at] + typed + text[at + 1 :])
    assert refused.value.verdict.reason is Reason.MALFORMED_SECRET


@given(st.data())
def test_no_two_neighbours_that_changed_places_get_past_the_checksum(data: st.DataObject) -> None:
    text = made().text
    at = data.draw(st.integers(0, len(text) - 2).filter(lambda n: text[n] != text[n + 1]))
    with pytest.raises(Refused):
        credentials.parse(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_whatever_else_is_presented_is_malformed_and_nothing_worse(text: str) -> None:
    with pytest.raises(Refused) as refused:
        credentials.parse(text)
    assert refused.value.verdict.reason is Reason.MALFORMED_SECRET
    assert not refused.value.verdict.proven


@pytest.mark.parametrize(
    "spoil",
    [
        str.lower,
        str.upper,
        lambda t: t + "\n",
        lambda t: " " + t,
        lambda t: t[:-1],
        lambda t: t + "0",
        lambda t: t.replace("0", "\u0660") + "\u0660",
    ],
)
def test_a_secret_is_read_exactly_as_it_was_given(spoil: credentials.Callable[[str], str]) -> None:
    with pytest.raises(Refused):
        credentials.parse(spoil(made().text))


def test_a_secret_cut_short_still_looks_like_one_and_a_token_does_not() -> None:
    assert credentials.looks_like_secret(made().text[:9])
    assert not credentials.looks_like_secret("eyJhbGciOiJFUzI1NiJ9.e30.AA")
    assert not credentials.looks_like_secret("kt_7Q2M9XK4T1V8B0CD")


def test_the_hint_shows_four_characters_at_each_end_of_what_is_public_or_random() -> None:
    issued = made()
    assert issued.hint == f"kts_{issued.key_id[3:7]}…{issued.text.split('_')[2][-4:]}"
    assert credentials.hint("kt_7Q2M9XK4T1V8B0CD", "x9Kd") == "kts_7Q2M…x9Kd"


def test_a_secret_does_not_show_in_a_repr() -> None:
    issued = made()
    random = issued.text.split("_")[2]
    assert random not in repr(issued)
    assert random not in repr(credentials.parse(issued.text))
    assert issued.key_id in repr(credentials.parse(issued.text))


def test_a_fingerprint_depends_on_the_pepper_and_on_every_character() -> None:
    text = made().text
    found = credentials.fingerprint(PEPPER, text)
    assert len(found) == credentials.FINGERPRINT_SIZE
    assert found == credentials.fingerprint(PEPPER, text)
    assert found != credentials.fingerprint(b"q" * 32, text)
    assert found != credentials.fingerprint(PEPPER, text[:-1])


def test_only_the_same_fingerprint_is_the_same() -> None:
    stored = credentials.fingerprint(PEPPER, "a")
    assert credentials.same_fingerprint(stored, credentials.fingerprint(PEPPER, "a"))
    assert not credentials.same_fingerprint(stored, credentials.fingerprint(PEPPER, "b"))


def test_a_missing_fingerprint_is_never_the_same_not_even_as_zeros() -> None:
    assert not credentials.same_fingerprint(None, b"\0" * credentials.FINGERPRINT_SIZE)
    assert not credentials.same_fingerprint(None, credentials.fingerprint(PEPPER, "a"))
