"""Which plane answers what, and what operators learn from it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from tests.server.running import Deployment, Server
from tests.server.wire import FORM, Answer, request

PUBLIC = [
    "/token",
    "/introspect",
    "/revoke",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/api/user",
    "/gateway/check",
]
OPERATORS = ["/readyz", "/metrics"]
CHECKS = ("database", "migrations", "signing_key", "counters")


def asked(server: Server, route: str) -> Answer:
    answer = server.ask(request("GET", route))
    assert answer is not None
    return answer


def metric(server: Server, name: str) -> float:
    """A sample by its whole name; samples of all labels when none are given."""
    text = asked(server, "/metrics").body.decode()
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


@pytest.fixture(scope="module")
def public(deployment: Deployment) -> Server:
    return deployment.serve(plane="public", workers=2)


@pytest.fixture(scope="module")
def admin(deployment: Deployment) -> Server:
    return deployment.serve(plane="admin")


@pytest.mark.parametrize(
    "route", [*OPERATORS, "/admin/api-keys", "/tenant-api-keys", "/sign-in", "/settings", "/static/x", "/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
def test_the_public_plane_knows_nothing_of_the_other(public: Server, route: str, method: str) -> None:
    answer = public.ask(request(method, route))
    assert answer is not None
    assert (answer.status, answer.json["error"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("route", PUBLIC)
def test_the_admin_plane_knows_nothing_of_the_public_one(admin: Server, route: str) -> None:
    answer = asked(admin, route)
    assert (answer.status, answer.json["error"]) == (404, "not_found")


def test_both_planes_say_that_they_live(public: Server, admin: Server) -> None:
    assert asked(public, "/healthz").json == asked(admin, "/healthz").json == {"status": "ok"}


def test_readiness_names_every_check(admin: Server) -> None:
    answer = asked(admin, "/readyz")
    assert answer.status == 200
    assert answer.json == {"status": "ready", "checks": dict.fromkeys(CHECKS, "ok")}


def test_the_admin_plane_tells_what_all_workers_of_all_planes_counted(
    public: Server, admin: Server, deployment: Deployment
) -> None:
    before = metric(admin, "keyturn_tokens_issued_total")
    for _ in range(20):
        public.ask(deployment.token_request)
    public.ask(request("POST", "/token", {"Content-Type": FORM}, b"grant_type=client_credentials"))
    public.heard("request.refused", after=0)
    while (
        metric(admin, 'keyturn_requests_total{method="POST",route="token",status="401"}') < 1
        or metric(admin, "keyturn_tokens_issued_total") < before + 20
    ):
        pass  # each worker writes its sums once a second
    assert metric(admin, "keyturn_tokens_issued_total") == before + 20
    assert metric(admin, 'keyturn_refusals_total{reason="no_credentials",route="token"}') == 1
    assert metric(admin, 'keyturn_request_seconds_count{route="token"}') >= 21


def test_labels_come_from_closed_lists(admin: Server) -> None:
    for number in range(5):
        admin.ask(request(f"BREW{number}", f"/secret-{number}"))
    text = asked(admin, "/metrics").body.decode()
    assert "BREW" not in text
    assert "secret-" not in text
    assert set(re.findall(r'method="(\w+)"', text)) <= {
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "other",
    }
    assert re.search(r'keyturn_build_info\{python="3[.\d]+",version="[^"]+"\} 1\.0', text)


def test_a_lost_database_makes_it_unready_but_not_dead(deployment: Deployment) -> None:
    file = deployment.folder / "data" / "keyturn.db"
    server = deployment.serve(plane="admin")
    with closing(sqlite3.connect(file)) as connection:
        (current,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
        connection.commit()
        answer = asked(server, "/readyz")
        connection.execute("UPDATE alembic_version SET version_num = ?", (current,))
        connection.commit()
    assert answer.status == 503
    assert answer.json["checks"]["migrations"] == "ahead"
    assert asked(server, "/healthz").status == 200
    server.stop()
