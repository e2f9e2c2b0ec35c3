"""Every behaviour of the reference products is held by a test that carries its number."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from tests.house.test_assertions import TESTS, carried

Row = Mapping[str, Any]
ROWS: dict[str, Row] = tomllib.loads((TESTS / "console" / "rows.toml").read_text(encoding="utf-8"))
NUMBER = re.compile(r"S\d-\d+")


def numbers(*, console: bool) -> set[str]:
    """The rows that tests of the console carry, or all others do."""
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        if ("console" in path.relative_to(TESTS).parts) is console:
            found |= {number for number in carried(path.read_text(encoding="utf-8")) if NUMBER.fullmatch(number)}
    return found


def missing(rows: Mapping[str, Row], part: str, proven: Collection[str]) -> list[str]:
    """The rows whose part, `server` or `screen`, no test holds and nothing excuses."""
    return [number for number, row in rows.items() if part in row["needs"] and number not in proven | _open(rows)]


def _open(rows: Mapping[str, Row]) -> set[str]:
    return {number for number, row in rows.items() if "open" in row}


def test_every_row_that_needs_no_screen_has_a_test() -> None:
    assert missing(ROWS, "server", numbers(console=False)) == []


def test_every_row_that_needs_a_screen_has_a_test_of_the_console() -> None:
    assert missing(ROWS, "screen", numbers(console=True)) == []


def test_what_waits_has_no_test_yet() -> None:
    assert sorted(_open(ROWS) & numbers(console=False)) == []


def test_every_row_that_a_test_carries_is_known_and_needs_it() -> None:
    of_server = {number for number, row in ROWS.items() if "server" in row["needs"]}
    assert sorted(numbers(console=False) - of_server) == []
    assert sorted(numbers(console=True) - ROWS.keys()) == []


def test_the_list_holds_all_of_them() -> None:
    assert [sum(number.startswith(f"S{seed}-") for number in ROWS) for seed in range(1, 6)] == [43, 48, 20, 77, 30]
    assert {tuple(row["needs"]) for row in ROWS.values()} == {("server",), ("screen",), ("server", "screen")}


def test_the_check_notices_a_row_without_a_test() -> None:
    rows = {"S1-1": {"needs": ["server"]}, "S1-2": {"needs": ["server", "screen"]}, "S1-3": {"needs": ["screen"]}}
    assert missing(rows, "server", {"S1-2"}) == ["S1-1"]
    assert missing(rows, "screen", {"S1-2"}) == ["S1-3"]
    assert missing({"S1-1": {"needs": ["server"], "open": "later"}}, "server", set()) == []
