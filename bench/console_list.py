"""Time the console with 100,000 keys in one tenant, on SQLite and on PostgreSQL: `python -m bench.console_list`.

Each figure is one whole HTTP answer, the session, the page and its HTML included: p95 of some calls after a first
one, and the best of them, which is what the machine can do when nobody disturbs it.
"""

from __future__ import annotations

import argparse
import gzip
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from re import search
from typing import Any, NamedTuple

from app.runtime import log, migrations
from app.settings import load
from app.web.console import assets
from tests.console.people import Person, token
from tests.many_keys import analyse, enlist, fill, key_id
from tests.postgres import SHIPPED, PostgresServer
from tests.world import World

OTHERS = 20_000
LIST = "/tenant-api-keys"
PAGE, SEARCH, BULK, PAGE_BYTES, FILE_BYTES = 150.0, 300.0, 5000.0, 30 * 1024, 140 * 1024
SORTS = ("created", "name", "expires", "last_used", "status", "group")
FILTERS = {
    "status": ("active", "revoked"),
    "expiration": ("valid", "expiring_soon", "expired"),
    "group": ("Full access", "Group 3"),
    "used": ("never", "idle30", "idle90"),
    "creator": ("me",),
    "health": ("expired_but_called", "browser_use", "long_overlap", "full_access", "no_ip_allowlist", "old_secret"),
}
TEXTS = ("zapier", "hamburg 54321", "job 77 of", "ubersicht", "nothing like it", "q", "kt_00000")


@contextmanager
def world_on(database: str) -> Iterator[World]:
    """A deployment on a fresh database, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer.start(memory=SHIPPED) if database == "postgresql" else None
        url = server.database("bench") if server is not None else f"sqlite:///{folder}/keyturn.db"
        migrations.upgrade(load({"KEYTURN_DATABASE_URL": url}).database)
        world = World(url, Path(folder))
        yield world
        world.close()
        if server is not None:
            server.stop()


class Visitor:
    """A Global Admin in the large tenant, who asks for pages and takes the time."""

    def __init__(self, world: World, calls: int) -> None:
        self.person, self.calls = Person(world).signed_in(), calls

    def page(self, address: str) -> str:
        """A page's HTML; anything else than a page means nothing."""
        answer = self.person.read(address)
        if answer.status_code != 200:  # noqa: PLR2004
            raise SystemExit(f"{address}: {answer.status}; the figure would mean nothing")
        return answer.text

    def timed(self, address: str) -> Times:
        """How long answers take."""
        self.page(address)
        return timed(lambda: self.page(address), self.calls)

    def link(self, address: str, name: str) -> str:
        """Where a link of a page's foot leads to."""
        found = search(rf'<a href="([^"]+)"[^<]*>{name}</a>', self.page(address))
        if found is None:
            raise SystemExit(f"{address} has no link {name}")
        return unescape(found[1])


class Times(NamedTuple):
    """Milliseconds: what at most one of twenty calls exceeds, what the best one took, and p95 of the processor's time.

    The processor's time is this process's own, which has SQLite's in it and PostgreSQL's not.
    """

    p95: float
    best: float
    own: float


def timed(call: Callable[[], Any], calls: int) -> Times:
    """Time some calls."""
    taken, own = [], []
    for _ in range(calls):
        begin, begin_own = time.perf_counter(), time.process_time()
        call()
        taken.append((time.perf_counter() - begin) * 1000)
        own.append((time.process_time() - begin_own) * 1000)
    at = math.ceil(calls * 0.95) - 1
    return Times(sorted(taken)[at], min(taken), sorted(own)[at])


