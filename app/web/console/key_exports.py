"""Keys taken out as a file: all that a list shows, or those that were selected in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from app.actions import key_choices, key_lists
from app.web import sheets
from app.web.console import rendering
from app.web.console.key_filters import ADDRESS, Asked, understood
from app.web.console.pages import Pages, Visit
from app.web.replies import Answer

pages = Pages()
COLUMNS = (
    "client_id",
    "name",
    "description",
    "group",
    "status",
    "expiration_state",
    "flags",
    "created_at",
    "expires_at",
    "ip_allowlist",
    "last_used_at",
    "last_used_ip",
    "last_used_client",
    "secret_hint",
)


@pages.add("GET", f"{ADDRESS}/export.csv", "api_keys:read")
def export(visit: Visit) -> Answer:
    """GET /tenant-api-keys/export.csv: what the list says of each key, never a secret."""
    return _file(_listed(visit, Asked(visit.query)))


@pages.add("POST", f"{ADDRESS}/export.csv", "api_keys:read")
def export_selected(visit: Visit) -> Answer:
    """POST /tenant-api-keys/export.csv: the same of the keys that were selected in the list."""
    form = visit.form
    if form.get("matching"):
        return _file(islice(_listed(visit, Asked.of(form.get("list", ""))), key_lists.MOST_AT_ONCE))
    return _file(key_choices.objects(visit.ctx, visit.tenant_id, form.lists.get("select", []), visit.now))


def _listed(visit: Visit, asked: Asked) -> Iterator[dict[str, Any]]:
    asked = understood(visit, asked)
    return key_lists.every(visit.ctx, visit.tenant_id, asked.filters(visit), visit.now, **asked.in_order)


def _file(keys: Iterable[dict[str, Any]]) -> Answer:
    return rendering.download("api-keys.csv", sheets.CSV, sheets.csv_pieces(COLUMNS, map(_row, keys)))


def _row(key: dict[str, Any]) -> dict[str, Any]:
    return {
        **key,
        "group": key["group"]["name"],
        "flags": " ".join(key["flags"]),
        "ip_allowlist": " ".join(key["ip_allowlist"]),
        "secret_hint": key["secrets"][0]["hint"] if key["secrets"] else None,
    }
