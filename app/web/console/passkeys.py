"""Passkeys: the pages that add, list and remove them, and the way in with one."""

from __future__ import annotations

from app.actions.people import passkeys
from app.actions.people.attempts import NotIn
from app.actions.people.passkeys import Challenge
from app.domain.refusals import Invalid
from app.web.console import cookies, english, rendering
from app.web.console.account import HERE, said
from app.web.console.forgery import local
from app.web.console.pages import Pages, Visit, redirect
from app.web.console.proof import trouble
from app.web.console.verify import address, client
from app.web.replies import Answer

pages = Pages()
MINE = f"{HERE}/passkeys"


@pages.add("POST", "/sign-in/passkey/options", public=True)
def ask(visit: Visit) -> Answer:
    """POST /sign-in/passkey/options: the challenge, for the script."""
    return _asked(visit, passkeys.ask(visit.ctx, visit.now))


@pages.add("POST", "/sign-in/passkey", public=True)
def let_in(visit: Visit) -> Answer:
    """POST /sign-in/passkey."""
    form, settings = visit.form, visit.ctx.settings
    place, held = local(form.get("next")), cookies.read(visit.http, cookies.CHALLENGE)
    answer = form.get("credential", "")
    over = cookies.taken(settings, cookies.CHALLENGE, strict=True)
    try:
        cookie = passkeys.let_in(visit.ctx, held, answer, visit.now, address=address(visit), client=client(visit))
    except NotIn as not_in:
        wrong = visit.words.gettext("This passkey is not known here, or it took too long. Try again.")
        text, status, headers = trouble(visit, not_in, wrong)
        return rendering.page(
            visit, "sign_in", status=status, headers=(over, *headers), email="", problem=text, next=place
        )
    return redirect(place, cookies.given(settings, cookies.SESSION, cookie), over)


@pages.add("POST", "/re-auth/passkey/options")
def ask_again(visit: Visit) -> Answer:
    """POST /re-auth/passkey/options: a challenge for the member's own passkeys."""
    return _asked(visit, passkeys.ask(visit.ctx, visit.now, visit.signed))


@pages.add("GET", f"{MINE}/new", proof=True)
def new(visit: Visit) -> Answer:
    """GET /account/passkeys/new."""
    return _form(visit, "", {})


@pages.add("POST", f"{MINE}/options", proof=True)
def offer(visit: Visit) -> Answer:
    """POST /account/passkeys/options: what the authenticator is asked for."""
    return _asked(visit, passkeys.offer(visit.ctx, visit.signed, visit.now))


@pages.add("POST", MINE, proof=True)
def add(visit: Visit) -> Answer:
    """POST /account/passkeys."""
    form, held = visit.form, cookies.read(visit.http, cookies.CHALLENGE)
    name, answer = form.get("name", ""), form.get("credential", "")
    try:
        passkeys.add(visit.ctx, visit.signed, visit.actor, visit.now, held=held, answer=answer, name=name)
    except Invalid as invalid:
        return _form(visit, name, english.problems(invalid))
    return said(visit, visit.words.gettext("The passkey %(name)s was added.") % {"name": name.strip()})


@pages.add("POST", f"{MINE}/{{passkey_id}}/remove", proof=True)
def remove(visit: Visit) -> Answer:
    """POST /account/passkeys/<id>/remove."""
    passkeys.remove(visit.ctx, visit.signed, visit.actor, visit.path["passkey_id"], visit.now)
    return said(visit, visit.words.gettext("The passkey was removed."))


def _asked(visit: Visit, challenge: Challenge) -> Answer:
    held = cookies.given(visit.ctx.settings, cookies.CHALLENGE, challenge.held, strict=True)
    return Answer(
        200, (("Content-Type", "application/json"), ("Cache-Control", "no-store"), held), challenge.options.encode()
    )


def _form(visit: Visit, name: str, problems: dict[str, str]) -> Answer:
    status = 422 if problems else 200
    return rendering.page(visit, "passkey_new", status=status, here=HERE, name=name, problems=problems)
