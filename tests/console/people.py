"""Members of a deployment, and their browsers without a screen."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.test import TestResponse

from app.actions import audit, members
from app.actions.people import sign_in
from tests.world import OPERATOR, World

SOMEWHERE = "/account"
PASSWORD = "four unrelated words here"


def member(world: World, role: str = "global_admin", name: str = "Ada Okafor", tenant: str | None = None) -> str:
    """A member with a password, by e-mail address."""
    email = f"{name.split(maxsplit=1)[0].lower()}.{role}@example.com"
    made = members.create(
        world.ctx, OPERATOR, tenant or world.tenant["id"], world.clock(), email=email, name=name, role=role
    )
    set_password(world, made["id"])
    return email


def set_password(world: World, member_id: str, password: str = PASSWORD) -> None:
    """Let a member in through a one-time link."""
    link = members.reset(world.ctx, OPERATOR, None, member_id, world.clock())
    way = sign_in.way(world.ctx, link.rpartition("/")[2], world.clock())
    sign_in.set_up(world.ctx, way, world.clock(), email="", name="", password=password, repeated=password)


class Person:
    """Somebody at a browser that follows no redirect and shows nothing."""

    def __init__(self, world: World, email: str | None = None) -> None:
        self.world, self.email = world, email or member(world)
        self.client = World.client_of(world.app)

    def sign_in(self, password: str = PASSWORD, place: str = "/tenant-api-keys") -> TestResponse:
        """Send the sign-in form."""
        return self.client.post("/sign-in", data={"email": self.email, "password": password, "next": place})

    def signed_in(self) -> Person:
        """Sign in and see that it worked."""
        assert self.sign_in().status_code == 303
        return self

    @property
    def cookie(self) -> str | None:
        """The session's cookie."""
        found = self.client.get_cookie("__Host-session")
        return found.value if found is not None else None

    def read(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path)

    def send(self, path: str, at: str = SOMEWHERE, **fields: Any) -> TestResponse:
        """Send a form with the token that a page has."""
        return self.client.post(path, data={"csrf": token(self.client.get(at).text), **fields})

    def stays_for(self, minutes: int) -> None:
        """Let time pass, with a page now and then."""
        for _ in range(minutes // 5):
            self.world.clock.advance(minutes=5)
            self.client.get(SOMEWHERE)
        self.world.clock.advance(minutes=minutes % 5)


def token(page: str) -> str:
    """What a page's forms carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None, page
    return found[1]


def events(world: World) -> list[str]:
    """What the audit log says, newest first."""
    return [str(item["event"]) for item in audit.page(world.ctx, world.tenant["id"], world.clock()).items]
