"""Fixtures of the whole suite."""

from tests.fixtures import database, make_world, postgres_template, sqlite_template, world  # noqa: F401
