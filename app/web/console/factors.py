"""Codes of an authenticator app: set up, turned off, and the recovery codes."""

from __future__ import annotations

import segno
from markupsafe import Markup

from app.actions.people import codes
from app.actions.people.codes import Offer
from app.domain.refusals import Conflict, Invalid
from app.web.console import english, rendering
from app.web.console.account import HERE, said
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
TOTP = f"{HERE}/authenticator"


@pages.add("GET", TOTP, proof=True)
def set_up_form(visit: Visit) -> Answer:
    """GET /account/authenticator: a new secret to scan."""
    try:
        return _offering(visit, codes.offer(visit.ctx, visit.signed), {})
    except Conflict:
        return redirect(HERE)


@pages.add("POST", TOTP, proof=True)
def turn_on(visit: Visit) -> Answer:
    """POST /account/authenticator: the first code; answers with the recovery codes, once."""
    try:
        made = codes.turn_on(visit.ctx, visit.signed, visit.actor, visit.form.get("code", ""), visit.now)
    except Invalid as invalid:
        problems = english.problems(invalid)
        return _offering(visit, codes.offered(visit.ctx, visit.signed), problems)
    return rendering.page(visit, "recovery_codes", here=HERE, codes=made, first=True)


@pages.add("POST", f"{TOTP}/off", proof=True)
def turn_off(visit: Visit) -> Answer:
    """POST /account/authenticator/off."""
    codes.turn_off(visit.ctx, visit.signed, visit.actor, visit.now)
    return said(visit, visit.words.gettext("Codes of your authenticator app are no longer asked for."))


@pages.add("POST", f"{TOTP}/recovery-codes", proof=True)
def new_codes(visit: Visit) -> Answer:
    """POST /account/authenticator/recovery-codes: others in place of those there are, shown in this answer alone."""
    made = codes.new_recovery_codes(visit.ctx, visit.signed, visit.actor, visit.now)
    return rendering.page(visit, "recovery_codes", here=HERE, codes=made, first=False)


def _offering(visit: Visit, offer: Offer, problems: dict[str, str]) -> Answer:
    drawn = segno.make(offer.uri, micro=False, error="m")
    label = visit.words.gettext("QR code of the secret")
    # Ink on white in both themes: not every app reads the reverse.
    picture = drawn.svg_inline(omitsize=True, border=3, dark="#000", light="#fff", svgclass="kt-qr", lineclass=None)
    said_picture = picture.replace("<svg ", f'<svg role="img" aria-label="{Markup.escape(label)}" ', 1)
    groups = " ".join(offer.secret[index : index + 4] for index in range(0, len(offer.secret), 4))
    return rendering.page(
        visit,
        "authenticator",
        status=422 if problems else 200,
        here=HERE,
        problems=problems,
        picture=Markup(said_picture),  # noqa: S704 - drawn here, from an address of ours
        secret=offer.secret,
        groups=groups,
    )
