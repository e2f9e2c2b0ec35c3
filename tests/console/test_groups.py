"""Authorization groups in the console: the matrix of scopes, its effect on keys, and how a group goes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.actions import groups, tenants
from tests.console.conftest import Console
from tests.world import OPERATOR

LIST = "/settings/authorization-groups"


def group(console: Console, name: str = "Reporting", *scopes: str, **more: Any) -> dict[str, Any]:
    """A group of the tenant."""
    world = console.world
    held = list(scopes) or ["contacts:read"]
    return groups.create(world.ctx, OPERATOR, world.tenant["id"], world.clock(), name=name, scopes=held, **more)


def shown(console: Console, name: str) -> dict[str, Any]:
    """The group as it is stored."""
    return groups.show(console.world.ctx, console.world.tenant["id"], name)


def scope(page: Page, name: str) -> Any:
    """A checkbox of the matrix, by its full name."""
    return page.get_by_role("checkbox", name=name, exact=True)


def test_a_group_begins_with_a_template_and_holds_what_is_ticked(console: Console) -> None:
    page = console.signed_in()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Authorization groups").click()
    page.get_by_test_id("new-group").click()
    page.get_by_test_id("template-contacts").click()
    expect(scope(page, "Messages: send")).to_be_checked()
    expect(scope(page, "Boards: read")).not_to_be_checked()
    page.get_by_test_id("field-name").fill("Newsletter")
    scope(page, "Messages: send").uncheck()
    scope(page, "Authorization groups: read").check()
    expect(page.get_by_test_id("summary")).to_contain_text("Look at authorization groups")
    expect(page.get_by_test_id("summary")).not_to_contain_text("Send messages")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("status")).to_have_text("Authorization group Newsletter was created.")
    held = ["contacts:read", "contacts:write", "groups:read", "messages:read", "messages:write"]
    assert shown(console, "Newsletter")["scopes"] == held
    page.goto(LIST)
    row = page.get_by_test_id("groups-table").get_by_role("row", name=re.compile("Newsletter"))
    expect(row).to_contain_text("Tenant API Key")
    expect(row.get_by_role("cell")).to_have_text(["Tenant API Key", "5", "0", "21 Nov 2026"])


def test_whole_rows_and_columns_are_ticked_at_once_and_the_filter_finds_a_resource(console: Console) -> None:
    page = console.signed_in()
    page.goto(f"{LIST}/new")
    page.get_by_role("button", name="Messages: all").click()
    for name in ("Messages: read", "Messages: write", "Messages: send"):
        expect(scope(page, name)).to_be_checked()
    page.get_by_test_id("scope-filter").fill("cont")
    expect(scope(page, "Boards: read")).to_be_hidden()
    page.get_by_role("button", name="Read: all").first.click()
    page.get_by_test_id("scope-filter").fill("")
    expect(scope(page, "Contacts: read")).to_be_checked()
    expect(scope(page, "Boards: read")).not_to_be_checked()
    expect(page.get_by_test_id("summary").get_by_role("listitem")).to_have_count(4)


@pytest.mark.parametrize("script", [True, False])
def test_what_keys_gain_and_lose_is_shown_before_it_is_saved(console: Console, script: bool) -> None:
    made = group(console, "Reporting", "contacts:read", "boards:read")
    for name in ("Mobile App", "Zapier"):
        console.world.key(name=name, group="Reporting")
    page = console.signed_in(java_script_enabled=script)
    page.goto(f"{LIST}/{made['id']}")
    scope(page, "Contacts: write").check()
    scope(page, "Boards: read").uncheck()
    if not script:
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("error-summary")).to_contain_text("Look at what changes for them")
    impact = page.get_by_test_id("impact")
    expect(impact).to_contain_text("2 keys use this group. They gain contacts:write and lose boards:read")
    expect(impact).to_contain_text("Mobile App, Zapier")
    assert shown(console, "Reporting")["scopes"] == ["boards:read", "contacts:read"]
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("status")).to_have_text("Authorization group Reporting was updated.")
    assert shown(console, "Reporting")["scopes"] == ["contacts:read", "contacts:write"]


def test_a_change_that_somebody_else_made_meanwhile_is_not_written_over(console: Console) -> None:
    made = group(console)
    page = console.signed_in()
    page.goto(f"{LIST}/{made['id']}")
    groups.edit(
        console.world.ctx, OPERATOR, console.world.tenant["id"], made["id"], console.world.clock(), description="Theirs"
    )
    page.get_by_test_id("field-description").fill("Mine")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("changed by somebody else meanwhile")
    expect(page.get_by_test_id("field-description")).to_have_value("Mine")
    assert shown(console, "Reporting")["description"] == "Theirs"


def test_bad_names_are_said_at_their_field_and_what_was_chosen_stays(console: Console) -> None:
    page = console.signed_in()
    page.goto(f"{LIST}/new?template=contacts")
    page.get_by_test_id("field-name").fill("x")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("field-name")).to_have_attribute("aria-invalid", "true")
    expect(scope(page, "Messages: send")).to_be_checked()
    page.get_by_test_id("field-name").fill("full access")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("There is an authorization group of that name.")


def test_a_built_in_group_is_looked_at_and_duplicated(console: Console) -> None:
    page = console.signed_in()
    page.goto(f"{LIST}/grp_ro")
    expect(scope(page, "Contacts: read")).to_be_checked()
    expect(scope(page, "Contacts: read")).to_be_disabled()
    expect(page.get_by_test_id("submit")).to_have_count(0)
    page.get_by_test_id("duplicate").click()
    expect(page.get_by_test_id("field-name")).to_have_value("Copy of Read only")
    page.get_by_test_id("submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy of Read only")
    assert shown(console, "Copy of Read only")["scopes"] == shown(console, "Read only")["scopes"]


def test_a_group_in_use_goes_only_with_its_keys_moved(console: Console) -> None:
    made = group(console)
    key = console.world.key(group="Reporting")
    page = console.signed_in()
    page.goto(f"{LIST}/{made['id']}")
    page.get_by_test_id("delete-group").click()
    expect(page.get_by_role("main")).to_contain_text("1 key uses this group. Move it to another group before deleting")
    page.get_by_test_id("move-to").select_option("grp_ro")
    page.get_by_role("button", name="Move 1 key and delete").click()
    expect(page.get_by_test_id("status")).to_have_text("Authorization group Reporting was deleted.")
    answer = console.world.client.get("/api/user", headers={"X-API-Key": key.secret})
    assert answer.json["group"]["name"] == "Read only"


def test_a_group_that_nothing_uses_goes_at_once_and_the_default_needs_another(console: Console) -> None:
    world = console.world
    first, second = group(console, "First"), group(console, "Second")
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), default_group="Second")
    page = console.signed_in()
    page.goto(f"{LIST}/{first['id']}/delete")
    expect(page.get_by_test_id("move-to")).to_have_count(0)
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_have_text("Authorization group First was deleted.")
    page.goto(f"{LIST}/{second['id']}/delete")
    expect(page.get_by_role("main")).to_contain_text("New keys get this group by default.")
    page.get_by_test_id("move-to").select_option("grp_full")
    page.get_by_test_id("confirm-submit").click()
    assert tenants.show(world.ctx, world.tenant["id"])["default_group"] == "grp_full"


def test_who_may_only_look_changes_nothing_and_other_tenants_groups_are_not_there(console: Console) -> None:
    made = group(console)
    world = console.world
    other = world.new_tenant("Other")
    theirs = groups.create(world.ctx, OPERATOR, other["id"], world.clock(), name="Theirs", scopes=[])
    page = console.signed_in("auditor")
    page.goto(f"{LIST}/{made['id']}")
    expect(scope(page, "Contacts: read")).to_be_disabled()
    expect(page.get_by_test_id("duplicate")).to_have_count(0)
    for path, status in ((f"{LIST}/new", 403), (f"{LIST}/{made['id']}/delete", 403), (f"{LIST}/{theirs['id']}", 404)):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status
    member = console.signed_in("member")
    expect(member.get_by_role("link", name="Authorization groups")).to_have_count(0)
