"""What a deployment compiles when it starts, compiled once for a whole run: statements and addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from app.store.database import Database

MOST_STATEMENTS = 4096
_dialects: dict[tuple[str, object], Dialect] = {}
_statements: LRUCache = LRUCache(MOST_STATEMENTS)
_builders: dict[object, Any] = {}


def statements(database: Database) -> None:
    """Give the engines of a database the dialects and the compiled statements of those before them.

    SQLAlchemy keeps what it compiled per engine and dialect; a test's engines talk to the same driver and differ in
    the address alone.
    """
    for engine in (database.writer, database.reader):
        kind = (engine.url.drivername, engine.dialect._on_connect_isolation_level)
        engine.dialect = _dialects.setdefault(kind, engine.dialect)
        engine._compiled_cache = _statements
    database._dialect = database.reader.dialect


def addresses() -> None:
    """Keep the functions that Werkzeug compiles for each address: every application of a run has the same ones."""
    compile_builder: Callable[..., Any] = Rule._compile_builder

    def kept(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        what = (rule.rule, tuple(rule._trace), append_unknown)
        if what not in _builders:
            _builders[what] = compile_builder(rule, append_unknown)
        return _builders[what]

    Rule._compile_builder = kept  # type: ignore[method-assign]
