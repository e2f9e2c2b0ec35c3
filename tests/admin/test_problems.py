"""What the management API answers to requests that cannot be read, and to addresses that are not there."""

from __future__ import annotations

import pytest

from app.web.admin.blueprint import answer
from app.web.admin.openapi import EVERY
from app.web.admin.operations import Call, Operation, Reply
from app.web.request import Request
from tests.admin.client import Admin, check_problem
from tests.world import World

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
GOOD = '{"name": "ERP", "group": "grp_ro"}'
UNREADABLE: list[tuple[str, bytes]] = [
    *(
        (JSON, body)
        for body in (b"{", b"nul", b"\xff", b"\xef\xbb\xbf{}", b"{} {}", b'{"name": NaN}', b'{"name": -Infinity}')
    ),
    *(
        (JSON, body)
        for body in (
            b'{"name": "a", "name": "b"}',  # RFC 8259 §4
            b"[" * 200_000,
            b'{"a":' * 40_000,
            b'{"name": ' + b"9" * 5000 + b"}",
        )
    ),
    *(
        (JSON, body)
        for body in (rb'{"name": "\ud800"}', rb'{"\udfff": 1}', rb'{"name": "a\u0000b"}', rb'{"\u0000": 1}')
    ),
    *((JSON, body) for body in ("{}".encode("utf-16"), b'{"name": "\xed\xa0\x80"}', b'{"name": "tab\tbed"}')),
    *(
        (FORM, body)
        for body in (
            b"name=%FF",
            b"name=%",
            b"name=%00",
            b"name=a&name=b",
            b"group=a&group=b",
            b"&".join([b"a=b"] * 200),
        )
    ),
]
UNFIT = [
    b"[]",
    b'"name"',
    b"5",
    b"null",
    b'{"name": {"a": 1}}',
    b'{"name": 1e999}',
    b'{"ip_allowlist": {"a": 1}}',
    b'{"ip_allowlist": [[]]}',
]


@pytest.mark.spec("T-RATE-04")
def test_no_body_is_too_strange_for_an_answer(admin: Admin) -> None:
    for content_type, body in UNREADABLE:
        admin.refused(400, "POST", "api-keys", data=body, content_type=content_type)
    for body in UNFIT:
        admin.refused(422, "POST", "api-keys", data=body, content_type=JSON)
    assert admin.ok("GET", "api-keys")["total"] == 1


@pytest.mark.spec("T-RATE-04")
def test_json_and_forms_are_read_and_nothing_else(admin: Admin) -> None:
    for content_type in ("text/plain", "multipart/form-data; boundary=x", "application/xml", "", "application/jsonp"):
        admin.refused(415, "POST", "api-keys", data=GOOD, content_type=content_type)
    admin.refused(415, "POST", "api-keys", data=GOOD, content_type=JSON, headers={"Content-Encoding": "gzip"})
    for content_type in ("Application/JSON; charset=utf-8", "application/json;charset=UTF-8"):
        admin.ok("POST", "api-keys", data=GOOD, content_type=content_type)


@pytest.mark.spec("T-RATE-04")
def test_an_empty_body_needs_no_type_and_a_large_one_is_refused(admin: Admin, world: World) -> None:
    admin.ok("POST", f"api-keys/{world.key().id}/rotate")
    admin.ok("POST", f"api-keys/{world.key().id}/rotate", data=b"", content_type="text/plain")
    largest = 256 * 1024
    padded = GOOD + " " * (largest - len(GOOD))
    admin.ok("POST", "api-keys", data=padded, content_type=JSON)
    admin.refused(413, "POST", "api-keys", data=padded + " ", content_type=JSON)


@pytest.mark.spec("T-RATE-04")
def test_an_unknown_member_is_named_and_never_echoed_beyond_its_name(admin: Admin) -> None:
    found = admin.refused(422, "POST", "api-keys", {"name": "ERP", "group": "grp_ro", "<b>" + "x" * 999: "sesame"})
    assert found["errors"][0]["code"] == "unknown_member"
    assert len(found["errors"][0]["field"]) <= 60
    assert "sesame" not in str(found)


