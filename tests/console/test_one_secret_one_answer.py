"""A whole life of a key in a real browser: each secret is in one answer's body, and nowhere else at all."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import psycopg
import pytest
from playwright.sync_api import Page, expect

from app.runtime import log
from tests.canary import Hunt, checkpoint, export
from tests.console.conftest import Console
from tests.console.served import unpacked
from tests.console.test_keys import close, generate
from tests.postgres import PostgresServer

WSGI = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]
STORED = """async () => {
    const held = [{...localStorage}, {...sessionStorage}, history.state].map(JSON.stringify).concat(document.cookie);
    for (const {name} of await indexedDB.databases()) held.push(name);
    for (const name of await caches.keys()) {
        held.push(name);
        const cache = await caches.open(name);
        for (const request of await cache.keys()) held.push(request.url, await (await cache.match(request)).text());
    }
    return held.join("\\n");
}"""


@dataclass
class Recorded:
    """Every answer as it leaves the server, unpacked, and every header that reaches it but the address bar's."""

    bodies: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)

    def around(self, app: WSGI) -> WSGI:
        """The application, with somebody who writes down what it answers."""

        def answered(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
            said = {name: str(value) for name, value in environ.items() if name.startswith("HTTP_")}
            self.asked.append(repr((environ["PATH_INFO"], environ.get("QUERY_STRING"), said)).encode())

            named: dict[str, str] = {}

            def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                self.heads.append(repr((status, headers)).encode())
                named.update(headers)
                return start_response(status, headers, *more)

            body = b"".join(app(environ, start))
            self.bodies.append(unpacked(body, named))
            return [body]

        return answered


@pytest.fixture
def recorded(console: Console) -> Recorded:
    """What the server answers from now on."""
    found = Recorded()
    console.around(found.around)
    return found


def life(console: Console, page: Page) -> Iterator[str]:
    """Sign in and let a key be made, looked at, rotated with an overlap, edited, exported, revoked, deleted."""
    secret = generate(page, "Whole life")
    yield secret
    address = page.url
    page.get_by_test_id("copy-secret").click()
    close(page)
    page.go_back()
    assert secret not in page.content()  # be it from the server or as the browser kept it
    page.goto(address)
    page.reload()
    expect(page.get_by_test_id("secret-panel")).to_have_count(0)
    page.goto(f"{address}/rotate")
    page.get_by_test_id("confirm-submit").click()
    rotated = page.get_by_test_id("secret-value").inner_text()
    yield rotated
    page.get_by_test_id("secret-stored").check()
    page.get_by_test_id("secret-details").click()
    page.go_back()
    page.go_forward()
    assert rotated not in page.content()
    page.goto(f"{address}/edit")
    page.get_by_test_id("field-name").fill("Another name")
    page.get_by_test_id("submit").click()
    page.goto("/audit-log")
    page.goto("/tenant-api-keys")
    page.get_by_test_id("search").fill(secret)
    page.get_by_test_id("search").press("Enter")
    expect(page).to_have_url(re.compile("q=kt_"))
    for export_address in ("/tenant-api-keys/export.csv", f"{address}/usage.csv"):
        assert page.request.get(export_address).ok
    for end in ("revoke", "delete"):
        page.goto(f"{address}/{end}")
        page.get_by_test_id("confirm-submit").click()
        expect(page).to_have_url(re.compile("/tenant-api-keys"))
    assert page.goto(address).status == 410  # type: ignore[union-attr]
    page.goto("/audit-log")


@pytest.mark.timeout(300)
@pytest.mark.spec("S1-11", "S4-73")
def test_each_secret_of_a_whole_life_is_in_one_answer_and_nowhere_else(
    console: Console,
    recorded: Recorded,
    database: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    log.configure("debug")
    page = console.signed_in(permissions=["clipboard-read", "clipboard-write"])
    secrets: list[str] = []
    held: list[str] = []
    for secret in life(console, page):
        secrets.append(secret)
        held.append(page.evaluate(STORED))
    held.append(page.evaluate(STORED))
    assert len(set(secrets)) == 2
    hunt = Hunt(
        {f"secret {number}": secret.encode() for number, secret in enumerate(secrets)}
        | {f"random part {number}": secret.split("_")[2].encode() for number, secret in enumerate(secrets)}
    )
    for name in hunt.secrets:
        assert sum(name in hunt.of_text(body) for body in recorded.bodies) == 1, name
    assert [hunt.of_text(head) for head in recorded.heads if hunt.of_text(head)] == []
    assert [hunt.of_text(head) for head in recorded.asked if hunt.of_text(head)] == []
    kept = json.dumps([held, page.context.cookies(), page.context.storage_state(indexed_db=True)])
    assert hunt.of_text(kept.encode()) == set()
    assert hunt.of_text(" ".join(capfd.readouterr()).encode()) == set()
    assert hunt.of_text(export(console.world)) == set()
    files = database_files(console, database, tmp_path, request)
    assert hunt.of_files(files) == set()
    found_when_it_is_there(hunt, secrets[0], console, database, tmp_path, request)


def found_when_it_is_there(
    hunt: Hunt, secret: str, console: Console, database: str, folder: Path, request: pytest.FixtureRequest
) -> None:
    """Put a secret where it must not be, and see that it is found: the search itself works."""
    assert hunt.of_text(f"x{secret}y".encode())
    world = console.world
    with world.ctx.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE keys SET description = '{secret}'")
    assert hunt.of_files(database_files(console, database, folder, request))


def database_files(console: Console, database: str, folder: Path, request: pytest.FixtureRequest) -> list[Path]:
    """The database's files, as the disk has them now."""
    if database == "sqlite":
        checkpoint(console.world)
        copies = folder / f"copy{len(list(folder.glob('copy*')))}"
        copies.mkdir()
        # By another process: a file that this one opens and closes beside SQLite loses SQLite's locks.
        subprocess.run(["cp", "-r", f"{console.world.folder}/.", str(copies)], check=True)
        return [path for path in copies.rglob("keyturn.db*") if path.stat().st_size]
    server: PostgresServer = request.getfixturevalue("postgres")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    return [path for path in (server.folder / "data").rglob("*") if path.is_file()]
