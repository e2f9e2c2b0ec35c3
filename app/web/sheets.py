"""Writes rows as CSV that no spreadsheet takes for formulas, a bounded piece at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

CSV = "text/csv; charset=utf-8"
ROWS = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_pieces(names: Sequence[str], rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Write a header and the rows.

    names     the columns, members of each row
    returns   UTF-8, so many rows a piece
    """
    rest = iter(rows)
    yield _written([list(names)])
    while some := list(islice(rest, ROWS)):
        yield _written([[_cell(row[name]) for name in names] for row in some])


def _written(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
