"""Time one call of each hot address in process, and tell it as a multiple of one ES256 signature on the same core.

A multiple survives a change of machine better than microseconds do. What HTTP adds is measured beside the peers, by a
load from another core; see README.md in this folder.
"""

from __future__ import annotations

import base64
import io
import json
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.actions import access, deployment, keys, resource_servers, tenants
from app.actions.key_steps import KeyWithSecret
from app.actions.keys import NewKey
from app.domain import credentials
from app.domain.events import Actor
from app.factory import create_app
from app.models import Base
from app.runtime import log, vault
from app.runtime.limiter import Limiter
from app.settings import load
from app.web import uses
from app.web.request import Request

ROUNDS, CALLS = 7, 600
OPERATOR = Actor("command_line", "bench", unbound=True)


def best(call: Callable[[], Any]) -> float:
    """The best of several rounds, in microseconds a call: what the machine can do when nobody disturbs it."""
    found = float("inf")
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(CALLS):
            call()
        found = min(found, (time.perf_counter() - begin) / CALLS * 1e6)
    return found


class Server:
    """One deployment on SQLite, called as a WSGI server calls it."""

    def __init__(self, folder: Path) -> None:
        settings = load({"KEYTURN_DATA_DIR": str(folder), "KEYTURN_KEYS_DIR": str(folder / "keys")})
        vault.create(settings.keys_dir)
        self.app = create_app(settings)
        ctx = self.app.extensions["keyturn"]
        Base.metadata.create_all(ctx.database.writer)
        now = ctx.clock()
        deployment.begin(ctx, OPERATOR, now)
        tenant, _ = tenants.create(ctx, OPERATOR, "bench", "enterprise", now)
        tenants.change(ctx, OPERATOR, tenant["id"], now, rate_limit=tenants.MOST_CALLS)
        new = NewKey("bench", group="Full access", ip_allowlist=("127.0.0.0/8",))
        self.key = keys.create(ctx, OPERATOR, tenant["id"], new, now)
        self.resource_server = resource_servers.create(ctx, OPERATOR, now, name="bench rs")

    @cached_property
    def request(self) -> Request:
        """A request of the key, answered."""
        environ = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "python-requests/2.32.3"}
        asked = Request(environ, self.app.extensions["keyturn"])
        presented = credentials.parse(self.key.issued.text if self.key.issued is not None else "")
        asked.facts = access.recognise(asked.ctx, presented, asked.address, asked.now).facts
        return asked

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """One request; its body."""
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            **headers,
        }
        statuses: list[str] = []
        answer = b"".join(self.app.wsgi_app(environ, lambda status, _headers: statuses.append(status)))
        if statuses != ["200 OK"]:
            raise SystemExit(f"{method} {path}: {statuses}; the figure would mean nothing")
        return answer


def basic(made: KeyWithSecret) -> str:
    """The Authorization header of a key."""
    secret = made.issued.text if made.issued is not None else ""
    return "Basic " + base64.b64encode(f"{made.key['client_id']}:{secret}".encode()).decode()


def count_use(server: Server) -> None:
    """What a request pays for being counted: its part of the front, of which the recorder is the most."""
    uses.count(server.request, 200, None)


def figures(folder: Path) -> dict[str, float]:
    """Every figure, in microseconds."""
    server = Server(folder)
    as_key, as_server = basic(server.key), basic(server.resource_server)
    form = b"grant_type=client_credentials"
    token = json.loads(server.call("POST", "/token", form, HTTP_AUTHORIZATION=as_key))["access_token"]
    asked = b"token=" + token.encode()
    limiter: Limiter = server.app.extensions["keyturn"].limiter
    private, algorithm = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    return {
        "ES256 signature": best(lambda: private.sign(asked, algorithm)),
        "POST /token": best(lambda: server.call("POST", "/token", form, HTTP_AUTHORIZATION=as_key)),
        "POST /introspect": best(lambda: server.call("POST", "/introspect", asked, HTTP_AUTHORIZATION=as_server)),
        "GET /api/user": best(lambda: server.call("GET", "/api/user", HTTP_AUTHORIZATION=as_key)),
        "one use counted": best(lambda: count_use(server)),
        "GET /gateway/check": best(lambda: server.call("GET", "/gateway/check", HTTP_AUTHORIZATION=as_key)),
        "GET jwks.json": best(lambda: server.call("GET", "/.well-known/jwks.json")),
        "a call counted": best(lambda: limiter.spend("bench", tenants.MOST_CALLS)),
    }


def main() -> None:
    """Print the table."""
    log.configure("error")
    with tempfile.TemporaryDirectory() as folder:
        found = figures(Path(folder))
    unit = found["ES256 signature"]
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.machine()}")
    for name, microseconds in found.items():
        print(f"{name:<18} {microseconds:8.1f} µs {microseconds / unit:6.1f} x")


if __name__ == "__main__":
    main()
