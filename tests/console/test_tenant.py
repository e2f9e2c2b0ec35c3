"""A tenant's settings in the console, and what is left of it while API access is off."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.actions import groups, tenants
from tests.console.conftest import Console
from tests.console.people import Person
from tests.world import OPERATOR, World

PLACE = "/settings/tenant"


def turn_off(page: Page, name: str = "Acme") -> None:
    """Turn API access off as somebody who knows the tenant's name."""
    page.goto(PLACE)
    page.get_by_test_id("turn-off").click()
    page.get_by_test_id("confirm-text").fill(name)
    page.get_by_test_id("confirm-submit").click()


def test_name_and_time_zone_are_changed_and_times_follow(console: Console) -> None:
    console.world.key(name="Mobile App")
    page = console.signed_in()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="General").click()
    page.get_by_test_id("field-name").fill("Acme Labs")
    page.get_by_test_id("field-time-zone").fill("Asia/Tokyo")
    page.get_by_test_id("save-general").click()
    expect(page.get_by_test_id("status")).to_have_text("The tenant's settings were saved.")
    expect(page.get_by_role("banner")).to_contain_text("Acme Labs")
    page.goto("/tenant-api-keys")
    expect(page.locator(".c-created time").first).to_have_attribute("title", "Sat 21 Nov 2026 21:00:00 JST")
    page.goto(PLACE)
    page.get_by_test_id("field-time-zone").fill("Middle/Earth")
    page.get_by_test_id("save-general").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("Must be a time zone of the IANA database")
    expect(page.get_by_test_id("field-time-zone")).to_have_value("Middle/Earth")


@pytest.mark.spec("S1-2", "S1-3", "S1-1")
def test_api_access_off_stops_keys_and_closes_their_pages_until_it_is_on(console: Console) -> None:
    key = console.world.key()
    page = console.signed_in()
    page.goto(f"{PLACE}/api-access")
    expect(page.get_by_role("main")).to_contain_text("1 key stops working immediately.")
    page.get_by_test_id("confirm-text").fill("Somebody else")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("The text does not match.")
    assert console.world.whoami(key.secret) == 200
    turn_off(page)
    expect(page.get_by_test_id("status")).to_have_text("API access is off. Keys do not work.")
    refused = console.world.client.get("/api/user", headers={"X-API-Key": key.secret})
    assert (refused.status_code, refused.json["error"]) == (403, "api_access_disabled")
    token = console.world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    assert (token.status_code, token.json["error"]) == (400, "unauthorized_client")
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation.get_by_role("link", name="API Keys")).to_have_count(0)
    for path in ("/tenant-api-keys", f"/tenant-api-keys/{key.id}", "/tenant-api-keys/new", "/tenant-api-keys/health"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_role("heading", level=1)).to_have_text("API access is off for this tenant")
    page.get_by_test_id("api-access-switch").click()
    page.get_by_test_id("turn-on").click()
    expect(page.get_by_test_id("status")).to_have_text("API access is on. Keys work again.")
    assert console.world.whoami(key.secret) == 200
    expect(navigation.get_by_role("link", name="API Keys")).to_be_visible()


@pytest.mark.spec("S1-3")
@pytest.mark.parametrize("role", ["tenant_administrator", "super_user", "auditor", "member"])
def test_only_a_global_admin_is_led_to_the_switch(console: Console, role: str) -> None:
    world = console.world
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=False)
    page = console.signed_in(role)
    answer = page.goto("/tenant-api-keys")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_test_id("api-access-off")).to_contain_text("A Global Admin can turn it on")
    expect(page.get_by_test_id("api-access-switch")).to_have_count(0)
    expect(page.get_by_role("link", name="API Keys")).to_have_count(0)


