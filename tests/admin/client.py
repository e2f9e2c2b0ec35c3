"""A caller of the management API who holds every answer to the published description."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from app.actions import groups, operator_keys, resource_servers
from app.web.admin import openapi
from app.web.admin.operations import Operation
from tests.world import OPERATOR, Key, World, as_key

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "error", "message", "hints", "request_id", "help"}
PLACE = "urn:keyturn"  # whatever the description is called, as long as it is found
LIST_MEMBERS = {"items", "next", "total"}


@cache
def _document() -> Registry[Any]:
    document = DRAFT202012.create_resource({"components": openapi.document()["components"]})
    return Registry().with_resource(PLACE, document).crawl()


@cache
def validator(model: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"{PLACE}#/components/schemas/{model}"}, registry=_document())


@cache
def _paths() -> list[tuple[Operation, re.Pattern[str]]]:
    return [(operation, re.compile(re.sub(r"{\w+}", "[^/]+", operation.path))) for operation in openapi.EVERY]


@cache
def _statuses() -> dict[str, set[str]]:
    """The statuses that are published for each operation, by its name."""
    return {operation.name: set(openapi._operation(operation)["responses"]) for operation in openapi.EVERY}


def operation_for(method: str, path: str) -> Operation | None:
    """The most exact operation for an address."""
    found = [operation for operation, form in _paths() if operation.method == method and form.fullmatch(path)]
    return min(found, key=lambda operation: operation.path.count("{"), default=None)


class Admin:
    """One key, or one token, at `/admin`."""

    def __init__(self, world: World, credential: str) -> None:
        self.world, self.credential = world, credential

    def __call__(self, method: str, path: str, json: Any = None, *, headers: Any = None, **more: Any) -> TestResponse:
        """Send a request and check its answer's form."""
        address = f"/admin/{path}"
        sent = {"Authorization": f"Bearer {self.credential}", **(headers or {})}
        more |= {"json": json} if json is not None else {}
        answer = self.world.client.open(address, method=method, headers=sent, **more)
        check(answer, operation_for(method, address.partition("?")[0]))
        return answer

    def ok(self, method: str, path: str, json: Any = None, **more: Any) -> dict[str, Any]:
        """Send a request that must succeed."""
        answer = self(method, path, json, **more)
        assert answer.status_code < 300, answer.json
        found: dict[str, Any] = answer.json if answer.status_code != 204 else {}
        return found

    def refused(self, status: int, method: str, path: str, json: Any = None, **more: Any) -> dict[str, Any]:
        """Send a request that must fail with this status."""
        answer = self(method, path, json, **more)
        assert answer.status_code == status, answer.json
        found: dict[str, Any] = answer.json
        return found

    def fields(self, method: str, path: str, json: Any = None, **more: Any) -> set[str]:
        """Send a request that breaks rules; the members that are blamed."""
        return {error["field"] for error in self.refused(422, method, path, json, **more)["errors"]}


def check(answer: TestResponse, operation: Operation | None) -> None:
    """Hold an answer to what is published about it."""
    assert answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    if answer.status_code >= 400:
        check_problem(answer)
        if operation is not None:
            assert str(answer.status_code) in _statuses()[operation.name], answer.json
    elif operation is not None:
        assert answer.status_code == operation.status
        if operation.answer is None:
            assert operation.status != 204 or (answer.data == b"" and "Content-Type" not in answer.headers)
            return
        assert answer.content_type == "application/json"
        validator(operation.answer.__name__).validate(answer.json)
        for item in answer.json["items"] if set(answer.json) == LIST_MEMBERS else [answer.json]:
            assert set(item) <= known(operation)


def known(operation: Operation) -> set[str]:
    """The members that the answer's objects may have."""
    assert operation.answer is not None
    items = operation.answer.model_fields.get("items")
    fields = operation.answer.model_fields if items is None else items.annotation.__args__[0].model_fields
    return {field.alias or name for name, field in fields.items()}


def check_problem(answer: TestResponse) -> None:
    """RFC 9457 §3, with our members."""
    assert answer.content_type == "application/problem+json"
    validator("Problem").validate(answer.json)
    assert set(answer.json) >= PROBLEM_MEMBERS
    assert answer.json["status"] == answer.status_code
    assert answer.json["detail"] == answer.json["message"]
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert set(answer.json) - PROBLEM_MEMBERS <= {"errors", "reason"}


def operator_key(world: World) -> Key:
    """A key of the deployment."""
    return as_key(operator_keys.create(world.ctx, OPERATOR, world.clock(), name="Operations"))


def resource_server(world: World, **more: Any) -> Key:
    """A key of a resource server."""
    return as_key(resource_servers.create(world.ctx, OPERATOR, world.clock(), name="Contacts API", **more))


def group(world: World, name: str, *scopes: str, tenant: dict[str, Any] | None = None) -> dict[str, Any]:
    """A group of a tenant."""
    return groups.create(
        world.ctx, OPERATOR, (tenant or world.tenant)["id"], world.clock(), name=name, scopes=list(scopes)
    )
