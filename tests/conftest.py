"""Fixtures for every test."""

import gc
import os
from collections.abc import Iterator

import pytest
from argon2 import profiles
from hypothesis import settings

from app.actions.people import passwords
from tests import compiled, memory
from tests.fixtures import database, make_world, postgres_template, sqlite_template, world
from tests.house.test_assertions import ASSERTIONS
from tests.house.test_rows import ROWS
from tests.postgres import PostgresServer

__all__ = ["database", "make_world", "postgres", "postgres_template", "sqlite_template", "world"]

# The collector looks through everything alive again and again: by default after every 700 new objects, of which one
# request makes thousands. What leaks is still found and told, a little later.
OBJECTS_BETWEEN_LOOKS = 20_000

gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
memory.use()
compiled.addresses()

# A submission must not fail by chance: there the same examples are tried each time, elsewhere new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than processors: a test with a browser waits for it half of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Take modules and tests, which live as long as the run, out of the collector's sight: a look took 200 ms."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which assertions of the specifications and rows of the acceptance list still wait, and for what."""
    waiting = {number: assertion["open"] for number, assertion in ASSERTIONS.items() if "open" in assertion}
    terminalreporter.write_sep("-", f"open assertions: {len(waiting)} of {len(ASSERTIONS)}")
    for number, reason in waiting.items():
        terminalreporter.write_line(f"{number}: {reason}")
    rows = {number: row["open"] for number, row in ROWS.items() if "open" in row}
    terminalreporter.write_sep("-", f"open rows of the acceptance list, without a screen: {len(rows)} of {len(ROWS)}")
    for number, reason in rows.items():
        terminalreporter.write_line(f"{number}: {reason}")


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hash passwords with little work: it is the library's, and would be most of what a person's test takes."""
    passwords.PARAMETERS, shipped = profiles.CHEAPEST, passwords.PARAMETERS
    yield
    passwords.PARAMETERS = shipped


@pytest.fixture
def shipped_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash them as the product does."""
    monkeypatch.setattr(passwords, "PARAMETERS", profiles.RFC_9106_LOW_MEMORY)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started when the first test of a process asks for it."""
    server = PostgresServer.start()
    yield server
    server.stop()
