from __future__ import annotations

import resource
import stat
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from app.domain.pace import Pace
from app.domain.refusals import Unavailable
from app.runtime.limiter import host, lock
from app.runtime.limiter.host import HostCounters
from tests.together import at_once
from tests.world import START, FrozenClock

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys
from pathlib import Path
from app.runtime.limiter.table import Table
table = Table(Path(sys.argv[1]))
with table.lock:
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "pace.1"


def spend_all(counters: HostCounters, name: str, limit: int, tries: int) -> int:
    return sum(counters.spend(name, limit).admitted for _ in range(tries))


def test_two_openers_of_one_file_share_an_allowance(file: Path, clock: FrozenClock) -> None:
    one, other = HostCounters(file, clock), HostCounters(file, clock)
    assert one.spend("tenant:a", 3) == Pace(3, 2, 61, admitted=True)
    assert other.spend("tenant:a", 3) == Pace(3, 1, 61, admitted=True)
    assert one.look("tenant:a", 3) == Pace(3, 1, 61, admitted=True)
    assert spend_all(other, "tenant:a", 3, 5) == 1
    assert one.spend("tenant:b", 3).remaining == 2
    assert one.look("tenant:c", 3) is None


def test_counts_outlive_the_process_that_made_them(file: Path, clock: FrozenClock) -> None:
    first = HostCounters(file, clock)
    assert spend_all(first, "tenant:a", 2, 5) == 2
    first.close()
    assert spend_all(HostCounters(file, clock), "tenant:a", 2, 5) == 0
    clock.advance(seconds=61)
    assert spend_all(HostCounters(file, clock), "tenant:a", 2, 5) == 2


def test_the_file_is_its_owner_s_alone(file: Path, clock: FrozenClock) -> None:
    HostCounters(file, clock).spend("tenant:a", 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in file.parent.iterdir()) == ["pace.1", "pace.1.lock"]


def test_more_names_than_slots_make_the_file_grow_and_forget_nothing(file: Path, clock: FrozenClock) -> None:
    one, other = HostCounters(file, clock, slots=16), HostCounters(file, clock)
    one.spend("tenant:0", 2)
    small = file.stat().st_size
    for number in range(1, 200):
        one.spend(f"tenant:{number}", 2)
    assert file.stat().st_size > small
    assert [spend_all(other, f"tenant:{number}", 2, 3) for number in range(200)] == [1] * 200
    assert [spend_all(one, f"tenant:{number}", 2, 1) for number in range(200)] == [0] * 200


def test_idle_windows_make_room_without_growth(file: Path, clock: FrozenClock) -> None:
    counters = HostCounters(file, clock, slots=64)
    for number in range(12):
        counters.spend(f"tenant:{number}", 2)
    size = file.stat().st_size
    for minute in range(1, 30):
        clock.advance(seconds=61)
        for number in range(12):
            assert counters.spend(f"tenant:{minute}:{number}", 2).remaining == 1
    assert file.stat().st_size == size


def test_a_host_that_cannot_grow_says_so(file: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "MOST_SLOTS", 16)
    counters = HostCounters(file, clock, slots=16)
    for number in range(16):
        counters.spend(f"tenant:{number}", 1)
    with pytest.raises(Unavailable):
        counters.spend("tenant:16", 1)
    assert not counters.spend("tenant:15", 1).admitted
    clock.advance(seconds=61)
    assert counters.spend("tenant:16", 1).admitted


def test_forgetful_counters_give_up_the_oldest(file: Path, clock: FrozenClock) -> None:
    counters = HostCounters(file, clock, slots=16, forgetful=True)
    for number in range(17):
        clock.advance(seconds=1)
        counters.spend(f"guess:{number}", 1)
    known = [counters.look(f"guess:{number}", 1) is not None for number in range(17)]
    assert known == [False, *[True] * 16]


def test_a_damaged_file_is_replaced(file: Path, clock: FrozenClock) -> None:
    file.parent.mkdir()
    for damage in (b"", b"x", b"\0" * 65536):
        file.write_bytes(damage)
        one, other = HostCounters(file, clock), HostCounters(file, clock)
        assert one.spend("tenant:a", 2).remaining == 1
        assert other.spend("tenant:a", 2).remaining == 0


def test_a_folder_that_cannot_be_had_is_unavailable(tmp_path: Path, clock: FrozenClock) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Unavailable):
        HostCounters(tmp_path / "file" / "pace.1", clock).spend("tenant:a", 1)


def test_a_full_disk_is_unavailable_and_leaves_nothing(file: Path, clock: FrozenClock) -> None:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most[1]))
    try:
        with pytest.raises(Unavailable):
            HostCounters(file, clock).spend("tenant:a", 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert [path.name for path in file.parent.iterdir()] == ["pace.1.lock"]
    assert HostCounters(file, clock).spend("tenant:a", 1).admitted


def test_many_threads_never_admit_more_than_the_limit(file: Path, clock: FrozenClock) -> None:
    counters = [HostCounters(file, clock, slots=16), HostCounters(file, clock)]
    let_in: list[bool] = []

    def run(number: int) -> None:
        for step in range(300):
            counters[number % 2].spend(f"tenant:{number}:{step % 40}", 10**9)  # the file grows meanwhile
            let_in.append(counters[number % 2].spend("tenant:a", 500).admitted)

    assert at_once([partial(run, number) for number in range(8)]) == []
    assert (len(let_in), sum(let_in)) == (2400, 500)


def test_a_process_that_was_killed_holds_nothing_and_one_that_stands_still_holds_nobody(
    file: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.05)
    counters = HostCounters(file, clock)
    counters.spend("tenant:a", 9)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDER, file], stdin=pipe, stdout=pipe, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable):
            counters.spend("tenant:a", 9)
        holder.kill()
    assert counters.spend("tenant:a", 9).remaining == 7


def test_what_happened_lately_is_known_without_asking(file: Path, clock: FrozenClock) -> None:
    one, other = HostCounters(file, clock), HostCounters(file, clock)
    now = int(START.timestamp())
    assert not one.recent("kt_1", now)
    other.mark("kt_1")
    assert one.recent("kt_1", now)
    assert one.recent("kt_1", now + 60)
    assert not one.recent("kt_1", now + int(timedelta(seconds=61).total_seconds()))


def test_a_process_that_was_forked_off_opens_the_file_itself(file: Path, clock: FrozenClock) -> None:
    counters = HostCounters(file, clock)
    counters.spend("tenant:a", 9)
    before = counters._table
    host._forked()
    assert counters.spend("tenant:a", 9).remaining == 7
    assert counters._table is not before
