"""A deployment with a server, shared by the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.running import Deployment, Server


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    made = Deployment(tmp_path_factory.mktemp("served"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(deployment: Deployment) -> Server:
    return deployment.serve()
