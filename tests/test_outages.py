"""A database that is gone, stuck, locked or full costs 503 with Retry-After, and service returns by itself."""

from __future__ import annotations

import os
import shlex
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.actions import keys
from app.actions.keys import NewKey
from app.domain.refusals import Unavailable
from app.store import database as store
from app.store import deadlines
from app.store.deadlines import Patience
from tests.fixtures import WorldMaker, begin
from tests.postgres import ENVIRONMENT, PostgresServer, unprivileged
from tests.world import OPERATOR, Key, World

FORM = {"grant_type": "client_credentials"}


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines of a second, so that waiting them out takes no longer."""
    monkeypatch.setattr(deadlines, "READING", Patience(1, 1, 2))
    monkeypatch.setattr(deadlines, "WRITING", Patience(1, 1, 2))
    monkeypatch.setattr(store, "LOCK_WAIT_SECONDS", 1)


def calls(world: World, key: Key, token: str) -> Iterator[TestResponse]:
    """Every call that asks the database."""
    yield world.client.post("/token", data=FORM, auth=key.auth)
    yield world.client.post("/introspect", data={"token": token}, auth=key.auth)
    yield world.client.post("/revoke", data={"token": token}, auth=key.auth)
    yield world.client.get("/api/user", headers={"X-API-Key": key.secret})
    yield world.client.get("/.well-known/oauth-authorization-server")


def refused_for_now(answer: TestResponse) -> bool:
    return answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1


class Server:
    """A PostgreSQL of this test's own, to be stopped and started at will."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.postgres = postgres
        self._pg_ctl = f"{postgres.keeper.args[4]}/pg_ctl"  # type: ignore[index]
        line = (postgres.folder / "data" / "postmaster.opts").read_text()
        self._options = shlex.join(shlex.split(line)[1:])

    def _run(self, *arguments: str) -> None:
        command = [self._pg_ctl, "-D", str(self.postgres.folder / "data"), "-w", *arguments]
        log = subprocess.DEVNULL
        subprocess.run(command, check=True, stdout=log, cwd="/", env=ENVIRONMENT, **unprivileged())

    def stop(self) -> None:
        self._run("-m", "immediate", "stop")

    def start(self) -> None:
        self._run("-l", str(self.postgres.folder / "log"), "-o", self._options, "start")


@pytest.fixture
def server() -> Iterator[Server]:
    postgres = PostgresServer.start()
    with psycopg.connect(postgres.url("postgres")) as connection:
        # The tests' servers forget the last commits when they are killed; this one is to keep its word.
        connection.execute("ALTER ROLE postgres SET synchronous_commit = on")
    yield Server(postgres)
    postgres.stop()


@pytest.fixture
def on_server(server: Server, tmp_path: Any) -> Iterator[World]:
    """A deployment on the server of this test."""
    begin(url := server.postgres.database("outages"), tmp_path)
    world = World(url, tmp_path)
    yield world
    world.close()


@contextmanager
def stuck(world: World) -> Iterator[None]:
    """Freeze the backend that answers this thread's reads, as a sick disk or a stopped machine would."""
    pid = world.ctx.database.read(lambda connection: connection.exec_driver_sql("SELECT pg_backend_pid()").scalar())
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.spec("T-7009-10")
def test_a_stopped_postgresql_is_503_and_service_returns_with_it(on_server: World, server: Server) -> None:
    key = on_server.key()
    token = on_server.token(key)
    server.stop()
    for _ in range(2):
        assert [refused_for_now(answer) for answer in calls(on_server, key, token)] == [True] * 5
        assert on_server.client.get("/.well-known/jwks.json").status_code == 200  # the keys it has are still the keys
        assert on_server.client.get("/healthz").status_code == 200
        with pytest.raises(Unavailable):
            on_server.key("Another one")
    server.start()
    assert [answer.status_code for answer in calls(on_server, key, token)] == [200] * 5
    assert on_server.whoami(on_server.key("Another one").secret) == 200


def test_a_restart_between_two_requests_is_not_noticed(on_server: World, server: Server) -> None:
    key = on_server.key()
    token = on_server.token(key)
    server.stop()
    server.start()
    assert [answer.status_code for answer in calls(on_server, key, token)] == [200] * 5


