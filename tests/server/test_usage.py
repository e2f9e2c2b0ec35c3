"""What a real server has counted is written while it runs and when it ends; only a crash loses what was not."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

from tests.patience import PATIENCE_SECONDS
from tests.server.running import Deployment, Server


def written(deployment: Deployment) -> int:
    """How many calls of the deployment's key the database tells of."""
    with closing(sqlite3.connect(deployment.folder / "data" / "keyturn.db")) as connection:
        question = "SELECT coalesce(sum(ok), 0) FROM usage_days WHERE key_id = ?"
        (count,) = connection.execute(question, (deployment.key.id,)).fetchone()
    return int(count)


def ask(deployment: Deployment, server: Server, times: int) -> None:
    for _ in range(times):
        answer = server.ask(deployment.token_request)
        assert answer is not None
        assert answer.status == 200


def test_a_server_that_ends_writes_what_its_workers_counted(deployment: Deployment) -> None:
    server, earlier = deployment.serve(workers=2), written(deployment)
    ask(deployment, server, 12)
    assert server.stop() == 0
    assert written(deployment) - earlier == 12


def test_a_crash_loses_only_what_was_not_written(deployment: Deployment) -> None:
    server, earlier = deployment.serve(), written(deployment)
    ask(deployment, server, 3)
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 20):  # it writes by itself, every few seconds
        if written(deployment) > earlier:
            break
        pause.wait(0.05)
    ask(deployment, server, 2)
    server.workers[0].kill()
    server.stop()
    assert 3 <= written(deployment) - earlier <= 5
