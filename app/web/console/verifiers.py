"""Verifiers: which of them poll status lists with credentials, what each holds, how far a revocation has come."""

from __future__ import annotations

from app.actions import propagation
from app.web.console import rendering
from app.web.console.key_filters import ADDRESS as KEYS
from app.web.console.pages import Pages, Visit
from app.web.replies import Answer

pages = Pages()
ADDRESS = "/settings/verifiers"


@pages.add("GET", ADDRESS, "audit:read")
def verifier_list(visit: Visit) -> Answer:
    """GET /settings/verifiers."""
    found = propagation.verifiers(visit.ctx, visit.tenant_id, visit.now)
    return rendering.page(visit, "verifier_list", here=ADDRESS, verifiers=found, ttl=visit.ctx.settings.status_ttl)


@pages.add("GET", f"{KEYS}/{{key_id}}/propagation", "api_keys:read")
def key_propagation(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/propagation: the line of a key's page that fills in by itself."""
    key_id = visit.path["key_id"]
    latest = propagation.latest(visit.ctx, visit.tenant_id, key_id, visit.now)
    return rendering.page(visit, "key_propagation", reached=latest, key={"client_id": key_id})
