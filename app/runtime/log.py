"""Structured logs: one JSON object a line, with the request's ID and never a secret."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol

import orjson
import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Asked(Protocol):
    """The part of a request a log line tells of."""

    @property
    def id(self) -> str:
        """The request's ID."""

    @property
    def method(self) -> str:
        """Its method."""

    @property
    def address(self) -> Any:
        """Where it comes from."""


class Answered(Protocol):
    """The part of an answer a log line tells of."""

    @property
    def status(self) -> int:
        """Its status."""

    @property
    def reason(self) -> str | None:
        """Why it refuses, for us alone."""


def configure(level: str) -> None:
    """Send every line to standard error as JSON, those of the libraries included."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    root.addHandler(_Libraries())
    # Below this, libraries tell what they work with: statements, tokens (HOUSE.md Appendix A row 1).
    root.setLevel(max(LEVELS[level], logging.WARNING))
    logging.captureWarnings(capture=True)


def _json(_logger: Any, _name: str, event: Any) -> str:
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits: escapes can say those
        return json.dumps(event, default=str)


class _Libraries(logging.Handler):
    """Writes what libraries log through the standard library as lines like ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; of an exception its kind and place, never its text, which may hold values."""
        line: dict[str, Any] = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"error": record.exc_info[0].__name__, "where": where(record.exc_info[2])}
        sys.stderr.write(_json(None, "", line) + "\n")
        sys.stderr.flush()


def where(trace: TracebackType | None) -> list[str]:
    """Name the innermost places of a traceback, without the values that were in play."""
    frames = traceback.extract_tb(trace)
    return [f"{frame.filename.rpartition('/app/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-8:]]


_log = structlog.get_logger()


def told(event: str, **members: Any) -> None:
    """Log something worth knowing. Members must hold no secret and no token."""
    _log.info(event, **members)


def warned(event: str, **members: Any) -> None:
    """Log something an operator should look at."""
    _log.warning(event, **members)


def failed(event: str, error: BaseException, **members: Any) -> None:
    """Log an unforeseen failure: its kind and place, without the values that were in play."""
    _log.error(event, error=type(error).__name__, where=where(error.__traceback__), **members)


def refused(request: Asked, route: str, answer: Answered) -> None:
    """Log a refusal with its exact reason. Not the path: keys get pasted into it."""
    _answered("info", "request.refused", request, route, answer)


def granted(request: Asked, route: str, answer: Answered) -> None:
    """Log an answer that is no refusal, for those who look for a fault."""
    _answered("debug", "request.answered", request, route, answer)


def _answered(level: str, event: str, request: Asked, route: str, answer: Answered) -> None:
    getattr(_log, level)(
        event,
        request_id=request.id,
        route=route,
        method=request.method[:16],
        status=answer.status,
        reason=answer.reason,
        address=str(request.address) if request.address is not None else None,
    )


def crashed(request: Asked, error: BaseException) -> None:
    """Log a request that ended in an unforeseen failure."""
    failed("request.crashed", error, request_id=request.id, method=request.method[:16])
