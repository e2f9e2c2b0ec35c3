"""Another process of a deployment: serves it over HTTP, and acts on its database when told to.

Started by a test, which talks to it over pipes: one line of JSON in, one line of JSON out.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
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

ROOT = Path(__file__).resolve().parents[1]


class Another:
    """A process that shares nothing with this one but the deployment's environment and the hour."""

    def __init__(self, world: World, **settings: str) -> None:
        environment = {"PATH": os.environ.get("PATH", os.defpath), **world.environment, **settings}
        command = [sys.executable, "-m", "tests.another", world.clock().isoformat()]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    @cached_property
    def base(self) -> str:
        """The address it serves; waits until it does."""
        return f"http://127.0.0.1:{self._answer()}"

    def start(self, action: str, threads: int, **arguments: Any) -> None:
        """Begin an action in some threads at once; `outcomes` waits for them."""
        assert self._process.stdin is not None
        assert self.base
        self._process.stdin.write(json.dumps({"action": action, "threads": threads, **arguments}) + "\n")
        self._process.stdin.flush()

    def outcomes(self) -> list[str]:
        """What came of the action, each `ok`'s key ID or a refusal's code or the name of an error."""
        found: list[str] = self._answer()
        return found

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

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


def say(word: Any) -> None:
    """Answer the test."""
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()


def main() -> None:
    clock = FrozenClock(datetime.fromisoformat(sys.argv[1]))
    app = create_app(load(), clock=clock)
    log.configure("error")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(server.server_port)
    for line in sys.stdin:
        say(together(app.extensions["keyturn"], json.loads(line), clock()))
    server.shutdown()
    app.extensions["keyturn"].recorder.flush()


if __name__ == "__main__":
    main()
