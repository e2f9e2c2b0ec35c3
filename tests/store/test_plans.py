"""PostgreSQL plans lists for the values they are asked with, and what every request asks once."""

from __future__ import annotations

import pytest

from app.store import few_keys, key_health, key_lists, tenants
from app.store.key_lists import Wanted
from app.store.key_orders import Order
from tests.world import START, World

KIND, OFTEN = "tenant_api_key", 5


@pytest.mark.parametrize("database", ["postgresql"])
def test_lists_are_planned_each_time_and_hot_questions_once(world: World) -> None:
    tenant = world.tenant["id"]
    world.key()
    wanted = Wanted(tenant, KIND, START, START, revoked=False, unused=True)
    with world.ctx.database.reader.connect() as connection:
        for _ in range(OFTEN):
            assert len(key_lists.page(connection, wanted, Order("group"), None, 10)) == 1
            assert few_keys.page(connection, wanted, Order(), None, 10, 10)[1] == 1
            key_health.counts(connection, tenant, KIND, START, START)
            assert tenants.find(connection, tenant) is not None
        prepared = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert [statement for statement in prepared if "FROM tenants" in statement]
    assert not [statement for statement in prepared if "FROM keys" in statement or "FROM key_uses" in statement]
