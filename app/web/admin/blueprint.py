"""Lets the table of operations answer: authorise, read, call the view, answer."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import flask
from flask import Blueprint, Flask
from werkzeug.routing import UnicodeConverter

from app.actions.access import Caller
from app.context import Context
from app.domain.pace import Allowance
from app.domain.refusals import Conflict, NotFound, Reason, Refused, Verdict
from app.runtime import log
from app.web import replies
from app.web.admin import bodies, conditions
from app.web.admin.openapi import EVERY
from app.web.admin.operations import CSV, Call, Operation, Reply
from app.web.admin.shapes import Nothing
from app.web.doors import enter, expiry_headers
from app.web.replies import Answer
from app.web.request import Request
from app.web.unanswered import asked, response


def install(app: Flask, ctx: Context) -> None:
    """Route every operation, at the root and below the issuer's path."""
    blueprint = Blueprint("admin", __name__)
    app.url_map.converters["other"] = _Other
    for operation in EVERY:
        blueprint.add_url_rule(
            _rule(operation.path),
            operation.name,
            _routed(operation, ctx),
            methods=[operation.method],
            provide_automatic_options=False,
        )
    app.register_blueprint(blueprint)
    if ctx.settings.base_path:
        app.register_blueprint(blueprint, name="admin_below", url_prefix=ctx.settings.base_path)


class _Other(UnicodeConverter):
    """A member of a path that is none of these words: they have addresses, and methods, of their own."""

    def __init__(self, map: Any, *words: str) -> None:  # noqa: A002 - Werkzeug's name
        super().__init__(map)
        self.regex = rf"(?!(?:{'|'.join(words)})(?:/|\Z)){self.regex}"


@cache
def _rule(path: str) -> str:
    before, brace, _ = path.partition("{")
    words = [other.path.removeprefix(before) for other in EVERY if brace and other.path.startswith(before)]
    taken = sorted({f'"{word}"' for word in words if "{" not in word and "/" not in word})
    return re.sub(r"{(\w+)}", rf"<other({', '.join(taken)}):\1>" if taken else r"<\1>", path)


def _routed(operation: Operation, ctx: Context) -> Any:
    def answered(**path: str) -> flask.Response:
        http = asked(ctx)
        return response(answer(operation, http, path), http)

    return answered


def answer(operation: Operation, http: Request, path: dict[str, str]) -> Answer:
    """Answer one request, whatever happens."""
    try:
        return _answer(operation, _called(operation, http, path))
    except Refused as refused:
        return replies.door_refusal(refused.verdict, http.id, operation.needed)
    except Exception as error:  # noqa: BLE001 - the last line: whatever happens gets an answer
        failed = replies.failure(error, http.id)
        if failed.status == 500:  # noqa: PLR2004
            log.crashed(http, error)
        return failed


def _called(operation: Operation, http: Request, path: dict[str, str]) -> Call:
    http.require_secure()
    # A page of another site must not even find out whether a key it holds is good (PRODUCT.md §6).
    if http.header("Sec-Fetch-Site") == "cross-site":
        raise Refused(Verdict(Reason.CROSS_SITE))
    caller = authorised(operation, http) if operation.scope is not None else None
    if any(
        "\0" in member for member in path.values()
    ):  # nothing has such a name, and PostgreSQL cannot even ask for it
        raise NotFound("object")
    query = bodies.query(http, operation.query or Nothing)
    body = bodies.body(http, operation.body, operation.answer) if operation.body is not None else None
    version = conditions.version(http, versioned=operation.versioned) if operation.writes else None
    once = conditions.once(http, caller.key_id, body) if operation.once and caller is not None else None
    return Call(http, operation, caller, path, query, body, version, once)


def authorised(operation: Operation, http: Request) -> Caller:
    """Let a caller in that holds the operation's scope; Refused otherwise."""
    # The scopes alone decide already; a scope in the wrong hands must still find no tenant but its own.
    kinds, audience = operation.kinds, http.ctx.settings.admin_audience
    caller, _ = enter(http, audience, operation.needed, basic=False, kinds=kinds, allowance=Allowance.ADMIN)
    return caller


def _answer(operation: Operation, call: Call) -> Answer:
    try:
        answer = _written(operation, operation.view(call))
    except Conflict as conflict:
        if call.version is not None and conflict.code == "version_conflict":
            raise conditions.not_the_version_seen() from conflict
        raise
    told = expiry_headers(call.asked_by, call.http) if call.asked_by is not None else ()
    return answer._replace(headers=answer.headers + told) if told else answer


def _written(operation: Operation, reply: Reply) -> Answer:
    headers: tuple[tuple[str, str], ...] = (*replies.NO_STORE, *reply.headers)
    if reply.table is not None:
        return Answer(200, (("Content-Type", CSV), *headers), reply.table.encode())
    if reply.body is not None and isinstance(reply.body.get("version"), int):
        headers += (("ETag", conditions.etag(reply.body["version"])),)
    if reply.location is not None:
        headers += (("Location", reply.location),)
    if reply.repeated:
        headers += (("Idempotent-Replayed", "true"),)
    if reply.link is not None:
        headers += (("Link", f'<{reply.link}>; rel="next"'),)
    if reply.body is None:
        return Answer(operation.status, headers, b"")
    return replies.json_answer(reply.body, operation.status, headers)
