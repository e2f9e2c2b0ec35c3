"""Two workers of the production server: what one is told, or another process does, both know at the next request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.actions import keys
from app.clock import utc_now
from app.opening import open_context
from app.settings import load
from tests.postgres import PostgresServer
from tests.server.running import FORM, Deployment, Server, request
from tests.world import OPERATOR

TRIES = 12  # on connections of their own, so that both workers are asked


@pytest.fixture(params=["sqlite", "postgresql"])
def deployed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    settings: dict[str, str] = {}
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        settings["KEYTURN_DATABASE_URL"] = server.database(tmp_path.name)
    made = Deployment(tmp_path, settings)
    yield made
    made.close()


def asked(server: Server, deployed: Deployment, path: str, **form: str) -> list[tuple[int, bytes]]:
    """Send a form, or without one a GET with the raw key, on several connections; status and body of each answer."""
    fields = {"Authorization": deployed.key.basic, "Content-Type": FORM}
    data = request("GET", path, {"X-API-Key": deployed.key.secret})
    if form:
        data = request("POST", path, fields, urlencode(form).encode())
    answers = [server.ask(data) for _ in range(TRIES)]
    return [(answer.status, answer.body) for answer in answers if answer is not None]


@pytest.mark.spec("T-7009-11")
def test_both_workers_refuse_what_was_taken_back(deployed: Deployment) -> None:
    server = deployed.serve(workers=2)
    granted = server.ask(deployed.token_request)
    assert granted is not None
    token = granted.json["access_token"]
    seen = asked(server, deployed, "/introspect", token=token)
    assert len(seen) == TRIES
    assert all(status == 200 and b'"active":true' in body for status, body in seen)
    revoke = request(
        "POST", "/revoke", {"Authorization": deployed.key.basic, "Content-Type": FORM}, f"token={token}".encode()
    )
    done = server.ask(revoke)
    assert done is not None
    assert done.status == 200
    assert asked(server, deployed, "/introspect", token=token) == [(200, b'{"active":false}')] * TRIES
    assert {status for status, _ in asked(server, deployed, "/api/user")} == {200}
    ctx = open_context(load(deployed.environment))
    keys.revoke(ctx, OPERATOR, deployed.key.object["tenant"]["id"], deployed.key.id, utc_now())
    ctx.database.close()
    assert [status for status, _ in asked(server, deployed, "/api/user")] == [401] * TRIES
    assert [status for status, _ in asked(server, deployed, "/token", grant_type="client_credentials")] == [401] * TRIES
