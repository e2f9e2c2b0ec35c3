import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.postgres import PostgresMissingError, PostgresServer, copied, installed

ROOT = Path(__file__).parent.parent
KILLED = """
import os, signal
from tests.postgres import PostgresServer
server = PostgresServer.start()
print(server.port, server.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def change(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement)


def listens(port: int) -> bool:
    try:
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_new_database_is_empty_and_speaks_utf8(postgres: PostgresServer) -> None:
    url = postgres.database("fresh")
    assert rows(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    assert rows(url, "SHOW server_encoding") == [("UTF8",)]
    postgres.drop("fresh")


def test_a_copy_holds_what_the_template_held_and_goes_its_own_way(postgres: PostgresServer) -> None:
    template = postgres.database("pattern")
    change(template, "CREATE TABLE t AS SELECT 1 AS n")
    copy = postgres.database("copy", template="pattern")
    change(copy, "INSERT INTO t VALUES (2)")
    assert rows(copy, "SELECT n FROM t ORDER BY n") == [(1,), (2,)]
    assert rows(template, "SELECT n FROM t") == [(1,)]
    postgres.drop("copy")
    postgres.drop("pattern")


def test_a_database_can_be_dropped_while_somebody_is_connected(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.database("busy")) as connection:
        postgres.drop("busy")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_dropping_what_is_not_there_is_no_fault(postgres: PostgresServer) -> None:
    postgres.drop("never created")


def test_stopping_leaves_neither_a_server_nor_a_folder() -> None:
    server = PostgresServer.start()
    assert listens(server.port)
    server.stop()
    server.stop()
    assert not listens(server.port)
    assert not server.folder.exists()


def test_a_run_that_is_killed_leaves_neither_a_server_nor_a_folder() -> None:
    # The keeper holds the error stream too, so the end of that stream is the end of the keeper.
    run = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, cwd=ROOT, check=False)
    port, folder = run.stdout.split()
    assert run.returncode == -signal.SIGKILL
    assert not listens(int(port))
    assert not Path(folder).exists()


def test_programs_below_a_closed_folder_are_copied(tmp_path: Path) -> None:
    binaries = copied(installed()[0], tmp_path / "closed")
    (tmp_path / "closed").chmod(0o700)
    server = PostgresServer.start([binaries])
    assert listens(server.port)
    server.stop()


def test_a_server_that_does_not_start_gives_way_to_the_next(tmp_path: Path) -> None:
    server = PostgresServer.start([tmp_path / "nowhere", *installed()])
    assert listens(server.port)
    server.stop()


@pytest.mark.parametrize("binaries", [[], [Path("/nowhere")]])
def test_without_any_server_the_run_fails_and_says_what_to_do(binaries: list[Path]) -> None:
    with pytest.raises(PostgresMissingError, match="make install"):
        PostgresServer.start(binaries)
