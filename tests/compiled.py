"""What a deployment compiles when it starts, compiled once for a whole run: statements and addresses."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from app.store.database import Database

MOST_STATEMENTS = 4096
_dialects: dict[tuple[str, object], Dialect] = {}
_statements: LRUCache = LRUCache(MOST_STATEMENTS)
_addresses: dict[object, tuple[dict[str, Any], Any, Any]] = {}


def statements(database: Database) -> None:
    """Give the engines of a database the dialects and the compiled statements of those before them.

    SQLAlchemy keeps what it compiled per engine and dialect; a test's engines talk to the same driver and differ in
    the address alone.
    """
    for engine in (database.writer, database.reader):
        kind = (engine.url.drivername, engine.dialect._on_connect_isolation_level)
        own, engine.dialect = engine.dialect, _dialects.setdefault(kind, engine.dialect)
        if engine.dialect.server_version_info is not None:
            own.initialize = _known  # its first connection would ask the server what the first dialect has heard
        engine._compiled_cache = _statements
    database._dialect = database.reader.dialect


def _known(_connection: Connection) -> None:
    """Ask nothing."""


def addresses() -> None:
    """Keep what Werkzeug compiles for each address: every application of a run has the same ones."""
    compile_rule: Callable[[Rule], None] = Rule.compile

    def kept(rule: Rule) -> None:
        if rule.defaults:
            compile_rule(rule)
            return
        what = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes)
        if what not in _addresses:
            compile_rule(rule)
            found = {name: getattr(rule, name) for name in ("_parts", "_trace", "_converters", "arguments")}
            _addresses[what] = (found, rule._build.__func__, rule._build_unknown.__func__)  # type: ignore[attr-defined]
        found, build, build_unknown = _addresses[what]
        vars(rule).update(found, _build=MethodType(build, rule), _build_unknown=MethodType(build_unknown, rule))

    Rule.compile = kept  # type: ignore[method-assign]
