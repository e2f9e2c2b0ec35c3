"""The console in a real browser, served by the application with a clock that the test moves."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.console import browser
from tests.console.fake_provider import FakeProvider, provided
from tests.console.opened import Console, opened
from tests.console.sso import Way
from tests.console.stage import Stage
from tests.world import World, copy_sqlite

__all__ = ["Console"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run each test with a browser on one of the two databases, drawn by its name.

    What pages call is held on both by the tests without a browser; twice as many browsers would show the same pages.
    """
    drawn = [item for item in items if not _is_left_out(item)]
    items[:] = drawn


def _is_left_out(item: pytest.Item) -> bool:
    if "console" not in getattr(item, "fixturenames", ()) or not isinstance(item, pytest.Function):
        return False
    of = ("sqlite", "postgresql")[zlib.crc32(item.originalname.encode()) % 2]
    return item.callspec.params.get("database", of) != of


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process."""
    with browser.launched() as launched:
        yield launched


@pytest.fixture
def console(make_world: Callable[..., World], chromium: Browser) -> Iterator[Console]:
    """The console of a fresh deployment; no page of it may complain."""
    with opened(make_world, chromium) as found:
        yield found


@pytest.fixture(scope="module")
def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Stage]:
    """One deployment for all scenes: nothing that is looked at changes it for the next."""
    folder = tmp_path_factory.mktemp("stage")
    (folder / "keys").symlink_to(sqlite_template / "keys")
    made: list[World] = []

    def make(**settings: str) -> World:
        made.append(World(copy_sqlite(sqlite_template / "keyturn.db", folder), folder, settings))
        return made[0]

    with opened(make, chromium, KEYTURN_DEVELOPMENT="true") as console:
        yield Stage(console)
    made[0].close()


@pytest.fixture
def fake(make_world: Callable[..., World]) -> Iterator[FakeProvider]:
    world = make_world(KEYTURN_ISSUER="http://localhost:8000")
    with provided(world) as found:
        yield found


@pytest.fixture
def way(fake: FakeProvider) -> Way:
    """A member who has never signed in stands at the page."""
    found = Way(fake.world, fake)
    found.member()
    return found
