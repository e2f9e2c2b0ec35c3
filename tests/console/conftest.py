"""The console in a real browser, served by the application with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.console import browser
from tests.console.opened import Console, opened
from tests.console.stage import Stage
from tests.world import World, copy_sqlite

__all__ = ["Console"]


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
