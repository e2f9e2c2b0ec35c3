"""Counts for Prometheus.

A request only leaves a note; notes are added up in batches, and processes share their sums through files.
"""

from __future__ import annotations

import os
import platform
import threading
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from app.runtime.version import installed

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOTES_AT_ONCE = 512
WRITE_EVERY_SECONDS = 1.0
REQUESTS, REFUSALS, TOKENS, INTROSPECTIONS, AUDIT = (
    "requests",
    "refusals",
    "tokens_issued",
    "introspections",
    "audit_events",
)
_COUNTERS = {
    REQUESTS: ("Requests answered.", ("route", "method", "status")),
    REFUSALS: ("Requests refused, by the exact reason.", ("route", "reason")),
    TOKENS: ("Access tokens signed.", ()),
    INTROSPECTIONS: ("Questions about tokens answered.", ("active",)),
    AUDIT: ("Events recorded in the audit log.", ("event",)),
}
Note = tuple[str, str, str, str | None, float]


class Sums:
    """Counters by name and labels; for each route its histogram: one cell a bound, one for slower ones, the seconds."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.times: dict[str, list[float]] = {}

    def add_request(self, route: str, method: str, status: str, reason: str | None, seconds: float) -> None:
        """Count one answered request."""
        self.counts[REQUESTS, route, method if method in METHODS else "other", status] += 1
        if reason is not None:
            self.counts[REFUSALS, route, reason] += 1
        times = self.times.setdefault(route, [0.0] * (len(BOUNDS) + 2))
        times[bisect_left(BOUNDS, seconds)] += 1
        times[-1] += seconds

    def add(self, data: bytes) -> None:
        """Add what another process wrote."""
        other = orjson.loads(data)
        for labels, count in other["counts"]:
            self.counts[tuple(labels)] += count
        for route, cells in other["times"].items():
            self.times[route] = [a + b for a, b in zip(self.times.get(route, [0.0] * len(cells)), cells, strict=True)]

    def dump(self) -> bytes:
        """Write the sums for another process."""
        return orjson.dumps({"counts": list(self.counts.items()), "times": self.times})


class Metrics:
    """What one process counts. `note` and `count` are all that a request pays for."""

    def __init__(self) -> None:
        self._notes: deque[Note | tuple[str, ...]] = deque()
        self._sums, self._lock = Sums(), threading.Lock()
        self._file: Path | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def note(self, route: str, method: str, status: str, reason: str | None, seconds: float) -> None:
        """Remember an answered request; labels must come from closed lists."""
        self._notes.append((route, method, status, reason, seconds))
        if len(self._notes) > NOTES_AT_ONCE:
            self.settle()

    def count(self, *labels: str) -> None:
        """Count one event: a counter's name and its labels' values."""
        self._notes.append(labels)

    def settle(self) -> bool:
        """Add up what was noted; whether there was anything."""
        with self._lock:
            notes, anything = self._notes, False
            while notes:
                note, anything = notes.popleft(), True
                if isinstance(note[-1], float):
                    self._sums.add_request(*note)
                else:
                    self._sums.counts[note] += 1
            return anything

    def share(self, file: Path) -> None:
        """Keep this process's sums in a file beside the others', so that each of them can tell all."""
        self._file = file
        threading.Thread(target=self._keep_writing, name="metrics", daemon=True).start()

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The sums of all processes, for the registry."""
        total = self._total()
        for name, (text, labels) in _COUNTERS.items():
            counter = CounterMetricFamily(f"keyturn_{name}", text, labels=labels)
            for (kind, *values), count in sorted(total.counts.items()):
                if kind == name:
                    counter.add_metric(values, count)
            if not labels and not counter.samples:
                counter.add_metric((), 0)
            yield counter
        yield _histogram(total)
        info = GaugeMetricFamily("keyturn_build_info", "Which Keyturn this is.", labels=("version", "python"))
        info.add_metric((installed(), platform.python_version()), 1)
        yield info

    def _total(self) -> Sums:
        self.settle()
        total = Sums()
        with self._lock:
            total.add(self._sums.dump())
        if self._file is not None:
            for file in self._file.parents[1].glob("*/*.json"):
                with suppress(OSError, ValueError, KeyError):  # one that just went away, or is no file of ours
                    if file != self._file:
                        total.add(file.read_bytes())
        return total

    def _keep_writing(self) -> None:
        pause = threading.Event()
        while not pause.wait(WRITE_EVERY_SECONDS):
            with suppress(OSError):  # a full disk must not end the counting
                self.write()

    def write(self) -> None:
        """Bring this process's file up to date; readers find the old one or the new one."""
        if self._file is None or not (self.settle() or not self._file.exists()):
            return
        with self._lock:
            data = self._sums.dump()
        draft = self._file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_bytes(data)
        draft.replace(self._file)


def _histogram(total: Sums) -> HistogramMetricFamily:
    family = HistogramMetricFamily("keyturn_request_seconds", "Time to answer, in seconds.", labels=("route",))
    for route, cells in sorted(total.times.items()):
        buckets, seen = [], 0.0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), cells[:-1], strict=True):
            seen += count
            buckets.append((bound, seen))
        family.add_metric((route,), buckets, cells[-1])
    return family
