"""The recorder's promises: nothing lost but what was not written, nothing unbounded, no call disturbed."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from app.actions import keys
from app.domain import credentials
from app.domain.clients import OTHERS
from app.domain.credentials import new_secret
from app.domain.usage import Outcome
from app.runtime import recorder
from app.store import facts, usage_limits
from tests.admin.client import Admin
from tests.another import Another
from tests.statements import heard
from tests.usage.staging import call, usage
from tests.world import World

STATEMENTS = 8


def count(world: World, table: str) -> int:
    return int(world.ctx.database.read(lambda connection: connection.scalar(sa.text(f"SELECT count(*) FROM {table}"))))


def test_nothing_is_written_by_a_call_and_few_statements_write_many(admin: Admin, world: World) -> None:
    made = [world.key(f"Key {number}") for number in range(20)]
    writer = world.ctx.database.writer
    with heard(writer) as calls:
        for key in made:
            for number in range(5):
                call(world, key.secret, f"198.51.100.{number}")
    assert calls == []
    with heard(writer) as statements:
        world.ctx.recorder.flush()
    assert 0 < len(statements) <= STATEMENTS
    assert not [text for text, _ in statements if text.startswith("UPDATE")]
    assert usage(admin, made[7])["totals"]["ok"] == 5
    assert len(usage(admin, made[7])["callers"]) == 5
    with heard(writer) as own:
        world.ctx.recorder.flush()
    assert [text for text, _ in own if "INTO" in text] != []  # the administrator's own calls, and then nothing more
    with heard(writer) as more:
        world.ctx.recorder.flush()
    assert more == []


def test_processes_add_up(admin: Admin, world: World) -> None:
    key = world.key()
    apps = [world.another_process(), world.another_process()]
    for turn in range(3):
        for number, app in enumerate(apps):
            world.clock.advance(seconds=1)
            client = world.client_of(app)
            client.get("/api/user", headers={"X-API-Key": key.secret, "User-Agent": f"app{turn}/{number}.0"})
    for app in reversed(apps):  # the later counts arrive first
        app.extensions["keyturn"].recorder.flush()
    found = usage(admin, key)
    assert found["totals"]["ok"] == 6
    assert [(one["client"], one["calls"]) for one in found["callers"]] == [
        (f"app{turn}/{number}.0", 1) for turn in (2, 1, 0) for number in (1, 0)
    ]
    shown = keys.show(world.ctx, None, key.id, world.clock())
    assert (shown["last_used_at"], shown["last_used_client"]) == ("2026-11-21T12:00:06Z", "app2/1.0")


def test_two_real_processes_add_up_at_their_end(admin: Admin, world: World) -> None:
    key = world.key()
    plain = {"KEYTURN_ISSUER": "http://127.0.0.1:8000"}
    with Another(world, **plain) as first, Another(world, **plain) as second:
        for one in (first, second, first):
            assert one.call("/api/user", X_API_Key=key.secret)[0] == 200
        assert usage(admin, key)["totals"]["ok"] == 0
    assert usage(admin, key)["totals"]["ok"] == 3


def test_what_can_never_be_written_is_dropped_and_told(
    world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    key = world.key()
    call(world, key.secret)
    monkeypatch.setattr(recorder, "add_up", lambda *_: 1 / 0)
    world.ctx.recorder.flush()
    world.ctx.recorder.flush()
    logged = capfd.readouterr()
    assert (logged.out + logged.err).count("usage.dropped") == 1


def test_memory_is_bounded_and_what_does_not_fit_loses_its_caller_first(
    admin: Admin, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_USES", 6)
    monkeypatch.setattr(recorder, "MOST_UNTOLD", 1)
    key, second = world.key(), world.key("Second")
    for number in range(20):
        call(world, key.secret, f"198.51.100.{number}")
    call(world, second.secret)
    assert world.ctx.recorder.kept == 7
    found = usage(admin, key)
    assert found["totals"]["ok"] == 20
    assert len(found["callers"]) == 7
    others = next(one for one in found["callers"] if one["client"] == OTHERS)
    assert (others["ip"], others["calls"]) == (None, 14)
    assert usage(admin, second)["totals"]["ok"] == 0


def test_callers_are_capped_and_those_without_a_secret_push_nobody_out(
    admin: Admin, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "LOOK_AT_CALLERS_AFTER", 1)
    monkeypatch.setattr(usage_limits, "MOST_CALLERS", 3)
    monkeypatch.setattr(usage_limits, "MOST_UNPROVEN", 2)
    key = world.key()
    wrong = wrong_secret(world, key.id)
    for number in range(8):
        world.clock.advance(seconds=1)
        call(world, key.secret, f"198.51.100.{number}")
        call(world, wrong, f"203.0.113.{number}")
        world.ctx.recorder.flush()
    seen = [(one["ip"], one["client"], one["secret"] is not None, one["calls"]) for one in usage(admin, key)["callers"]]
    assert [one for one in seen if one[2]] == [
        *((f"198.51.100.{number}", "python-requests/2.32", True, 1) for number in (7, 6, 5)),
        (None, OTHERS, True, 5),
    ]
    assert [one[0] for one in seen if not one[2]] == ["203.0.113.7", "203.0.113.6", None]


def wrong_secret(world: World, key_id: str) -> str:
    """A well-formed secret that is not the key's."""
    return new_secret(key_id, world.ctx.entropy).text


