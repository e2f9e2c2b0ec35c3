"""PostgreSQL: no question waits for ever, whatever has become of the server or the way to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a statement may take, in seconds: waiting for a lock, running, and until its answer is here.

    The server keeps the first two. The last one is ours: a frozen backend keeps no promise (RELIABILITY.md D10).
    """

    lock: int
    statement: int
    answer: int


READING = Patience(2, 3, 4)
WRITING = Patience(5, 6, 7)


class TooLate(Exception):
    """The answer did not come in time; what was asked may or may not have happened."""


def keep(engine: Engine, patience: Patience) -> None:
    """Give every connection of an engine these deadlines."""
    import psycopg  # noqa: PLC0415 - an extra that only PostgreSQL needs

    class AnswerTooLate(TooLate, psycopg.OperationalError):
        """What SQLAlchemy takes for the driver's own error."""

    class Connection(psycopg.Connection[Any]):
        """A connection that is closed when an answer does not come in time: nobody knows what it would say next."""

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, timeout or patience.answer)
            except psycopg.errors._WaitTimeout as error:  # noqa: SLF001 - the only name it has
                self.pgconn.finish()
                raise AnswerTooLate from error

    def connect(_dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]) -> Any:
        limits = f"-c lock_timeout={patience.lock}s -c statement_timeout={patience.statement}s"
        return Connection.connect(
            *arguments, **{**options, "options": f"{options.get('options', '')} {limits}".strip()}
        )

    event.listen(engine, "do_connect", connect)
