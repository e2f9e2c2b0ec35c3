"""Every page and state of the console, and how a browser gets there: what looks and accessibility are checked on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.console.authenticators import Authenticator
from tests.console.people import PASSWORD, Person
from tests.console.phone import turned_on
from tests.console.stage import LONG, Stage

Step = Callable[[Page, Stage], None]
KEYS, ONE, GROUPS, MEMBERS = (
    "/tenant-api-keys",
    "/tenant-api-keys/{key_id}",
    "/settings/authorization-groups",
    "/settings/members",
)
# Addresses that answer no page of their own: files, and pieces that a script puts into a page that has a scene.
NO_PAGES = {
    "/": "leads on to the first page that its visitor may open",
    "/audit-log/export.csv": "a file",
    "/audit-log/export.jsonl": "a file",
    "/tenant-api-keys/export.csv": "a file",
    "/tenant-api-keys/{key_id}/usage.csv": "a file",
    "/tenant-api-keys/{key_id}/first-use": "a line of the secret's panel",
    "/tenant-api-keys/{key_id}/propagation": "a line of a revoked key's page",
    "/account/still-here": "an empty answer",
}


@dataclass(frozen=True)
class Scene:
    """A page in one state.

    place   the page's address as its table has it
    who     who looks at it, as the stage names them; None for nobody, "fresh" for somebody who may be changed
    of      which key it is about
    query   parameters of the address
    then    what is done there
    ours    whether its words are the console's own, not the repository's handbook
    """

    name: str
    place: str
    who: str | None = "ada"
    of: str | None = None
    query: str = ""
    then: Step | None = None
    ours: bool = True

    @property
    def known(self) -> str | None:
        """Who of the stage is signed in before it begins."""
        return None if self.who == "fresh" else self.who

    def bring(self, page: Page, stage: Stage) -> Page:
        """Bring a browser there."""
        if self.who == "fresh":
            stage.sign_in(page, stage.fresh())
        page.goto(stage.path(self.place, self.of) + self.query)
        if self.then is not None:
            self.then(page, stage)
        return page


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


def _generated(page: Page, _stage: Stage) -> None:
    page.get_by_test_id("field-name").fill("Slack Integration")
    page.get_by_test_id("field-group").select_option("grp_ro")
    page.get_by_test_id("submit").click()
    page.get_by_test_id("secret-panel").wait_for()


def _ungated(page: Page, stage: Stage) -> None:
    _generated(page, stage)
    page.get_by_test_id("secret-close").click()


def _picked(page: Page, _stage: Stage) -> None:
    for box in page.locator("tbody [name=select]").all()[:3]:
        box.check()


def _bulk(action: str) -> Step:
    def done(page: Page, stage: Stage) -> None:
        _picked(page, stage)
        page.locator(f"[name=action][value={action}]").click()
        page.get_by_test_id("confirm-submit").wait_for()

    return done


def _scanned(page: Page, stage: Stage) -> None:
    page.context.clear_cookies()
    person = Person(stage.world, stage.fresh()).signed_in()
    turned_on(person)
    assert person.email is not None
    page.goto("/sign-in")
    page.locator("[name=email]").fill(person.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_test_id("submit").click()
    page.wait_for_url("**/sign-in/verify**")


def _with_recovery(page: Page, stage: Stage) -> None:
    _scanned(page, stage)
    page.goto("/sign-in/verify?with=recovery")


def _codes_on(page: Page, stage: Stage) -> None:
    import pyotp

    secret = page.get_by_test_id("totp-secret").inner_text().replace(" ", "")
    page.get_by_test_id("field-code").fill(pyotp.TOTP(secret).at(stage.world.clock()))
    page.get_by_test_id("submit").click()
    page.get_by_test_id("recovery-codes").wait_for()


def _passkey_added(page: Page, _stage: Stage) -> None:
    Authenticator(page)
    page.goto("/account/passkeys/new")
    page.get_by_test_id("field-name").fill("Work laptop")
    page.get_by_test_id("passkey").click()
    page.wait_for_url("**/account")


def _refused(page: Page, _stage: Stage) -> None:
    page.locator("[name=email]").fill("nobody@example.com")
    page.locator("[name=password]").fill("not the password")
    page.get_by_test_id("submit").click()
    page.locator(".kt-sign [role=alert], .kt-error, .kt-errors").first.wait_for()


def _proof_wanted(page: Page, stage: Stage) -> None:
    stage.world.clock.advance(minutes=16)
    try:
        page.get_by_test_id("field-name").fill("Kept")
        page.get_by_test_id("submit").click()
        page.locator("[name=password]").wait_for()
    finally:
        stage.world.clock.advance(minutes=-16)


def _changed(page: Page, _stage: Stage) -> None:
    page.locator("[name=scope]").nth(4).check()
    page.locator(".kt-effect, [data-testid=impact], [data-testid=summary]").first.wait_for()


def _invited(page: Page, _stage: Stage) -> None:
    page.get_by_test_id("field-email").fill("new.colleague@example.com")
    page.get_by_test_id("field-name").fill("New Colleague")
    page.get_by_test_id("field-role").select_option("auditor")
    page.get_by_test_id("submit").click()
    page.get_by_test_id("one-time-link").wait_for()


def _checked(page: Page, _stage: Stage) -> None:
    page.locator("[data-testid=key-checker] [name=key]").fill("kt_NONSENSE")
    page.locator("[data-testid=key-checker] button").click()
    page.wait_for_load_state()


SUSPENDED, REVOKED, EXPIRED = "Partner portal (dev)", "Old Zapier", "Quarterly audit 2026"
SCENES = (
    Scene("sign-in", "/sign-in", None),
    Scene("sign-in-refused", "/sign-in", None, then=_refused),
    Scene("verify", "/sign-in/verify", None, then=_scanned),
    Scene("verify-recovery", "/sign-in/verify", None, then=_with_recovery),
    Scene("set-up", "/set-up/{token}", None),
    Scene("set-up-errors", "/set-up/{token}", None, then=clicks("submit")),
    Scene("set-up-over", "/set-up/no-such-link", None),
    Scene("re-auth", "/re-auth"),
    Scene("re-auth-kept", f"{KEYS}/new", "fresh", then=_proof_wanted),
    Scene("keys", KEYS),
    Scene("keys-selected", KEYS, then=_picked),
    Scene("keys-menu", KEYS, then=clicks("row-more")),
    Scene("keys-account-menu", KEYS, then=clicks("#account-opener")),
    Scene("keys-what-counts", KEYS, then=clicks("[popovertarget=what-counts]")),
    Scene("keys-filtered", KEYS, query="?expiration=expiring_soon&sort=name"),
    Scene("keys-no-match", KEYS, query="?q=nothing+like+this&status=revoked"),
    Scene("keys-empty", KEYS, "empty"),
    Scene("keys-full", KEYS, "full"),
    Scene("keys-read-only", KEYS, "eve"),
    Scene("new", f"{KEYS}/new"),
    Scene("new-errors", f"{KEYS}/new", then=clicks("submit")),
    Scene("new-limit", f"{KEYS}/new", "full"),
    Scene("secret", f"{KEYS}/new", "fresh", then=_generated),
    Scene("secret-gate", f"{KEYS}/new", "fresh", then=_ungated),
    Scene("details-rotating", ONE),
    Scene("details-menu", ONE, then=clicks("more")),
    Scene("details-active", ONE, of="Zapier (marketing)"),
    Scene("details-expiring", ONE, of="ERP"),
    Scene("details-long", ONE, of=LONG),
    Scene("details-unused", ONE, of="Status page probe"),
    Scene("details-suspended", ONE, of=SUSPENDED),
    Scene("details-revoked", ONE, of=REVOKED),
    Scene("details-expired", ONE, of=EXPIRED),
    Scene("details-read-only", ONE, "eve"),
    Scene("edit", f"{ONE}/edit"),
    Scene("edit-dialog", KEYS, then=dialog("row-edit")),
    Scene("rotate", f"{ONE}/rotate"),
    Scene("rotate-expired", f"{ONE}/rotate", of=EXPIRED),
    Scene("rotate-dialog", KEYS, then=dialog("row-rotate")),
    Scene("revoke", f"{ONE}/revoke"),
    Scene("revoke-dialog", KEYS, then=dialog("row-revoke")),
    Scene("delete", f"{ONE}/delete", of=LONG),
    Scene("overlap-end", f"{ONE}/overlap"),
    Scene("overlap-extend", f"{ONE}/overlap/extend"),
    Scene("bulk-revoke", KEYS, then=_bulk("revoke")),
    Scene("bulk-delete", KEYS, then=_bulk("delete")),
    Scene("bulk-group", KEYS, then=_bulk("change_group")),
    Scene("health", f"{KEYS}/health"),
    Scene("health-clear", f"{KEYS}/health", "empty"),
    Scene("audit", "/audit-log"),
    Scene("audit-open", "/audit-log", then=clicks(".kt-audit summary")),
    Scene("audit-no-match", "/audit-log", query="?event=session.ended&from=2020-01-01&to=2020-01-02"),
    Scene("help", "/help", None),
    Scene("help-signed-in", "/help"),
    Scene("quick-start", "/help/quick-start", ours=False),
    Scene("troubleshooting", "/help/troubleshooting", None, ours=False),
    Scene("checker", "/help/troubleshooting", then=_checked, ours=False),
    Scene("groups", GROUPS),
    Scene("group-new", f"{GROUPS}/new"),
    Scene("group-new-errors", f"{GROUPS}/new", then=clicks("submit")),
    Scene("group", f"{GROUPS}/{{group_id}}"),
    Scene("group-changed", f"{GROUPS}/{{group_id}}", then=_changed),
    Scene("group-built-in", f"{GROUPS}/grp_ro"),
    Scene("group-delete", f"{GROUPS}/{{group_id}}/delete"),
    Scene("verifiers", "/settings/verifiers"),
    Scene("members", MEMBERS),
    Scene("roles", f"{MEMBERS}/roles"),
    Scene("invite", f"{MEMBERS}/invite"),
    Scene("invite-errors", f"{MEMBERS}/invite", then=clicks("submit")),
    Scene("invited", f"{MEMBERS}/invite", "fresh", then=_invited),
    Scene("member", f"{MEMBERS}/{{member_id}}"),
    Scene("member-deactivate", f"{MEMBERS}/{{member_id}}/deactivate"),
    Scene("member-remove", f"{MEMBERS}/{{member_id}}/remove"),
    Scene("member-reset", f"{MEMBERS}/{{member_id}}/reset"),
    Scene("account", "/account"),
    Scene("account-passkey", "/account", "fresh", then=_passkey_added),
    Scene("passkey", "/account/passkeys/new"),
    Scene("authenticator", "/account/authenticator"),
    Scene("recovery-codes", "/account/authenticator", "fresh", then=_codes_on),
    Scene("error-403", f"{KEYS}/new", "eve"),
    Scene("error-404", f"{KEYS}/kt_0000000000000000"),
    Scene("components", "/dev/components", None),
    Scene("components-menu", "/dev/components", None, then=clicks("more")),
    *(Scene(f"error-{status}", f"/broken/{status}", None) for status in (400, 409, 422, 500, 503)),
)
