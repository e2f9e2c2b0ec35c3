from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from tests.fixtures import WorldMaker
from tests.world import World

ROUTES = [
    "/token",
    "/.well-known/jwks.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/user",
    "/gateway/check",
    "/nothing",
    "/admin/nothing",
]
LOOPBACK = "http://127.0.0.1:8000"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_every_answer_carries_what_every_answer_carries(world: World, route: str, method: str) -> None:
    answer = world.client.open(route, method=method)
    assert answer.status_code < 500
    assert answer.headers["X-Request-ID"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
    assert answer.headers["Server"] == "keyturn"  # RFC 9110 §10.2.4
    assert len(answer.headers.getlist("X-Content-Type-Options")) == 1


def test_a_loopback_deployment_does_not_bind_browsers_to_https(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_ISSUER=LOOPBACK)
    assert "Strict-Transport-Security" not in world.client.get("/healthz").headers


@pytest.mark.parametrize("route", ROUTES)
def test_head_has_the_length_of_get_and_no_body(world: World, route: str) -> None:
    # RFC 9110 §9.3.2
    head, whole = world.client.head(route), world.client.get(route)
    assert head.data == b""
    assert head.status_code == whole.status_code
    assert route == "/metrics" or head.headers["Content-Length"] == whole.headers["Content-Length"]


@pytest.fixture
def behind(world: World) -> Iterable[FlaskClient]:
    """A client of an application with views behind the front that go wrong."""
    app: Flask = world.another_process()

    @app.get("/behind/crash")
    def crash() -> str:
        raise RuntimeError("kts_secret")

    @app.get("/behind/teapot")
    def teapot() -> None:
        abort(418)

    @app.get("/behind/page/<name>")
    def page(name: str) -> str:
        return name

    return World.client_of(app)


@pytest.mark.parametrize(("route", "method", "status"), [
    ("/behind/crash", "GET", 500), ("/behind/teapot", "GET", 418), ("/behind/page/x", "POST", 405),
    ("/behind", "GET", 404),
])  # fmt: skip
def test_no_page_of_flask_gets_out(behind: Any, route: str, method: str, status: int) -> None:
    answer = behind.open(route, method=method, headers={"X-Request-ID": "r-1"})
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["request_id"] == answer.headers["X-Request-ID"] == "r-1"
    assert b"kts_secret" not in answer.data
    assert (status == 405) == ("Allow" in answer.headers)


def test_an_answer_from_behind_is_counted_by_its_rule_and_not_by_its_path(behind: Any) -> None:
    assert behind.get("/behind/page/kts_secret").data == b"kts_secret"
    text = behind.get("/metrics").get_data(as_text=True)
    assert 'route="/behind/page/<name>"' in text
    assert "kts_secret" not in text


def test_a_refusal_is_one_line_without_path_query_or_secret(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    secret = world.key().secret
    capsys.readouterr()
    world.client.get(f"/api/user/{secret}?token={secret}", headers={"X-API-Key": secret, "X-Request-ID": "r-1"})
    world.client.get("/api/user", headers={"X-API-Key": secret})
    out = capsys.readouterr()
    assert (out.out + out.err).count("request.refused") == 1
    assert "r-1" in out.out + out.err
    assert secret not in out.out + out.err
    assert "unmatched" in out.out + out.err


@pytest.mark.parametrize("given", ["a,b", "x" * 129, "a b", "<script>", ""])
def test_a_request_id_that_could_do_harm_is_replaced(world: World, given: str) -> None:
    assert world.client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given


def test_the_public_plane_does_not_ask_flask(world: World) -> None:
    app = world.another_process(plane="public")
    app.add_url_rule("/admin/hidden", view_func=lambda: "here")
    answer = World.client_of(app).get("/admin/hidden")
    assert answer.status_code == 404
    assert json.loads(answer.data)["error"] == "not_found"
