"""Every member and parameter of every operation, with values that nobody meant: always an answer that is published."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from app.web.admin.openapi import EVERY
from app.web.admin.operations import Operation
from tests.admin.client import Admin, group, operator_key, resource_server
from tests.world import World

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 3, 10**30, 1.5, 1e308, [], {}, [[]], [None], ["x"], [10**20], {"a": 1}),
    *("", " ", "x", "0", "-1", "9" * 400, "10.0.0.0/8", "2027-01-01", "9999-12-31", "0000-00-00", "24h", "999999d"),
    *("2027-01-01T00:00:00Z", "2027-01-01T00:00:00+99:99", "0001-01-01T00:00:00+14:00", "grp_full", "grp_operator"),
    *(
        "\x7f",
        "\x1b[31m",
        "\u202ename",
        "\u0130\u0131",
        "\ufdfa" * 120,
        "\U0001f511",
        "%00",
        "'; --",
        "a" * 5000,
        "../x",
    ),
    *("contacts:read", "tenants:write", "Europe/../../etc/passwd", "/etc/localtime", "\u0661\u0662"),
]
GOOD = {"name": "Other", "role": "auditor", "email": "e@example.com", "scopes": [], "group": "grp_ro", "end": "now"}


@pytest.fixture
def names(world: World, admin: Admin) -> dict[str, str]:
    """Something to act on, by the list it is in."""
    member = admin.ok("POST", "members", {"email": "ada@example.com", "name": "Ada", "role": "global_admin"})
    return {
        "api-keys": world.key("Target").id,
        "authorization-groups": group(world, "Target", "contacts:read")["id"],
        "members": member["id"],
        "tenants": world.new_tenant("Target")["id"],
        "scopes": "contacts:read",
        "resource-servers": resource_server(world).id,
        "signing-keys": admin.ok("GET", "signing-keys")["items"][0]["kid"],
    }


def address(operation: Operation, names: dict[str, str]) -> str:
    kind = operation.path.split("/")[2]
    return re.sub(r"{\w+}", names.get(kind, "x"), operation.path).removeprefix("/admin/")


class Patient(Admin):
    """A caller who waits when told to, so that every value is looked at."""

    def __call__(self, *arguments: Any, **more: Any) -> TestResponse:
        answer = super().__call__(*arguments, **more)
        if answer.status_code == 429:
            self.world.clock.advance(seconds=int(answer.headers["Retry-After"]))
            answer = super().__call__(*arguments, **more)
            assert answer.status_code != 429
        return answer


@pytest.fixture
def admin(world: World, admin: Admin) -> Admin:
    return Patient(world, admin.credential)


@pytest.fixture
def operator(world: World, operator: Admin) -> Admin:
    return Patient(world, operator.credential)


def test_no_member_of_a_body_is_too_nasty_for_an_answer(world: World, admin: Admin, names: dict[str, str]) -> None:
    operator = Patient(world, operator_key(world).secret)
    for operation in EVERY:
        if operation.body is None or operation.name in {"prepare_signing_key", "edit_own_tenant"}:
            continue
        caller = operator if operation.kinds == {"operator"} else admin
        path = address(operation, names)
        for name in operation.body.model_fields:
            others = {other: GOOD[other] for other in operation.body.model_fields if other in GOOD}
            if operation.tag == "Scopes":
                others["name"] = "invoices:read"
            for value in VALUES:
                assert caller(operation.method, path, {**others, name: value}).status_code < 500


def test_no_setting_of_ones_own_tenant_is_too_nasty_for_an_answer(operator: Admin, names: dict[str, str]) -> None:
    for name in ("name", "time_zone", "default_group", "max_overlap", "token_lifetime", "key_limit", "rate_limit"):
        for value in VALUES:
            assert operator("PATCH", f"tenants/{names['tenants']}", {name: value}).status_code in {200, 422}, (
                name,
                value,
            )


def test_no_parameter_and_no_name_is_too_nasty_for_an_answer(world: World, admin: Admin, names: dict[str, str]) -> None:
    operator = Patient(world, operator_key(world).secret)
    for operation in EVERY:
        if operation.method != "GET":
            continue
        caller = operator if operation.kinds == {"operator"} else admin
        for value in map(str, VALUES):
            path = address(operation, dict.fromkeys(names, quote(value, safe="")) | {"x": "x"})
            assert caller("GET", path).status_code < 500
            for name in operation.query.model_fields if operation.query is not None else ():
                assert caller("GET", f"{address(operation, names)}?{name}={quote(value)}").status_code < 500
