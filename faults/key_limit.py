"""Thirty-two creates at once at one below the key limit, round after round, against two server processes.

    python -m faults.key_limit --rounds 1000 --database postgresql

Every create must be answered 201 or 409, or 503 with Retry-After; no round may leave more usable keys than the limit.
It ends by itself, prints one line, and exits 1 when the promise was broken.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from app.actions import key_counts, keys, tenants
from app.actions.keys import NewKey
from app.clock import utc_now
from app.context import Context
from app.opening import open_context
from app.runtime import log
from app.settings import load
from tests.postgres import PostgresServer
from tests.server.running import Deployment
from tests.world import OPERATOR, as_key

CALLERS, LIMIT, PATIENCE, ROUNDS_A_TENANT = 32, 3, 30, 3
BODY = json.dumps({"name": "Racer", "group": "Read only"})


@dataclass
class Outcome:
    """What came of all rounds.

    answers   how often each status came; what is no answer at all by the name of its error
    most      the most usable keys that were there after any round
    wrong     rounds in which not exactly one create succeeded although none was put off
    """

    rounds: int
    answers: Counter[str] = field(default_factory=Counter)
    most: int = 0
    wrong: int = 0
    seconds: float = 0.0

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return self.most <= LIMIT and not self.wrong and set(self.answers) <= {"201", "409", "503"}

    def __str__(self) -> str:
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.answers.items()))
        return (
            f"{self.rounds} rounds of {CALLERS} creates: {answers}; "
            f"at most {self.most} of {LIMIT} keys; {self.wrong} wrong rounds; {self.seconds:.0f} s"
        )


@dataclass(frozen=True)
class Place:
    """Where a server listens."""

    host: str
    port: int


class Caller:
    """One connection to one server."""

    def __init__(self, place: Place) -> None:
        self._connection = HTTPConnection(place.host, place.port, timeout=PATIENCE)

    def create(self, secret: str) -> tuple[str, str]:
        """Create a key with a key; the status and its ID. A 503 that does not say when to come back is none."""
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        try:
            self._connection.request("POST", "/admin/api-keys", BODY, headers)
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, HTTPException) as error:
            self._connection.close()
            return type(error).__name__, ""
        if answer.status == 503 and not answer.headers["Retry-After"]:
            return "503 without Retry-After", ""
        return str(answer.status), json.loads(data).get("client_id", "")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@dataclass
class Race:
    """A deployment, its servers, and the tenant in question. A tenant's calls a minute are few, so it changes often."""

    ctx: Context
    places: list[Place]
    tenant: str = ""
    secret: str = ""

    def run(self, rounds: int) -> Outcome:
        """Send the creates of every round at once, and judge what they left."""
        outcome, begin = Outcome(rounds), time.monotonic()
        together = threading.Barrier(CALLERS + 1, timeout=PATIENCE * 2)
        answers: list[tuple[str, str]] = []

        def create(place: Place) -> None:
            with closing(Caller(place)) as caller:
                for _ in range(rounds):
                    together.wait()
                    answers.append(caller.create(self.secret))
                    together.wait()

        places = [self.places[number % len(self.places)] for number in range(CALLERS)]
        threads = [threading.Thread(target=create, args=(place,), daemon=True) for place in places]
        for thread in threads:
            thread.start()
        for number in range(rounds):
            if number % ROUNDS_A_TENANT == 0:
                self._begin(f"Tenant {number}")
            together.wait()
            together.wait()
            self._judge(outcome, number, answers)
            answers.clear()
        for thread in threads:
            thread.join(PATIENCE)
        outcome.seconds = time.monotonic() - begin
        return outcome

    def _begin(self, name: str) -> None:
        now = utc_now()
        tenant, _ = tenants.create(self.ctx, OPERATOR, name, "standard", now)
        self.tenant = tenant["id"]
        tenants.change(self.ctx, OPERATOR, self.tenant, now, key_limit=LIMIT)
        for number in range(LIMIT - 1):
            new = NewKey(f"Key {number}", group="Full access")
            self.secret = as_key(keys.create(self.ctx, OPERATOR, self.tenant, new, now)).secret

    def _judge(self, outcome: Outcome, number: int, answers: list[tuple[str, str]]) -> None:
        """Count a round's answers and the keys it left, then make room: by deleting one time, by revoking the next."""
        statuses, now = Counter(status for status, _ in answers), utc_now()
        outcome.answers += statuses
        outcome.most = max(outcome.most, key_counts.key_usage(self.ctx, self.tenant, now).used)
        outcome.wrong += statuses["201"] != 1 and not (statuses["201"] == 0 and statuses["503"])
        for made in (key_id for status, key_id in answers if status == "201"):
            (keys.delete if number % 2 else keys.revoke)(self.ctx, OPERATOR, self.tenant, made, now)


@contextmanager
def served(folder: Path, url: str | None = None) -> Iterator[Race]:
    """Two server processes on one database, SQLite without an address."""
    deployment = Deployment(folder, {"KEYTURN_DATABASE_URL": url} if url is not None else {})
    ctx = open_context(load(deployment.environment))
    try:
        servers = [deployment.serve() for _ in range(2)]
        yield Race(ctx, [Place(server.host, server.port) for server in servers])
    finally:
        deployment.close()
        ctx.database.close()


def main() -> int:
    """Run as a program."""
    arguments = argparse.ArgumentParser(prog="python -m faults.key_limit")
    arguments.add_argument("--rounds", type=int, default=1000)
    arguments.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    chosen = arguments.parse_args()
    log.configure("error")
    postgres = PostgresServer.start() if chosen.database == "postgresql" else None
    try:
        url = postgres.database("key_limit") if postgres is not None else None
        with tempfile.TemporaryDirectory() as folder, served(Path(folder), url) as race:
            outcome = race.run(chosen.rounds)
    finally:
        if postgres is not None:
            postgres.stop()
    print(f"{chosen.database}: {outcome}")
    return 0 if outcome.kept else 1


if __name__ == "__main__":
    sys.exit(main())
