"""Passkeys: added, used to sign in and to prove, removed; with the authenticator that Chromium pretends to have."""

from __future__ import annotations

import re

import pyotp
import pytest
from playwright.sync_api import expect

from app.actions import members
from tests.console.authenticators import Authenticator, added, answered, in_a_quiet_page, posted, signed_out
from tests.console.conftest import Console
from tests.console.people import events, member, set_password
from tests.world import OPERATOR


def test_a_passkey_is_added_and_signs_in_without_a_password(console: Console) -> None:
    page = console.signed_in()
    authenticator = Authenticator(page)
    added(page)
    assert [key["rpId"] for key in authenticator.credentials] == ["localhost"]
    page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    signed_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile("/account$"))
    expect(page.get_by_test_id("passkeys")).to_contain_text("Work laptop")
    expect(page.get_by_test_id("passkeys")).to_contain_text("last used")
    assert {"passkey.added", "member.signed_in"} <= set(events(console.world))


def test_a_passkey_chosen_in_the_address_field_signs_in(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)  # it chooses at once, as a person would from the list in the field
    added(page)
    signed_out(page)
    expect(page).to_have_url(re.compile("/account$"))


def test_a_passkey_stands_for_both_factors(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    added(page)
    page.goto("/account/authenticator")
    secret = page.get_by_test_id("totp-secret").inner_text().replace(" ", "")
    code = page.get_by_test_id("field-code")
    code.fill(pyotp.TOTP(secret).at(console.world.clock()))
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("recovery-codes")).to_be_visible()
    in_a_quiet_page(page)
    answer = answered(page, "/sign-in/passkey/options")
    assert posted(page, "/sign-in/passkey", credential=answer, next="/account").headers["location"] == "/account"
    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Account")


def test_a_passkey_proves_that_it_is_you(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    added(page)
    console.world.clock.advance(minutes=20)
    page.goto("/tenant-api-keys/new")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    expect(page.get_by_role("main")).to_contain_text("Use a passkey or your password.")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/tenant-api-keys/new$"))


def test_a_cancelled_passkey_says_so_and_the_password_still_works(console: Console) -> None:
    page = console.open()
    email = console.member()
    Authenticator(page)
    page.goto("/sign-in")
    page.get_by_test_id("passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("That did not work. Try again, or use another way.")
    console.sign_in(page, email)
    expect(page).to_have_url(re.compile("/tenant-api-keys$"))


def test_an_authenticator_that_does_not_know_its_user_is_refused(console: Console) -> None:
    page = console.signed_in()
    authenticator = Authenticator(page)
    added(page)
    authenticator.verifies(verified=False)
    console.world.clock.advance(minutes=20)
    page.goto("/tenant-api-keys/new")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("That did not work.")


def test_a_passkey_is_removed_and_lets_nobody_in(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    added(page)
    page.get_by_role("button", name="Remove Work laptop").click()
    expect(page.get_by_test_id("status")).to_contain_text("The passkey was removed.")
    assert "passkey.removed" in events(console.world)
    in_a_quiet_page(page)
    assert posted(page, "/sign-in/passkey", credential=answered(page, "/sign-in/passkey/options")).status == 422


@pytest.mark.parametrize("end", ["reset", "inactive", "removed"])
def test_a_passkey_ends_with_what_ends_its_member(console: Console, end: str) -> None:
    page, world = console.signed_in(), console.world
    Authenticator(page)
    added(page)
    member(world, name="Bea Other")
    found = members.show(world.ctx, world.tenant["id"], "ada.global_admin@example.com")
    if end == "reset":
        set_password(world, found["id"])
    elif end == "inactive":
        members.edit(world.ctx, OPERATOR, world.tenant["id"], found["id"], world.clock(), active=False)
    else:
        members.remove(world.ctx, OPERATOR, world.tenant["id"], found["id"], world.clock())
    in_a_quiet_page(page)
    assert posted(page, "/sign-in/passkey", credential=answered(page, "/sign-in/passkey/options")).status == 422


def test_the_same_authenticator_is_not_added_twice(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    added(page)
    page.goto("/account/passkeys/new")
    page.get_by_test_id("passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("That did not work.")


def test_without_a_script_there_is_no_button_and_the_page_says_so(console: Console) -> None:
    page = console.open(java_script_enabled=False)
    page.goto("/sign-in")
    expect(page.get_by_test_id("passkey")).to_be_hidden()
    expect(page.get_by_text("or", exact=True)).to_be_hidden()
    console.sign_in(page, console.member())
    page.goto("/account/passkeys/new")
    expect(page.get_by_test_id("passkey")).to_be_hidden()
    expect(page.get_by_role("main")).to_contain_text("This browser cannot add a passkey")


def test_the_address_field_offers_passkeys(console: Console) -> None:
    page = console.open()
    page.goto("/sign-in")
    expect(page.get_by_label("E-mail")).to_have_attribute("autocomplete", "username webauthn")
    page.get_by_label("Password", exact=True).fill("seen")
    page.get_by_role("button", name="Show password").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
