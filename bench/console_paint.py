"""Time when the console's pages stand on a slow network, and how they move meanwhile: `python -m bench.console_paint`.

Largest Contentful Paint and Cumulative Layout Shift as a real Chromium tells them, on the network that DevTools calls
"Fast 3G" ("Slow 4G" since 2024): Lighthouse's standard for phones, 150 ms and 1.6 Mbit/s, with the factors by which
DevTools makes up for throttling requests and not packets. Shifts are the machine's neighbours' in nothing; of paints
the best of some rounds counts, because the rest is what others did with the processor meanwhile.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page

from app.runtime import log, migrations
from app.settings import load
from tests.console import browser
from tests.console.opened import opened
from tests.console.stage import Stage
from tests.many_keys import fill
from tests.world import World

PAINT, SHIFT = 1800.0, 0.02
FAST_3G = {
    "offline": False,
    "latency": 150 * 3.75,
    "downloadThroughput": 1.6e6 / 8 * 0.9,
    "uploadThroughput": 750e3 / 8 * 0.9,
}
SIZES = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})
KEYS = "/tenant-api-keys"
PLACES = (
    ("list", KEYS, "ada"),
    ("details", f"{KEYS}/{{key_id}}", "ada"),
    ("generate form", f"{KEYS}/new", "ada"),
    ("sign-in", "/sign-in", None),
    ("audit log", "/audit-log", "ada"),
    ("health", f"{KEYS}/health", "ada"),
)
QUIET_AFTER = 400  # milliseconds after the last file in which what comes late would show
SEEN = """quiet => new Promise(done => {
    let paint = 0, drawn = "", shift = 0;
    const seen = (type, each) => new PerformanceObserver(list => list.getEntries().forEach(each))
        .observe({ type, buffered: true });
    seen("largest-contentful-paint", one => {
        paint = one.startTime; drawn = (one.element?.tagName ?? "?") + " " + (one.element?.className ?? ""); });
    seen("layout-shift", one => { shift += one.hadRecentInput ? 0 : one.value; });
    setTimeout(() => {
        const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
        done({ paint, drawn, shift, answered: all[0].responseStart,
            bytes: all.reduce((sum, one) => sum + one.transferSize, 0),
            requests: all.filter(one => one.transferSize).length });
    }, quiet);
})"""


class Seen(NamedTuple):
    """One visit: milliseconds until its largest part stood, how far it moved, what came over the network."""

    paint: float
    shift: float
    answered: float
    bytes: int
    requests: int
    drawn: str


@contextmanager
def staged(chromium: Browser) -> Iterator[Stage]:
    """A lived-in deployment on SQLite whose list is full."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/keyturn.db"
        migrations.upgrade(load({"KEYTURN_DATABASE_URL": url}).database)
        made: list[World] = []

        def make(**settings: str) -> World:
            made.append(World(url, folder, settings))
            return made[0]

        with opened(make, chromium) as console:
            stage = Stage(console)
            fill(stage.world, stage.tenant, 60)
            yield stage
        made[0].close()


def visits(stage: Stage, who: str | None, address: str, size: dict[str, int]) -> tuple[Seen, Seen]:
    """A page seen for the first time, with nothing kept, and then once more."""
    page = stage.page(who, viewport=size)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", FAST_3G)
    found = seen(page, address), seen(page, address)
    page.context.close()
    return found


def seen(page: Page, address: str) -> Seen:
    """Open a page and let it come to rest."""
    page.goto("about:blank")
    answer = page.goto(address, wait_until="networkidle")
    if answer is None or answer.status != 200:  # noqa: PLR2004
        raise SystemExit(f"{address}: {answer and answer.status}; the figure would mean nothing")
    told: dict[str, Any] = page.evaluate(SEEN, QUIET_AFTER)
    return Seen(**told)


def line(name: str, rounds: list[Seen]) -> None:
    """One line of the table; what misses its budget is marked."""
    best = min(rounds, key=lambda one: one.paint)
    shift = max(one.shift for one in rounds)
    over = "OVER" if best.paint > PAINT or shift > SHIFT else ""
    print(
        f"{name:<32} {best.paint:7.0f} {max(one.paint for one in rounds):7.0f} {shift:7.4f} {best.answered:8.0f} "
        f"{best.bytes / 1024:6.0f} {best.requests:4} {over:<5} {best.drawn[:40]}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="a part of the names of what to measure")
    given = parser.parse_args()
    log.configure("error")
    print(f"budget: paint {PAINT:.0f} ms, shift {SHIFT}")
    print(f"{'':<32} {'best':>7} {'worst':>7} {'shift':>7} {'answered':>8} {'KB':>6} {'requests'}")
    with browser.launched() as chromium, staged(chromium) as stage:
        for name, place, who in PLACES:
            for size in SIZES:
                if given.only in name:
                    address = stage.path(place)
                    rounds = [visits(stage, who, address, size) for _ in range(given.rounds)]
                    for number, which in enumerate(("first", "second")):
                        line(f"{name}, {size['width']} px, {which}", [pair[number] for pair in rounds])


if __name__ == "__main__":
    main()
