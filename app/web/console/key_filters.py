"""What an address of the list of keys asks for, and the addresses that ask for something else."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from app.actions import key_lists
from app.actions.key_lists import SORTS, Filters
from app.domain import health
from app.domain.health import Question
from app.domain.refusals import Invalid
from app.web.console.pages import Visit
from app.web.faults import BadRequest
from app.web.forms import pairs

ADDRESS = "/tenant-api-keys"
CHOICES: dict[str, tuple[str, ...]] = {
    "status": ("active", "revoked"),
    "expiration": ("valid", "expiring_soon", "expired"),
    "used": ("never", "idle30", "idle90"),
    "creator": ("me",),
    "expires": ("never",),
    "ip": ("none",),
    "health": health.QUESTIONS,
    "dir": ("asc", "desc"),
    "sort": SORTS,
    "per": ("25", "50", "100"),
    "last": ("1",),
}
NARROWING = ("q", "status", "expiration", "group", "used", "creator", "expires", "ip", "health")
PLAIN = {"sort": "created", "dir": "asc", "per": "50"}
TO_THE_ACTION = ("q", "status", "expiration", "group", "used", "expires", "ip")


class Asked:
    """What the address asks for; whatever it does not understand is left out."""

    def __init__(self, query: dict[str, str]) -> None:
        found = {name: query[name] for name, known in CHOICES.items() if query.get(name) in known}
        self.given = {**PLAIN, **found, "q": query.get("q", "").strip()[:500], "group": query.get("group", "")[:100]}
        self.after, self.before = query.get("after") or None, query.get("before") or None

    def __getattr__(self, name: str) -> str:
        if name in CHOICES or name in NARROWING:
            return self.given.get(name, "")
        raise AttributeError(name)

    @classmethod
    def of(cls, address: str) -> Asked:
        """What an address of the list asks for."""
        try:
            return cls(dict(pairs(urlsplit(address).query.encode())))
        except (BadRequest, ValueError):
            return cls({})

    @property
    def first(self) -> bool:
        """Whether the first page is asked for."""
        return not (self.after or self.before or self.last)

    @property
    def narrow(self) -> bool:
        """Whether less than the whole list is asked for."""
        return any(self.given.get(name) for name in NARROWING)

    @property
    def in_order(self) -> dict[str, Any]:
        """For the action: what the list is ordered by."""
        return {"sort": self.sort, "descending": self.dir == "desc"}

    def filters(self, visit: Visit) -> Filters:
        """For the action."""
        one = {name: self.given.get(name) or None for name in TO_THE_ACTION}
        mine = str(visit.signed.row.member_id) if self.creator else None
        return Filters(**one, health=cast("Question", self.health) if self.health else None, creator=mine)

    def address(self, place: str = ADDRESS, **changes: Any) -> str:
        """The address of the same list but for some parameters; a change begins at the first page."""
        wanted = {**self.given, "last": "", **changes}
        query = {name: value for name, value in wanted.items() if value and PLAIN.get(name) != str(value)}
        return f"{place}?{urlencode(query)}" if query else place

    @property
    def here(self) -> str:
        """The address of this very page of the list."""
        return self.address(after=self.after, before=self.before, last=self.last)

    def order(self, column: str) -> str:
        """The address that a column's header leads to: the other direction of its own order, or its order."""
        turned = "desc" if self.sort == column and self.dir == "asc" else "asc"
        return self.address(sort=column, dir=turned)

    def clear(self) -> str:
        """The address of the whole list in the same order."""
        return self.address(**dict.fromkeys(NARROWING, ""))


def understood(visit: Visit, asked: Asked) -> Asked:
    """The same without a group that there is not: no address of the list is an error."""
    try:
        key_lists.ids(visit.ctx, visit.tenant_id, asked.filters(visit), visit.now, most=1)
    except Invalid:
        return Asked({**asked.given, "group": ""})
    return asked
