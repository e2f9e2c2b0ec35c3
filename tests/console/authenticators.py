"""Authenticators that Chromium pretends to have (WebDriver's virtual authenticators, over its debugging protocol)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


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
