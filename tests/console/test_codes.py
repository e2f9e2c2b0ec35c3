"""Codes of an authenticator app, and recovery codes for the day it is lost."""

from __future__ import annotations

import re
from threading import Thread

import pyotp
import pytest
from playwright.sync_api import expect

from app.actions import members
from tests.console.conftest import Console
from tests.console.people import PASSWORD, Person, events, member, set_password, token
from tests.world import OPERATOR, World

CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}")


class Phone:
    """An authenticator app by the deployment's clock."""

    def __init__(self, world: World, secret: str) -> None:
        self._world, self._totp = world, pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        """The code shown now, or some steps from now."""
        return self._totp.generate_otp(int(self._world.clock().timestamp()) // 30 + steps)


def turned_on(person: Person) -> tuple[Phone, list[str]]:
    """Set an app up; it and the recovery codes."""
    page = person.read("/account/authenticator").text
    secret = re.search(r'data-testid="totp-secret"[^>]*>([A-Z2-7 ]+)<', page)
    assert secret is not None
    phone = Phone(person.world, secret[1].replace(" ", ""))
    answer = person.client.post("/account/authenticator", data={"csrf": token(page), "code": phone.code()})
    assert answer.status_code == 200
    person.world.clock.advance(seconds=30)
    return phone, CODE.findall(answer.text)


def verified(person: Person, code: str) -> int:
    """Send a code at the second step; the status."""
    return person.client.post("/sign-in/verify", data={"code": code, "next": "/account"}).status_code


def test_a_code_is_asked_for_after_the_password_and_not_before_it(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    other = Person(world, person.email)
    assert other.sign_in("wrong").status_code == 422
    answer = other.sign_in(place="/account")
    assert answer.headers["Location"] == "/sign-in/verify?next=/account"
    assert other.cookie is None
    assert other.read("/account").headers["Location"].startswith("/sign-in?")
    assert other.read("/sign-in/verify").status_code == 200
    code = phone.code()
    assert verified(other, f"{code[:3]} {code[3:]}") == 303
    assert other.read("/account").status_code == 200
    assert {"totp.turned_on", "recovery_codes.made", "member.signed_in"} <= set(events(world))


def test_the_second_step_without_the_first_leads_back(world: World) -> None:
    person = Person(world).signed_in()
    phone, codes = turned_on(person)
    stranger = Person(world, person.email)
    assert stranger.read("/sign-in/verify").headers["Location"] == "/sign-in?next=/"
    for code in (phone.code(), codes[0]):
        assert verified(stranger, code) == 303
        assert stranger.cookie is None


def test_a_code_works_once_even_within_its_half_minute(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    code = phone.code()
    first, second = Person(world, person.email), Person(world, person.email)
    first.sign_in()
    second.sign_in()
    assert verified(first, code) == 303
    assert verified(second, code) == 422
    assert verified(second, phone.code(-1)) == 422
    assert verified(second, phone.code(1)) == 303


def test_the_code_that_turned_codes_on_does_not_sign_in(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    used = phone.code(-1)
    other = Person(world, person.email)
    other.sign_in()
    assert verified(other, used) == 422


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_phone_may_be_half_a_minute_off(world: World, steps: int, status: int) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    world.clock.advance(minutes=5)
    other = Person(world, person.email)
    other.sign_in()
    assert verified(other, phone.code(steps)) == status


def test_a_recovery_code_works_once_and_is_stored_nowhere_as_it_is(world: World) -> None:
    person = Person(world).signed_in()
    _, codes = turned_on(person)
    assert len(set(codes)) == 10
    other = Person(world, person.email)
    other.sign_in()
    assert verified(other, f" {codes[3].lower().replace('0', 'o')} ") == 303
    again = Person(world, person.email)
    again.sign_in()
    assert verified(again, codes[3]) == 422
    assert verified(again, codes[4].replace("-", "")) == 303
    assert "8 recovery codes are left." in again.read("/account").text
    assert events(world).count("recovery_code.used") == 2
    if world.url.startswith("sqlite"):
        stored = (world.folder / "keyturn.db").read_bytes() + (world.folder / "keyturn.db-wal").read_bytes()
        assert not any(code.encode() in stored or code.replace("-", "").encode() in stored for code in codes)


def test_guessing_codes_waits_and_a_right_password_does_not_start_anew(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    other = Person(world, person.email)
    for _ in range(5):
        assert other.sign_in().status_code == 303
        assert verified(other, "000000") == 422
    assert "Too many attempts" in other.sign_in().text
    answer = other.client.post("/sign-in/verify", data={"code": phone.code()})
    assert "Too many attempts" in answer.text
    world.clock.advance(seconds=2)
    assert verified(other, phone.code()) == 303


def test_many_guesses_at_once_count_one_by_one(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    wrong = [code for code in (f"{number:06}" for number in range(40)) if code not in map(phone.code, (-1, 0, 1))][:16]
    guessers = [Person(world, person.email) for _ in wrong]
    guessers[0].sign_in()
    held = guessers[0].client.get_cookie("__Host-halfway")
    assert held is not None
    said: list[str] = []

    def guess(guesser: Person, code: str) -> None:
        guesser.client.set_cookie("__Host-halfway", held.value)
        said.append(guesser.client.post("/sign-in/verify", data={"code": code}).text)

    threads = [Thread(target=guess, args=pair) for pair in zip(guessers, wrong, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("This code is not correct" in text for text in said) == 5
    assert sum("Too many attempts" in text for text in said) == 11


def test_half_a_sign_in_is_over_after_ten_minutes(world: World) -> None:
    person = Person(world).signed_in()
    phone, _ = turned_on(person)
    other = Person(world, person.email)
    other.sign_in()
    world.clock.advance(minutes=10)
    assert other.read("/sign-in/verify").status_code == 303
    assert verified(other, phone.code()) == 303
    assert other.cookie is None


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
