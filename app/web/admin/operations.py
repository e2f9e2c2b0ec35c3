"""What an operation of the management API is; each is declared beside its view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.actions.access import Caller
from app.actions.once import Once
from app.context import Context
from app.domain.events import Actor
from app.web.doors import actor
from app.web.request import Request

CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a view answers; None as `body` is an answer without one.

    location   the new object's address, of a create
    repeated   nothing was changed: this request was answered before
    link       the address of a list's next page
    table      the answer as CSV, in place of a body
    headers    what else is told about this answer
    """

    body: dict[str, Any] | None = None
    location: str | None = None
    repeated: bool = False
    link: str | None = None
    table: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who may make it, fully read.

    asked_by  None for an operation that everybody may call
    path      the members of the path, by name
    query     an instance of the operation's query model
    body      an instance of the operation's body model
    version   from `If-Match`: the version the caller saw
    once      from `Idempotency-Key`
    """

    http: Request
    operation: Operation
    asked_by: Caller | None
    path: Mapping[str, str]
    query: Any
    body: Any
    version: int | None
    once: Once | None

    @property
    def ctx(self) -> Context:
        """The process's view of the deployment."""
        return self.http.ctx

    @property
    def now(self) -> datetime:
        """The instant of the request."""
        return self.http.now

    @property
    def caller(self) -> Caller:
        """Who asks, at an operation that not everybody may call."""
        if self.asked_by is None:
            raise ValueError("an operation for everybody asked who calls")
        return self.asked_by

    @property
    def actor(self) -> Actor:
        """The caller as the audit log names it."""
        return actor(self.caller, self.http)

    @property
    def tenant_id(self) -> str:
        """The caller's own tenant; the one and only that an operation on a tenant's objects sees."""
        tenant_id = self.caller.facts.tenant_id
        if tenant_id is None:
            raise ValueError("an operation on a tenant's objects was called without one")
        return tenant_id

    @property
    def given(self) -> dict[str, Any]:
        """The members that the body has, and no others."""
        return {name: getattr(self.body, name) for name in self.body.model_fields_set}


View = Callable[[Call], Reply]


@dataclass(frozen=True)
class Operation:
    """One method of one address.

    path       such as `/admin/api-keys/{id}`
    scope      what the caller must hold; None is for everybody, without credentials
    kinds      kinds of keys that may call it
    answer     the body's model; None for an answer without a body
    once       whether `Idempotency-Key` is understood
    versioned  whether `If-Match` is
    csv        whether the answer can also be had as CSV
    tells      headers that only this one's answer has
    """

    method: str
    path: str
    scope: str | None
    summary: str
    view: View
    tag: str = ""
    kinds: frozenset[str] = frozenset({"tenant_api_key"})
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    once: bool = False
    versioned: bool = False
    csv: bool = False
    tells: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The view's name: `operationId`, and what logs call it."""
        return self.view.__name__

    @property
    def needed(self) -> frozenset[str]:
        """The scopes a caller must hold."""
        return frozenset({self.scope} - {None})  # type: ignore[arg-type]

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"


class Operations:
    """The operations of one resource, in the order they are declared."""

    def __init__(self, tag: str, *kinds: str) -> None:
        self.tag, self._kinds = tag, frozenset(kinds or {"tenant_api_key"})
        self._all: list[Operation] = []

    def __iter__(self) -> Iterator[Operation]:
        """All of them."""
        return iter(self._all)

    def add(self, method: str, path: str, scope: str | None, summary: str, **more: Any) -> Callable[[View], View]:
        """Declare the view below as an operation; `more` as in `Operation`."""

        def declared(view: View) -> View:
            more.setdefault("kinds", self._kinds)
            self._all.append(Operation(method, path, scope, summary, view, self.tag, **more))
            return view

        return declared
