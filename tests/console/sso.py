"""A tenant with one connection to a provider that lies on demand, and a browser at its sign-in page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from app.actions import members
from app.actions.people import sso_connections
from app.actions.people.sso_terms import Given
from tests.console.fake_provider import CLIENT_ID, SECRET, FakeProvider
from tests.console.people import Person
from tests.world import OPERATOR, World


class Way:
    """A tenant with one connection, and a browser at its sign-in page."""

    def __init__(self, world: World, fake: FakeProvider, **given: Any) -> None:
        self.world, self.fake, tenant = world, fake, world.tenant["id"]
        asked = Given("Acme", fake.issuer, CLIENT_ID, SECRET, "acme.example", **given)
        proposed = sso_connections.proposal(world.ctx, tenant)
        made = sso_connections.add(world.ctx, OPERATOR, tenant, world.clock(), proposed_id=proposed, given=asked)
        self.id: str = made["id"]
        self.person = Person(world, "nobody")

    def member(self, email: str = "ada@acme.example", role: str = "global_admin") -> str:
        """Invite somebody; they have no password."""
        tenant, now = self.world.tenant["id"], self.world.clock()
        found = members.create(self.world.ctx, OPERATOR, tenant, now, email=email, name="Ada", role=role)
        return str(found["id"])

    def leave(self, person: Person | None = None, path: str = "") -> str:
        """Go to the provider: the address of its page."""
        answer = (person or self.person).read(path or f"/sign-in/sso/{self.id}?next=/account")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def back(self, said: dict[str, str], person: Person | None = None, sso_id: str = "") -> Any:
        """Come back with what a provider said."""
        return (person or self.person).read(f"/sign-in/sso/{sso_id or self.id}/callback?{urlencode(said)}")

    def go(self, person: Person | None = None) -> Any:
        """The whole way."""
        return self.back(self.fake.allows(self.leave(person)), person)

    def is_in(self, person: Person | None = None) -> bool:
        """Whether somebody is signed in."""
        return (person or self.person).read("/account").status_code == 200
