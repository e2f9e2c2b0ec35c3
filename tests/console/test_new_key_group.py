"""The group of a key to be: what there is to choose from, what a choice means, who may make which."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.actions import groups, tenants
from tests.console.conftest import Console
from tests.console.test_new_key import NEW, described, fill, listed, option
from tests.world import OPERATOR


def test_before_a_group_is_chosen_the_form_says_what_there_is(console: Console) -> None:
    for number in range(3):
        words = f"Words of {number}. " + "Rather many of them. " * 9
        groups.create(
            console.world.ctx, OPERATOR, console.world.tenant["id"], console.world.clock(),
            name=f"Alike {number}", scopes=["contacts:read"], description=words,
        )  # fmt: skip
    page = console.signed_in()
    page.goto(NEW)
    box = page.get_by_role("group", name="What the group means")
    expect(box.get_by_role("listitem")).to_have_count(4)
    expect(box).to_contain_text(
        "Full access Every product scope, and every scope that manages the tenant's own affairs."
    )
    expect(box).to_contain_text("Alike 0 Words of 0. Rather many of them.")
    expect(box).to_contain_text("And 2 more.")
    page.get_by_test_id("field-group").select_option(label=option(page, "Read only"))
    expect(box).not_to_contain_text("more.")
    page.get_by_test_id("field-group").select_option("")
    expect(box).to_contain_text("And 2 more.")


@pytest.mark.spec("S5-11")
def test_with_a_default_group_a_name_is_enough(console: Console) -> None:
    world = console.world
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), default_group="grp_ro")
    page = console.signed_in()
    page.goto(NEW)
    expect(page.get_by_test_id("field-group")).to_have_value("grp_ro")
    page.get_by_test_id("field-name").fill("Zap")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("secret-panel")).to_be_visible()
    assert listed(console)[0]["group"]["name"] == "Read only"


@pytest.mark.spec("S1-36", "S3-5", "S4-28")
@pytest.mark.parametrize("script", [True, False])
def test_the_chosen_group_is_told_in_plain_words_and_full_access_is_warned_of(console: Console, script: bool) -> None:
    world = console.world
    world_of = (world.ctx, OPERATOR, world.tenant["id"], world.clock())
    groups.create(*world_of, name="Newsletter", scopes=["contacts:read", "messages:send"])
    groups.create(*world_of, name="Editors", scopes=["contacts:read"], type="user")
    page = console.signed_in(java_script_enabled=script)
    page.goto(NEW)
    assert not any("Editors" in text for text in page.get_by_test_id("field-group").locator("option").all_inner_texts())
    page.get_by_test_id("field-group").select_option(label=option(page, "Newsletter"))
    shown = (lambda: None) if script else (lambda: page.get_by_test_id("show-summary").click())
    shown()
    says = page.get_by_test_id("group-says")
    expect(says).to_contain_text("Send messages")
    expect(says.get_by_role("listitem")).to_have_text(
        [re.compile("contacts"), "Send messages", "Cannot manage members", "Cannot manage API Keys"]
    )
    expect(page.get_by_test_id("full-access")).to_have_count(0)
    page.get_by_test_id("field-group").select_option(label=option(page, "Full access"))
    shown()
    expect(page.get_by_test_id("full-access")).to_have_text(
        "This group can do everything in your tenant. Prefer a group with only the access this integration needs."
    )
    # Many scopes are told in few lines, each scope in one of them.
    expect(says.get_by_role("listitem")).to_have_text([re.compile("^Read, write [A-Z]"), *[re.compile("^Read")] * 3])
    expect(says).to_contain_text("Audit log, Signing keys")
    expect(says).to_contain_text("Read, write, send Messages")
    page.get_by_test_id("field-name").fill("All of it")
    page.get_by_test_id("submit").click()
    key_id = page.get_by_test_id("secret-panel").get_by_label("Key ID", exact=True).inner_text()
    secret = page.get_by_test_id("secret-value").inner_text()
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=(key_id, secret))
    assert set(answer.json["scope"].split()) >= {"contacts:write", "messages:send", "boards:read"}


def test_nobody_but_a_global_admin_hands_out_more_than_they_hold(console: Console) -> None:
    page = console.signed_in("super_user")
    page.goto(NEW)
    fill(page, "Too much", "Full access")
    expect(page.get_by_test_id("beyond-caller")).to_be_visible()
    page.get_by_test_id("submit").click()
    said = "This group gives more access than your role. Ask a Global Admin."
    expect(page.get_by_test_id("error-summary")).to_contain_text(said)
    assert said in described(page, "field-group")
    assert listed(console) == []
