"""Another process of a deployment: serves it over HTTP, and acts on its database when told to.

Forked from one that has imported all of it and done nothing else, which saves two seconds for each.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from multiprocessing.connection import Connection
from typing import Any, Self

from werkzeug.serving import make_server

from app.actions import keys, members, rotation
from app.actions.keys import NewKey
from app.actions.once import Once
from app.domain.refusals import Conflict
from app.factory import create_app
from app.runtime import log
from app.settings import load
from app.store import checkpoints
from tests.world import OPERATOR, FrozenClock, Key, World

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.another"])


class Another:
    """A process that shares nothing with this one but the deployment's environment and the hour."""

    def __init__(self, world: World, **settings: str) -> None:
        environment = {"PATH": os.environ.get("PATH", os.defpath), **world.environment, **settings}
        self._told, theirs = _FORKS.Pipe()
        self._process = _FORKS.Process(target=serve, args=(theirs, environment, world.clock()))
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._told.close()
        self._process.join()
        self._process.close()

    @cached_property
    def base(self) -> str:
        """The address it serves; waits until it does."""
        return f"http://127.0.0.1:{self._told.recv()}"

    def start(self, action: str, threads: int, **arguments: Any) -> None:
        """Begin an action in some threads at once; `outcomes` waits for them."""
        assert self.base
        self._told.send({"action": action, "threads": threads, **arguments})

    def outcomes(self) -> list[str]:
        """What came of the action, each `ok`'s key ID or a refusal's code or the name of an error."""
        found: list[str] = self._told.recv()
        return found

    def call(self, path: str, form: dict[str, str] | None = None, key: Key | None = None, **headers: str) -> Any:
        """Send a request and return (status, JSON); a form makes it a POST, a key is sent by HTTP Basic."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(self.base + path, data, {k.replace("_", "-"): v for k, v in headers.items()})
        if key is not None:
            request.add_header("Authorization", "Basic " + b64encode(f"{key.id}:{key.secret}".encode()).decode())
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or "null")


def act(ctx: Any, order: dict[str, Any], now: datetime) -> str:
    """Do one thing; say what came of it in a word."""
    action, tenant, key_id = order["action"], order["tenant"], order.get("key_id", "")
    once = Once("caller", order["once"], b"the same request") if "once" in order else None
    try:
        if action == "create":
            return str(
                keys.create(ctx, OPERATOR, tenant, NewKey("Racer", group="Full access"), now, once).key["client_id"]
            )
        if action == "rotate":
            seen = {name: order[name] for name in ("version", "expires_at") if name in order}
            overlap = timedelta(seconds=order.get("overlap", 0))
            rotation.rotate(ctx, OPERATOR, tenant, key_id, now, overlap=overlap, once=once, **seen)
        elif action == "edit":
            keys.edit(ctx, OPERATOR, tenant, key_id, now, ip_allowlist=tuple(order["ip_allowlist"]))
        elif action == "revoke":
            keys.revoke(ctx, OPERATOR, tenant, key_id, now)
        elif action == "delete":
            keys.delete(ctx, OPERATOR, tenant, key_id, now)
        elif action == "remove_member":
            members.remove(ctx, OPERATOR, tenant, order["member"], now)
        elif action == "demote":
            members.edit(ctx, OPERATOR, tenant, order["member"], now, role="member")
    except Conflict as conflict:
        return conflict.code
    except Exception as error:  # noqa: BLE001 - the test wants to see whatever it is
        return f"{type(error).__name__}: {error}"
    return "ok"


def together(ctx: Any, order: dict[str, Any], now: datetime) -> list[str]:
    """Do one thing in many threads that start at the same moment."""
    if "long_log" in order:
        checkpoints.SAFE_WAL_RESET, checkpoints.LONG_LOG = (999,), order["long_log"]
    outcomes: list[str] = []
    barrier = threading.Barrier(order["threads"])

    def run() -> None:
        barrier.wait()
        outcomes.extend([act(ctx, order, now) for _ in range(order.get("repeat", 1))])

    threads = [threading.Thread(target=run) for _ in range(order["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def serve(told: Connection, environment: dict[str, str], now: datetime) -> None:
    """Tell the port that is served, then what comes of each order, until there are no more."""
    os.environ.clear()
    os.environ.update(environment)
    clock = FrozenClock(now)
    app = create_app(load(), clock=clock)
    log.configure("error")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.send(server.server_port)
    with suppress(EOFError):
        while True:
            told.send(together(app.extensions["keyturn"], told.recv(), clock()))
    server.shutdown()
    app.extensions["keyturn"].recorder.flush()