@pytest.mark.spec("S5-11")
def test_with_a_default_group_a_name_alone_is_enough(console: Console) -> None:
    page = console.signed_in()
    page.goto(PLACE)
    page.get_by_test_id("field-default-group").select_option("grp_ro")
    page.get_by_test_id("field-max-overlap").fill("48")
    page.get_by_test_id("field-max-overlap-unit").select_option("hours")
    page.get_by_test_id("field-token-lifetime").fill("5")
    page.get_by_test_id("save-policy").click()
    expect(page.get_by_test_id("status")).to_have_text("The tenant's settings were saved.")
    stored = tenants.show(console.world.ctx, console.world.tenant["id"])
    assert (stored["default_group"], stored["max_overlap"], stored["token_lifetime"]) == ("grp_ro", 172800, 300)
    expect(page.get_by_test_id("field-max-overlap")).to_have_value("2")
    expect(page.get_by_test_id("field-max-overlap-unit")).to_have_value("d")
    page.goto("/tenant-api-keys/new")
    page.get_by_test_id("field-name").fill("Zapier")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("secret-panel")).to_be_visible()


def test_terms_beyond_their_bounds_are_said_at_their_fields(console: Console) -> None:
    page = console.signed_in()
    page.goto(PLACE)
    for field, value, problem in (
        ("field-max-overlap", "91d", "Must be a whole number from 0 to"),
        ("field-max-overlap", "soon", "Longest overlap: Must be a whole number."),
        ("field-token-lifetime", "2h", "Access token lifetime: Must be a whole number from 60 to 3600 or none."),
    ):
        page.goto(PLACE)
        page.get_by_test_id(field).fill(value)
        page.get_by_test_id("save-policy").click()
        expect(page.get_by_test_id("error-summary")).to_contain_text(problem)
        expect(page.get_by_test_id(field)).to_have_value(value)
        expect(page.get_by_test_id(field)).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_how_long_something_lasts_is_a_number_and_a_unit(console: Console, script: bool) -> None:
    page = console.signed_in(java_script_enabled=script)
    page.goto(PLACE)
    for name, number, unit in (("idle", "90", "minutes"), ("lifetime", "2", "days")):
        page.get_by_test_id(f"field-session-{name}").fill(number)
        page.get_by_label(re.compile("counted in")).and_(
            page.get_by_test_id(f"field-session-{name}-unit")
        ).select_option(unit)
    page.get_by_test_id("save-sessions").click()
    expect(page.get_by_test_id("status")).to_have_text("The tenant's settings were saved.")
    stored = tenants.show(console.world.ctx, console.world.tenant["id"])
    assert (stored["session_idle"], stored["session_lifetime"]) == (5400, 172800)
    expect(page.get_by_test_id("field-session-idle")).to_have_value("90")
    expect(page.get_by_test_id("field-session-idle-unit").locator(":checked")).to_have_text("minutes")


def test_plan_and_limits_are_told_and_who_may_only_look_changes_nothing(console: Console) -> None:
    world = console.world
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), plan="standard")
    groups.create(world.ctx, OPERATOR, world.tenant["id"], world.clock(), name="Reporting", scopes=[])
    world.key()
    page = console.signed_in("super_user")
    page.goto(PLACE)
    expect(page.get_by_test_id("plan")).to_contain_text("Standard")
    expect(page.get_by_test_id("plan")).to_contain_text("1 of 5")
    expect(page.get_by_test_id("plan")).to_contain_text("100 calls a minute")
    expect(page.get_by_test_id("field-name")).to_be_disabled()
    for hidden in ("save-general", "save-policy", "turn-off"):
        expect(page.get_by_test_id(hidden)).to_have_count(0)
    answer = page.goto(f"{PLACE}/api-access")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("main")).to_contain_text(re.compile("permission tenant:write"))


def test_the_switch_is_for_somebody_who_proved_lately_to_be_there(world: World) -> None:
    person = Person(world).signed_in()
    world.clock.advance(minutes=16)
    assert person.read(f"{PLACE}/api-access").headers["Location"] == f"/re-auth?next={PLACE}/api-access"
    assert person.send(f"{PLACE}/api-access", typed="Acme").status_code == 403
    assert tenants.show(world.ctx, world.tenant["id"])["api_access"] is True


def test_the_address_is_told_as_the_proxies_give_it(make_world: Callable[..., World]) -> None:
    world = make_world(KEYTURN_TRUSTED_PROXIES="127.0.0.0/8,10.0.0.0/8")
    person = Person(world).signed_in()
    page = person.client.get(PLACE, headers={"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}).text
    network = page[page.index('data-testid="network"') :]
    for said in ("203.0.113.7", "through a trusted proxy", "127.0.0.0/8", "10.0.0.0/8"):
        assert said in network
