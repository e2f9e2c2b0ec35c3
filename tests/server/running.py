"""A real server in processes of its own, and raw bytes to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from app.actions import deployment, keys, tenants
from app.actions.keys import NewKey
from app.clock import utc_now
from app.opening import open_context
from app.runtime import migrations, vault
from app.settings import load
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port
from tests.server.wire import FORM, Answer, Wire, request
from tests.world import OPERATOR, Key, as_key

ROOT = Path(__file__).parents[2]
LAUNCH = """
import sys
from app.runtime.server import AddressTaken, serve
from app.settings import load
try:
    serve(load(), host=sys.argv[1], port=int(sys.argv[2]), workers=int(sys.argv[3]), plane=sys.argv[4])
except AddressTaken as error:
    sys.exit(str(error))
"""


@dataclass
class Deployment:
    """Settings, an SQLite database with one key, and the servers started on it."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    servers: list[Server] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = {
            "KEYTURN_DATA_DIR": str(self.folder / "data"),
            "KEYTURN_KEYS_DIR": str(self.folder / "keys"),
            **self.settings,
        }
        settings, now = load(self.environment), utc_now() - timedelta(minutes=1)
        settings.data_dir.mkdir(parents=True)
        vault.create(settings.keys_dir)
        migrations.upgrade(settings.database)
        ctx = open_context(settings)
        deployment.begin(ctx, OPERATOR, now)
        tenant, _ = tenants.create(ctx, OPERATOR, "Acme", "enterprise", now)
        self.tenant = tenant["id"]
        tenants.change(ctx, OPERATOR, tenant["id"], now, rate_limit=10**9)
        self.key: Key = as_key(keys.create(ctx, OPERATOR, tenant["id"], NewKey("Mobile App", group="Full access"), now))
        ctx.database.close()

    def another_key(self, name: str = "Another", **more: Any) -> Key:
        """A further key of the tenant; `more` as in `NewKey`."""
        ctx, now = open_context(load(self.environment)), utc_now() - timedelta(seconds=1)
        key = as_key(keys.create(ctx, OPERATOR, self.tenant, NewKey(name, group="Full access", **more), now))
        ctx.database.close()
        return key

    def serve(
        self, *arguments: str, host: str = "127.0.0.1", workers: int = 1, plane: str = "all", port: int | None = None
    ) -> Server:
        """Start a server and wait until it answers."""
        place = str(free_port() if port is None else port)
        command = list(arguments) or [sys.executable, "-c", LAUNCH, host, place, str(workers), plane]
        server = Server(command, {**os.environ, **self.environment, "PYTHONPATH": str(ROOT)}, host, port)
        self.servers.append(server)
        return server.ready()

    def close(self) -> None:
        for server in self.servers:
            server.kill()

    @property
    def token_request(self) -> bytes:
        """A whole, good request for a token."""
        return request(
            "POST", "/token", {"Authorization": self.key.basic, "Content-Type": FORM}, b"grant_type=client_credentials"
        )


class Server:
    """A process with its workers; what it logs is read all the while."""

    def __init__(self, command: list[str], environment: dict[str, str], host: str, port: int | None) -> None:
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        self.host, self.port = host, port or 0
        self.raw: list[str] = []
        self._heard = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._heard:
                self.raw.append(line)
                self._heard.notify_all()
        with self._heard:
            self._ended = True
            self._heard.notify_all()
        self.process.stderr.close()

    def heard(self, event: str, after: int = 0) -> dict[str, Any]:
        """Wait for a line of the log and give it."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [line for line in self.lines[after:] if line["event"].startswith(event)]
            return bool(found) or self._ended

        with self._heard:
            self._heard.wait_for(there, PATIENCE_SECONDS)
        assert found, "".join(self.raw)
        return found[0]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log so far; every line of it is JSON."""
        return [json.loads(line) for line in self.raw]

    def ready(self) -> Server:
        """Wait until it answers; its place is in its first line."""
        if not self.port:
            self.port = self.heard("server.starting")["port"]
        pause = threading.Event()
        for _ in range(PATIENCE_SECONDS * 20):
            try:
                if self.ask(request("GET", "/healthz")) is not None:
                    return self
            except OSError:
                pass
            assert self.process.poll() is None, "".join(self.raw)
            pause.wait(0.05)
        raise AssertionError("".join(self.raw))

    def wire(self) -> Wire:
        return Wire(self.host, self.port)

    def ask(self, data: bytes) -> Answer | None:
        """Send bytes on a connection of their own; the first answer."""
        with self.wire() as wire:
            wire.send(data)
            return wire.answer(head=data.startswith(b"HEAD "))

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return code

    def kill(self) -> None:
        """End it and its workers, however it stands."""
        if self.process.poll() is None:
            workers = self.workers
            self.process.kill()
            for worker in workers:
                worker.kill()
            self.process.wait()
        self._reader.join(PATIENCE_SECONDS)