@pytest.mark.timeout(60)
@pytest.mark.parametrize("database", ["postgresql"])
def test_a_frozen_backend_costs_one_answer(world: World) -> None:
    key = world.key()
    assert world.whoami(key.secret) == 200
    with stuck(world):
        assert refused_for_now(world.client.get("/api/user", headers={"X-API-Key": key.secret}))
        assert world.whoami(key.secret) == 200


@pytest.mark.timeout(60)
@pytest.mark.parametrize("database", ["postgresql"])
@pytest.mark.spec("T-7009-10")
def test_a_locked_table_is_503_until_it_is_free(world: World) -> None:
    key = world.key()
    token = world.token(key)
    with psycopg.connect(world.url) as other:
        other.execute("LOCK TABLE keys IN ACCESS EXCLUSIVE MODE")
        answers = list(calls(world, key, token))[:4]
        assert [refused_for_now(answer) for answer in answers] == [True] * 4
        with pytest.raises(Unavailable):
            world.key("Another one")
    assert [answer.status_code for answer in calls(world, key, token)] == [200] * 5


@pytest.mark.timeout(60)
@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.spec("T-7009-10")
def test_a_locked_sqlite_file_is_503_for_changes_and_no_hindrance_for_reads(world: World) -> None:
    key = world.key()
    token = world.token(key)
    other = sqlite3.connect(world.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert refused_for_now(world.client.post("/revoke", data={"token": token}, auth=key.auth))
    with pytest.raises(Unavailable):
        keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    assert world.whoami(key.secret) == 200
    assert world.introspect(key, token)["active"] is True
    other.execute("ROLLBACK")
    other.close()
    assert world.client.post("/revoke", data={"token": token}, auth=key.auth).status_code == 200
    assert world.introspect(key, token) == {"active": False}


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_full_disk_is_503_and_leaves_nothing_half_done(world: World) -> None:
    first = world.key()
    pages = sa.text("PRAGMA page_count")

    def limit(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={full}")

    with world.ctx.database.transaction() as connection:
        full = connection.execute(pages).scalar_one() + 1
    event.listen(world.ctx.database.writer, "begin", limit)
    made = _fill(world)
    event.remove(world.ctx.database.writer, "begin", limit)
    assert 0 < made < 100
    counts = world.ctx.database.read(_counts)
    assert counts["keys"] == counts["secrets"] == counts["created"] == counts["listed"] == made + 1
    full = 1_000_000
    with world.ctx.database.transaction() as connection:
        limit(connection)
    assert world.whoami(first.secret) == world.whoami(world.key("Room again").secret) == 200


def _fill(world: World) -> int:
    """Make keys until there is no room; how many there were."""
    new = NewKey("A key", description="d" * 400, group="Full access")
    for made in range(100):
        try:
            keys.create(world.ctx, OPERATOR, world.tenant["id"], new, world.clock())
        except Unavailable:
            return made
    return 100


def _counts(connection: sa.Connection) -> dict[str, int]:
    questions = {
        "keys": "SELECT count(*) FROM keys",
        "secrets": "SELECT count(*) FROM secrets",
        "created": "SELECT count(*) FROM audit_events WHERE event = 'key.created'",
        "listed": "SELECT sum(listed_keys) FROM tenants",
    }
    return {name: connection.execute(sa.text(question)).scalar_one() for name, question in questions.items()}


def test_a_wrong_statement_is_a_fault_of_ours_and_not_an_outage(make_world: WorldMaker, capfd: Any) -> None:
    world = make_world()
    key = world.key()
    with world.ctx.database.transaction() as connection:
        connection.execute(sa.text("ALTER TABLE revoked_tokens RENAME TO elsewhere"))
    answer = world.client.post("/introspect", data={"token": world.token(key)}, auth=key.auth)
    assert answer.status_code == 500
    logged = capfd.readouterr()
    assert "request.crashed" in logged.out + logged.err
    assert "revoked_tokens" not in answer.text
    assert world.whoami(key.secret) == 200
