"""Structured logs: one JSON object a line, with the request's ID and never a secret."""

from __future__ import annotations

import logging
import sys
import traceback
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
    def path(self) -> str:
        """Its path."""
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
    """Send every line to standard error as JSON."""
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), _json],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _json(_logger: Any, _name: str, event: Any) -> str:
    return orjson.dumps(event, default=str).decode()


_log = structlog.get_logger()


def told(event: str, **members: Any) -> None:
    """Log something worth knowing. Members must hold no secret and no token."""
    _log.info(event, **members)


def warned(event: str, **members: Any) -> None:
    """Log something an operator should look at."""
    _log.warning(event, **members)


def refused(request: Asked, route: str, answer: Answered) -> None:
    """Log a refusal with its exact reason; the path is left out where it is ours to know."""
    _log.info(
        "request.refused", request_id=request.id, route=route or request.path[:200], method=request.method, status=answer.status,
        reason=answer.reason, address=str(request.address) if request.address is not None else None,
    )


def crashed(request: Asked, error: BaseException) -> None:
    """Log an unforeseen failure: where it happened, without the values that were in play."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename.rpartition('/app/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
    _log.error("request.crashed", request_id=request.id, method=request.method, error=type(error).__name__, where=where)
