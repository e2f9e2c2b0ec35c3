"""RFC 8725: tokens that were changed, doubled or blown up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rfc.forging import DROP, P256_ORDER, Forger, b64, unb64
from tests.world import World


@pytest.fixture
def forger(world: World) -> Forger:
    return Forger(world)


@pytest.mark.spec("T-8725-08")
@pytest.mark.parametrize("size", [8_193, 10_000, 40_000])
def test_a_token_beyond_the_size_limit_is_refused_even_under_our_key(forger: Forger, size: int) -> None:
    forger.rejected(forger.ours(claims={"pad": "x" * size}))
    forger.rejected("a" * size)
    forger.rejected(f"{'a' * size}.{forger.body}.{forger.signature}")


@pytest.mark.spec("T-8725-08")
def test_a_request_that_brings_megabytes_is_refused_unread(forger: Forger) -> None:
    for endpoint in ("/introspect", "/revoke"):
        assert forger.at(endpoint, "a" * 1_000_000).status_code == 413
    assert forger.world.introspect(forger.key, forger.token)["active"] is True


@pytest.mark.spec("T-8725-08")
def test_of_two_signatures_of_one_token_neither_survives_its_revocation(forger: Forger) -> None:
    raw = unb64(forger.signature)
    other = f"{forger.head}.{forger.body}.{b64(raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32))}"
    assert other != forger.token
    first = forger.world.introspect(forger.key, other)
    assert first in ({"active": False}, forger.world.introspect(forger.key, forger.token))
    assert forger.at("/revoke", forger.token).status_code == 200
    for token in (forger.token, other):
        assert forger.world.introspect(forger.key, token) == {"active": False}
        assert forger.at_door(token).status_code == 401


# A form that holds a NUL cannot be read at all, whatever it asks about: T-6749-33.
WITHOUT_NUL = st.characters(codec="utf-8", exclude_characters="\0")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_mutation_of_a_token_is_active_or_fails(forger: Forger, data: st.DataObject) -> None:
    token = forger.token
    start = data.draw(st.integers(0, len(token) - 1))
    length = data.draw(st.integers(0, 3))
    written = data.draw(st.text(ALPHABET, max_size=3) | st.text(WITHOUT_NUL, max_size=3))
    mutated = token[:start] + written + token[start + length :]
    if mutated != token:
        forger.rejected(mutated)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["alg", "typ", "kid", "crit", "b64"]), json_values)
def test_no_value_of_a_header_member_makes_the_old_signature_good(forger: Forger, name: str, value: Any) -> None:
    if forger.header.get(name, DROP) != value:
        forger.rejected(forger.unsigned({name: value}, unb64(forger.signature)))
        forger.rejected(forger.ours({name: value}))
