"""Fixtures for every test."""

from collections.abc import Iterator

import pytest

from tests.fixtures import database, make_world, postgres_template, sqlite_template, world
from tests.postgres import PostgresServer

__all__ = ["database", "make_world", "postgres", "postgres_template", "sqlite_template", "world"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started when the first test of a process asks for it."""
    server = PostgresServer.start()
    yield server
    server.stop()
