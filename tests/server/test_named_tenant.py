"""The tenant a caller names, told to a real server in whatever bytes."""

from __future__ import annotations

import pytest

from app.actions import tenants
from app.clock import utc_now
from app.opening import open_context
from app.settings import load
from tests.server.running import Deployment, Server
from tests.world import OPERATOR

NAME = "\u00c4pfel \u6771\u4eac"


@pytest.fixture(scope="module")
def renamed(deployment: Deployment, server: Server) -> Server:
    ctx = open_context(load(deployment.environment))
    tenants.change(ctx, OPERATOR, deployment.tenant, utc_now(), name=NAME)
    ctx.database.close()
    return server


@pytest.mark.parametrize(
    ("named", "status"),
    [
        (b"ID", 200),
        (b"ID, ID", 403),
        (b"Acme", 403),
        (b"", 403),
        # Granian hands no bytes beyond ASCII on, so that even the right name cannot be told from another: the ID can.
        (NAME.encode(), 403),
        (NAME[:-1].encode(), 403),
        (b"\xff\xfe", 403),
        (NAME.encode("utf-16-le"), 400),
    ],
)
def test_only_its_own_tenant_lets_a_key_in(deployment: Deployment, renamed: Server, named: bytes, status: int) -> None:
    head = f"GET /api/user HTTP/1.1\r\nHost: x\r\nX-API-Key: {deployment.key.secret}\r\nX-Tenant: ".encode()
    answer = renamed.ask(head + named.replace(b"ID", deployment.tenant.encode()) + b"\r\n\r\n")
    assert answer is not None
    assert answer.status == status
