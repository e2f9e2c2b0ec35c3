"""Authenticators that Chromium pretends to have (WebDriver's virtual authenticators, over its debugging protocol)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect


class Authenticator:
    """One that is built into the device and knows its user, unless told otherwise."""

    def __init__(self, page: Page, *, verifies: bool = True) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        self._id = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    @property
    def credentials(self) -> list[dict[str, Any]]:
        """What it holds."""
        found: list[dict[str, Any]] = self._devtools.send("WebAuthn.getCredentials", {"authenticatorId": self._id})[
            "credentials"
        ]
        return found

    def give(self, credential: dict[str, Any], **changed: Any) -> None:
        """Put a credential into it, as a copy of another's."""
        copy = {"authenticatorId": self._id, "credential": {**credential, **changed}}
        self._devtools.send("WebAuthn.addCredential", copy)

    def clear(self) -> None:
        """Forget everything."""
        self._devtools.send("WebAuthn.clearCredentials", {"authenticatorId": self._id})

    def verifies(self, *, verified: bool) -> None:
        """Whether it recognises its user from now on."""
        self._devtools.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": verified})


def added(page: Page, name: str = "Work laptop") -> None:
    """Add a passkey on the account page."""
    page.goto("/account")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_test_id("field-name").fill(name)
    page.get_by_test_id("passkey").click()
    expect(page.get_by_test_id("status")).to_contain_text(f"The passkey {name} was added.")


def signed_out(page: Page) -> None:
    """Forget the session, keep the authenticator."""
    page.context.clear_cookies()
    page.goto("/sign-in?next=/account")


def posted(page: Page, path: str, **form: str) -> Any:
    """Send a form from within the page's browser, without following where it leads."""
    return page.request.post(path, form=form, max_redirects=0, headers={"Sec-Fetch-Site": "same-origin"})


def answered(page: Page, options: str, csrf: str = "") -> str:
    """Let the authenticator answer a challenge without sending the answer."""
    script = """async ([place, csrf]) => {
        const headers = csrf ? {"X-CSRF-Token": csrf} : {};
        const asked = await (await fetch(place, {method: "POST", headers})).json();
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
        return JSON.stringify((await navigator.credentials.get({publicKey})).toJSON());
    }"""
    answer: str = page.evaluate(script, [options, csrf])
    return answer


def in_a_quiet_page(page: Page) -> None:
    """A page of the console whose own script asks for no passkey."""
    page.context.clear_cookies()
    page.goto("/set-up/no-such-link")
