"""The published description: valid, fresh, complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openapi_spec_validator
import pytest

from app.web.admin import openapi
from app.web.admin.openapi import EVERY, document
from app.web.routes import routes
from tests.world import World

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_document_is_valid_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(document())


def test_the_committed_document_is_fresh() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == openapi.text(), "make openapi writes it anew"


def test_everybody_may_read_the_document(world: World) -> None:
    answer = world.client.get("/admin/openapi.json")
    assert answer.status_code == 200
    assert answer.json == document("https://keys.example")
    assert json.loads(answer.data)["servers"] == [{"url": "https://keys.example"}]


def test_the_application_and_the_document_know_the_same_operations(world: World) -> None:
    routed = {
        (method, re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule))
        for rule in world.app.url_map.iter_rules()
        if rule.rule.startswith("/admin")
        for method in (rule.methods or set()) - {"HEAD"}
    }
    described = {
        (method.upper(), path)
        for path, methods in document()["paths"].items()
        if path.startswith("/admin")
        for method in methods
    }
    assert routed == described
    protocol = {path.partition("{")[0] for path in document()["paths"] if not path.startswith("/admin")}
    assert protocol <= set(routes(world.settings, "all"))


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.name)
def test_every_operation_is_told_about_in_full(operation: openapi.Operation) -> None:
    told = document()["paths"][operation.path][operation.method.lower()]
    assert told["operationId"] == operation.name
    assert operation.summary[0].isupper()
    assert not operation.summary.endswith(".")
    names = {parameter["name"] for parameter in told.get("parameters", [])}
    assert names >= set(re.findall(r"{(\w+)}", operation.path))
    assert ("If-Match" in names) is operation.versioned
    assert ("Idempotency-Key" in names) is operation.once
    assert (operation.scope is None) is (told["security"] == [])
    assert ("requestBody" in told) is (operation.method in {"POST", "PATCH"})
    assert operation.writes is bool(operation.scope and operation.scope.endswith(":write"))


def test_operations_have_names_of_their_own() -> None:
    assert len({operation.name for operation in EVERY}) == len(EVERY)
