"""A request that says which request it repeats changes nothing a second time."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from app.domain.refusals import Conflict
from app.store import idempotency

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key with its caller and what was asked (a hash of method, address and body)."""

    caller: str
    key: str
    request_hash: bytes

    def repeated(self, connection: Connection, now: datetime) -> dict[str, Any] | None:
        """What was answered before, without its secret; None the first time. Conflict after another request's use."""
        row = idempotency.find(connection, self.caller, self.key, now)
        if row is None:
            return None
        if not hmac.compare_digest(row.request_hash, self.request_hash):
            raise Conflict("idempotency_key_reused", "This Idempotency-Key was used for another request.")
        body: dict[str, Any] = json.loads(row.body)
        return body

    def remember(self, connection: Connection, body: dict[str, Any], now: datetime) -> None:
        """Keep an answer for a day. `body` must hold no secret."""
        idempotency.add(
            connection,
            caller=self.caller,
            idempotency_key=self.key,
            request_hash=self.request_hash,
            status=0,
            body=json.dumps(body),
            kept_until=now + KEPT_FOR,
        )
