"""Draws how a key was used: bars by day and outcome, as numbers that a template writes into SVG attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

# The plot's own pixels; widths are per cent, so that text keeps its size.
TOP, BOTTOM = 8, 164
GAP, LOWEST = 2.0, 4.0
BAR, MARGIN = 0.72, 0.14
OUTCOMES = ("ok", "401", "403", "429", "other")
REFUSED = ("401", "403", "429")
LABELS = {7: 1, 30: 7, 90: 14}


class Bar(NamedTuple):
    """One part of a day's bar."""

    kind: str
    x: str
    width: str
    y: str
    height: str


class Label(NamedTuple):
    """A day named below the axis; `thin` gives way on narrow screens."""

    x: str
    day: date
    thin: bool


class Chart(NamedTuple):
    """What to draw: `ticks` are (y, number) from the bottom up."""

    bars: list[Bar]
    labels: list[Label]
    ticks: list[tuple[float, int]]


def chart(days: Sequence[dict[str, Any]]) -> Chart:
    """Lay out the days of a period, each with its counts by outcome."""
    highest = scale(max((calls(day) for day in days), default=0))
    slot = 100 / max(len(days), 1)
    bars = [bar for number, day in enumerate(days) for bar in _stack(day, number * slot, slot, highest)]
    step = LABELS.get(len(days), 14)
    labels = [
        Label(f"{(number + 0.5) * slot:.2f}%", date.fromisoformat(days[number]["day"]), number // step % 2 == 1)
        for number in range(0, len(days), step)
    ]
    ticks = [(BOTTOM - share * (BOTTOM - TOP), round(highest * share)) for share in (0, 0.5, 1)]
    return Chart(bars, labels, ticks)


def scale(most: int) -> int:
    """The number at the top of the axis: round, even, and not less than what it must hold."""
    size = 1
    while True:
        for step in (2, 4, 6, 10, 16):
            if step * size >= most:
                return step * size
        size *= 10


def _stack(day: dict[str, Any], x: float, slot: float, highest: int) -> Iterator[Bar]:
    bottom = float(BOTTOM)
    for kind in OUTCOMES:
        if not day[kind]:
            continue
        height = max(day[kind] / highest * (BOTTOM - TOP), LOWEST)
        yield Bar(kind, f"{x + slot * MARGIN:.2f}%", f"{slot * BAR:.2f}%", f"{bottom - height:.1f}", f"{height:.1f}")
        bottom -= height + GAP


def calls(counts: dict[str, Any]) -> int:
    """All calls of a period; introspections are counted apart."""
    return sum(counts[kind] for kind in OUTCOMES)


def success(counts: dict[str, Any]) -> float | None:
    """How many of a hundred calls went well; None without calls."""
    every = calls(counts)
    return counts["ok"] / every * 100 if every else None


def peak(days: Sequence[dict[str, Any]], totals: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The kind of refusal there was most of, and its worst day; None without refusals."""
    kind = max(REFUSED, key=lambda name: totals[name])
    return (kind, max(days, key=lambda day: day[kind])) if totals[kind] else None


def callers(seen: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Who calls, whatever the secret: one row for each address and client, seen last first."""
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for row in seen:
        known = found.get((row["ip"], row["client"]))
        if known is None:
            found[row["ip"], row["client"]] = dict(row)
        else:
            known["first_at"] = min(known["first_at"], row["first_at"])
            known["calls"] += row["calls"]
            known["refused"] += row["refused"]
            known["new"] = known["new"] and row["new"]
    return list(found.values())[:most]
