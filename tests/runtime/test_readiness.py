from __future__ import annotations

import threading
from typing import Any

from app.runtime import readiness
from app.runtime.readiness import OK, Readiness, checks
from app.settings import load
from tests.fixtures import WorldMaker
from tests.world import World


def ask(world: World) -> dict[str, str]:
    return checks(world.ctx.database, world.ctx.settings.database, world.ctx.ring, world.clock())


def test_a_begun_deployment_is_ready(world: World) -> None:
    assert set(ask(world).values()) == {OK}


def test_a_signing_key_that_caches_do_not_know_yet_is_told(world: World) -> None:
    world.clock.advance(days=-1)
    assert ask(world)["signing_key"] == "not usable yet"


def test_a_database_that_is_not_there_is_told(make_world: WorldMaker) -> None:
    world = make_world()
    nowhere = load({"KEYTURN_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"})
    assert checks(world.ctx.database, nowhere.database, world.ctx.ring, world.clock())["database"] == "no answer"


def test_a_database_that_hangs_hangs_nobody(world: World, monkeypatch: Any) -> None:
    let_go = threading.Event()
    asked = []

    def hang(*_: Any) -> dict[str, str]:
        asked.append(1)
        let_go.wait()
        return {"database": OK}

    monkeypatch.setattr(readiness, "checks", hang)
    patient = Readiness(patience_seconds=0.01)
    question = (world.ctx.database, world.ctx.settings.database, world.ctx.ring, world.clock())
    assert patient.ask(*question)["database"] == "no answer"
    assert patient.ask(*question)["database"] == "no answer"
    assert len(asked) == 1
    let_go.set()


def test_whatever_goes_wrong_is_an_answer(world: World, monkeypatch: Any) -> None:
    def broken(*_: Any) -> dict[str, str]:
        raise ValueError("kts_secret")

    monkeypatch.setattr(readiness, "checks", broken)
    found = Readiness().ask(world.ctx.database, world.ctx.settings.database, world.ctx.ring, world.clock())
    assert found["database"] == "ValueError"
