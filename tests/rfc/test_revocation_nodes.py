"""RFC 7009: a revocation holds on every node, and is never called done when it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.rfc.asking import assert_error, assert_inactive
from tests.world import Key, World

# As if a rule of the database were in the way, which looks as if the token had been taken back at the same time.
REFUSING = {
    "sqlite": ("CREATE TRIGGER refuse BEFORE INSERT ON revoked_tokens BEGIN SELECT RAISE(ABORT, 'refused'); END",),
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON revoked_tokens FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
}
ALLOWING = {"sqlite": "DROP TRIGGER refuse", "postgresql": "DROP TRIGGER refuse ON revoked_tokens"}


def lookup(client: Any, endpoint: str, key: Key, token: str) -> Any:
    """Ask an endpoint of any process about a token."""
    return client.post(endpoint, data={"token": token}, auth=key.auth)


def unavailable(answer: Any) -> None:
    """Check the answer that waiting helps, by the code that RFC 6749 §4.1.2.1 has for it."""
    assert_error(answer, 503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.spec("T-7009-10")
def test_without_its_database_no_revocation_is_called_done(world: World, database: str, tmp_path: Path) -> None:
    key = world.key()
    token = world.token(key)
    gone = f"sqlite:///{tmp_path / 'gone' / 'keyturn.db'}" if database == "sqlite" else f"{world.url}_gone"
    lost = world.client_of(world.another_process(KEYTURN_DATABASE_URL=gone))
    for endpoint in ("/revoke", "/introspect"):
        unavailable(lookup(lost, endpoint, key, token))
    assert world.introspect(key, token)["active"] is True


@pytest.mark.spec("T-7009-10")
def test_a_revocation_that_the_database_refuses_is_not_called_done(world: World, database: str) -> None:
    key = world.key()
    token = world.token(key)
    with world.ctx.database.writer.begin() as connection:
        for statement in REFUSING[database]:
            connection.execute(text(statement))
    unavailable(lookup(world.client, "/revoke", key, token))
    assert world.introspect(key, token)["active"] is True
    with world.ctx.database.writer.begin() as connection:
        connection.execute(text(ALLOWING[database]))
    assert lookup(world.client, "/revoke", key, token).status_code == 200
    assert world.introspect(key, token) == {"active": False}


@pytest.mark.spec("T-7009-11")
def test_the_next_request_to_another_node_knows_of_a_revocation(world: World) -> None:
    key, server = world.key(), world.resource_server()
    token, kept = world.token(key), world.token(key)
    far = world.client_of(world.another_process())
    bearer = {"Authorization": f"Bearer {token}"}
    for caller in (key, server):  # the far node has verified the token before and remembers its signature
        assert lookup(far, "/introspect", caller, token).json["active"] is True
    assert far.get("/api/user", headers=bearer).status_code == 200
    assert lookup(world.client, "/revoke", key, token).status_code == 200
    for caller in (key, server):
        assert_inactive(lookup(far, "/introspect", caller, token))
        assert lookup(far, "/introspect", caller, kept).json["active"] is True
    assert far.get("/api/user", headers=bearer).status_code == 401


@pytest.mark.spec("T-7009-11")
def test_two_nodes_may_take_back_the_same_token(world: World) -> None:
    key = world.key()
    token = world.token(key)
    far = world.client_of(world.another_process())
    for client in (world.client, far, far, world.client):
        assert lookup(client, "/revoke", key, token).status_code == 200
        assert_inactive(lookup(client, "/introspect", key, token))
