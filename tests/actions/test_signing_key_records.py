from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from app.actions import audit, signing_keys
from app.domain.times import rfc3339
from tests.signing import LEARNT
from tests.world import OPERATOR, START, World


def prepare(world: World, **more: Any) -> str:
    kid: str = signing_keys.prepare(world.ctx, OPERATOR, world.clock(), **more)["kid"]
    return kid


def activate(world: World, kid: str | None = None) -> str:
    activated: str = signing_keys.activate(world.ctx, OPERATOR, world.clock(), kid)["kid"]
    return activated


def revoke(world: World, kid: str) -> dict[str, Any]:
    return signing_keys.revoke(world.ctx, OPERATOR, world.clock(), kid)


def pem(private: Any) -> bytes:
    data: bytes = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return data


def test_retiring_is_recorded_once_by_the_system(world: World) -> None:
    world.clock.advance(seconds=LEARNT)
    activate(world)
    world.clock.advance(hours=2)
    assert signing_keys.retire_due(world.ctx, world.clock()) == 1
    assert signing_keys.retire_due(world.ctx, world.clock()) == 0
    retired = [event for event in audit.export(world.ctx, None) if event["event"] == "signing_key.retired"]
    assert [event["actor"] for event in retired] == [{"kind": "system", "id": "keyturn"}]


def test_private_halves_are_erased_when_a_key_stops_signing(world: World) -> None:
    world.clock.advance(seconds=LEARNT)
    activate(world)
    revoke(world, prepare(world))
    rows = world.ctx.database.read(
        lambda c: c.execute(text("SELECT state, sealed_private IS NULL FROM signing_keys")).all()
    )
    assert {(state, bool(erased)) for state, erased in rows} == {
        ("next", False),
        ("active", False),
        ("verifying", True),
        ("revoked", True),
    }


def test_private_halves_are_in_no_answer_log_or_export(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    number = private.private_numbers().private_value
    kid = prepare(world, pem=pem(private))
    world.clock.advance(seconds=LEARNT)
    activate(world, kid)
    told = [
        json.dumps(signing_keys.all_keys(world.ctx, world.clock())),
        world.client.get("/.well-known/jwks.json").text,
        world.token(world.key()),
    ]
    told.append(json.dumps(revoke(world, kid)))
    events = list(audit.export(world.ctx, None))
    stored = world.ctx.database.read(lambda c: c.execute(text("SELECT * FROM signing_keys")).all())
    everything = "".join(
        [
            *told,
            json.dumps(events),
            "".join(capsys.readouterr()),
            repr(stored),
            repr(world.ctx.ring.current(world.clock())),
        ]
    )
    raw = number.to_bytes(32)
    lines = [line for line in pem(private).decode().splitlines() if not line.startswith("-")]
    for form in (str(number), f"{number:x}", repr(raw)[2:-1], *lines):
        assert form not in everything


def test_every_change_is_recorded_with_who_made_it(world: World) -> None:
    world.clock.advance(seconds=LEARNT)
    prepare(world)
    prepare(world, pem=pem(ec.generate_private_key(ec.SECP256R1())))
    revoke(world, activate(world))
    events = [event for event in audit.export(world.ctx, None) if event["object"]["kind"] == "signing_key"]
    begun = [event["event"].rpartition(".")[2] for event in events if event["at"] == rfc3339(START)]
    assert begun == ["prepared", "activated", "prepared"]
    later = [
        (event["event"].rpartition(".")[2], event["actor"]["id"])
        for event in events
        if event["at"] > str(rfc3339(START))
    ]
    assert later == [(name, "tester") for name in ("prepared", "imported", "activated", "revoked", "activated")]
