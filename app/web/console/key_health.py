"""Which keys deserve a look: what is failing now, what is a risk, what is in order."""

from __future__ import annotations

from typing import Any

from app.actions import key_evidence, key_lists, usage
from app.actions.key_lists import Filters
from app.web.console import rendering
from app.web.console.key_filters import ADDRESS
from app.web.console.pages import Pages, Visit
from app.web.replies import Answer

pages = Pages()
PLACE = f"{ADDRESS}/health"
MOST_NAMED, MOST_LOOKED_THROUGH = 3, 5000  # names are worth a look through some keys, not through all of many
# An integration is failing, or a deadline is near; the other questions are about risk.
URGENT = ("expired_but_called", "revoked_but_called", "browser_use", "expiring_soon", "long_overlap")
ICONS = {
    "expired_but_called": ("calendar-x", "is-bad"),
    "revoked_but_called": ("ban", "is-bad"),
    "browser_use": ("world-www", "is-bad"),
    "expiring_soon": ("clock", "is-warn"),
    "long_overlap": ("refresh", "is-warn"),
    "full_access": ("shield-lock", "is-warn"),
    "no_ip_allowlist": ("world-off", ""),
    "never_expires": ("infinity", ""),
    "old_secret": ("hourglass", ""),
    "never_used": ("circle-x", ""),
    "idle": ("history", ""),
}


@pages.add("GET", PLACE, "api_keys:read")
def key_health(visit: Visit) -> Answer:
    """GET /tenant-api-keys/health."""
    found = usage.key_health(visit.ctx, visit.tenant_id, visit.now)
    whole = key_lists.page(visit.ctx, visit.tenant_id, Filters(), visit.now, limit=1)
    few = (whole.total or 0) <= MOST_LOOKED_THROUGH
    cards = [{**card, "keys": _named(visit, card) if few else []} for card in found["cards"] if card["count"]]
    return rendering.page(
        visit,
        "key_health",
        here=PLACE,
        total=whole.total,
        urgent=[card for card in cards if card["name"] in URGENT],
        planned=[card for card in cards if card["name"] not in URGENT],
        fine=[card for card in found["cards"] if not card["count"]],
        clear=found["clear"],
        icons=ICONS,
        most_named=MOST_NAMED,
    )


def _named(visit: Visit, card: dict[str, Any]) -> list[dict[str, Any]]:
    filters = Filters(health=card["name"])
    page = key_lists.page(
        visit.ctx, visit.tenant_id, filters, visit.now, sort="last_used", descending=True, limit=MOST_NAMED
    )
    return [{**key, "told": _told(visit, card["name"], key["client_id"])} for key in page.items]


def _told(visit: Visit, question: str, key_id: str) -> dict[str, Any] | None:
    # Who still calls a key that is over is what somebody needs to find the integration.
    if question == "expired_but_called":
        return key_evidence.since_expiry(visit.ctx, visit.tenant_id, key_id, visit.now)
    if question == "revoked_but_called":
        return key_evidence.since_revocation(visit.ctx, visit.tenant_id, key_id)
    return None
