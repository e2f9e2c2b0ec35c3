"""What a tenant lays down for keys and people, chosen and felt in the console."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.actions import tenants
from tests.console.authenticators import Authenticator
from tests.console.conftest import Console
from tests.console.people import PASSWORD, Person, token
from tests.console.phone import turned_on, verified
from tests.world import OPERATOR, World

PLACE = "/settings/tenant"
SAVED = "The tenant's settings were saved."


def set_policy(world: World, **members: Any) -> dict[str, Any]:
    """Lay something down behind the scenes."""
    return tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), **members)


def stored(world: World, *names: str) -> tuple[Any, ...]:
    """What is laid down."""
    tenant = tenants.show(world.ctx, world.tenant["id"])
    return tuple(tenant[name] for name in names)


def save(page: Page, section: str) -> None:
    """Save a section and see that it worked."""
    page.get_by_test_id(f"save-{section}").click()
    expect(page.get_by_test_id("status")).to_have_text(SAVED)


def test_every_part_of_the_key_policy_is_saved_and_shown_again(console: Console) -> None:
    page = console.signed_in()
    page.goto(PLACE)
    page.get_by_label("Global Admins only").check()
    page.get_by_test_id("field-max-lifetime").select_option("90")
    page.get_by_test_id("field-expiring-soon").fill("30")
    page.get_by_test_id("field-allow-overlap").uncheck()
    page.get_by_test_id("field-confirmation").fill("0")
    page.get_by_test_id("field-require-allowlist").check()
    save(page, "policy")
    names = ("key_managers", "max_lifetime_days", "expiring_soon_days", "max_overlap", "confirmation_days")
    assert stored(console.world, *names, "require_ip_allowlist") == ("global_admins", 90, 30, 0, 0, True)
    expect(page.get_by_label("Global Admins only")).to_be_checked()
    expect(page.get_by_test_id("field-max-lifetime")).to_have_value("90")
    expect(page.get_by_test_id("field-allow-overlap")).not_to_be_checked()
    expect(page.get_by_test_id("field-require-allowlist")).to_be_checked()
    page.get_by_test_id("field-require-allowlist").uncheck()
    page.get_by_test_id("field-allow-overlap").check()
    page.get_by_test_id("field-max-lifetime").select_option("")
    save(page, "policy")
    assert stored(console.world, *names[1:4:2], "require_ip_allowlist") == (None, 604800, False)


@pytest.mark.spec("S1-1", "S2-4")
def test_only_global_admins_manage_keys_where_the_tenant_says_so(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App")
    page = console.signed_in("super_user")
    expect(page.get_by_test_id("generate-api-key")).to_be_visible()
    set_policy(world, key_managers="global_admins")
    page.goto("/tenant-api-keys")
    expect(page.get_by_role("link", name="Mobile App")).to_be_visible()
    expect(page.get_by_test_id("generate-api-key")).to_have_count(0)
    expect(page.get_by_test_id("row-edit")).to_have_count(0)
    for path in ("new", f"{key.id}/edit", f"{key.id}/rotate", f"{key.id}/revoke"):
        answer = page.goto(f"/tenant-api-keys/{path}")
        assert answer is not None
        assert answer.status == 403
    boss = console.signed_in()
    expect(boss.get_by_test_id("generate-api-key")).to_be_visible()


def test_a_tenant_administrator_changes_everything_but_who_manages_keys(console: Console) -> None:
    page = console.signed_in("tenant_administrator")
    page.goto(PLACE)
    expect(page.get_by_test_id("field-key-managers")).to_contain_text("Only a Global Admin changes this.")
    expect(page.get_by_label("Global Admins only")).to_be_disabled()
    page.get_by_test_id("field-expiring-soon").fill("21")
    save(page, "policy")
    assert stored(console.world, "expiring_soon_days", "key_managers") == (21, "by_role")
    page.get_by_test_id("field-key-managers").evaluate("node => { node.disabled = false }")
    page.get_by_label("Global Admins only").check()
    page.get_by_test_id("save-policy").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("Only a Global Admin says who manages API keys.")
    assert stored(console.world, "key_managers") == ("by_role",)


def test_a_new_key_follows_the_policy(console: Console) -> None:
    set_policy(console.world, max_lifetime_days=60, require_ip_allowlist=True, default_group="Read only")
    page = console.signed_in()
    page.get_by_test_id("generate-api-key").click()
    expect(page.get_by_test_id("field-group")).to_have_value("grp_ro")
    expect(page.get_by_role("button", name="30 days")).to_be_visible()
    expect(page.get_by_role("button", name="90 days")).to_have_count(0)
    expires = page.get_by_test_id("field-expires")
    expect(expires).to_have_attribute("max", "2027-01-20")
    page.get_by_test_id("field-name").fill("ERP")
    expires.evaluate("node => { node.required = false; node.removeAttribute('max') }")
    page.get_by_test_id("submit").click()
    summary = page.get_by_test_id("error-summary")
    expect(summary).to_contain_text("Your tenant allows at most 60 days.")
    expect(summary).to_contain_text("Your tenant requires an IP allowlist")
    expires.fill("2027-01-20")
    page.get_by_test_id("field-allowlist").fill("192.0.2.0/24")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("secret-panel")).to_be_visible()


def test_a_name_is_typed_as_long_as_the_tenant_wants(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App")
    world.whoami(key.secret)
    world.ctx.recorder.flush()
    world.clock.advance(days=10)
    page = console.signed_in()
    for days, asked in ((7, 0), (14, 1), (0, 0)):
        set_policy(world, confirmation_days=days)
        page.goto(f"/tenant-api-keys/{key.id}/revoke")
        expect(page.get_by_test_id("confirm-text")).to_have_count(asked)


def test_how_long_people_stay_signed_in_is_the_tenants_to_say(console: Console) -> None:
    world = console.world
    page = console.signed_in()
    page.goto(PLACE)
    page.get_by_test_id("field-session-idle").fill("10m")
    page.get_by_test_id("field-session-lifetime").fill("15m")
    page.get_by_test_id("field-reauth-after").fill("2m")
    save(page, "sessions")
    assert stored(world, "session_idle", "session_lifetime", "reauth_after") == (600, 900, 120)
    delay = page.get_by_test_id("idle-notice").evaluate("node => getComputedStyle(node).animationDelay")
    assert delay == "420s"
    page.get_by_test_id("field-session-idle").fill("20m")
    page.get_by_test_id("save-sessions").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("Must not be longer than the whole session.")


def test_a_session_follows_the_tenants_times(world: World) -> None:
    set_policy(world, session_idle=600, session_lifetime=1200, reauth_after=120)
    idle, busy = Person(world).signed_in(), Person(world, "ada.global_admin@example.com").signed_in()
    world.clock.advance(minutes=3)
    assert busy.read("/tenant-api-keys/new").headers["Location"].startswith("/re-auth?")
    world.clock.advance(minutes=6)
    assert busy.read("/account").status_code == 200
    world.clock.advance(minutes=1)
    assert idle.read("/account").status_code == 303
    world.clock.advance(minutes=8)
    assert busy.read("/account").status_code == 200
    world.clock.advance(minutes=2)
    assert busy.read("/account").status_code == 303


def test_a_shorter_time_ends_sessions_that_are_there(world: World) -> None:
    person = Person(world).signed_in()
    world.clock.advance(minutes=20)
    set_policy(world, session_idle=900)
    assert person.read("/account").status_code == 303


def test_whoever_has_no_second_factor_sets_one_up_before_anything_else(console: Console) -> None:
    page = console.signed_in()
    Authenticator(page)
    page.goto(PLACE)
    page.get_by_test_id("field-require-mfa").check()
    page.get_by_test_id("save-sessions").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Account")
    expect(page.get_by_test_id("factor-required")).to_contain_text("Acme requires a second factor.")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="API Keys")).to_have_count(0)
    page.goto("/tenant-api-keys")
    expect(page.get_by_role("heading", level=1)).to_have_text("Account")
    page.get_by_test_id("factor-required").get_by_role("link", name="Add a passkey").click()
    page.get_by_test_id("field-name").fill("Laptop")
    page.get_by_test_id("passkey").click()
    expect(page.get_by_test_id("status")).to_contain_text("The passkey Laptop was added.")
    expect(page.get_by_test_id("factor-required")).to_have_count(0)
    page.goto("/tenant-api-keys")
    expect(page.get_by_role("heading", level=1)).to_have_text("API Keys")
    page.goto("/account")
    page.get_by_role("button", name="Remove Laptop").click()
    expect(page.get_by_role("main")).to_contain_text("Your tenant requires a second factor.")


def test_a_password_alone_is_not_enough_for_who_has_a_passkey(console: Console) -> None:
    page = console.signed_in()
    authenticator = Authenticator(page)
    page.goto("/account/passkeys/new")
    page.get_by_test_id("field-name").fill("Laptop")
    page.get_by_test_id("passkey").click()
    expect(page.get_by_test_id("status")).to_contain_text("was added")
    set_policy(console.world, require_mfa=True)
    page.context.clear_cookies()
    credential = authenticator.credentials[0]
    authenticator.clear()  # or else the browser offers the passkey before there is a password
    console.sign_in(page, "ada.global_admin@example.com")
    authenticator.give(credential)
    expect(page.get_by_role("main")).to_contain_text("Acme requires a second factor. Use yours to go on.")
    expect(page.get_by_label("Password")).to_have_count(0)
    page.get_by_test_id("passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API Keys")


def test_a_required_factor_is_asked_for_whatever_page_is_wanted(world: World) -> None:
    person = Person(world).signed_in()
    set_policy(world, require_mfa=True)
    phone, _ = turned_on(person)
    assert person.read("/tenant-api-keys").status_code == 200
    password_only = Person(world, person.email)
    assert password_only.sign_in().headers["Location"].startswith("/sign-in/verify?")
    assert verified(password_only, phone.code()) == 303
    assert password_only.read("/tenant-api-keys").status_code == 200
    off = person.send("/account/authenticator/off")
    assert off.status_code == 409
    assert "Your tenant requires a second factor." in off.text


def test_a_session_of_before_proves_with_the_factor_and_not_with_the_password(world: World) -> None:
    other = Person(world).signed_in()
    person = Person(world, other.email).signed_in()
    phone, _ = turned_on(person)
    assert other.read("/tenant-api-keys").status_code == 200
    set_policy(world, require_mfa=True)
    assert other.read("/account").headers["Location"] == "/re-auth?next=/account"
    csrf = token(other.read("/re-auth").text)
    assert other.client.post("/re-auth", data={"csrf": csrf, "password": PASSWORD}).status_code == 422
    assert other.client.post("/tenant-api-keys", data={"csrf": csrf, "name": "X"}).status_code == 303
    proved = other.client.post("/re-auth", data={"csrf": csrf, "code": phone.code(), "next": "/account"})
    assert proved.headers["Location"] == "/account"
    assert other.read("/account").status_code == 200
