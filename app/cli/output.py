"""How commands answer: one JSON value for programs, tables and lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
_SECRET = "client_secret"


def json_flag(function: F) -> F:
    """Give a command `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON value and nothing else.")(function)


def yes_flag(function: F) -> F:
    """Give a command `--yes`."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(function)


def confirm(question: str, *, yes: bool, as_json: bool) -> None:
    """Ask on a terminal; anywhere else, and with `--json`, whoever calls has decided already."""
    if not (yes or as_json) and sys.stdin.isatty() and sys.stdout.isatty():
        click.confirm(question, abort=True)


def tell(value: Any, as_json: bool, text: str) -> None:  # noqa: FBT001 - the flag is the command's own
    """Answer with a value, or with what people read instead."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2) if as_json else text)


def tell_object(value: Mapping[str, Any], as_json: bool, notes: Sequence[str] = ()) -> None:  # noqa: FBT001
    """Answer with one object: its members line by line, and notes after them."""
    width = max(len(name) for name in value)
    lines = [f"{name:<{width}}  {plain(member)}" for name, member in value.items()]
    if value.get(_SECRET):
        notes = ("This is the only time the secret is shown.", *notes)
    tell(dict(value), as_json, "\n".join([*lines, *notes]))


def tell_list(items: Iterable[Mapping[str, Any]], as_json: bool, columns: Sequence[str]) -> None:  # noqa: FBT001
    """Answer with a list: all of it as JSON, or some of its members as a table."""
    rows = list(items)
    if as_json:
        tell({"items": [dict(row) for row in rows], "next": None, "total": len(rows)}, as_json, "")
        return
    cells = [[plain(row.get(column)) for column in columns] for row in rows]
    (_rich_table if sys.stdout.isatty() else _plain_table)(columns, cells)


def plain(value: Any) -> str:
    """Write any member for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, [], ""):
        return "-"
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("id") or value.get("hint") or dict(value))
    if isinstance(value, list):
        return ", ".join(plain(member) for member in value)
    return str(value)


def _plain_table(columns: Sequence[str], cells: list[list[str]]) -> None:
    widths = [max(len(row[n]) for row in [list(columns), *cells]) for n in range(len(columns))]
    for row in [[column.upper() for column in columns], *cells]:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _rich_table(columns: Sequence[str], cells: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, header_style="bold")
    for row in cells:
        table.add_row(*map(Text, row))  # a name may look like markup
    Console().print(table)
