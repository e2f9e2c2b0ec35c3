"""The console's parts, one by one, for whoever builds with them: only where the settings say so."""

from __future__ import annotations

from typing import Any

from app.domain.refusals import NotFound
from app.web.console import rendering
from app.web.console.pages import Pages, Visit
from app.web.replies import Answer

pages = Pages()
STATES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("active", "valid", ()),
    ("active", "expiring_soon", ()),
    ("active", "valid", ("rotating",)),
    ("active", "valid", ("suspended",)),
    ("active", "valid", ("exposed",)),
    ("active", "expired", ()),
    ("revoked", "valid", ()),
)


@pages.add("GET", "/dev/components", public=True)
def components(visit: Visit) -> Answer:
    """GET /dev/components."""
    if not visit.ctx.settings.development:
        raise NotFound("page")
    return rendering.page(visit, "components", keys=[_key(*state) for state in STATES], counts=_COUNTS)


_COUNTS = ({"used": 2, "limit": 5}, {"used": 4, "limit": 5}, {"used": 5, "limit": 5}, {"used": 12480, "limit": None})


def _key(status: str, expiration: str, flags: tuple[str, ...]) -> dict[str, Any]:
    return {"status": status, "expiration_state": expiration, "flags": flags}
