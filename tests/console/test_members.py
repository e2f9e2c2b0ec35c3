"""Members in the console: invitations, roles, deactivation, and what becomes of the keys that act as somebody."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.actions import keys, members
from app.actions.keys import NewKey
from app.actions.people import roster
from tests.console.conftest import Console
from tests.console.people import PASSWORD
from tests.world import OPERATOR, Key, as_key

LIST = "/settings/members"


def found(console: Console, email: str) -> dict[str, Any]:
    """A member as stored."""
    return members.show(console.world.ctx, console.world.tenant["id"], email)


def acting_key(console: Console, member_id: str, name: str = "Nightly export") -> Key:
    """A key that may do what this member may."""
    new = NewKey(name, group="Same as the key's creator", created_by_member=member_id)
    world = console.world
    return as_key(keys.create(world.ctx, OPERATOR, world.tenant["id"], new, world.clock()))


def invite(page: Page, name: str = "Grace Hopper", role: str = "Super User") -> str:
    """Invite somebody through the form; the link that is shown."""
    page.goto(f"{LIST}/invite")
    page.get_by_test_id("field-name").fill(name)
    page.get_by_test_id("field-email").fill("grace@example.com")
    page.get_by_test_id("field-role").select_option(label=role)
    page.get_by_test_id("submit").click()
    return page.get_by_test_id("one-time-link").inner_text()


def test_an_invitation_shows_its_link_in_one_answer_and_the_link_lets_somebody_in(console: Console) -> None:
    page = console.signed_in(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Members & roles").click()
    page.get_by_test_id("invite").click()
    link = invite(page)
    page.get_by_test_id("copy-link").click()
    expect(page.get_by_test_id("copy-link")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_test_id("link-done").click()
    row = page.get_by_test_id("members-table").get_by_role("row", name=re.compile("Grace Hopper"))
    expect(row.get_by_role("cell")).to_have_text(["Super User", "None yet", "Never", "0", "Active"])
    assert sum(link in body for body in console.bodies) == 1
    theirs = console.open()
    theirs.goto(link)
    theirs.get_by_label("Password", exact=True).fill(PASSWORD)
    theirs.get_by_label("Password once more").fill(PASSWORD)
    theirs.get_by_role("button", name="Continue").click()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("API Keys")
    page.reload()
    expect(row).to_contain_text("Password")


def test_a_form_sent_empty_says_what_to_enter_in_the_order_of_its_fields(console: Console) -> None:
    page = console.signed_in()
    page.goto(f"{LIST}/invite")
    page.get_by_test_id("submit").click()
    summary = page.get_by_test_id("error-summary")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("listitem")).to_have_text(
        ["Enter a name.", "Enter an e-mail address.", "Select a role."]
    )
    page.get_by_test_id("field-email").fill("nobody")
    page.get_by_test_id("submit").click()
    expect(summary.get_by_role("listitem").nth(1)).to_have_text("E-mail must be an e-mail address.")


def test_the_answer_with_the_link_is_kept_by_no_browser(console: Console) -> None:
    page = console.signed_in()
    with page.expect_response(lambda answer: answer.request.method == "POST" and "invite" in answer.url) as sent:
        invite(page)
    assert sent.value.headers["cache-control"] == "no-store"


def test_who_is_a_member_already_is_not_invited_again(console: Console) -> None:
    page = console.signed_in()
    members.create(
        console.world.ctx,
        OPERATOR,
        console.world.tenant["id"],
        console.world.clock(),
        email="grace@example.com",
        name="Grace Hopper",
        role="member",
    )
    page.goto(f"{LIST}/invite")
    page.get_by_test_id("field-name").fill("Somebody")
    page.get_by_test_id("field-email").fill("Grace@Example.com")
    page.get_by_test_id("field-role").select_option(label="Member")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("There is a member with that e-mail address.")
    expect(page.get_by_test_id("field-name")).to_have_value("Somebody")


def test_a_role_is_changed_and_the_last_global_admin_stays(console: Console) -> None:
    page = console.signed_in()
    other = found(console, console.member("member", "Grace Hopper"))
    page.goto(f"{LIST}/{other['id']}")
    page.get_by_test_id("field-role").select_option(label="Auditor")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("status")).to_have_text("Grace Hopper was updated.")
    assert found(console, other["email"])["role"] == "auditor"
    me = found(console, "ada.global_admin@example.com")
    page.goto(f"{LIST}/{me['id']}")
    page.get_by_test_id("field-role").select_option(label="Member")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("the tenant's last active Global Admin")
    for step in ("deactivate", "remove"):
        page.goto(f"{LIST}/{me['id']}/{step}")
        page.get_by_test_id("confirm-submit").click()
        expect(page.get_by_test_id("error-summary")).to_contain_text("the tenant's last active Global Admin")
    assert found(console, me["email"])["active"]


def test_deactivating_says_which_keys_act_as_the_member_and_suspends_them(console: Console) -> None:
    page = console.signed_in()
    other = found(console, console.member("super_user", "Grace Hopper"))
    key = acting_key(console, other["id"])
    page.goto(f"{LIST}/{other['id']}")
    page.get_by_test_id("deactivate").click()
    expect(page.get_by_test_id("acting-keys")).to_contain_text("1 key acts as Grace Hopper and will be suspended:")
    expect(page.get_by_test_id("acting-keys").get_by_role("link", name="Nightly export")).to_be_visible()
    page.get_by_role("button", name="Deactivate and suspend 1 key").click()
    expect(page.get_by_test_id("status")).to_have_text("Grace Hopper was deactivated.")
    assert console.world.whoami(key.secret) == 403
    page.get_by_test_id("activate").click()
    expect(page.get_by_test_id("status")).to_have_text("Grace Hopper is active again.")
    assert console.world.whoami(key.secret) == 200


@pytest.mark.spec("S5-30")
def test_keys_are_moved_to_another_group_and_outlive_the_member(console: Console) -> None:
    page = console.signed_in()
    other = found(console, console.member("tenant_administrator", "Grace Hopper"))
    key = acting_key(console, other["id"])
    page.goto(f"{LIST}/{other['id']}/remove")
    page.get_by_test_id("move-to").select_option("grp_ro")
    page.get_by_test_id("move-keys").click()
    expect(page.get_by_test_id("status")).to_have_text("1 key was moved.")
    expect(page.get_by_test_id("acting-keys")).to_have_count(0)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_test_id("status")).to_have_text("Grace Hopper was removed.")
    expect(page.get_by_test_id("members-table")).not_to_contain_text("Grace")
    assert console.world.whoami(key.secret) == 200
    super_user = console.signed_in("super_user")
    row = super_user.get_by_test_id("keys-table").get_by_role("row", name=re.compile("Nightly export"))
    expect(row).to_contain_text("Read only")


def test_somebody_locked_out_gets_a_one_time_link_and_only_after_a_fresh_proof(console: Console) -> None:
    page = console.signed_in()
    other = found(console, console.member("auditor", "Grace Hopper"))
    console.world.clock.advance(minutes=16)
    page.goto(f"{LIST}/{other['id']}")
    page.get_by_test_id("reset").click()
    expect(page).to_have_url(re.compile("/re-auth"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("Continue|Confirm")).click()
    page.get_by_test_id("confirm-submit").click()
    link = page.get_by_test_id("one-time-link").inner_text()
    assert "/set-up/" in link
    theirs = console.open()
    theirs.goto(link)
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Choose a new password")


def test_a_tenant_administrator_neither_makes_nor_unmakes_a_global_admin(console: Console) -> None:
    first = found(console, console.member("global_admin", "Grace Hopper"))
    console.member("global_admin", "Joan Clarke")
    page = console.signed_in("tenant_administrator")
    page.goto(f"{LIST}/invite")
    offered = page.get_by_test_id("field-role").locator("option").all_inner_texts()
    assert offered == ["Select a role", "Tenant administrator", "Super User", "Auditor", "Member"]
    page.goto(f"{LIST}/{first['id']}/deactivate")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("Ask a Global Admin.")
    assert found(console, first["email"])["active"]


def test_the_roles_are_told_and_who_may_only_look_changes_nobody(console: Console) -> None:
    other = found(console, console.member("super_user", "Grace Hopper"))
    page = console.signed_in("auditor")
    page.goto(LIST)
    page.get_by_test_id("tab-roles").click()
    row = page.get_by_test_id("roles-table").get_by_role("row", name=re.compile("^Members"))
    expect(row.get_by_role("cell")).to_have_text(
        ["write", "write, not Global Admins", "read", "read", re.compile("No")]
    )
    page.goto(f"{LIST}/{other['id']}")
    expect(page.get_by_test_id("field-role")).to_have_count(0)
    world = console.world
    tenant = world.new_tenant("Other")
    theirs = members.create(
        world.ctx, OPERATOR, tenant["id"], world.clock(), email="x@example.com", name="X", role="member"
    )
    for path, status in (
        (f"{LIST}/invite", 403),
        (f"{LIST}/{other['id']}/remove", 403),
        (f"{LIST}/{theirs['id']}", 404),
    ):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status
    assert [member["name"] for member in roster.page(world.ctx, tenant["id"], None, 10)] == ["X"]
