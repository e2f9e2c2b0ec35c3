"""A whole deployment for one test: real database, real application, a clock the test moves."""

from __future__ import annotations

import base64
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakSet

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.actions import deployment, keys, resource_servers, tenants
from app.actions.key_steps import KeyWithSecret
from app.actions.keys import NewKey
from app.context import Context
from app.domain.events import Actor
from app.factory import create_app
from app.runtime import vault
from app.settings import Settings, load
from tests import compiled

ISSUER = "https://keys.example"
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OPERATOR = Actor("command_line", "tester", unbound=True)


class FrozenClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        """Move on by a `timedelta`'s arguments; negative ones move back."""
        self.now += timedelta(**duration)


@dataclass(frozen=True)
class Key:
    """A key as its owner knows it."""

    id: str
    secret: str = field(repr=False)
    object: dict[str, Any] = field(repr=False, default_factory=dict)

    @property
    def auth(self) -> tuple[str, str]:
        """For the `auth` argument of a client."""
        return self.id, self.secret

    @property
    def basic(self) -> str:
        """The Authorization header's value."""
        return "Basic " + base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()


class World:
    """One deployment. What a user can do goes over HTTP through `client`; setting the stage goes through actions."""

    def __init__(self, url: str, folder: Path, settings: dict[str, str] | None = None) -> None:
        self.folder, self.url = folder, url
        self.environment = {
            "KEYTURN_ISSUER": ISSUER,
            "KEYTURN_DATABASE_URL": url,
            "KEYTURN_KEYS_DIR": str(folder / "keys"),
            "KEYTURN_DATA_DIR": str(folder / "data"),
            **(settings or {}),
        }
        self.clock = FrozenClock()
        self._processes: list[Flask] = []
        self._out: WeakSet[Any] = WeakSet()
        if not (folder / "keys" / "master.key").exists():
            vault.create(folder / "keys")
        self.app = self.another_process()
        deployment.begin(self.ctx, OPERATOR, self.clock())

    @cached_property
    def settings(self) -> Settings:
        """What the deployment runs with."""
        return load(self.environment)

    @property
    def ctx(self) -> Context:
        """The application's context."""
        context: Context = self.app.extensions["keyturn"]
        return context

    def another_process(self, plane: str = "all", **settings: str) -> Flask:
        """A second application on the same database, sharing nothing with the first but the rows and the clock."""
        app = create_app(load({**self.environment, **settings}), plane=plane, clock=self.clock)
        self._processes.append(app)
        database = app.extensions["keyturn"].database
        compiled.statements(database)
        for engine in (database.writer, database.reader):
            event.listen(engine, "checkout", lambda _connection, _record, out: self._out.add(out))
        return app

    @cached_property
    def client(self) -> FlaskClient:
        """An HTTP client that talks https from 127.0.0.1."""
        return self.client_of(self.app)

    @staticmethod
    def client_of(app: Flask) -> FlaskClient:
        """An HTTP client of any application of this deployment."""
        app.config["PREFERRED_URL_SCHEME"] = "https"
        app.config["SERVER_NAME"] = None
        client = app.test_client()
        client.environ_base.update({"wsgi.url_scheme": "https", "REMOTE_ADDR": "127.0.0.1"})
        return client

    @cached_property
    def tenant(self) -> dict[str, Any]:
        """A tenant on plan Enterprise, so that limits are in nobody's way."""
        return self.new_tenant("Acme")

    def new_tenant(self, name: str, plan: str = "enterprise", **members: Any) -> dict[str, Any]:
        """Another tenant; `members` as in `tenants.change`."""
        tenant, _ = tenants.create(self.ctx, OPERATOR, name, plan, self.clock())
        return tenants.change(self.ctx, OPERATOR, tenant["id"], self.clock(), **members) if members else tenant

    def key(
        self, name: str = "Mobile App", group: str = "Full access", tenant: dict[str, Any] | None = None, **more: Any
    ) -> Key:
        """A new key; `more` as in `NewKey`."""
        made = keys.create(
            self.ctx, OPERATOR, (tenant or self.tenant)["id"], NewKey(name, group=group, **more), self.clock()
        )
        return as_key(made)

    def resource_server(
        self, name: str = "Contacts API", audience: str | None = None, tenant: dict[str, Any] | None = None
    ) -> Key:
        """A new key that may introspect the tokens of an audience, the default one when None."""
        owner = tenant["id"] if tenant is not None else None
        return as_key(
            resource_servers.create(self.ctx, OPERATOR, self.clock(), name=name, audience=audience, tenant=owner)
        )

    def token(self, key: Key, **form: str) -> str:
        """A fresh access token of a key, asked for over HTTP."""
        answer = self.client.post("/token", data={"grant_type": "client_credentials", **form}, auth=key.auth)
        assert answer.status_code == 200, answer.data
        return str(answer.json["access_token"])

    def introspect(self, caller: Key, token: str, **form: str) -> dict[str, Any]:
        """What /introspect tells a caller about a token."""
        answer = self.client.post("/introspect", data={"token": token, **form}, auth=caller.auth)
        assert answer.status_code == 200, answer.data
        found: dict[str, Any] = answer.json
        return found

    def whoami(self, secret: str) -> int:
        """The status /api/user answers to a raw key."""
        return self.client.get("/api/user", headers={"X-API-Key": secret}).status_code

    def close(self) -> None:
        """Let every process go of the database and the counters."""
        for app in self._processes:
            ctx = app.extensions["keyturn"]
            ctx.database.close()
            ctx.limiter.close()
            ctx.throttle.close()
        # What a thread holds goes back to its pool when the thread is collected: rolled back and complained about in
        # the middle of whatever test runs then.
        for out in self._out:
            if out.is_valid:
                out.invalidate()


def as_key(made: KeyWithSecret) -> Key:
    """What an action made, as its owner knows it."""
    assert made.issued is not None
    return Key(made.key["client_id"], made.issued.text, made.key)


def copy_sqlite(template: Path, folder: Path) -> str:
    """A fresh copy of a closed SQLite database; its address."""
    shutil.copy(template, folder / "keyturn.db")
    return f"sqlite:///{folder / 'keyturn.db'}"
