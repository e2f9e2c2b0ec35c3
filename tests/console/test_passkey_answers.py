"""Answers of authenticators that no authenticator gives: they are refused, and nothing fails."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.console.people import Person, events, token
from tests.world import World

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
    assert client.post("/sign-in/passkey", data={"credential": answer}).status_code == (400 if "\0" in answer else 422)


def test_whatever_is_sent_as_a_new_passkey_adds_none(world: World) -> None:
    person = Person(world).signed_in()
    csrf = token(person.read("/account/passkeys/new").text)
    empty = '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}'
    for answer in ("", "{}", "[]", "null", "[" * 5000, empty):
        assert person.client.post("/account/passkeys/options", headers={"X-CSRF-Token": csrf}).status_code == 200
        sent = person.client.post("/account/passkeys", data={"csrf": csrf, "name": "x", "credential": answer})
        assert sent.status_code == 422
    assert "passkey.added" not in events(world)