def addresses(visitor: Visitor) -> Iterator[tuple[str, str, float]]:
    """What is asked for: its name, its address, its budget."""
    yield "list, first page", LIST, PAGE
    for sort in SORTS:
        for direction in ("asc", "desc"):
            first = f"{LIST}?sort={sort}&dir={direction}"
            yield f"sort {sort} {direction}", first, PAGE
        yield f"sort {sort}, last page", f"{LIST}?sort={sort}&last=1", PAGE
        yield f"sort {sort}, page before", visitor.link(f"{LIST}?sort={sort}&last=1", "Previous"), PAGE
    for name, values in FILTERS.items():
        for value in values:
            yield f"filter {name}={value}", f"{LIST}?{name}={value}", PAGE
    yield "two filters, other order", f"{LIST}?status=revoked&used=idle90&sort=name&dir=desc", PAGE
    for text in TEXTS:
        yield f"search {text!r}", f"{LIST}?q={text}", SEARCH
    yield "search, by name, last page", f"{LIST}?q=zapier&sort=name&last=1", SEARCH
    yield "key details", f"{LIST}/{key_id('kt', 4242)}", PAGE
    yield "key health", f"{LIST}/health", math.inf  # a page of its own, which has no budget
    yield "generate form", f"{LIST}/new", PAGE


def revoked(visitor: Visitor) -> tuple[float, float]:
    """Milliseconds that it takes to revoke 500 keys, and those of the processor in this process."""
    ids = [key_id("kt", number) for number in range(0, 3000, 6)]
    enlist(visitor.person.world, ids)
    chosen = " ".join(ids)
    form = {"action": "revoke", "keys": chosen, "confirmed": "1", "typed": "500"}
    crumb = token(visitor.page(f"{LIST}/new"))
    begin, begin_own = time.perf_counter(), time.process_time()
    answer = visitor.person.client.post(f"{LIST}/bulk", data={"csrf": crumb, **form})
    taken, own = (time.perf_counter() - begin) * 1000, (time.process_time() - begin_own) * 1000
    told = visitor.page(answer.headers.get("Location", LIST))
    if answer.status_code != 303 or "500 revoked." not in told:  # noqa: PLR2004
        raise SystemExit(f"{answer.status}: the keys were not revoked: {answer.headers.get('Location')}")
    return taken, own


def line(name: str, value: float, budget: float, unit: str = "ms", more: tuple[float, ...] = ()) -> None:
    """One line of the table; what misses its budget is marked."""
    known = "".join(f"{one:9.1f}" for one in more).ljust(18)
    print(f"{name:<34} {value:9.1f}{known} {budget:8.0f} {unit} {'' if value <= budget else 'OVER'}", flush=True)


def measure(database: str, many: int, calls: int, only: str) -> None:
    """Fill one database and print its part of the table."""
    with world_on(database) as world:
        begin = time.perf_counter()
        fill(world, world.tenant["id"], many)
        fill(world, world.new_tenant("Other")["id"], min(OTHERS, many), "ko")
        analyse(world)
        print(f"\n{database}: {many:,} keys in {time.perf_counter() - begin:.0f} s")
        visitor = Visitor(world, calls)
        for name, address, budget in addresses(visitor):
            if only in name:
                times = visitor.timed(address)
                line(name, times.p95, budget, more=times[1:])
        if only in "bulk revoke of 500":
            taken, own = revoked(visitor)
            line("bulk revoke of 500", taken, BULK, more=(taken, own))
        packed = len(gzip.compress(visitor.page(LIST).encode()))
        line("HTML of 50 rows, gzip", packed / 1024, PAGE_BYTES / 1024, "KB")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--only", default="", help="a part of the names of what to measure")
    given = parser.parse_args()
    log.configure("error")
    print(f"{'':<34} {'p95':>9} {'best':>8} {'own':>8} {'budget':>8}")
    files = [(assets.FOLDER / f"{name}.gz").stat().st_size for name in assets.names().values()]
    line("CSS, script and icons, gzip", sum(files) / 1024, FILE_BYTES / 1024, "KB")
    for database in given.database or ("sqlite", "postgresql"):
        measure(database, given.keys, given.calls, given.only)


if __name__ == "__main__":
    main()
