"""Two workers of the production server: both serve the same list, and what each is told of verifiers comes together."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.actions import keys, propagation, resource_servers
from app.clock import utc_now
from app.opening import open_context
from app.settings import load
from tests.postgres import PostgresServer
from tests.server.running import Deployment, Server, request
from tests.server.wire import Answer
from tests.status.reading import index_of, opened
from tests.world import OPERATOR, Key, as_key

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


def fetched(server: Server, **headers: str) -> Answer:
    answer = server.ask(request("GET", "/status-lists/0", headers))
    assert answer is not None
    return answer


def everywhere(server: Server, **headers: str) -> set[tuple[int, str, bytes]]:
    """What is answered on several connections: one element when all workers say the same."""
    answers = [fetched(server, **headers) for _ in range(TRIES)]
    return {(answer.status, answer.headers["etag"], answer.body) for answer in answers}


def revoke(deployed: Deployment, key: Key) -> dict[str, Any]:
    """Revoke in a process that serves nothing, as the command line does."""
    ctx = open_context(load(deployed.environment))
    told = keys.revoke(ctx, OPERATOR, deployed.tenant, key.id, utc_now())
    ctx.database.close()
    return told


def recorded(server: Server, event: str) -> None:
    """Wait until the log tells that an event was recorded."""
    after = 0
    while (line := server.heard("audit.recorded", after))["recorded"] != event:
        after = server.lines.index(line) + 1


def test_both_workers_show_the_same_list_at_the_next_request(deployed: Deployment) -> None:
    server = deployed.serve(workers=2)
    granted = server.ask(deployed.token_request)
    assert granted is not None
    index = index_of(granted.json["access_token"], "http://127.0.0.1:8000/status-lists/0")
    ((status, before, body),) = everywhere(server)
    assert (status, opened(body)) == (200, {})
    ((status, _, body),) = everywhere(server, **{"If-None-Match": before})
    assert (status, body) == (304, b"")
    told = revoke(deployed, deployed.key)
    ((status, after, body),) = everywhere(server, **{"If-None-Match": before})
    assert (status, opened(body)) == (200, {index: 1})
    assert after.startswith(f'"0-{told["status_list"]["version"]}-')
    ((status, zipped, body),) = everywhere(server, **{"Accept-Encoding": "gzip"})
    assert (status, opened(gzip.decompress(body))) == (200, {index: 1})
    assert zipped != after


def test_what_each_worker_hears_of_a_verifier_becomes_one_proof(deployed: Deployment) -> None:
    ctx = open_context(load(deployed.environment))
    verifier = as_key(resource_servers.create(ctx, OPERATOR, utc_now(), name="Contacts API"))
    server = deployed.serve(workers=2)
    credentials = {"Authorization": verifier.basic}
    held = fetched(server, **credentials)
    assert held.headers["cache-control"] == "private, max-age=5"
    revoke(deployed, deployed.key)
    given = fetched(server, **credentials, **{"If-None-Match": held.headers["etag"]})
    assert given.status == 200
    ((status, _, _),) = everywhere(server, **credentials, **{"If-None-Match": given.headers["etag"]})
    assert status == 304
    recorded(server, "key.enforced")
    (found,) = propagation.of_key(ctx, deployed.tenant, deployed.key.id, utc_now())
    assert (found["verifiers"], found["enforced"], found["complete"]) == (1, 1, True)
    ctx.database.close()
