"""Every way a key can be shown: one call at each, and what the answer says in words that can be compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.world import Key, World

HERE = "127.0.0.1"
ADMIN = "https://keys.example/admin"


@dataclass(frozen=True)
class Shown:
    """What a caller shows: a key, or the tokens it got while all was well, and the circumstances.

    server   a resource server that may ask about the tokens
    scope    what the caller wants to use beyond nothing
    """

    key: Key
    token: str
    admin_token: str
    server: Key
    address: str = HERE
    headers: dict[str, str] = field(default_factory=dict)
    scope: str | None = None


@dataclass(frozen=True)
class Said:
    """What a door answered, without the number of the request.

    error   the machine code, `active` or `inactive` from introspection, None for a grant
    body    the whole body, for comparing
    """

    status: int
    error: str | None
    hints: tuple[str, ...]
    reason: str | None
    body: str
    headers: dict[str, str]


Door = Callable[[World, Shown], Any]


def call(world: World, shown: Shown, method: str, path: str, headers: dict[str, str], **more: Any) -> Any:
    """Send one request from where the caller is."""
    sent = {**headers, **shown.headers}
    base = {"REMOTE_ADDR": shown.address}
    return world.client.open(path, method=method, headers=sent, environ_base=base, **more)


def _secret_in(header: str) -> Callable[[Shown], dict[str, str]]:
    if header == "Basic":
        return lambda shown: {"Authorization": shown.key.basic}
    if header == "Bearer":
        return lambda shown: {"Authorization": f"Bearer {shown.key.secret}"}
    return lambda shown: {"X-API-Key": shown.key.secret}


def _form(shown: Shown, **more: str) -> dict[str, str]:
    scope = {"scope": shown.scope} if shown.scope is not None else {}
    return {"grant_type": "client_credentials", **scope, **more}


def _token(headers: Callable[[Shown], dict[str, str]]) -> Door:
    return lambda world, shown: call(world, shown, "POST", "/token", headers(shown), data=_form(shown))


def _token_by_form(world: World, shown: Shown) -> Any:
    form = _form(shown, client_id=shown.key.id, client_secret=shown.key.secret)
    return call(world, shown, "POST", "/token", {}, data=form)


def _revoke(world: World, shown: Shown) -> Any:
    return call(world, shown, "POST", "/revoke", {"Authorization": shown.key.basic}, data={"token": shown.admin_token})


def _introspect(world: World, shown: Shown) -> Any:
    form = {"token": shown.token, "client_address": shown.address}
    return world.client.post("/introspect", data=form, auth=shown.server.auth)


def _introspect_many(world: World, shown: Shown) -> Any:
    body = {"tokens": [{"token": shown.token, "client_address": shown.address}]}
    return world.client.post("/introspect/batch", json=body, auth=shown.server.auth)


def _reading(path: str, headers: Callable[[Shown], dict[str, str]]) -> Door:
    return lambda world, shown: call(world, shown, "GET", path, headers(shown))


def _bearer(token: Callable[[Shown], str]) -> Callable[[Shown], dict[str, str]]:
    return lambda shown: {"Authorization": f"Bearer {token(shown)}"}


WAYS = ("Bearer", "X-API-Key", "Basic")
# By what they read: a secret at an OAuth endpoint, a secret at a door, a token at a door; and a question about a token.
OAUTH: dict[str, Door] = {
    "/token by Basic": _token(_secret_in("Basic")),
    "/token by form": _token_by_form,
}
REVOKE: dict[str, Door] = {"/revoke": _revoke}
SECRET: dict[str, Door] = {
    **{f"/api/user by {way}": _reading("/api/user", _secret_in(way)) for way in WAYS},
    **{f"/gateway/check by {way}": _reading("/gateway/check", _secret_in(way)) for way in WAYS},
    **{f"/admin by {way}": _reading("/admin/api-keys", _secret_in(way)) for way in ("Bearer", "X-API-Key")},
}
TOKEN: dict[str, Door] = {
    "/api/user by token": _reading("/api/user", _bearer(lambda shown: shown.token)),
    "/gateway/check by token": _reading("/gateway/check", _bearer(lambda shown: shown.token)),
    "/admin by token": _reading("/admin/api-keys", _bearer(lambda shown: shown.admin_token)),
}
INTROSPECTION: dict[str, Door] = {"/introspect": _introspect, "/introspect/batch": _introspect_many}


def said(answer: Any) -> Said:
    """Read an answer; its number and date are no part of what it says."""
    body = json.loads(answer.data) if answer.data else {}
    number = body.pop("request_id", None)
    assert number in {None, answer.headers["X-Request-ID"]}
    headers = {name: value for name, value in answer.headers.items() if name not in {"X-Request-ID", "Date"}}
    for_gateways = headers.pop("X-Keyturn-Problem", None)
    assert for_gateways is None or json.loads(for_gateways) == json.loads(answer.data)
    for item in body.get("items", [])[:1]:  # a batch of one says what the question alone would
        body = item if "active" in item else body
    error = body.get("error")
    if "active" in body:
        error = "active" if body["active"] else "inactive"
    if "access_token" in body:
        body = {**body, "access_token": "a token"}
    told = json.dumps(body, sort_keys=True)
    return Said(answer.status_code, error, tuple(body.get("hints", ())), body.get("reason"), told, headers)
