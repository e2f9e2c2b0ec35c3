"""The key limit under thirty-two creates at once, over HTTP, in two server processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from faults.key_limit import CALLERS, Outcome, served
from tests.postgres import PostgresServer

ROUNDS = 6


def url_of(database: str, request: pytest.FixtureRequest) -> str | None:
    if database == "sqlite":
        return None
    postgres: PostgresServer = request.getfixturevalue("postgres")
    return postgres.database("faults_key_limit")


@pytest.mark.spec("S2-46", "S4-44", "S4-72")
def test_creates_at_one_below_the_limit_never_pass_it(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with served(tmp_path, url_of(database, request)) as race:
        outcome = race.run(ROUNDS)
    assert outcome.kept, str(outcome)
    assert outcome.answers == {"201": ROUNDS, "409": ROUNDS * (CALLERS - 1)}


def test_a_broken_promise_is_told() -> None:
    for broken in ({"most": 4}, {"wrong": 1}, {"answers": {"500": 1}}, {"answers": {"503 without Retry-After": 1}}):
        assert not Outcome(1, **broken).kept  # type: ignore[arg-type]
    assert Outcome(1, most=3).kept
