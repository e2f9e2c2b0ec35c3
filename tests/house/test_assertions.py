"""Every assertion that we promise to hold has a test that carries its number, or says what it waits for."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
ASSERTIONS: dict[str, dict[str, Any]] = tomllib.loads((TESTS / "rfc" / "assertions.toml").read_text(encoding="utf-8"))


def carried(source: str) -> set[str]:
    """The numbers that `spec` markers of a test file carry."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    marks = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "spec"]
    return {a.value for c in marks for a in c.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}


def numbers_carried() -> set[str]:
    """The numbers that any test carries."""
    return set().union(*(carried(path.read_text(encoding="utf-8")) for path in TESTS.rglob("test_*.py")))


def missing(assertions: dict[str, dict[str, Any]], numbers: set[str]) -> list[str]:
    """M assertions with neither a test nor a reason to wait."""
    return sorted(i for i, a in assertions.items() if a["level"] == "M" and i not in numbers and not a.get("open"))


def test_every_must_has_a_test_or_says_what_it_waits_for() -> None:
    assert missing(ASSERTIONS, numbers_carried()) == []


def test_what_waits_has_no_test_yet() -> None:
    assert sorted(i for i in numbers_carried() if ASSERTIONS.get(i, {}).get("open")) == []


def test_every_number_a_test_carries_is_known() -> None:
    families = "6749|6750|7009|7662|8414|JOSE|8725|9068|9700|8707|RATE|TSL|9701"
    unknown = {i for i in numbers_carried() if re.fullmatch(rf"T-({families})-\d+", i)}
    assert sorted(unknown - ASSERTIONS.keys()) == []


def test_the_check_notices_a_must_without_a_test() -> None:
    assert carried('@pytest.mark.spec("T-1-01", "T-1-02")\ndef test(): ...') == {"T-1-01", "T-1-02"}
    assert missing({"T-1-01": {"level": "M"}, "T-1-03": {"level": "M", "open": "later"}}, set()) == ["T-1-01"]


def test_the_registry_holds_all_of_them() -> None:
    by_level = {level: sum(a["level"] == level for a in ASSERTIONS.values()) for level in "MSCB"}
    assert sum(by_level.values()) == len(ASSERTIONS) == 180
