"""Every page and state of the console, and how a browser gets there: what looks and accessibility are checked on."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.console.stage import LONG, Stage
from tests.console.steps import (
    Step,
    bulk,
    changed,
    checked,
    chosen,
    clicks,
    codes_on,
    dialog,
    generated,
    invited,
    overtaken,
    passkey_added,
    picked,
    proof_wanted,
    refused,
    scanned,
    ungated,
    with_recovery,
    wrong_policy,
)

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
    "/tenant-api-keys/{key_id}/activity": "older lines of a key's timeline",
    "/tenant-api-keys/{key_id}/first-use": "a line of the secret's panel",
    "/tenant-api-keys/{key_id}/propagation": "a line of a revoked key's page",
    "/account/still-here": "an empty answer",
    "/idle/{seconds}.css": "a file",
    "/sign-in/sso/{connection}": "leads on to the provider",
    "/sign-in/sso/{connection}/callback": "where the provider sends browsers back to",
    "/re-auth/sso": "leads on to the provider",
    "/resume": "the page of re-auth-kept once more, for a form whose session had ended",
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


TENANT, SIGNING, SSO = "/settings/tenant", "/settings/signing-keys", "/settings/sso"
SUSPENDED, REVOKED, EXPIRED = "Partner portal (dev)", "Old Zapier", "Quarterly audit 2026"
SCENES = (
    Scene("sign-in", "/sign-in", None),
    Scene("sign-in-refused", "/sign-in", None, then=refused),
    Scene("verify", "/sign-in/verify", None, then=scanned),
    Scene("verify-recovery", "/sign-in/verify", None, then=with_recovery),
    Scene("set-up", "/set-up/{token}", None),
    Scene("set-up-errors", "/set-up/{token}", None, then=clicks("submit")),
    Scene("set-up-over", "/set-up/no-such-link", None),
    Scene("re-auth", "/re-auth"),
    Scene("re-auth-kept", f"{KEYS}/new", "fresh", then=proof_wanted),
    Scene("keys", KEYS),
    Scene("keys-selected", KEYS, then=picked),
    Scene("keys-menu", KEYS, then=clicks("row-more")),
    Scene("keys-account-menu", KEYS, then=clicks("#account-opener")),
    Scene("keys-what-counts", KEYS, then=clicks("[popovertarget=what-counts]")),
    Scene("keys-filtered", KEYS, query="?expiration=expiring_soon&sort=name"),
    Scene("keys-no-match", KEYS, query="?q=nothing+like+this&status=revoked"),
    Scene("keys-empty", KEYS, "empty"),
    Scene("keys-full", KEYS, "full"),
    Scene("keys-read-only", KEYS, "eve"),
    Scene("new", f"{KEYS}/new"),
    Scene("new-chosen", f"{KEYS}/new", then=chosen),
    Scene("new-errors", f"{KEYS}/new", then=clicks("submit")),
    Scene("new-limit", f"{KEYS}/new", "full"),
    Scene("secret", f"{KEYS}/new", "fresh", then=generated),
    Scene("secret-gate", f"{KEYS}/new", "fresh", then=ungated),
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
    Scene("edit-conflict", f"{ONE}/edit", then=overtaken),
    Scene("edit-dialog", KEYS, then=dialog("row-edit")),
    Scene("rotate", f"{ONE}/rotate"),
    Scene("rotate-expired", f"{ONE}/rotate", of=EXPIRED),
    Scene("rotate-dialog", KEYS, then=dialog("row-rotate")),
    Scene("revoke", f"{ONE}/revoke"),
    Scene("revoke-dialog", KEYS, then=dialog("row-revoke")),
    Scene("delete", f"{ONE}/delete", of=LONG),
    Scene("overlap-end", f"{ONE}/overlap"),
    Scene("overlap-extend", f"{ONE}/overlap/extend"),
    Scene("bulk-revoke", KEYS, then=bulk("revoke")),
    Scene("bulk-delete", KEYS, then=bulk("delete")),
    Scene("bulk-group", KEYS, then=bulk("change_group")),
    Scene("health", f"{KEYS}/health"),
    Scene("health-clear", f"{KEYS}/health", "empty"),
    Scene("audit", "/audit-log"),
    Scene("audit-open", "/audit-log", then=clicks(".kt-audit summary")),
    Scene("audit-no-match", "/audit-log", query="?event=session.ended&from=2020-01-01&to=2020-01-02"),
    Scene("help", "/help", None),
    Scene("help-signed-in", "/help"),
    Scene("quick-start", "/help/quick-start", ours=False),
    Scene("troubleshooting", "/help/troubleshooting", None, ours=False),
    Scene("checker", "/help/troubleshooting", then=checked, ours=False),
    Scene("groups", GROUPS),
    Scene("group-new", f"{GROUPS}/new"),
    Scene("group-new-errors", f"{GROUPS}/new", then=clicks("submit")),
    Scene("group", f"{GROUPS}/{{group_id}}"),
    Scene("group-changed", f"{GROUPS}/{{group_id}}", then=changed),
    Scene("group-built-in", f"{GROUPS}/grp_ro"),
    Scene("group-delete", f"{GROUPS}/{{group_id}}/delete"),
    Scene("verifiers", "/settings/verifiers"),
    Scene("members", MEMBERS),
    Scene("roles", f"{MEMBERS}/roles"),
    Scene("invite", f"{MEMBERS}/invite"),
    Scene("invite-errors", f"{MEMBERS}/invite", then=clicks("submit")),
    Scene("invited", f"{MEMBERS}/invite", "fresh", then=invited),
    Scene("member", f"{MEMBERS}/{{member_id}}"),
    Scene("member-deactivate", f"{MEMBERS}/{{member_id}}/deactivate"),
    Scene("member-remove", f"{MEMBERS}/{{member_id}}/remove"),
    Scene("member-reset", f"{MEMBERS}/{{member_id}}/reset"),
    Scene("tenant", TENANT),
    Scene("tenant-errors", TENANT, then=wrong_policy),
    Scene("tenant-read-only", TENANT, "eve"),
    Scene("tenant-access", f"{TENANT}/api-access"),
    Scene("sso", SSO),
    Scene("sso-none", SSO, "fresh"),
    Scene("sso-read-only", SSO, "eve"),
    Scene("sso-new", f"{SSO}/new"),
    Scene("sso-new-errors", f"{SSO}/new", then=clicks("submit")),
    Scene("sso-connection", f"{SSO}/{{connection}}"),
    Scene("sso-remove", f"{SSO}/{{connection}}/remove"),
    Scene("sign-in-sso", "/sign-in/sso", None),
    Scene("sign-in-sso-unknown", "/sign-in/sso", None, query="?email=ada@nowhere.example"),
    Scene("signing-keys", SIGNING),
    Scene("signing-keys-read-only", SIGNING, "eve"),
    Scene("signing-key-activate", f"{SIGNING}/{{kid}}/activate"),
    Scene("signing-key-revoke", f"{SIGNING}/{{kid}}/revoke"),
    Scene("account", "/account"),
    Scene("account-passkey", "/account", "fresh", then=passkey_added),
    Scene("passkey", "/account/passkeys/new"),
    Scene("authenticator", "/account/authenticator"),
    Scene("recovery-codes", "/account/authenticator", "fresh", then=codes_on),
    Scene("error-403", f"{KEYS}/new", "eve"),
    Scene("error-404", f"{KEYS}/kt_0000000000000000"),
    Scene("components", "/dev/components", None),
    Scene("components-menu", "/dev/components", None, then=clicks("more")),
    *(Scene(f"error-{status}", f"/broken/{status}", None) for status in (400, 409, 422, 500, 503)),
)