def test_what_was_kept_long_enough_goes(admin: Admin, world: World) -> None:
    key = world.key()
    call(world, key.secret, Origin="https://app.example.com")
    world.ctx.recorder.flush()
    world.clock.advance(days=89)
    world.ctx.recorder.forget(world.clock())
    assert len(usage(admin, key)["callers"]) == 1
    world.clock.advance(days=2)
    world.ctx.recorder.forget(world.clock())
    found = keys.show(world.ctx, None, key.id, world.clock())
    assert found["last_used_at"] == "2026-11-21T12:00:00Z"
    assert (found["last_used_ip"], found["last_used_client"], found["secrets"][0]["last_used_ip"]) == (None,) * 3
    assert "browser_use" not in found["flags"]
    assert usage(admin, key)["callers"] == []
    assert count(world, "usage_days") > 0
    world.clock.advance(days=310)
    world.ctx.recorder.forget(world.clock())
    assert usage(admin, key, "?from=2026-11-21&to=2026-11-21")["totals"]["ok"] == 0


def test_forgetting_is_done_in_bounded_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_limits, "AT_ONCE", 2)
    monkeypatch.setattr(recorder, "MOST_STEPS", 1)
    key = world.key()
    for number in range(5):
        call(world, key.secret, f"198.51.100.{number}")
    world.ctx.recorder.flush()
    later = world.clock() + timedelta(days=200)
    left = []
    for _ in range(3):
        world.ctx.recorder.forget(later)
        left.append(count(world, "callers"))
    assert left == [3, 1, 0]


def test_threads_lose_no_count(admin: Admin, world: World) -> None:
    key = world.key()
    call(world, key.secret)
    fingerprint = credentials.fingerprint(world.ctx.vault.pepper, key.secret)
    found = facts.by_secret(world.ctx.database, key.id, fingerprint)
    assert found is not None

    def count_many(now: datetime) -> None:
        for _ in range(2000):
            world.ctx.recorder.used(found, Outcome.OK, now)

    threads = [threading.Thread(target=count_many, args=(world.clock(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        world.ctx.recorder.flush()
    for thread in threads:
        thread.join()
    assert usage(admin, key)["totals"]["ok"] == 8001


def test_a_secret_in_the_wrong_header_is_not_kept(admin: Admin, world: World) -> None:
    key = world.key()
    call(world, key.secret, client=key.secret)
    assert [one["client"] for one in usage(admin, key)["callers"]] == [None]
