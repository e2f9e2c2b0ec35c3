"""Routes every page, and turns failures into pages."""

from __future__ import annotations

import re
from typing import Any

import flask
from flask import Blueprint, Flask
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoSuchAddress

from app.context import Context
from app.domain.refusals import NotFound
from app.web import replies
from app.web.console import (
    account,
    assets,
    audit_log,
    components,
    entrance,
    errors,
    factors,
    groups,
    help_pages,
    key_activity,
    key_batches,
    key_details,
    key_edits,
    key_endings,
    key_exports,
    key_forms,
    key_health,
    key_list,
    key_overlaps,
    member_steps,
    members,
    passkeys,
    proof,
    refilling,
    resuming,
    signing_keys,
    sso_entrance,
    sso_settings,
    tenant,
    verifiers,
    verify,
    violations,
)
from app.web.console.guard import visited
from app.web.console.packing import packed
from app.web.console.pages import Page, ProofNeeded, SignedOut, redirect
from app.web.console.rendering import Streamed
from app.web.replies import Answer
from app.web.request import Request
from app.web.unanswered import asked, nowhere, response

SEE_OTHER, NO_CONTENT = 303, 204
FOR_PROGRAMS = "/admin"  # whose answers are JSON, even to a browser
PARTS = (
    entrance.pages,
    key_list.pages,
    key_exports.pages,
    key_forms.pages,
    key_details.pages,
    key_activity.pages,
    key_endings.pages,
    key_edits.pages,
    key_overlaps.pages,
    key_health.pages,
    key_batches.pages,
    audit_log.pages,
    help_pages.pages,
    proof.pages,
    resuming.pages,
    account.pages,
    factors.pages,
    verify.pages,
    groups.pages,
    members.pages,
    member_steps.pages,
    tenant.pages,
    signing_keys.pages,
    passkeys.pages,
    sso_entrance.pages,
    sso_settings.pages,
    violations.pages,
    components.pages,
    verifiers.pages,
)


def install(app: Flask, ctx: Context) -> None:
    """Add the console to the application of an admin plane."""
    blueprint = Blueprint("console", __name__)
    for number, page in enumerate(page for part in PARTS for page in part.every):
        rule = re.sub(r"{(\w+)}", r"<\1>", page.path)
        blueprint.add_url_rule(
            rule, f"{number}", _routed(page, ctx), methods=[page.method], provide_automatic_options=False
        )
    blueprint.add_url_rule("/assets/<name>", "assets", lambda name: _asset(asked(ctx), name), methods=["GET"])
    for alias in ("/settings/api-keys", "/settings/api", "/api-credentials"):
        blueprint.add_url_rule(alias, f"alias {alias}", lambda: _moved(asked(ctx)), methods=["GET"])
    app.register_blueprint(blueprint)
    for kind in (NoSuchAddress, MethodNotAllowed):
        app.register_error_handler(kind, lambda error: response(_lost(asked(ctx), error), asked(ctx)))


def _routed(page: Page, ctx: Context) -> Any:
    def answered(**path: str) -> flask.Response:
        http = asked(ctx)
        found = answer(page, http, path)
        if not isinstance(found, Streamed):
            return response(packed(http, found), http)
        made = response(found, http)
        made.response = found.pieces
        return made

    return answered


def answer(page: Page, http: Request, path: dict[str, str]) -> Answer:
    """Answer one request for a page, whatever happens."""
    elsewhere = _console_address(http)
    if elsewhere is not None and http.method != "POST":
        return redirect(elsewhere)
    try:
        if any("\0" in member for member in path.values()):
            raise NotFound("page")
        return _for_dialogs(http, refilling.refilled(http, visited(page, http, path)))
    except SignedOut as out:
        return _for_dialogs(http, resuming.to_the_door(out.page, out.visit))
    except ProofNeeded as needed:
        return proof.wanted(needed.visit)
    except Exception as error:  # noqa: BLE001 - the last line: whatever happens gets an answer
        return errors.answer(http, error)


def _lost(http: Request, error: NoSuchAddress | MethodNotAllowed) -> Answer:
    # Somebody who mistyped an address reads a page; a program reads what every address of ours says.
    browser = "text/html" in (http.header("Accept") or "") and not http.path.startswith(FOR_PROGRAMS)
    return errors.answer(http, nowhere(error)) if browser else replies.failure(nowhere(error), http.id)


def _for_dialogs(http: Request, found: Answer) -> Answer:
    # A script that sends a dialog's form learns the next place without opening it: a new secret is shown there once.
    if found.status != SEE_OTHER or http.header("HX-Request") is None:
        return found
    headers = tuple(("HX-Redirect" if name == "Location" else name, value) for name, value in found.headers)
    return Answer(NO_CONTENT, headers, b"")


def _console_address(http: Request) -> str | None:
    # On a loopback address people may type either name, but sessions and passkeys belong to one.
    base = http.ctx.settings.console_base
    host, _, port = (http.header("Host") or "").rpartition(":")
    if host in {"127.0.0.1", "[::1]"} and base == f"http://localhost:{port}":
        query = http.environ.get("QUERY_STRING")
        return f"{base}{http.path}{f'?{query}' if query else ''}"
    return None


def _asset(http: Request, name: str) -> flask.Response:
    try:
        return response(assets.serve(http, name), http)
    except NotFound as error:
        return response(replies.failure(error, http.id), http)


def _moved(http: Request) -> flask.Response:
    return response(Answer(308, (("Location", "/tenant-api-keys"), ("Cache-Control", "no-store")), b""), http)
