"""A status list is made from what is not zero: no plan of either database walks through the secrets."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import text

from app.actions import keys, rotation, tenants
from tests.statements import heard
from tests.status.reading import fetch
from tests.world import OPERATOR, World

WALKS = re.compile(r"SCAN (?:TABLE )?(?:secrets|keys)\b(?! USING)|Seq Scan on (?:secrets|keys)\b")


def plan(connection: Any, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


def test_no_question_of_a_status_list_walks_through_secrets_or_keys(world: World) -> None:
    for number in range(20):
        world.key(f"Key {number}")
    gone, turned, marked = world.key("Gone"), world.key("Turned"), world.key("Marked")
    mine = (world.ctx, OPERATOR, world.tenant["id"])
    keys.revoke(*mine, gone.id, world.clock())
    rotation.rotate(*mine, turned.id, world.clock())
    keys.edit(*mine, marked.id, world.clock(), group="Read only")
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=False)
    with heard(world.ctx.database.reader) as said:
        assert len(fetch(world).nonzero) == 23 + 1
    asked = [(statement, parameters) for statement, parameters in said if "secrets" in statement]
    assert len(asked) == 5, [statement for statement, _ in asked]
    with world.ctx.database.reader.connect() as connection:
        if not world.ctx.database.is_sqlite:  # so few rows are quicker read all than by an index
            connection.execute(text("SET enable_seqscan = off"))
        for statement, parameters in asked:
            found = plan(connection, statement, parameters)
            assert not WALKS.search(found), f"{statement}\n{found}"
            assert not re.search(r"status_reference[<>]|uq_secrets_status_reference", found), "every secret has one"
