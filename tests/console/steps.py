"""What is done on a page to bring it into a state: clicks, forms, dialogs, people with authenticators."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
from playwright.sync_api import Page

from tests.console.authenticators import Authenticator
from tests.console.people import PASSWORD, Person
from tests.console.phone import turned_on
from tests.console.stage import Stage

Step = Callable[[Page, Stage], None]


def clicks(*hooks: str) -> Step:
    """Click things one after the other."""

    def done(page: Page, _stage: Stage) -> None:
        for hook in hooks:
            page.locator(hook if hook.startswith((".", "#", "[")) else f"[data-testid={hook}]").first.click()
        page.wait_for_load_state()

    return done


def dialog(hook: str) -> Step:
    """Open a dialog with a link of the list or of a key's page."""

    def done(page: Page, stage: Stage) -> None:
        clicks(hook)(page, stage)
        page.locator("dialog[open] form").wait_for()

    return done


def generated(page: Page, _stage: Stage) -> None:
    page.get_by_test_id("field-name").fill("Slack Integration")
    page.get_by_test_id("field-group").select_option("grp_ro")
    page.get_by_test_id("group-says").wait_for()
    page.get_by_test_id("submit").click()
    page.get_by_test_id("secret-panel").wait_for()


def chosen(page: Page, _stage: Stage) -> None:
    page.get_by_test_id("field-name").fill("Billing (prod)")
    page.get_by_test_id("field-group").select_option("grp_full")
    page.get_by_test_id("group-says").wait_for()
    page.locator("[data-date]").nth(1).click()
    page.get_by_test_id("full-access").wait_for()


def overtaken(page: Page, _stage: Stage) -> None:
    """Send a form that was made from a version before the one that is there."""
    page.get_by_test_id("field-description").fill("24/7")
    page.locator("[name=version]").evaluate("field => { field.value = '0'; }")
    page.get_by_test_id("submit").click()
    page.get_by_test_id("conflict").wait_for()


def ungated(page: Page, stage: Stage) -> None:
    generated(page, stage)
    page.get_by_test_id("secret-close").click()


def picked(page: Page, _stage: Stage) -> None:
    for box in page.locator("tbody [name=select]").all()[:3]:
        box.check()


def bulk(action: str) -> Step:
    def done(page: Page, stage: Stage) -> None:
        picked(page, stage)
        page.locator(f"[name=action][value={action}]").click()
        page.get_by_test_id("confirm-submit").wait_for()

    return done


def scanned(page: Page, stage: Stage) -> None:
    page.context.clear_cookies()
    person = Person(stage.world, stage.fresh()).signed_in()
    turned_on(person)
    assert person.email is not None
    page.goto("/sign-in")
    page.locator("[name=email]").fill(person.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_test_id("submit").click()
    page.wait_for_url("**/sign-in/verify**")


def with_recovery(page: Page, stage: Stage) -> None:
    scanned(page, stage)
    page.goto("/sign-in/verify?with=recovery")


def codes_on(page: Page, stage: Stage) -> None:
    secret = page.get_by_test_id("totp-secret").inner_text().replace(" ", "")
    page.get_by_test_id("field-code").fill(pyotp.TOTP(secret).at(stage.world.clock()))
    page.get_by_test_id("submit").click()
    page.get_by_test_id("recovery-codes").wait_for()


def passkey_added(page: Page, _stage: Stage) -> None:
    Authenticator(page)
    page.goto("/account/passkeys/new")
    page.get_by_test_id("field-name").fill("Work laptop")
    page.get_by_test_id("passkey").click()
    page.wait_for_url("**/account")


def refused(page: Page, _stage: Stage) -> None:
    page.locator("[name=email]").fill("nobody@example.com")
    page.locator("[name=password]").fill("not the password")
    page.get_by_test_id("submit").click()
    page.locator(".kt-sign [role=alert], .kt-error, .kt-errors").first.wait_for()


def proof_wanted(page: Page, stage: Stage) -> None:
    stage.world.clock.advance(minutes=16)
    try:
        page.get_by_test_id("field-name").fill("Kept")
        page.get_by_test_id("submit").click()
        page.locator("[name=password]").wait_for()
    finally:
        stage.world.clock.advance(minutes=-16)


def changed(page: Page, _stage: Stage) -> None:
    page.locator("[name=scope]").nth(4).check()
    page.locator(".kt-effect, [data-testid=impact], [data-testid=summary]").first.wait_for()


def invited(page: Page, _stage: Stage) -> None:
    page.get_by_test_id("field-email").fill("new.colleague@example.com")
    page.get_by_test_id("field-name").fill("New Colleague")
    page.get_by_test_id("field-role").select_option("auditor")
    page.get_by_test_id("submit").click()
    page.get_by_test_id("one-time-link").wait_for()


def checked(page: Page, _stage: Stage) -> None:
    page.locator("[data-testid=key-checker] [name=key]").fill("kt_NONSENSE")
    page.locator("[data-testid=key-checker] button").click()
    page.wait_for_load_state()


def wrong_policy(page: Page, stage: Stage) -> None:
    """Send a policy that breaks a rule."""
    page.get_by_test_id("field-max-overlap").fill("soon")
    clicks("save-policy")(page, stage)
