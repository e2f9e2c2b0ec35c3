"""Scopes as people choose them: a matrix of resources and actions, and what a choice amounts to in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.actions import catalogue
from app.domain import scopes as vocabulary
from app.web.console.pages import Visit

ORDER = ("read", "write", "delete", "send", "invite")
NAMED_ACTIONS = {"read": "Read", "write": "Write", "delete": "Delete", "send": "Send", "invite": "Invite"}
MANAGEMENT = {
    "api_keys:read": "Look at API Keys and their use",
    "api_keys:write": "Generate, change, rotate, revoke and delete API Keys",
    "audit:read": "Read the audit log",
    "groups:read": "Look at authorization groups",
    "groups:write": "Create, change and delete authorization groups",
    "members:read": "Look at members",
    "members:write": "Invite, change and remove members",
    "signing_keys:read": "Look at the signing keys",
    "tenant:read": "Look at the tenant's settings",
    "tenant:write": "Change the tenant's settings",
}
LACKING = {"members:write": "Cannot manage members", "api_keys:write": "Cannot manage API Keys"}
RESOURCES = {"api_keys": "API Keys", "audit": "Audit log", "groups": "Authorization groups"}


class Cell(NamedTuple):
    """One scope: its name, its full name for people, what it lets its holder do."""

    scope: str
    name: str
    text: str


class Line(NamedTuple):
    """One resource with a cell, or None, for each column."""

    resource: str
    name: str
    cells: tuple[Cell | None, ...]


class Matrix(NamedTuple):
    """Some scopes as a table: its columns are actions, as (name in the scope, name for people)."""

    columns: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


class Scopes:
    """Every scope that a group of a tenant may hold."""

    def __init__(self, visit: Visit) -> None:
        self._words = visit.words
        product = {scope["name"]: scope["description"] for scope in catalogue.scopes(visit.ctx)}
        self.texts = {**product, **{name: self._words.gettext(text) for name, text in MANAGEMENT.items()}}
        self.product = self._matrix(product)
        self.management = self._matrix(vocabulary.TENANT_MANAGEMENT)

    def name(self, scope: str) -> str:
        """Call a scope by its full name: `Contacts: write`."""
        resource, _, action = scope.partition(":")
        return f"{self._resource(resource)}: {self._action(action).lower()}"

    def summary(self, chosen: Iterable[str]) -> list[str]:
        """Say what the holder of some scopes may do, in plain words."""
        return [self.texts.get(scope) or self.name(scope) for scope in sorted(chosen)]

    def grouped(self, chosen: Iterable[str]) -> list[tuple[str, str]]:
        """Say the same in few words: what may be done, and to what; what most may be done to comes first."""
        held: dict[str, list[str]] = {}
        for scope in sorted(chosen):
            resource, _, action = scope.partition(":")
            held.setdefault(resource, []).append(action)
        alike: dict[tuple[str, ...], list[str]] = {}
        for resource, actions in held.items():
            alike.setdefault(tuple(sorted(actions, key=_rank)), []).append(self._resource(resource))
        every = sorted(alike.items(), key=lambda one: -len(one[1]))
        return [(self._actions(actions), ", ".join(resources)) for actions, resources in every]

    def lacking(self, chosen: Iterable[str]) -> list[str]:
        """Say what of the gravest things the holder of some scopes may not do."""
        held = frozenset(chosen)
        return [self._words.gettext(text) for scope, text in LACKING.items() if scope not in held]

    def _matrix(self, names: Iterable[str]) -> Matrix:
        known = frozenset(names)
        found = {name.partition(":")[2] for name in known}
        actions = (*(action for action in ORDER if action in found), *sorted(found.difference(ORDER)))
        lines = []
        for resource in sorted({name.partition(":")[0] for name in known}):
            every = (f"{resource}:{action}" for action in actions)
            cells = tuple(Cell(name, self.name(name), self.texts[name]) if name in known else None for name in every)
            lines.append(Line(resource, self._resource(resource), cells))
        return Matrix(tuple((action, self._action(action)) for action in actions), tuple(lines))

    def _resource(self, resource: str) -> str:
        known = RESOURCES.get(resource)
        return self._words.gettext(known) if known else resource.replace("_", " ").capitalize()

    def _actions(self, actions: tuple[str, ...]) -> str:
        first, *others = map(self._action, actions)
        return ", ".join((first, *(other.lower() for other in others)))

    def _action(self, action: str) -> str:
        known = NAMED_ACTIONS.get(action)
        return self._words.gettext(known) if known else action.replace("_", " ").capitalize()


def _rank(action: str) -> tuple[int, str]:
    return (ORDER.index(action) if action in ORDER else len(ORDER), action)
