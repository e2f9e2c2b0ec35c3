"""A Keyturn that serves, and what its users do over the network."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.actions import resource_servers, tenants
from app.clock import utc_now
from app.opening import open_context
from app.settings import load
from keyturn_verify import Refused, Verifier
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port
from tests.server.running import Deployment
from tests.world import OPERATOR, Key, as_key


class Live:
    """A deployment with one server, whose issuer is where it serves."""

    def __init__(self, folder: Path, **settings: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.audience = f"{self.url}/api"
        self.deployment = Deployment(folder, {"KEYTURN_ISSUER": self.url, "KEYTURN_STATUS_TTL": "1", **settings})
        self.deployment.serve(port=port)
        self.resource_server = self.another_resource_server("Contacts API")

    def _act(self, act: Callable[[Any], Any]) -> Any:
        ctx = open_context(load(self.deployment.environment))
        try:
            return act(ctx)
        finally:
            ctx.database.close()

    def another_resource_server(self, name: str) -> Key:
        """A key to introspect with."""
        made: Key = self._act(lambda ctx: as_key(resource_servers.create(ctx, OPERATOR, utc_now(), name=name)))
        return made

    def close(self) -> None:
        self.deployment.close()

    def key(self, name: str, **more: Any) -> Key:
        return self.deployment.another_key(name, **more)

    def api_access(self, state: bool) -> None:
        """Switch the tenant's API access."""
        tenant = self.deployment.tenant
        self._act(lambda ctx: tenants.change(ctx, OPERATOR, tenant, utc_now(), api_access=state))

    def call(self, method: str, path: str, body: Any = None, key: Key | None = None) -> Any:
        """A call of the management API with the administrator's key."""
        headers = {"X-API-Key": (key or self.deployment.key).secret, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method)) as answer:
            return json.loads(answer.read() or "null")

    def form(self, path: str, key: Key, **form: str) -> Any:
        """A call of an OAuth endpoint."""
        data = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.url + path, data, {"Authorization": key.basic})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")

    def token(self, key: Key) -> str:
        return str(self.form("/token", key, grant_type="client_credentials")["access_token"])

    def verifier(self, *, known: bool = False, **more: Any) -> Verifier:
        """A verifier; `known` by the resource server's key."""
        credentials = self.resource_server.auth if known else None
        return Verifier(self.url, self.audience, credentials, **more)


def outcome(verifier: Verifier, token: str, **use: Any) -> str:
    """`ok`, or the name of the refusal."""
    try:
        verifier.verify(token, **use)
    except Refused as refused:
        return type(refused).__name__
    return "ok"


def until(expected: str, verifier: Verifier, token: str, **use: Any) -> str:
    """Ask until it is as expected; the last outcome."""
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 50):
        if outcome(verifier, token, **use) == expected:
            return expected
        pause.wait(0.02)
    return outcome(verifier, token, **use)
