"""What is asked of a deployment's database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Engine, event


class Statement(NamedTuple):
    """One statement as the driver gets it, its spaces made one."""

    text: str
    given: Any


@contextmanager
def heard(engine: Engine) -> Iterator[list[Statement]]:
    """The statements that an engine is given meanwhile: a database's `reader` or `writer`."""
    said: list[Statement] = []

    def hear(_connection: Any, _cursor: Any, text: str, given: Any, *_: Any) -> None:
        said.append(Statement(re.sub(r"\s+", " ", text), given))

    event.listen(engine, "before_cursor_execute", hear)
    yield said
    event.remove(engine, "before_cursor_execute", hear)
