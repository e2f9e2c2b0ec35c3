"""Questions asked with every request: compiled once, run on the driver's own connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Select


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    names: tuple[str, ...] | None  # the parameters in their order; None where the driver takes them by name
    results: tuple[tuple[int, Callable[[Any], Any]], ...]  # columns whose values need turning into ours


class Prepared:
    """A SELECT that SQLAlchemy writes and the driver runs: 12 µs, not 43, for a row of SQLite (bench/README.md)."""

    def __init__(self, question: Select[Any]) -> None:
        self._question = question
        self._compiled: dict[str, _Compiled] = {}

    def first(self, cursor: Any, dialect: Dialect, parameters: Mapping[str, Any]) -> list[Any] | None:
        """The first row, or None. Errors are the driver's own; `Database.first` knows them.

        cursor   one of the driver's own, of this dialect
        """
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        given = parameters if compiled.names is None else [parameters[name] for name in compiled.names]
        # All of it: an SQLite cursor that is not exhausted keeps its snapshot, and would answer from the past.
        rows = cursor.execute(compiled.sql, given).fetchall()
        if not rows:
            return None
        row = list(rows[0])
        for index, turn in compiled.results:
            if row[index] is not None:
                row[index] = turn(row[index])
        return row

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._question.compile(dialect=dialect)
        results = []
        for index, column in enumerate(self._question.selected_columns):
            turn = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if turn is not None:
                results.append((index, turn))
        names = tuple(compiled.positiontup) if compiled.positiontup is not None else None
        found = self._compiled[dialect.name] = _Compiled(str(compiled), names, tuple(results))
        return found
