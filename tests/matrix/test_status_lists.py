"""The status list says offline what the policy says online, whatever speaks against a key."""

from __future__ import annotations

import pytest

from tests.matrix.situations import INACTIVE, ROWS
from tests.status.reading import fetch, index_of
from tests.world import World

INVALID = {"revoked", "deleted", "replaced"}
SUSPENDED = {"API access off", "tenant closed", "creator inactive", "creator removed"}
# A token says itself when it ends, and at introspection where it was shown; the list is not about either.
SAID_ELSEWHERE = {"expired", "address"}


@pytest.mark.parametrize("reason", ROWS)
def test_an_entry_is_zero_exactly_when_nothing_speaks_against_the_secret(world: World, reason: str) -> None:
    shown = ROWS[reason].stage(world)
    if shown.token == "a.b.c":
        assert fetch(world).nonzero == {}, "nothing was ever obtained with what is no secret"
        return
    entry = fetch(world).entry(index_of(shown.token))
    assert entry == (1 if reason in INVALID else 2 if reason in SUSPENDED else 0)
    assert bool(entry) == (ROWS[reason].introspection == INACTIVE and reason not in SAID_ELSEWHERE)
