"""Large limits are taken by the handful, and never more than the limit is admitted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.domain.pace import BUCKETS
from app.runtime.limiter.host import HostCounters
from app.runtime.limiter.leases import MOST, PART, Leases
from tests.world import FrozenClock

LIMIT = 5 * PART


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


def another(folder: Path, clock: FrozenClock) -> Leases:
    """A process's view of the host's counters."""
    return Leases(HostCounters(folder / "pace.1", clock))


def admitted(leases: Leases, tries: int, limit: int = LIMIT) -> int:
    return sum(leases.spend("tenant:a", limit).admitted for _ in range(tries))


def test_processes_together_never_admit_more_than_the_limit(tmp_path: Path, clock: FrozenClock) -> None:
    processes = [another(tmp_path, clock) for _ in range(3)]
    found = 0
    for step in range(LIMIT + 100):
        found += admitted(processes[step % 3], 1)
        if step % 700 == 0:
            clock.advance(seconds=1)
    assert found <= LIMIT
    assert found >= LIMIT - 3 * (LIMIT // PART)  # what another one holds may be missed for a second
    clock.advance(seconds=1)
    assert found + sum(admitted(process, 100) for process in processes) == LIMIT


def test_what_was_not_used_is_given_back_when_its_second_is_over(tmp_path: Path, clock: FrozenClock) -> None:
    one, other = another(tmp_path, clock), another(tmp_path, clock)
    for _ in range(30):
        assert admitted(one, 1) == 1
        clock.advance(seconds=1)
    assert admitted(one, 1) == 1
    assert other.spend("tenant:a", LIMIT).remaining >= LIMIT - 32 - LIMIT // PART
    clock.advance(seconds=BUCKETS)
    assert admitted(other, LIMIT + 50) == LIMIT


def test_what_is_told_counts_down_one_by_one(tmp_path: Path, clock: FrozenClock) -> None:
    leases = another(tmp_path, clock)
    left = [leases.spend("tenant:a", 200 * PART).remaining for _ in range(2 * MOST + 1)]
    assert left == [200 * PART - 1 - number for number in range(2 * MOST + 1)]


def test_a_small_limit_is_counted_call_by_call(tmp_path: Path, clock: FrozenClock) -> None:
    one, other = another(tmp_path, clock), another(tmp_path, clock)
    assert [admitted(one, 60, 100), admitted(other, 60, 100)] == [60, 40]


def test_a_new_limit_counts_at_the_next_call(tmp_path: Path, clock: FrozenClock) -> None:
    leases = another(tmp_path, clock)
    assert admitted(leases, 10, 100 * PART) == 10
    assert admitted(leases, 10, 8) == 0
    assert admitted(leases, 3, 3 * PART) == 3


def test_a_process_that_is_forked_off_holds_nothing_of_its_parents(tmp_path: Path, clock: FrozenClock) -> None:
    leases = another(tmp_path, clock)
    assert admitted(leases, 1, 100 * PART) == 1
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - the other process
        os.write(writing, str(leases.spend("tenant:a", 100 * PART).remaining).encode())
        os._exit(0)
    os.waitpid(child, 0)
    # The parent's handful counts as spent: the child begins after it.
    assert int(os.read(reading, 20)) == 100 * PART - MOST - 1
    os.close(reading)
    os.close(writing)
