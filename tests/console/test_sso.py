"""Single sign-on in a real browser, with a real OpenID provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from app.actions import members
from tests.console import identity_provider
from tests.console.conftest import Console
from tests.console.people import events
from tests.world import OPERATOR, FrozenClock


@pytest.fixture(scope="session")
def provider_packages() -> None:
    """What the provider runs on, installed once."""
    identity_provider.fetch()


class RealClock:
    """The provider's tokens are of today, so the console's clock has to run as the provider's does."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> RealClock:
    real = RealClock()
    monkeypatch.setattr(FrozenClock, "__call__", lambda _frozen: real())
    return real


@pytest.fixture
def running() -> Iterator[ExitStack]:
    """Programs that end with the test."""
    with ExitStack() as stack:
        yield stack


def add(console: Console, page: Page, running: ExitStack, new_role: str = "") -> str:
    """Add a connection as an administrator does; its ID."""
    page.goto("/settings/sso")
    page.get_by_test_id("new-connection").click()
    callback = page.get_by_test_id("callback").inner_text()
    issuer = running.enter_context(identity_provider.started("keyturn", "a secret", callback))
    page.get_by_test_id("field-name").fill("Acme ID")
    page.get_by_test_id("field-issuer").fill(issuer)
    page.get_by_test_id("field-client-id").fill("keyturn")
    page.get_by_test_id("field-secret").fill("a secret")
    page.get_by_test_id("field-domains").fill("acme.example")
    page.get_by_test_id("field-new-role").select_option(new_role)
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("status")).to_contain_text("Acme ID was added")
    return callback.split("/")[-2]


def at_provider(page: Page, login: str) -> None:
    """Sign in on the provider's own pages."""
    page.get_by_label("Login").fill(login)
    page.get_by_role("button", name="Sign in at the provider").click()


def enter(page: Page, sso_id: str, login: str) -> None:
    """The way in: the sign-in page, the address, the provider."""
    page.goto("/sign-in")
    page.get_by_test_id("use-sso").click()
    page.get_by_label("E-mail").fill(login)
    page.get_by_test_id("submit").click()
    page.get_by_test_id(f"sso-{sso_id}").click()
    at_provider(page, login)


def invited(console: Console, email: str, role: str = "global_admin") -> None:
    world = console.world
    members.create(world.ctx, OPERATOR, world.tenant["id"], world.clock(), email=email, name="Lin Ada", role=role)


def test_an_administrator_connects_a_provider_and_a_member_comes_in_by_it(
    console: Console, running: ExitStack, provider_packages: None
) -> None:
    admin = console.signed_in()
    sso_id = add(console, admin, running)
    admin.get_by_test_id("test").click()
    expect(admin.get_by_test_id("test-result")).to_contain_text("The provider answers and is who it says")
    expect(admin.get_by_test_id("field-secret")).to_have_value("")
    invited(console, "lin@acme.example")
    page = console.open()
    enter(page, sso_id, "lin@acme.example")
    expect(page).to_have_url(re.compile("/tenant-api-keys$"))
    expect(page.locator("#account-opener")).to_contain_text("Lin Ada")
    assert {"sso_connection.created", "sso_connection.linked", "sso_connection.signed_in"} <= set(events(console.world))
    admin.goto("/settings/members")
    expect(admin.get_by_role("row", name="lin@acme.example")).to_contain_text("Single sign-on")
    page.locator("#account-opener").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/tenant-api-keys")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_stranger_is_told_so_unless_the_connection_takes_them_in(
    console: Console, running: ExitStack, provider_packages: None
) -> None:
    admin = console.signed_in()
    sso_id = add(console, admin, running)
    page = console.open()
    enter(page, sso_id, "new@acme.example")
    expect(page.get_by_role("heading", name="You are not a member here")).to_be_visible()
    admin.get_by_test_id("field-new-role").select_option("auditor")
    admin.get_by_test_id("submit").click()
    expect(admin.get_by_test_id("status")).to_contain_text("was saved")
    page.goto(f"/sign-in/sso/{sso_id}")
    expect(page).to_have_url(re.compile("/tenant-api-keys$"))
    for login in ("unverified@acme.example", "lin@other.example"):
        other = console.open()
        other.goto(f"/sign-in/sso/{sso_id}")
        at_provider(other, login)
        expect(other.get_by_role("heading", name="Your e-mail address is not accepted")).to_be_visible()


def test_a_proof_comes_from_the_provider_and_brings_the_form_back(
    console: Console, running: ExitStack, provider_packages: None, clock: RealClock
) -> None:
    sso_id = add(console, console.signed_in(), running)
    invited(console, "lin@acme.example")
    page = console.open()
    enter(page, sso_id, "lin@acme.example")
    page.goto("/settings/sso")
    page.get_by_test_id("require-sso").wait_for()
    clock.ahead = timedelta(minutes=16)
    page.get_by_test_id("require-sso").click()
    expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
    clock.ahead = timedelta(0)
    page.get_by_test_id("re-auth-sso").click()
    at_provider(page, "lin@acme.example")  # the form that waited goes on by itself
    expect(page.get_by_test_id("status")).to_contain_text("Single sign-on is required")
    other = console.open()
    console.sign_in(other, console.member("auditor"))
    expect(other.get_by_test_id("error-summary")).to_contain_text("single sign-on alone")


def test_a_provider_that_is_gone_gets_a_page_of_our_own(console: Console, provider_packages: None) -> None:
    with ExitStack() as stack:
        sso_id = add(console, console.signed_in(), stack)
    page = console.open()
    page.goto(f"/sign-in/sso/{sso_id}")
    expect(page.get_by_role("heading", name="The identity provider does not answer")).to_be_visible()
