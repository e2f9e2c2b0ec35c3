"""A tenant keeps a Global Admin, and nobody below one makes or unmakes one: by forged forms, past what pages offer."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import members
from tests.console.people import Person, member
from tests.world import World

LIST = "/settings/members"
STEPS: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {"name": "Somebody", "role": "member"}),
    ("/deactivate", {}),
    ("/remove", {}),
)


def shown(world: World, email: str) -> dict[str, Any]:
    """A member as stored."""
    return members.show(world.ctx, world.tenant["id"], email)


@pytest.mark.parametrize(("step", "fields"), STEPS)
def test_the_last_global_admin_cannot_go_by_themself_either(world: World, step: str, fields: dict[str, str]) -> None:
    email = member(world)
    member(world, "tenant_administrator", "Bo Lin")
    person, before = Person(world, email).signed_in(), shown(world, email)
    answer = person.send(f"{LIST}/{before['id']}{step}", **fields)
    assert (answer.status_code, "the tenant&#39;s last active Global Admin" in answer.text) == (409, True)
    assert shown(world, email) == before
    assert person.read("/account").status_code == 200


@pytest.mark.parametrize(("step", "fields"), [*STEPS, ("/activate", {}), ("/reset", {}), ("", {"name": "Mallory"})])
@pytest.mark.parametrize("role", ["tenant_administrator", "super_user", "auditor", "member"])
def test_nobody_below_touches_a_global_admin(world: World, role: str, step: str, fields: dict[str, str]) -> None:
    target, _ = member(world), member(world, name="Joan Clarke")
    before = shown(world, target)
    person = Person(world, member(world, role, "Bo Lin")).signed_in()
    answer = person.send(f"{LIST}/{before['id']}{step}", **fields)
    assert answer.status_code == (422 if role == "tenant_administrator" else 403)
    assert "/set-up/" not in answer.text
    assert shown(world, target) == before


@pytest.mark.parametrize("role", ["tenant_administrator", "super_user"])
def test_nobody_below_makes_a_global_admin_of_themself_or_of_others(world: World, role: str) -> None:
    member(world)
    email = member(world, role, "Bo Lin")
    person = Person(world, email).signed_in()
    own = shown(world, email)
    for path, fields in (
        (f"{LIST}/{own['id']}", {"name": "Bo Lin", "role": "global_admin"}),
        (f"{LIST}/invite", {"email": "new@example.com", "name": "New", "role": "global_admin"}),
    ):
        assert person.send(path, **fields).status_code == (422 if role == "tenant_administrator" else 403)
    assert shown(world, email) == own
    every = members.page(world.ctx, world.tenant["id"], None, 10)
    assert sorted(one["role"] for one in every) == sorted(["global_admin", role])
