"""Turning codes on and off, proving with them, and losing the phone."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from app.actions import members
from tests.console.conftest import Console
from tests.console.people import PASSWORD, Person, events, member, set_password, token
from tests.console.phone import CODE, Phone, turned_on, verified
from tests.world import OPERATOR, World


def test_codes_are_on_only_after_a_right_one(world: World) -> None:
    person = Person(world).signed_in()
    page = person.read("/account/authenticator").text
    answer = person.client.post("/account/authenticator", data={"csrf": token(page), "code": "123456"})
    assert answer.status_code == 422
    assert re.findall("totp-secret.*", answer.text) == re.findall("totp-secret.*", page)
    assert Person(world, person.email).sign_in().headers["Location"] == "/tenant-api-keys"


def test_a_secret_for_the_app_is_another_one_each_time(world: World) -> None:
    person = Person(world).signed_in()
    secrets = {
        re.findall('totp-secret"[^>]*>([A-Z2-7 ]+)', person.read("/account/authenticator").text)[0] for _ in "12"
    }
    assert len(secrets) == 2
    turned_on(person)
    assert person.read("/account/authenticator").headers["Location"] == "/account"


def test_the_secret_is_in_no_page_once_codes_are_on(world: World) -> None:
    person = Person(world).signed_in()
    _, codes = turned_on(person)
    shown = person.read("/account").text + person.read("/account/authenticator").text
    assert not any(code in shown for code in codes)
    assert "otpauth" not in shown


def test_turning_codes_off_and_new_recovery_codes_need_a_fresh_proof(world: World) -> None:
    person = Person(world).signed_in()
    phone, codes = turned_on(person)
    person.stays_for(20)
    for path in ("/account/authenticator/off", "/account/authenticator/recovery-codes"):
        assert "Confirm it is you" in person.send(path).text
    proved = person.send("/re-auth", code=phone.code(), next="/account")
    assert proved.headers["Location"] == "/account"
    made = CODE.findall(person.send("/account/authenticator/recovery-codes").text)
    assert len(made) == 10
    assert not set(made) & set(codes)
    other = Person(world, person.email)
    other.sign_in()
    assert verified(other, codes[0]) == 422
    assert verified(other, made[0]) == 303
    assert person.send("/account/authenticator/off").status_code == 303
    assert "totp.turned_off" in events(world)
    assert Person(world, person.email).sign_in().headers["Location"] == "/tenant-api-keys"


def test_a_wrong_code_proves_nothing(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    person.stays_for(20)
    assert person.send("/re-auth", code="000000").status_code == 422
    code = phone.code()
    assert person.send("/re-auth", code=code).status_code == 303
    assert person.send("/re-auth", code=code).status_code == 422


def test_without_an_app_no_code_proves_anything(world: World) -> None:
    person = Person(world).signed_in()
    assert person.send("/re-auth", code="000000").status_code == 422


def test_a_reset_by_an_administrator_clears_the_app(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    half = Person(world, person.email)
    half.sign_in()
    found = members.show(world.ctx, world.tenant["id"], person.email)
    set_password(world, found["id"], "quite another password here")
    assert verified(half, phone.code()) == 303
    assert half.cookie is None
    assert Person(world, person.email).sign_in("quite another password here").headers["Location"] == "/tenant-api-keys"
    assert "totp.turned_off" in events(world)
    assert person.read("/account").status_code == 303


def test_somebody_who_was_made_inactive_is_not_let_in_by_a_code(world: World) -> None:
    member(world, name="Bea Other")
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    other = Person(world, person.email)
    other.sign_in()
    found = members.show(world.ctx, world.tenant["id"], person.email)
    members.edit(world.ctx, OPERATOR, world.tenant["id"], found["id"], world.clock(), active=False)
    assert verified(other, phone.code()) == 303
    assert other.cookie is None


def test_the_whole_way_in_a_browser(console: Console) -> None:
    page = console.signed_in()
    page.goto("/account")
    page.get_by_role("link", name="Set up").click()
    expect(page.get_by_role("img", name="QR code of the secret")).to_be_visible()
    phone = Phone(console.world, page.get_by_test_id("totp-secret").inner_text().replace(" ", ""))
    page.get_by_test_id("field-code").fill(phone.code())
    page.get_by_test_id("submit").click()
    codes = CODE.findall(page.get_by_test_id("recovery-codes").inner_text())
    assert len(codes) == 10
    page.get_by_test_id("secret-close").click()
    expect(page.get_by_text("Close without copying?")).to_be_visible()
    page.get_by_role("button", name="Go back").click()
    page.get_by_test_id("secret-stored").check()
    page.get_by_test_id("secret-close").click()
    expect(page.get_by_test_id("codes")).to_contain_text("10 recovery codes are left.")
    page.locator("#account-opener").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    console.world.clock.advance(minutes=1)
    page.goto("/sign-in?next=/account")
    page.get_by_label("E-mail").fill("ada.global_admin@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_test_id("field-code")).to_be_focused()
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_test_id("field-code").fill(codes[0])
    page.get_by_test_id("submit").click()
    expect(page).to_have_url(re.compile("/account$"))
    assert sum(codes[5] in body for body in console.bodies) == 1
