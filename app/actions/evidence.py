"""Evidence during a rotation: what is seen of both secrets, and whether the old one may be ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from app.actions.shapes import key_object
from app.domain import credentials
from app.domain.evidence import WRITTEN_WITHIN, Seen, Trace, judge_overlap
from app.domain.times import rfc3339
from app.store import keys, usage

MOST_CALLERS = 100
OVERLAP = 2  # secrets that work


def key_answer(connection: Connection, row: Row[Any], now: datetime) -> dict[str, Any]:
    """One key as an answer about it alone gives it: during a rotation with `rotation`, the evidence."""
    key = key_object(connection, row, now)
    evidence = rotation(connection, row.key_id, now) if len(key["secrets"]) >= OVERLAP else None
    return key if evidence is None else {**key, "rotation": evidence}


def rotation(connection: Connection, key_id: str, now: datetime) -> dict[str, Any] | None:
    """What is known about the two secrets of a key, the verdict and its reasons; None outside of an overlap."""
    secrets = keys.live_secrets(connection, [key_id], now)[key_id]
    if len(secrets) < OVERLAP:
        return None
    new, old = secrets[0], secrets[1]
    uses = usage.of_secrets(connection, [key_id])
    # A call counted by another process may be older than its place in the list: the verdict asks for its time.
    users = {
        secret.number: usage.callers(connection, key_id, MOST_CALLERS, secret=secret.number, since=new.created_at)
        for secret in (new, old)
    }
    traces = {number: _trace(uses.get(number), rows) for number, rows in users.items()}
    finding = judge_overlap(new.created_at, traces[old.number], traces[new.number], now)
    return {
        "rotated_at": rfc3339(new.created_at),
        "old_secret": _secret(key_id, old, uses.get(old.number), users[old.number], "late_calls"),
        "new_secret": _secret(key_id, new, uses.get(new.number), users[new.number], "calls"),
        "verdict": str(finding.advice),
        "reasons": list(finding.reasons),
        "evidence_as_of": rfc3339(now - WRITTEN_WITHIN),
    }


def _trace(use: Row[Any] | None, callers: Any) -> Trace:
    seen = [Seen(row.address, row.client, row.last_at) for row in callers]
    return Trace() if use is None else Trace(use.last_call_at, use.last_check_at, seen)


def _secret(key_id: str, secret: Row[Any], use: Row[Any] | None, callers: Any, counted: str) -> dict[str, Any]:
    return {
        "hint": credentials.hint(key_id, secret.tail),
        "created_at": rfc3339(secret.created_at),
        "ends_at": rfc3339(secret.ends_at),
        "last_used_at": rfc3339(use.last_used_at) if use is not None else None,
        "last_used_ip": (use.last_used_address or None) if use is not None else None,
        "last_used_client": (use.last_used_client or None) if use is not None else None,
        "calls_since_rotation": getattr(use, counted) if use is not None else 0,
        "callers": [
            {
                "ip": row.address or None,
                "client": row.client or None,
                "last_at": rfc3339(row.last_at),
                "calls": getattr(row, counted),
            }
            for row in callers
        ],
    }
