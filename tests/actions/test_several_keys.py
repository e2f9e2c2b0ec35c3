"""Many keys changed together: each as it would be alone, at the price of a few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app.actions import audit, key_batches, key_jobs, keys, rotation, several_keys
from app.actions.key_batches import Verb
from app.actions.several_keys import Changing
from app.context import Context
from app.domain.events import Actor
from app.domain.refusals import Conflict, NotFound
from app.models import Key, Propagation
from tests.many_keys import enlist, fill
from tests.statements import heard
from tests.together import at_once
from tests.world import OPERATOR, World

MANY, FEW = 100, 10
AT_MOST = 30  # statements for a hundred keys
CREATORS = 20  # of the keys that `fill` makes, each of whom may hand out something else
VERBS: list[tuple[Verb, dict[str, Any]]] = [
    ("revoke", {"reason": "cleaning up"}),
    ("delete", {}),
    ("change_group", {"group": "Read only"}),
]


def filled(world: World, many: int) -> list[str]:
    """Live keys of the tenant, many more than are asked for beside them; by many members, in many groups."""
    fill(world, world.tenant["id"], 2 * many)
    alive = (Key.tenant_id == world.tenant["id"], Key.revoked_at.is_(None), Key.group_id != "grp_ro")
    question = select(Key.key_id).where(*alive).order_by(Key.key_id).limit(many)
    ids = world.ctx.database.read(lambda connection: list(connection.execute(question).scalars()))
    enlist(world, ids)
    return ids


def actor(world: World) -> Actor:
    """A member of the tenant who manages keys, as `fill` makes them."""
    return Actor("member", f"mem_{world.tenant['id']}_0", world.tenant["id"], unbound=True)


def events(world: World, name: str) -> list[dict[str, Any]]:
    """Every event of a name, oldest first."""
    page = audit.page(world.ctx, world.tenant["id"], world.clock(), filters={"event": name}, limit=500)
    return page.items[::-1]


def followed(world: World) -> list[str]:
    """The keys whose revocations are followed to the verifiers, in order."""
    question = select(Propagation.key_id).order_by(Propagation.number)
    return world.ctx.database.read(lambda connection: list(connection.execute(question).scalars()))


@pytest.mark.parametrize(("verb", "more"), VERBS)
def test_a_hundred_keys_cost_as_many_statements_as_ten(world: World, verb: Verb, more: dict[str, Any]) -> None:
    ids = filled(world, MANY + FEW)
    taken = []
    for some in (ids[:FEW], ids[FEW:]):
        batch = key_jobs.begin(world.ctx, actor(world), world.tenant["id"], verb, some, world.clock(), **more)
        with heard(world.ctx.database.writer) as said:
            key_jobs.step(world.ctx, batch, world.clock())
        found = key_jobs.show(world.ctx, world.tenant["id"], batch, world.clock(), 1)
        assert (found["changed"], found["unchanged"]) == (len(some), 0)
        taken.append(said)
    creators = CREATORS if verb == "change_group" else 0
    assert len(taken[1]) - creators <= AT_MOST, taken[1]
    assert len(taken[1]) - len(taken[0]) <= creators, "what is asked for each key is asked for all together"
    assert audit.verify(world.ctx, world.tenant["id"]).ok


def test_what_nobody_may_have_is_asked_once_for_each_creator(world: World) -> None:
    ids = filled(world, MANY)
    bound = Actor("member", f"mem_{world.tenant['id']}_0", world.tenant["id"])
    with heard(world.ctx.database.writer) as said:
        done = key_batches.run(
            world.ctx, bound, world.tenant["id"], "change_group", ids, world.clock(), group="Full access"
        )
    assert {row["error"] for row in done["unchanged"]} == {"group_exceeds_caller"}
    assert (len(done["unchanged"]), len(said) <= CREATORS + AT_MOST) == (MANY, True)
    assert events(world, "key.edited") == []


def test_an_event_of_many_says_what_the_event_of_one_says(world: World) -> None:
    act = (world.ctx, OPERATOR, world.tenant["id"])
    end: dict[str, Any] = {"description": "Nightly", "expires_at": "2027-01-31", "ip_allowlist": ("192.0.2.0/24",)}
    for verb, name in (("revoke", "key.revoked"), ("delete", "key.deleted"), ("change_group", "key.edited")):
        alone, together = world.key("Twin", **end).id, world.key("Twin", **end).id
        if verb == "revoke":
            keys.revoke(*act, alone, world.clock(), "leaked")
            key_batches.run(*act, "revoke", [together], world.clock(), reason="leaked")
        elif verb == "delete":
            keys.delete(*act, alone, world.clock())
            key_batches.run(*act, "delete", [together], world.clock())
        else:
            keys.edit(*act, alone, world.clock(), group="Read only")
            key_batches.run(*act, "change_group", [together], world.clock(), group="Read only")
        one, other = events(world, name)[-2:]
        assert other["after"].pop("batch").startswith("bat_")
        same = ("event", "actor", "address", "request_id", "before", "after")
        assert {part: one[part] for part in same} == {part: other[part] for part in same}
        assert (one["object"]["id"], other["object"]["id"]) == (alone, together)


def test_what_keeps_some_keys_keeps_no_other_and_the_events_stand_in_the_order_asked_for(world: World) -> None:
    act = (world.ctx, OPERATOR, world.tenant["id"])
    made = [world.key(f"Key {number}").id for number in range(6)]
    theirs = world.key("Theirs", tenant=world.new_tenant("Other")).id
    keys.revoke(*act, made[1], world.clock())
    keys.delete(*act, made[4], world.clock())
    asked_for = [made[5], theirs, made[1], made[0], "kt_nothing", made[4], made[3], made[2]]
    before = len(followed(world))
    done = key_batches.run(*act, "revoke", asked_for, world.clock())
    assert done["changed"] == [made[5], made[0], made[3], made[2]]
    assert [(row["client_id"], row["error"]) for row in done["unchanged"]] == [
        (theirs, "not_found"),
        (made[1], "key_revoked"),
        ("kt_nothing", "not_found"),
        (made[4], "not_found"),
    ]
    assert [row["object"]["id"] for row in events(world, "key.revoked")[1:]] == done["changed"]
    assert followed(world)[before:] == done["changed"]
    assert keys.show(world.ctx, None, theirs, world.clock())["status"] == "active"
    done = key_batches.run(*act, "delete", [made[5], made[2]], world.clock())
    assert (len(done["changed"]), len(followed(world))) == (2, before + 4), "what was revoked is followed already"
    assert audit.verify(world.ctx, None).ok


def test_each_of_several_keys_has_to_have_the_version_that_is_expected(world: World) -> None:
    one, edited = world.key("One").id, world.key("Edited").id
    keys.edit(world.ctx, OPERATOR, world.tenant["id"], edited, world.clock(), name="Edited since")
    for change in (several_keys.revoke, several_keys.delete):
        with world.ctx.database.transaction() as connection:
            changing = Changing(world.ctx, connection, OPERATOR, world.tenant["id"], world.clock(), {})
            kept = change(changing, [edited], 1)
        assert [getattr(refusal, "code", None) for refusal in kept.values()] == ["version_conflict"]
    assert keys.show(world.ctx, None, edited, world.clock())["status"] == "active"
    assert keys.show(world.ctx, None, one, world.clock())["version"] == 1


def test_a_key_is_asked_once_for_its_status_lists_whatever_becomes_of_it(world: World) -> None:
    act: dict[str, Callable[..., Any]] = {"revoke": keys.revoke, "delete": keys.delete, "rotate": rotation.rotate}
    for name, change in act.items():
        key = world.key(f"Key to {name}")
        with heard(world.ctx.database.writer) as said:
            change(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
        assert sum("status_reference FROM secrets" in statement.text for statement in said) == 1, (name, said)


@pytest.mark.parametrize("verb", ["revoke", "delete"])
def test_keys_that_two_processes_end_at_once_end_once_each(world: World, verb: Verb) -> None:
    other = world.another_process().extensions["keyturn"]
    ids = [world.key(f"Key {number}").id for number in range(30)]
    mine = (OPERATOR, world.tenant["id"])

    def one_by_one() -> None:
        for key_id in reversed(ids):
            with suppress(Conflict, NotFound):
                keys.revoke(world.ctx, *mine, key_id, world.clock())

    def together(ctx: Context, order: list[str]) -> None:
        key_batches.run(ctx, *mine, verb, order, world.clock())

    assert at_once([one_by_one, partial(together, other, ids), partial(together, world.ctx, ids[::-1])]) == []
    ended = Counter(row["object"]["id"] for name in ("key.revoked", "key.deleted") for row in events(world, name))
    revoked = {row["object"]["id"] for row in events(world, "key.revoked")}
    twice = revoked if verb == "delete" else set()
    assert ended == {key_id: 2 if key_id in twice else 1 for key_id in ids}
    assert Counter(followed(world)) == dict.fromkeys(ids, 1)
    assert audit.verify(world.ctx, world.tenant["id"]).ok
