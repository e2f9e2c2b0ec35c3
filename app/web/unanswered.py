"""What Flask would answer by itself, said our way: unknown addresses, unknown methods, crashes."""

from __future__ import annotations

import re
from functools import lru_cache

import flask
from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from app.context import Context
from app.runtime import log
from app.web import replies
from app.web.behind import ASKED, ROUTE
from app.web.faults import BadRequest, Fault
from app.web.replies import Answer
from app.web.request import Request

_CRASHED = 500


def install(app: Flask, ctx: Context) -> None:
    """Answer with a problem where no view does."""
    app.url_map.merge_slashes = False  # a redirect would be the first answer that is none of ours

    def answered(error: Exception) -> flask.Response:
        request = asked(ctx)
        if isinstance(error, (MethodNotAllowed, NotFound)):
            answer = _problem(nowhere(error), request)
        elif isinstance(error, HTTPException):
            code = error.name.lower().replace(" ", "_")
            answer = replies.problem(error.code or _CRASHED, code, error.name, request.id)
        else:
            answer = _problem(error, request)
            log.crashed(request, error)
        return response(answer, request)

    @app.after_request
    def name(found: flask.Response) -> flask.Response:
        if flask.request.url_rule is not None:
            flask.request.environ[ROUTE] = _named(flask.request.url_rule.rule)
        return found

    app.register_error_handler(HTTPException, answered)
    app.register_error_handler(Exception, answered)


def nowhere(error: MethodNotAllowed | NotFound) -> BadRequest:
    """What is wrong with a request that no view takes."""
    if isinstance(error, MethodNotAllowed):
        return BadRequest(Fault.METHOD, ", ".join(sorted(error.valid_methods or ())))
    return BadRequest(Fault.NOT_FOUND)


@lru_cache(maxsize=256)
def _named(rule: str) -> str:
    return re.sub(r"<[^<>]*:(\w+)>", r"<\1>", rule)  # how a member of a path is recognised is nobody's concern


def asked(ctx: Context) -> Request:
    """The request that Flask is answering; as the front read it, where there is one before Flask."""
    found: Request | None = flask.request.environ.get(ASKED)
    return found if found is not None else Request(flask.request.environ, ctx)


def response(answer: Answer, request: Request) -> flask.Response:
    """An answer as Flask gives it."""
    found = flask.Response(answer.body, answer.status)
    found.headers.remove("Content-Type")
    found.headers.extend(answer.headers)
    found.headers["X-Request-ID"] = request.id
    return found


def _problem(error: Exception, request: Request) -> Answer:
    return replies.failure(error, request.id)
