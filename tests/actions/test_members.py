"""Members: nobody gives more than they hold, and a tenant always has a Global Admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.actions import audit, keys, members
from app.actions.keys import NewKey
from app.domain.events import Actor
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound
from app.domain.scopes import Role, of_role
from app.store import facts
from tests.world import OPERATOR, World, as_key


def make(
    world: World, role: str = "auditor", email: str = "Ada@Example.com", actor: Actor = OPERATOR
) -> dict[str, Any]:
    return members.create(world.ctx, actor, world.tenant["id"], world.clock(), email=email, name="Ada", role=role)


def acting_as(world: World, member: dict[str, Any], kind: str = "member") -> Actor:
    scope = of_role(Role(member["role"]), world.ctx.database.read(facts.product_scopes))
    return Actor(
        kind, member["id"], world.tenant["id"], scope, unbound=kind == "member" and member["role"] == "global_admin"
    )


def refused(change: Callable[[], Any], code: str) -> None:
    with pytest.raises((Conflict, Forbidden)) as error:
        change()
    assert error.value.code == code


def test_an_address_is_unique_within_its_tenant_whatever_its_case(world: World) -> None:
    made = make(world)
    assert (
        members.show(world.ctx, world.tenant["id"], "ada@example.COM")
        == members.show(world.ctx, None, made["id"])
        == made
    )
    refused(lambda: make(world, email="ADA@example.com"), "member_exists")
    other = world.new_tenant("Other")["id"]
    assert members.create(
        world.ctx, OPERATOR, other, world.clock(), email="ada@example.com", name="Ada", role="member"
    )["active"]
    assert [member["id"] for member in members.page(world.ctx, world.tenant["id"], None, 10)] == [made["id"]]


@pytest.mark.parametrize(
    "email", ["", "ada", "a@b@c", "a b@example.com", "ada@", "@example.com", "ada@example..com", "a@" + "b" * 253]
)
def test_what_is_no_address_is_refused_with_everything_else_that_is_wrong(world: World, email: str) -> None:
    with pytest.raises(Invalid) as invalid:
        members.create(world.ctx, OPERATOR, world.tenant["id"], world.clock(), email=email, name=" ", role="boss")
    assert {problem.field for problem in invalid.value.problems} == {"email", "name", "role"}


def test_an_address_may_have_254_characters(world: World) -> None:
    # RFC 5321 §4.5.3.1.3: 256 with the angle brackets around it
    longest = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.com"
    assert make(world, email=longest)["email"] == longest
    with pytest.raises(Invalid):
        make(world, email=longest.replace(".com", ".info"))


def test_only_global_admins_and_the_operator_make_and_change_global_admins(world: World) -> None:
    first = make(world, "global_admin", "first@example.com")
    second = make(world, "global_admin", "second@example.com", acting_as(world, first))
    administrator = acting_as(world, make(world, "tenant_administrator"))
    tenant, now = world.tenant["id"], world.clock()
    refused(lambda: make(world, "global_admin", "third@example.com", administrator), "role_exceeds_caller")
    refused(
        lambda: members.edit(world.ctx, administrator, tenant, second["id"], now, active=False), "role_exceeds_caller"
    )
    refused(lambda: members.remove(world.ctx, administrator, tenant, second["id"], now), "role_exceeds_caller")
    refused(lambda: members.reset(world.ctx, administrator, tenant, second["id"], now), "role_exceeds_caller")
    assert (
        members.edit(world.ctx, acting_as(world, first), tenant, second["id"], now, role="member")["role"] == "member"
    )


def test_nobody_gives_a_role_or_resets_a_member_that_holds_more(world: World) -> None:
    key = Actor("key", "kt_x", world.tenant["id"], frozenset({"members:read", "members:write"}))
    tenant, now = world.tenant["id"], world.clock()
    auditor = make(world)
    refused(lambda: make(world, "auditor", "b@example.com", key), "role_exceeds_caller")
    assert make(world, "member", "c@example.com", key)["role"] == "member"
    refused(lambda: members.reset(world.ctx, key, tenant, auditor["id"], now), "role_exceeds_caller")
    refused(
        lambda: members.edit(world.ctx, key, tenant, "c@example.com", now, role="super_user"), "role_exceeds_caller"
    )


def test_only_the_operator_says_who_manages_signing_keys(world: World) -> None:
    admin = make(world, "global_admin")
    tenant, now = world.tenant["id"], world.clock()
    refused(
        lambda: members.edit(world.ctx, acting_as(world, admin), tenant, admin["id"], now, operator=True),
        "operator_only",
    )
    assert members.edit(world.ctx, OPERATOR, tenant, admin["id"], now, operator=True)["operator"]


def test_the_last_active_global_admin_stays(world: World) -> None:
    admin, tenant, now = make(world, "global_admin"), world.tenant["id"], world.clock()
    other = make(world, "global_admin", "b@example.com")
    members.edit(world.ctx, OPERATOR, tenant, other["id"], now, active=False)
    for change in (
        lambda: members.edit(world.ctx, OPERATOR, tenant, admin["id"], now, role="member"),
        lambda: members.edit(world.ctx, OPERATOR, tenant, admin["id"], now, active=False),
        lambda: members.remove(world.ctx, OPERATOR, tenant, admin["id"], now),
    ):
        refused(change, "last_global_admin")
    assert members.edit(world.ctx, OPERATOR, tenant, admin["id"], now, name="Ada L.")["name"] == "Ada L."
    members.edit(world.ctx, OPERATOR, tenant, other["id"], now, active=True)
    members.remove(world.ctx, OPERATOR, tenant, admin["id"], now, version=2)


def test_keys_that_act_as_a_member_stop_with_them_and_their_address_is_free_again(world: World) -> None:
    tenant, now = world.tenant["id"], world.clock()
    ada = make(world, "super_user")
    key = as_key(keys.create(world.ctx, acting_as(world, ada), tenant, NewKey("Hers", group="grp_creator"), now))
    assert world.whoami(key.secret) == 200
    members.edit(world.ctx, OPERATOR, tenant, ada["id"], now, active=False)
    assert world.whoami(key.secret) == 403
    refused(lambda: members.reset(world.ctx, OPERATOR, tenant, ada["id"], now), "member_inactive")
    members.remove(world.ctx, OPERATOR, tenant, ada["id"], now)
    assert world.whoami(key.secret) == 403
    assert make(world)["id"] != ada["id"]
    with pytest.raises(NotFound):
        members.show(world.ctx, tenant, ada["id"])


def test_a_reset_link_is_told_once_and_the_log_names_members_by_id_alone(world: World) -> None:
    ada = make(world)
    link = members.reset(world.ctx, OPERATOR, None, ada["id"], world.clock())
    assert link.startswith(world.settings.console_base + "/set-up/")
    refused(
        lambda: members.edit(world.ctx, OPERATOR, world.tenant["id"], ada["id"], world.clock(), version=7),
        "version_conflict",
    )
    log = str(list(audit.export(world.ctx, None)))
    assert "member.reset" in log
    assert link.rpartition("/")[2] not in log
    assert "example.com" not in log.lower()
