"""Time the status list at 1,000,000 secrets: how long it takes to make, its size, and what polling costs."""

from __future__ import annotations

import gzip
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from app.actions import deployment, keys, resource_servers, tenants
from app.actions.key_steps import KeyWithSecret
from app.actions.keys import NewKey
from app.domain.status import place
from app.domain.status_list import claims, empty
from app.factory import create_app
from app.models import Base, Key
from app.runtime import log, vault
from app.settings import load
from app.store.database import sqlite_file
from bench.__main__ import OPERATOR, basic

SECRETS, REVOKED_SHARE = 1_000_000, 0.001
VERIFIERS, TTL = 100, 5
AT_ONCE = 200
ROUNDS = 15


_KEY = """INSERT INTO keys
(key_id, tenant_id, kind, name, name_folded, description, description_folded, group_id,
networks, created_at, created_by, version)
VALUES (?1, ?2, 'tenant_api_key', ?3, ?3, '', '', 'grp_full', '', ?4, 'b', 1)"""
_SECRET = """INSERT INTO secrets (number, key_id, status_reference, fingerprint, pepper, tail, created_at)
VALUES (?1, ?2, ?3, zeroblob(32), 1, 'xxxx', ?4)"""


def _id(number: int) -> str:
    return f"kt_{number:016d}"


class Deployment:
    """One deployment on SQLite with very many keys of one tenant."""

    def __init__(self, folder: Path, secrets: int) -> None:
        settings = load({"KEYTURN_DATA_DIR": str(folder), "KEYTURN_KEYS_DIR": str(folder / "keys")})
        vault.create(settings.keys_dir)
        self.app, self.file = create_app(settings), sqlite_file(settings.database)
        self.ctx: Any = self.app.extensions["keyturn"]
        Base.metadata.create_all(self.ctx.database.writer)
        self.now = self.ctx.clock()
        deployment.begin(self.ctx, OPERATOR, self.now)
        tenant, _ = tenants.create(self.ctx, OPERATOR, "bench", "enterprise", self.now)
        self.tenant: str = tenant["id"]
        self.verifiers = [
            resource_servers.create(self.ctx, OPERATOR, self.now, name=f"Verifier {number}")
            for number in range(VERIFIERS)
        ]
        self._fill(secrets)

    def _fill(self, secrets: int) -> None:
        # By the driver and without waiting for the disk: a million keys in seconds, and nobody's figure.
        made = (self.now - timedelta(days=1)).replace(tzinfo=None).isoformat(" ", "microseconds")
        numbers = range(VERIFIERS + 1, secrets + 1)
        with closing(sqlite3.connect(str(self.file))) as connection, connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.executemany(_KEY, ((_id(number), self.tenant, f"Key {number}", made) for number in numbers))
            connection.executemany(_SECRET, ((number, _id(number), self._place(number), made) for number in numbers))

    def _place(self, number: int) -> int:
        return place(number, self.ctx.vault.status_key).reference

    def revoke(self, how_many: int, secrets: int) -> None:
        """Revoke keys by chance, a few minutes ago."""
        chosen = random.Random(1).sample(range(VERIFIERS + 1, secrets + 1), how_many)
        at = self.now - timedelta(minutes=2)
        with self.ctx.database.transaction() as connection:
            for number in chosen:
                connection.execute(update(Key).where(Key.key_id == _id(number)).values(revoked_at=at))

    def call(self, **headers: str) -> tuple[str, dict[str, str], bytes]:
        """One request for the list: status, headers, body."""
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/status-lists/0",
            "QUERY_STRING": "",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            **headers,
        }
        told: list[Any] = []
        body = b"".join(self.app.wsgi_app(environ, lambda status, fields: told.append((status, dict(fields)))))
        return told[0][0], told[0][1], body


def milliseconds(call: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Best and median of several calls, in time of the processor: others may use it too."""
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        call()
        found.append((time.process_time() - begin) * 1000)
    return min(found), sorted(found)[rounds // 2]


def made_anew(bench: Deployment) -> None:
    """Make the list as after a change, whatever is held."""
    bench.ctx.status_lists._make(0, bench.ctx.clock())  # what a change costs, without the change


def polls(bench: Deployment) -> tuple[float, float]:
    """What one conditional request of a known verifier costs, and writing down what 100 of them told; milliseconds."""
    _, headers, _ = bench.call()
    held = headers["ETag"]
    shown = [basic(verifier) for verifier in bench.verifiers]

    def all_once() -> None:
        for credentials in shown:
            status, _, _ = bench.call(HTTP_AUTHORIZATION=credentials, HTTP_IF_NONE_MATCH=held)
            if not status.startswith("304"):
                raise SystemExit(f"{status}; the figure would mean nothing")

    _, asked = milliseconds(all_once)
    written = []
    for _ in range(5):
        all_once()
        begin = time.process_time()
        bench.ctx.verifiers.flush(bench.ctx.clock())
        written.append((time.process_time() - begin) * 1000)
    return asked / VERIFIERS, sorted(written)[2]


def a_key(bench: Deployment, name: str) -> KeyWithSecret:
    """One key more."""
    return keys.create(bench.ctx, OPERATOR, bench.tenant, NewKey(name, group="Full access"), bench.ctx.clock())


def main() -> None:
    """Print the figures; the number of secrets may be given."""
    log.configure("error")
    secrets = int(sys.argv[1]) if len(sys.argv) > 1 else SECRETS
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Deployment(Path(folder), secrets)
        revoked = int(secrets * REVOKED_SHARE)
        bench.revoke(revoked, secrets)
        made_anew(bench)
        best, median = milliseconds(lambda: made_anew(bench))
        print(f"{secrets} secrets, {revoked} revoked: made in {best:.1f} ms at best, {median:.1f} in the median")
        _, _, plain = bench.call()
        _, _, zipped = bench.call(HTTP_ACCEPT_ENCODING="gzip")
        print(f"on the wire: {len(zipped)} bytes in gzip, {len(plain)} without")
        made = a_key(bench, "Last")
        revoking, _ = milliseconds(
            lambda: keys.revoke(bench.ctx, OPERATOR, bench.tenant, made.key["client_id"], bench.ctx.clock()), 1
        )
        shown, _ = milliseconds(bench.call, 1)
        print(f"one revocation {revoking:.1f} ms, the list that tells of it {shown:.1f} ms")
        poll, write = polls(bench)
        share = (VERIFIERS / TTL * poll + write / TTL) / 1000  # each of them is written down once for each of its polls
        print(f"one poll {poll * 1000:.0f} µs, writing down {VERIFIERS} verifiers {write:.1f} ms")
        print(f"{VERIFIERS} verifiers that ask every {TTL} s: {share:.2%} of a core")
        for number in range(AT_ONCE):
            made = a_key(bench, f"One of many {number}")
            keys.revoke(bench.ctx, OPERATOR, bench.tenant, made.key["client_id"], bench.ctx.clock())
        _, write = polls(bench)
        print(f"writing them down while {AT_ONCE} revocations are followed {write:.1f} ms")
    whole = len(gzip.compress(claims("https://keys.example/status-lists/0", empty(), bench.now, TTL)))
    print(f"an empty list has {whole} bytes of claims in gzip")


if __name__ == "__main__":
    main()
