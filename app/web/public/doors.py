"""The doors that anybody with a key may knock at."""

from __future__ import annotations

from app.domain.times import rfc3339
from app.web.doors import enter, expiry_headers
from app.web.replies import NO_STORE, Answer, json_answer
from app.web.request import Request


def user(request: Request) -> Answer:
    """GET /api/user: tell a key who it is; the call to try a key with."""
    request.require_secure()
    caller, door = enter(request, request.ctx.settings.default_audience, frozenset())
    facts = caller.facts
    return json_answer(
        {
            "key_id": facts.key_id,
            "name": facts.name,
            "tenant": {"id": facts.tenant_id, "name": facts.tenant_name} if facts.tenant_id else None,
            "group": {"id": facts.group_id, "name": facts.group_name},
            "scopes": sorted(caller.terms.scope),
            "expires_at": rfc3339(facts.expires_at),
            "door": door,
        },
        headers=(*NO_STORE, *expiry_headers(caller, request)),
    )
