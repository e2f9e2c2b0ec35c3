"""The deployment's signing keys: everybody who may look sees their states; members marked operator change them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.actions import signing_keys
from app.domain import confirmation
from app.domain.refusals import Conflict, NotFound
from app.settings import JWKS_MAX_AGE
from app.web.console import rendering
from app.web.console.key_forms import notice, said
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
ADDRESS = "/settings/signing-keys"
PREFIX = 8  # so much of a key's ID is typed before the key is revoked
LIVE = frozenset({"next", "active", "verifying"})


@pages.add("GET", ADDRESS, "signing_keys:read")
def key_table(visit: Visit) -> Answer:
    """GET /settings/signing-keys."""
    return _table(visit, {}, notice=visit.notice())


@pages.add("POST", f"{ADDRESS}/prepare", "signing_keys:write", proof=True)
def prepare(visit: Visit) -> Answer:
    """POST /settings/signing-keys/prepare: publish another key, not used yet."""
    made = signing_keys.prepare(visit.ctx, visit.actor, visit.now)
    notice(visit, visit.words.gettext("Signing key %(kid)s was published.") % {"kid": made["kid"][:PREFIX]})
    return redirect(ADDRESS)


@pages.add("GET", f"{ADDRESS}/{{kid}}/activate", "signing_keys:write", proof=True)
def activate_form(visit: Visit) -> Answer:
    """GET /settings/signing-keys/<kid>/activate."""
    return _asking(visit, "signing_key_activate", {})


@pages.add("POST", f"{ADDRESS}/{{kid}}/activate", "signing_keys:write", proof=True)
def activate(visit: Visit) -> Answer:
    """POST /settings/signing-keys/<kid>/activate: sign with this key from now on."""
    kid = _key(visit)["kid"]
    try:
        signing_keys.activate(visit.ctx, visit.actor, visit.now, kid)
    except Conflict as error:
        return _asking(visit, "signing_key_activate", said(error), status=409)
    notice(visit, visit.words.gettext("New tokens are signed with %(kid)s.") % {"kid": kid[:PREFIX]})
    return redirect(ADDRESS)


@pages.add("GET", f"{ADDRESS}/{{kid}}/revoke", "signing_keys:write", proof=True)
def revoke_form(visit: Visit) -> Answer:
    """GET /settings/signing-keys/<kid>/revoke."""
    return _asking(visit, "signing_key_revoke", {})


@pages.add("POST", f"{ADDRESS}/{{kid}}/revoke", "signing_keys:write", proof=True)
def revoke(visit: Visit) -> Answer:
    """POST /settings/signing-keys/<kid>/revoke: stop a key and every token it signed."""
    kid = _key(visit)["kid"]
    if not confirmation.typed(visit.form.get("typed", ""), kid[:PREFIX]):
        problems = {"typed": visit.words.gettext("The text does not match.")}
        return _asking(visit, "signing_key_revoke", problems, status=422)
    try:
        signing_keys.revoke(visit.ctx, visit.actor, visit.now, kid)
    except Conflict as error:
        return _asking(visit, "signing_key_revoke", said(error), status=409)
    notice(visit, visit.words.gettext("Signing key %(kid)s was revoked.") % {"kid": kid[:PREFIX]})
    return redirect(ADDRESS)


def _key(visit: Visit) -> dict[str, Any]:
    for key in signing_keys.all_keys(visit.ctx, visit.now):
        if key["kid"] == visit.path["kid"]:
            return key
    raise NotFound("signing key")


def _first(keys: list[dict[str, Any]], state: str) -> dict[str, Any] | None:
    # Newest first: of several prepared keys the oldest is the next to sign.
    return next((key for key in reversed(keys) if key["state"] == state), None)


def _waits(visit: Visit, key: dict[str, Any] | None) -> bool:
    # Whether a cached JWKS may lack this key still.
    return key is not None and visit.now < datetime.fromisoformat(key["usable_at"])


def _table(visit: Visit, problems: dict[str, str], *, notice: str = "") -> Answer:
    keys = signing_keys.all_keys(visit.ctx, visit.now)
    following = _first(keys, "next")
    return rendering.page(
        visit,
        "signing_keys",
        here=ADDRESS,
        keys=keys,
        active=_first(keys, "active"),
        following=following,
        waits=_waits(visit, following),
        live=LIVE,
        prefix=PREFIX,
        cached=int(JWKS_MAX_AGE.total_seconds()) // 60,
        problems=problems,
        notice=notice,
    )


def _asking(visit: Visit, template: str, problems: dict[str, str], status: int = 200) -> Answer:
    keys = signing_keys.all_keys(visit.ctx, visit.now)
    key, following = _key(visit), _first(keys, "next")
    return rendering.page(
        visit,
        template,
        status=status,
        here=ADDRESS,
        key=key,
        prefix=key["kid"][:PREFIX],
        waits=_waits(visit, key),
        following=following,
        following_waits=key["state"] == "active" and _waits(visit, following),
        minutes=signing_keys.LONGEST_TOKEN.total_seconds() // 60,
        problems=problems,
    )