@pytest.mark.spec("T-RATE-04")
def test_an_address_that_is_not_there_is_a_problem(world: World) -> None:
    for path in (
        "/admin",
        "/admin/",
        "/admin/nothing",
        "/admin/api-keys/",
        "/admin//api-keys",
        "/nowhere",
        "/static/x.css",
        "/%00",
        "/%FF",
    ):
        found = world.client.get(path)
        assert found.status_code == 404, path
        assert found.headers["Cache-Control"] == "no-store"
        check_problem(found)


@pytest.mark.spec("T-RATE-04")
def test_a_method_that_is_not_known_is_told_which_are(admin: Admin, world: World) -> None:
    known: dict[str, set[str]] = {}
    for operation in EVERY:
        known.setdefault(operation.path, set()).add(operation.method)
    for path, methods in known.items():
        expected = methods | ({"HEAD"} if "GET" in methods else set())
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} - expected:
            found = world.client.open(
                path.replace("{id}", "x").replace("{kid}", "x").replace("{name}", "x"), method=method
            )
            assert found.status_code == 405, (method, path)
            assert set(found.headers["Allow"].split(", ")) == expected
            check_problem(found)


def test_head_answers_like_get_without_the_body(admin: Admin) -> None:
    found = admin.world.client.head("/admin/api-keys", headers={"X-API-Key": admin.credential})
    assert (found.status_code, found.data) == (200, b"")


@pytest.mark.spec("T-RATE-04")
def test_a_crash_is_a_bare_problem(world: World) -> None:
    def crash(_: Call) -> Reply:
        raise RuntimeError("the secret ingredient")

    http = Request(world.client.get("/healthz").request.environ, world.ctx)
    failed = answer(Operation("GET", "/admin/crash", None, "Crash", crash), http, {})
    assert (failed.status, dict(failed.headers)["Content-Type"]) == (500, "application/problem+json")
    assert b"ingredient" not in failed.body


def test_a_harmless_request_id_comes_back(admin: Admin) -> None:
    assert admin("GET", "tenant", headers={"X-Request-ID": "mine-1"}).headers["X-Request-ID"] == "mine-1"
    assert admin("GET", "nothing", headers={"X-Request-ID": "a b"}).headers["X-Request-ID"] != "a b"


def test_plain_http_is_refused_before_the_key_is_looked_at(admin: Admin, world: World) -> None:
    found = world.client.get(
        "/admin/tenant", headers={"X-API-Key": admin.credential}, environ_overrides={"wsgi.url_scheme": "http"}
    )
    assert (found.status_code, found.json["error"]) == (400, "insecure_transport")


def test_the_management_api_is_on_its_own_plane(admin: Admin, world: World) -> None:
    headers = {"X-API-Key": admin.credential}
    for plane, status in (("public", 404), ("admin", 200), ("all", 200)):
        app = world.another_process(plane)
        found = world.client_of(app).get("/admin/tenant", headers=headers)
        assert found.status_code == status, plane
        app.extensions["keyturn"].database.close()


def test_below_an_issuer_with_a_path_it_answers_in_both_places(admin: Admin, world: World) -> None:
    app = world.another_process(KEYTURN_ISSUER="https://keys.example/t1")
    client = world.client_of(app)
    for path in ("/admin/tenant", "/t1/admin/tenant"):
        assert client.get(path, headers={"X-API-Key": admin.credential}).status_code == 200
    app.extensions["keyturn"].database.close()


def test_an_address_of_its_own_is_no_members_name(admin: Admin, world: World) -> None:
    for method in ("DELETE", "PATCH"):
        assert world.client.open("/admin/api-keys/health", method=method).status_code == 405
        assert admin(method, "api-keys/healthy", {} if method == "PATCH" else None).status_code in {404, 422}
    world.ctx.metrics.settle()
    assert '/admin/api-keys/<id>"' in world.ctx.metrics.exposition().decode()
