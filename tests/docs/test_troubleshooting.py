"""docs/troubleshooting.md has an entry for whatever an answer can say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web.reply_tables import DOORS, FAULTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HEADINGS = set(re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE))
CODED = {"Conflict": 0, "Forbidden": 0, "problem": 1}  # where the code stands among the arguments


def codes() -> Iterator[str]:
    """Every `error` that the application can answer outside OAuth endpoints."""
    yield from (row.error for row in DOORS.values())
    yield from FAULTS
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            place = CODED.get(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                yield node.args[place].value


def test_every_error_has_an_entry() -> None:
    found = set(codes())
    assert {"invalid_api_key", "key_limit_reached", "operator_only", "unavailable", "server_error"} <= found
    assert sorted(found - HEADINGS) == []


@pytest.mark.spec("S2-37", "S2-38", "S2-39", "S2-40", "S2-41", "S5-2")
@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("invalid_api_key", "extra spaces"),
        ("invalid_api_key", "revoked"),
        ("invalid_api_key", "Authorization: Bearer"),
        ("insufficient_scope", "Unauthorized"),
        ("insufficient_scope", "missing scope"),
        ("No-code tools (Zapier, Pabbly)", "X-API-Key"),
        ("Key not working", "/api/user"),
    ],
)
def test_the_entries_say_what_people_look_for(entry: str, said: str) -> None:
    text = re.split(rf"^##+ {re.escape(entry)}$", PAGE, flags=re.MULTILINE)[1]
    assert said in re.split(r"^##+ ", text, flags=re.MULTILINE)[0]
