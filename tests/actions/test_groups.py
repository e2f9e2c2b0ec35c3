"""Authorization groups: what they may hold, and what becomes of their keys."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import catalogue, groups, keys, tenants
from app.domain.events import Actor
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.world import OPERATOR, World

CLERK = Actor("key", "kt_clerk", scope=frozenset({"groups:read", "groups:write", "contacts:read"}))


def make(
    world: World, name: str = "Reporting", scopes: tuple[str, ...] = ("contacts:read",), **more: Any
) -> dict[str, Any]:
    actor = more.pop("actor", OPERATOR)
    return groups.create(world.ctx, actor, world.tenant["id"], world.clock(), name=name, scopes=list(scopes), **more)


def test_a_group_is_found_by_id_and_by_folded_name(world: World) -> None:
    made = make(world, "Réporting", ("contacts:read", "api_keys:read"))
    tenant = world.tenant["id"]
    assert made["scopes"] == ["api_keys:read", "contacts:read"]
    assert groups.show(world.ctx, tenant, made["id"]) == groups.show(world.ctx, tenant, "reporting") == made
    assert [group["name"] for group in groups.page(world.ctx, tenant, None, 50)] == [
        "Full access",
        "Read only",
        "Réporting",
        "Same as the key's creator",
    ]
    assert [group["name"] for group in groups.page(world.ctx, tenant, ("read only", "grp_ro"), 1)] == ["Réporting"]


def test_no_group_takes_the_name_of_another_or_of_a_built_in_one(world: World) -> None:
    make(world)
    for taken in ("reporting", "FULL ACCESS", "Operator", "grp_full"):
        with pytest.raises(Conflict) as conflict:
            make(world, taken)
        assert conflict.value.code == "group_exists"
    other = world.new_tenant("Other")
    assert groups.create(world.ctx, OPERATOR, other["id"], world.clock(), name="Reporting", scopes=[])["keys"] == 0


def test_every_bad_member_is_listed_and_operator_scopes_are_in_no_group(world: World) -> None:
    with pytest.raises(Invalid) as invalid:
        make(world, "x", ("tenants:write", "nothing:here"), type="operator", description="d" * 1001)
    assert {(p.field, p.code) for p in invalid.value.problems} == {
        ("name", "length"),
        ("description", "length"),
        ("type", "unknown"),
        ("scopes", "operator_only"),
        ("scopes", "unknown"),
    }


def test_nobody_gives_a_group_more_than_they_hold(world: World) -> None:
    made = make(world, scopes=("contacts:write",))
    with pytest.raises(Forbidden):
        make(world, "More", ("contacts:write",), actor=CLERK)

    def edit(*scopes: str) -> dict[str, Any]:
        return groups.edit(world.ctx, CLERK, world.tenant["id"], made["id"], world.clock(), scopes=list(scopes))

    assert edit("contacts:write", "contacts:read")["scopes"] == ["contacts:read", "contacts:write"]
    with pytest.raises(Forbidden):
        edit("contacts:write", "messages:read")
    assert edit("contacts:read")["version"] == 3


def test_an_edit_reaches_keys_at_once_and_wants_the_version_the_caller_saw(world: World) -> None:
    made = make(world, scopes=("contacts:read", "contacts:write"))
    key = world.key(group="Reporting")
    token = world.token(key)
    groups.edit(
        world.ctx,
        OPERATOR,
        world.tenant["id"],
        "Reporting",
        world.clock(),
        version=1,
        scopes=["contacts:read"],
        name="Looking",
    )
    assert keys.show(world.ctx, world.tenant["id"], key.id, world.clock())["group"]["name"] == "Looking"
    assert world.introspect(key, token)["scope"] == "contacts:read"
    with pytest.raises(Conflict) as conflict:
        groups.edit(world.ctx, OPERATOR, world.tenant["id"], made["id"], world.clock(), version=1, name="Late")
    assert conflict.value.code == "version_conflict"


def test_built_in_groups_are_read_only_and_other_tenants_groups_are_not_there(world: World) -> None:
    tenant = world.tenant["id"]
    for change in (
        lambda: groups.edit(world.ctx, OPERATOR, tenant, "Full access", world.clock(), name="Mine"),
        lambda: groups.delete(world.ctx, OPERATOR, tenant, "grp_ro", world.clock()),
    ):
        with pytest.raises(Conflict) as conflict:
            change()
        assert conflict.value.code == "group_built_in"
    made = make(world)
    for unseen in ("grp_operator", "grp_rs", "nothing"):
        with pytest.raises(NotFound):
            groups.show(world.ctx, tenant, unseen)
    with pytest.raises(NotFound):
        groups.delete(world.ctx, OPERATOR, world.new_tenant("Other")["id"], made["id"], world.clock())


def test_a_group_in_use_goes_only_when_its_keys_go_elsewhere(world: World) -> None:
    tenant = world.tenant["id"]
    made, target = make(world), make(world, "Target")
    kept, gone = world.key(group="Reporting"), world.key("Gone", group="Reporting")
    keys.delete(world.ctx, OPERATOR, tenant, gone.id, world.clock())
    with pytest.raises(Conflict) as conflict:
        groups.delete(world.ctx, OPERATOR, tenant, made["id"], world.clock())
    assert conflict.value.code == "group_in_use"
    for nowhere in (made["id"], "nothing", "grp_creator", "grp_rs", make(world, "People", type="user")["id"]):
        with pytest.raises(Invalid):
            groups.delete(world.ctx, OPERATOR, tenant, made["id"], world.clock(), move_to=nowhere)
    with pytest.raises(Forbidden):
        groups.delete(world.ctx, CLERK, tenant, made["id"], world.clock(), move_to="Full access")
    groups.delete(world.ctx, OPERATOR, tenant, made["id"], world.clock(), move_to="target")
    assert keys.show(world.ctx, tenant, kept.id, world.clock())["group"] == {"id": target["id"], "name": "Target"}
    assert groups.show(world.ctx, tenant, "Target")["keys"] == 1


def test_a_group_that_only_deleted_keys_had_can_go(world: World) -> None:
    make(world)
    key = world.key(group="Reporting")
    keys.delete(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    groups.delete(world.ctx, OPERATOR, world.tenant["id"], "Reporting", world.clock(), version=1)
    assert world.whoami(key.secret) == 401


def test_the_default_group_of_a_tenant_is_in_use(world: World) -> None:
    tenant = world.tenant["id"]
    made = make(world)
    tenants.change(world.ctx, OPERATOR, tenant, world.clock(), default_group="Reporting")
    with pytest.raises(Conflict):
        groups.delete(world.ctx, OPERATOR, tenant, made["id"], world.clock())
    groups.delete(world.ctx, OPERATOR, tenant, made["id"], world.clock(), move_to="Read only")
    assert tenants.show(world.ctx, tenant)["default_group"] == "grp_ro"


def test_a_new_scope_is_in_full_access_at_once_and_one_in_use_stays(world: World) -> None:
    key = world.key()
    catalogue.create(world.ctx, OPERATOR, "invoices:read", "Look at invoices", world.clock())
    assert world.introspect(key, world.token(key, scope="invoices:read"))["scope"] == "invoices:read"
    assert "invoices:read" in groups.show(world.ctx, world.tenant["id"], "Read only")["scopes"]
    make(world, scopes=("invoices:read",))
    with pytest.raises(Conflict) as conflict:
        catalogue.delete(world.ctx, OPERATOR, "invoices:read", world.clock())
    assert conflict.value.code == "scope_in_use"
    assert conflict.value.hints == (f"Reporting of tenant {world.tenant['id']}",)
    groups.edit(world.ctx, OPERATOR, world.tenant["id"], "Reporting", world.clock(), scopes=[])
    catalogue.delete(world.ctx, OPERATOR, "invoices:read", world.clock())
    assert "invoices:read" not in groups.show(world.ctx, world.tenant["id"], "Full access")["scopes"]


def test_the_catalogue_takes_no_bad_and_no_double_names(world: World) -> None:
    for bad in ("Contacts:read", "contacts", "tenants:read", "api_keys:write"):
        with pytest.raises(Invalid):
            catalogue.create(world.ctx, OPERATOR, bad, "", world.clock())
    with pytest.raises(Conflict):
        catalogue.create(world.ctx, OPERATOR, "contacts:read", "", world.clock())
    assert catalogue.edit(world.ctx, OPERATOR, "contacts:read", " Anew ", world.clock())["description"] == "Anew"
    with pytest.raises(Invalid):
        catalogue.edit(world.ctx, OPERATOR, "contacts:read", "\0", world.clock())
    with pytest.raises(NotFound):
        catalogue.delete(world.ctx, OPERATOR, "nothing:read", world.clock())
    assert {"name": "contacts:read", "description": "Anew"}.items() <= catalogue.scopes(world.ctx)[4].items()
