"""Last use and the evidence of a rotation on the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.usage import Outcome
from app.opening import open_context
from app.settings import load
from app.store import facts
from tests.cli.conftest import Inside


def use(client_id: str) -> None:
    """Let a key's first secret be used a second ago."""
    ctx = open_context(load())
    with ctx.database.transaction() as connection:
        numbers = connection.exec_driver_sql(
            "SELECT fingerprint FROM secrets WHERE key_id = ? ORDER BY number", (client_id,)
        ).scalars()
        fingerprint = next(iter(numbers))
    known = facts.by_secret(ctx.database, client_id, fingerprint)
    assert known is not None
    now = ctx.clock() - timedelta(seconds=1)
    ctx.recorder.used(known, Outcome.OK, now, "198.51.100.4", "python-requests/2.32.3")
    ctx.recorder.flush()
    ctx.database.close()


def test_keys_show_when_they_were_last_used(keyturn: Inside) -> None:
    key = keyturn.json("keys", "create", "--tenant", "Acme", "--name", "Mobile App", "--group", "Read only")
    assert keyturn.json("keys", "show", key["client_id"])["last_used_at"] is None
    use(key["client_id"])
    shown = keyturn.json("keys", "show", key["client_id"])
    assert (shown["last_used_ip"], shown["last_used_client"]) == ("198.51.100.4", "python-requests/2.32")
    lines = keyturn.run("keys", "list", "--tenant", "Acme").stdout.splitlines()
    assert lines[0].split()[-1] == "LAST_USED_AT"
    assert lines[1].split()[-1] == shown["last_used_at"]


def test_ending_an_overlap_that_is_still_used_is_asked_about(keyturn: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    key = keyturn.json("keys", "create", "--tenant", "Acme", "--name", "Mobile App", "--group", "Read only")
    key_id = key["client_id"]
    keyturn.json("keys", "rotate", key_id, "--overlap", "24h")
    told = keyturn.run("keys", "show", key_id).stdout.splitlines()
    assert told[-3:] == [
        "The old secret has not been seen in use, but what was counted may be a minute late.",
        "The new secret has not been used yet.",
        "It is not yet known whether the overlap may end.",
    ]
    use(key_id)
    assert keyturn.json("keys", "show", key_id)["rotation"]["verdict"] in {"still_used", "not_yet_known"}
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    stopped = keyturn.run("keys", "end-overlap", key_id, stdin="n\n")
    assert stopped.exit_code == 1
    assert "End the overlap all the same?" in stopped.stdout
    assert len(keyturn.json("keys", "show", key_id)["secrets"]) == 2
    assert keyturn.run("keys", "end-overlap", key_id, "--yes").exit_code == 0
    assert len(keyturn.json("keys", "show", key_id)["secrets"]) == 1
