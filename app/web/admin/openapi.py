"""OpenAPI 3.1, written from the table of operations and the models; neither an application nor a database is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.web.admin import protocol
from app.web.admin.bodies import JSON
from app.web.admin.operations import Call, Operation, Operations, Reply
from app.web.admin.table import OPERATIONS
from app.web.forms import FORM
from app.web.replies import PROBLEM

API_VERSION = "1.0.0"
SERVER = "http://127.0.0.1:8000"
REF = "#/components/schemas/{model}"
Json = dict[str, Any]

operations = Operations("This description")

_PROBLEMS = {
    400: ("Unreadable", "The request cannot be read: broken JSON, a repeated member or header, two credentials."),
    401: ("Unauthenticated", "No credentials, or none that are good."),
    403: ("Unauthorized", "The key may not do this; `error` says why."),
    404: ("NotFound", "There is no such object within the caller's reach."),
    409: ("Conflict", "The object's state does not allow this; `error` says why."),
    412: ("PreconditionFailed", "The object is not of the version that `If-Match` names."),
    413: ("TooLarge", "The body is larger than 256 kB."),
    415: ("UnsupportedMediaType", "The body is neither JSON nor a form."),
    422: ("Invalid", "A member is unknown, cannot be changed, or breaks a rule; `errors` lists every one."),
    429: ("TooMany", "Too many requests; `Retry-After` says when to try again."),
    503: ("Unavailable", "Keyturn cannot do this now; `Retry-After` says when to try again."),
}


@operations.add("GET", "/admin/openapi.json", None, "This document")
def describe(call: Call) -> Reply:
    """GET /admin/openapi.json."""
    return Reply(document(call.ctx.settings.base))


EVERY: tuple[Operation, ...] = (*OPERATIONS, *operations)


def document(server: str = SERVER) -> Json:
    """Describe the management API, and the protocol's addresses in brief.

    server    the deployment's base address
    returns   JSON values
    """
    paths: Json = {}
    for operation in EVERY:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Keyturn",
            "version": API_VERSION,
            "description": protocol.INTRODUCTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": tag} for tag in dict.fromkeys((*(operation.tag for operation in EVERY), protocol.TAG))],
        "paths": paths | protocol.PATHS,
        "components": {
            "schemas": _schemas() | protocol.SCHEMAS,
            "responses": {name: _problem(said, status) for status, (name, said) in _PROBLEMS.items()},
            "securitySchemes": protocol.SECURITY,
        },
    }


def text() -> str:
    """The document as the repository keeps it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _operation(operation: Operation) -> Json:
    found: Json = {"operationId": operation.name, "tags": [operation.tag], "summary": operation.summary}
    if operation.scope is not None:
        whose = "an operator key" if operation.kinds == {"operator"} else "a key"
        found["description"] = f"Needs {whose} with `{operation.scope}`."
        found["security"] = [{"key": []}, {"header": []}, {"token": [operation.scope]}]
    else:
        found["security"] = []
    parameters = list(_parameters(operation))
    if parameters:
        found["parameters"] = parameters
    if operation.body is not None:
        schema = {"schema": {"$ref": REF.format(model=operation.body.__name__)}}
        required = any(field.is_required() for field in operation.body.model_fields.values())
        found["requestBody"] = {"required": required, "content": {JSON: schema, FORM: schema}}
    found["responses"] = {str(operation.status): _success(operation)} | _refusals(operation)
    return found


def _parameters(operation: Operation) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if operation.query is not None:
        for name, found in _untitled(operation.query.model_json_schema())["properties"].items():
            said = {"description": found.pop("description")} if "description" in found else {}
            # A query has no null: the parameter is there or not.
            yield {"name": name, "in": "query", **said, "schema": found["anyOf"][0] if "anyOf" in found else found}
    if operation.versioned:
        yield _header("If-Match", "The ETag the caller saw; 412 when it is no longer the object's.", '"3"')
    if operation.once:
        yield _header("Idempotency-Key", "The same key again, within a day, changes nothing.", "order-4711")


def _header(name: str, said: str, example: str) -> Json:
    return {"name": name, "in": "header", "description": said, "schema": {"type": "string"}, "example": example}


def _success(operation: Operation) -> Json:
    names = ["X-Request-ID"]
    if operation.answer is not None and "version" in operation.answer.model_fields:
        names.append("ETag")
    names += ["Location"] if operation.status == 201 else []  # noqa: PLR2004
    names += ["Idempotent-Replayed"] if operation.once else []
    names += protocol.RATE_HEADERS if operation.scope is not None else []
    names += ["X-API-Key-Expires"] if operation.scope is not None else []
    names += operation.tells
    headers = {name: {"description": protocol.HEADERS[name], "schema": {"type": "string"}} for name in names}
    found: Json = {"description": operation.summary, "headers": headers}
    if operation.answer is not None:
        found["content"] = {JSON: {"schema": {"$ref": REF.format(model=operation.answer.__name__)}}}
        if operation.csv:
            found["content"]["text/csv"] = {"schema": {"type": "string"}}
    elif operation.status != 204:  # noqa: PLR2004
        found["content"] = {JSON: {"schema": {"type": "object"}}}
    return found


def _refusals(operation: Operation) -> Json:
    statuses = {503}
    if operation.scope is not None:
        statuses |= {400, 401, 403, 422, 429}
    if "{" in operation.path:
        statuses.add(404)
    if operation.body is not None:
        statuses |= {413, 415}
    if operation.writes:
        statuses |= {409, 412}
    return {str(status): {"$ref": f"#/components/responses/{_PROBLEMS[status][0]}"} for status in sorted(statuses)}


def _problem(said: str, status: int) -> Json:
    code = protocol.EXAMPLES[status]
    example = {
        "type": f"urn:keyturn:error:{code}",
        "title": said,
        "status": status,
        "detail": said,
        "error": code,
        "message": said,
        "hints": [],
        "request_id": "c0ffee0ddba11",
        "help": f"/help/troubleshooting#{code}",
    }
    if status == 422:  # noqa: PLR2004
        example["errors"] = [{"field": "name", "code": "missing", "message": "Is required."}]
    names = ["X-Request-ID"] + (["Retry-After"] if status in {429, 503} else [])
    names += ["WWW-Authenticate"] if status == 401 else []  # noqa: PLR2004
    names += protocol.RATE_HEADERS if status == 429 else []  # noqa: PLR2004
    return {
        "description": said,
        "headers": {name: {"description": protocol.HEADERS[name], "schema": {"type": "string"}} for name in names},
        "content": {PROBLEM: {"schema": {"$ref": REF.format(model="Problem")}, "example": example}},
    }


@cache  # a third of a second, and the same for as long as the process lives
def _schemas() -> Json:
    models: dict[tuple[type[BaseModel], Any], None] = {}
    for operation in EVERY:
        if operation.body is not None:
            models[operation.body, "validation"] = None
        if operation.answer is not None:
            models[operation.answer, "serialization"] = None
    _, found = models_json_schema(list(models), ref_template=REF)
    schemas: Json = _untitled(found["$defs"])
    return schemas


def _untitled(value: Any) -> Any:
    """Leave out the titles that only repeat names."""
    if isinstance(value, list):
        return [_untitled(item) for item in value]
    if isinstance(value, dict):
        return {n: _untitled(item) for n, item in value.items() if n != "title" or not isinstance(item, str)}
    return value
