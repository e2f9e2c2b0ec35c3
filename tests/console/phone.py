"""An authenticator app on a phone, and a person who turned codes on."""

from __future__ import annotations

import re

import pyotp

from tests.console.people import Person, token
from tests.world import World

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
