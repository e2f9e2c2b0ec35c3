"""Fixtures for every test."""

from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started when the first test of a process asks for it."""
    server = PostgresServer.start()
    yield server
    server.stop()
