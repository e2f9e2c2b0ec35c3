"""Verifiers that poll with credentials: known by their key, noted without a write."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import operator_keys, resource_servers
from app.domain.refusals import Unavailable
from app.store import verifiers
from tests.statements import heard
from tests.status.polling import LIST, Polling, ask, flush, revoke
from tests.world import OPERATOR, World, as_key


def test_who_shows_credentials_is_answered_for_itself_alone(world: World) -> None:
    public = world.client.get(LIST)
    assert public.headers["Cache-Control"] == "public, max-age=5"
    own = Polling(world, world.resource_server()).poll()
    assert own.headers["Cache-Control"] == "private, max-age=5"
    assert own.data == public.data
    assert "Authorization" in own.headers["Vary"]


def test_credentials_that_are_not_good_get_the_public_list_and_are_no_verifier(world: World) -> None:
    server, key = world.resource_server(), world.key()
    gone = world.resource_server("Gone")
    resource_servers.delete(world.ctx, OPERATOR, gone.id, world.clock())
    for auth in (key.auth, (server.id, key.secret), ("x", "y"), gone.auth):
        answer = world.client.get(LIST, auth=auth)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=5")
    for header in ("Basic !", "Bearer x", f"Bearer {server.secret}", "Basic", ""):
        answer = world.client.get(LIST, headers={"Authorization": header})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=5")
    flush(world)
    assert ask(world, "/admin/verifiers") == []


def test_verifiers_are_listed_with_what_they_hold_and_when_they_were_seen(world: World) -> None:
    server = world.resource_server("Contacts API")
    one, two = Polling(world, server), Polling(world, server, "192.0.2.2")
    one.poll()
    two.poll()
    world.clock.advance(seconds=5)
    revoke(world, world.key())
    one.poll()
    world.clock.advance(seconds=5)
    one.poll()
    flush(world)
    operator = as_key(operator_keys.create(world.ctx, OPERATOR, world.clock(), name="Ops"))
    first, second = ask(world, "/admin/verifiers", operator)
    assert (first["name"], first["address"], first["client"]) == ("Contacts API", "192.0.2.1", "keyturn-verify/1.0")
    assert (first["version"], first["current_version"], first["state"]) == (1, 1, "current")
    assert (first["seen_at"], first["age_seconds"]) == ("2026-11-21T12:00:10Z", 0)
    assert (second["version"], second["state"], second["age_seconds"]) == (None, "behind", 10)
    seen_by_tenant = ask(world, "/admin/verifiers")
    assert [(item["name"], item["address"], item["instance"]) for item in seen_by_tenant] == [
        ("Contacts API", None, None)
    ] * 2
    world.clock.advance(seconds=61)
    assert {item["state"] for item in ask(world, "/admin/verifiers", operator)} == {"silent"}


def test_processes_that_name_themselves_are_told_apart(world: World) -> None:
    server = world.resource_server()
    for name in ("web-1", "web-2"):
        Polling(world, server, name=name).poll()
    Polling(world, server, name="not a name\n".strip() + " at all").poll()
    flush(world)
    operator = as_key(operator_keys.create(world.ctx, OPERATOR, world.clock(), name="Ops"))
    assert {item["instance"] for item in ask(world, "/admin/verifiers", operator)} == {"web-1", "web-2", "192.0.2.1"}


def test_a_poll_writes_nothing(world: World) -> None:
    verifier = Polling(world, world.resource_server())
    with heard(world.ctx.database.writer) as written:
        for _ in range(50):
            verifier.poll()
        assert written == []
        flush(world)
    assert len([statement for statement, _ in written if statement.startswith("INSERT")]) == 1


def test_what_cannot_be_written_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Polling(world, world.resource_server()).poll()

    def fails(*_given: Any) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(verifiers, "note", fails)
        with pytest.raises(Unavailable):
            flush(world)
    flush(world)
    assert len(ask(world, "/admin/verifiers")) == 1


def test_verifiers_not_seen_for_a_week_are_forgotten(world: World) -> None:
    Polling(world, world.resource_server()).poll()
    flush(world)
    world.clock.advance(days=8)
    Polling(world, world.resource_server("Other")).poll()
    flush(world)
    assert [item["name"] for item in ask(world, "/admin/verifiers")] == ["Other"]
