"""Callers of the management API."""

from __future__ import annotations

import pytest

from tests.admin.client import Admin, operator_key
from tests.world import World


@pytest.fixture
def admin(world: World) -> Admin:
    """A tenant's key with Full access."""
    return Admin(world, world.key("Administration").secret)


@pytest.fixture
def operator(world: World) -> Admin:
    """The operator's key."""
    return Admin(world, operator_key(world).secret)
