"""One gateway with its committed configuration, Keyturn beside it and an API behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.actions import groups, keys
from app.actions.keys import NewKey
from app.clock import utc_now
from app.context import Context
from app.opening import open_context
from app.settings import load
from tests.gateways import programs, upstream
from tests.gateways.programs import Gateway, Recipe
from tests.gateways.upstream import Api, Reply
from tests.server.running import Deployment, Server
from tests.world import OPERATOR, Key, as_key


class Street:
    """The whole way of a request: caller, gateway, Keyturn, API."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        trust = {"KEYTURN_TRUSTED_PROXIES": "127.0.0.1/32", **recipe.settings}
        self.deployment = Deployment(folder / "keyturn", trust)
        self.keyturn: Server = self.deployment.serve()
        self.api = Api()
        self.gateway = Gateway(recipe, folder / "gateway", self.keyturn.port, self.api.port)
        self.ctx: Context = open_context(load(self.deployment.environment))
        self.tenant: str = self.deployment.key.object["tenant"]["id"]

    def call(self, path: str, *headers: tuple[str, str], **more: Any) -> Reply:
        """Call the API through the gateway."""
        return upstream.call(self.gateway.port, path, *headers, **more)

    def key(self, name: str, *scopes: str, tenant: str | None = None, **more: Any) -> Key:
        """A new key; with scopes, in a group of its own."""
        if scopes:
            groups.create(self.ctx, OPERATOR, self.tenant, utc_now(), name=name, scopes=list(scopes))
        new = NewKey(name, group=name if scopes else "Full access", **more)
        return as_key(keys.create(self.ctx, OPERATOR, tenant or self.tenant, new, utc_now()))

    def close(self) -> None:
        self.ctx.database.close()
        self.gateway.stop()
        self.api.close()
        self.deployment.close()


@pytest.fixture(scope="module", params=programs.ALL, ids=lambda recipe: recipe.name)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    found: Recipe = request.param
    return found


@pytest.fixture(scope="module")
def street(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    made = Street(recipe, tmp_path_factory.mktemp(recipe.name))
    yield made
    made.close()
