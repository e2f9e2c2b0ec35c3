"""`keyturn` as a program: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg

from tests.cli.conftest import ROOT, Program
from tests.ports import free_port
from tests.postgres import PostgresServer


def test_help_comes_without_anything_heavy(program: Program) -> None:
    heavy = ("flask", "sqlalchemy", "pydantic", "rich", "jwt")
    code = f"import sys, app.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    helped = program.started("--help")
    assert helped.returncode == 0
    assert "signing-keys" in helped.stdout


def test_nothing_but_init_creates_anything(program: Program) -> None:
    for words in (
        ["keys", "list", "--tenant", "T"],
        ["db", "upgrade"],
        ["doctor"],
        ["serve", "--port", str(free_port())],
    ):
        done = program.run(*words)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert str(program.folder) in done.stderr + done.stdout
    assert list(program.folder.iterdir()) == []


def test_a_deployment_is_made_once_and_init_may_be_repeated(program: Program) -> None:
    first = program.json("init", "--tenant", "Acme", "--plan", "enterprise")
    assert first["tenant"]["plan"] == "enterprise"
    assert first["setup_url"].startswith("http://localhost:8000/")
    again = program.json("init", "--tenant", "Acme")
    assert again == {"tenant": first["tenant"], "setup_url": None}
    assert json.loads(program.started("init", "--json").stdout) == again
    assert (program.folder / "keys" / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_database_of_another_master_key_is_refused_and_left_alone(program: Program) -> None:
    program.json("init", "--tenant", "Acme")
    key = program.folder / "keys" / "master.key"
    key.rename(key.with_suffix(".lost"))
    for _ in range(2):  # a new key is not left behind to be found the second time
        done = program.run("init")
        assert done.returncode == 1
        assert "another master key" in done.stderr
        assert not key.exists()
    other = replace(program, settings={"KEYTURN_DATA_DIR": str(program.folder / "elsewhere")})
    other.json("init")
    done = program.run("serve", "--port", str(free_port()))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "another master key" in done.stderr
    key.with_suffix(".lost").replace(key)
    assert program.json("tenants", "list")["total"] == 1


def test_the_life_of_a_key_in_commands(program: Program) -> None:
    program.json("init", "--tenant", "Acme")
    made = program.json("keys", "create", "--tenant", "Acme", "--name", "Mobile App", "--group", "Read only")
    key_id = made["client_id"]
    assert made["client_secret"].startswith("kts_" + key_id[3:])
    assert "client_secret" not in program.json("keys", "show", key_id)
    rotated = program.json("keys", "rotate", key_id, "--overlap", "24h")
    assert len(rotated["secrets"]) == 2
    assert rotated["client_secret"] != made["client_secret"]
    assert program.json("keys", "revoke", key_id)["status"] == "revoked"
    done = program.run("keys", "revoke", key_id)
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"Error: This key has been revoked .*\n", done.stderr)
    listed = program.run("keys", "list", "--tenant", "Acme").stdout.splitlines()
    columns = ["CLIENT_ID", "NAME", "GROUP", "STATUS", "EXPIRATION_STATE", "FLAGS", "EXPIRES_AT", "LAST_USED_AT"]
    assert listed[0].split() == columns
    assert key_id in listed[1]


def test_wrong_usage_ends_with_two(program: Program) -> None:
    for run in (program.run, program.started):
        done = run("keys", "rotate", "x", "--overlap", "soon")
        assert (done.returncode, done.stdout) == (2, "")


def test_every_problem_of_the_settings_is_told_in_one_line(program: Program) -> None:
    done = program.started("config", "check", KEYTURN_COLOUR="red", KEYTURN_TOKEN_LIFETIME="1")
    assert done.returncode == 1
    assert "KEYTURN_COLOUR" in done.stderr
    assert "KEYTURN_TOKEN_LIFETIME" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_whole_deployment_works_on_postgresql(program: Program, postgres: PostgresServer) -> None:
    program.settings["KEYTURN_DATABASE_URL"] = postgres.database("command_line")
    program.json("init", "--tenant", "Acme")
    program.json("keys", "create", "--tenant", "Acme", "--name", "Mobile App", "--group", "Full access")
    assert program.json("audit", "verify")["ok"]
    done = program.run("doctor")
    assert done.returncode == 1, "the tests' server answers before anything is on its disk"
    assert done.stderr == "Error: Not as it should be: PostgreSQL's synchronous_commit.\n"
    assert "off: a crash of the database may undo a revocation that was answered" in done.stdout
    with psycopg.connect(postgres.url("command_line"), autocommit=True) as connection:
        connection.execute("ALTER DATABASE command_line SET synchronous_commit = on")
    assert program.json("doctor")["ok"]
    postgres.drop("command_line")


def test_an_unreachable_database_is_told_in_one_line(program: Program) -> None:
    program.json("init")
    url = "postgresql://keyturn:hush@127.0.0.1:1/none"
    done = program.run("tenants", "list", KEYTURN_DATABASE_URL=url)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "hush" not in done.stderr


def test_a_removed_newest_row_shows_against_the_copy_outside(program: Program) -> None:
    program.json("init", "--tenant", "Acme")
    (program.folder / "kept.json").write_text(json.dumps(program.json("audit", "verify")))
    (program.folder / "log").write_text('{"event":"audit.recorded","chain":"deployment","number":5,"link":"00"}\n{"cut')
    assert program.json("audit", "verify", "--head", "kept.json")["ok"]
    done = program.run("audit", "verify", "--head", "log", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["first_broken"] == "deployment 5"
    assert "deployment 5" in done.stderr
    assert program.run("audit", "verify", "--head", str(Path(__file__))).returncode == 2
