"""`make run`: the first start shows everything once, the second keeps everything and shows nothing."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.cli.conftest import Program
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port


@contextmanager
def serving(program: Program, port: int, *words: str) -> Iterator[None]:
    """Run a command that serves until the block ends; its standard output goes to `out`."""
    with (program.folder / "out").open("w") as out, (program.folder / "err").open("w") as err:
        server = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *words, "--port", str(port)],
            cwd=program.folder,
            env=program.environment,
            stdout=out,
            stderr=err,
            text=True,
        )
        try:
            while not answers(port):
                assert server.poll() is None, (program.folder / "err").read_text()
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE_SECONDS)


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def shell(command: str) -> dict[str, object]:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands that are printed use curl")
def test_the_first_start_prints_commands_that_work_and_the_second_prints_no_secret(program: Program) -> None:
    port = free_port()
    with serving(program, port, "demo"):
        told = (program.folder / "out").read_text()
        token, introspect, user = [line.strip() for line in told.splitlines() if line.strip().startswith("curl ")]
        assert shell(token)["token_type"] == "Bearer"
        assert shell(introspect)["active"] is True
        assert shell(user)["tenant"]["name"] == "Demo"  # type: ignore[index]
    assert f"http://localhost:{port}/set-up/" in told
    secret = re.search(r"client_secret\s+(\S+)", told)
    assert secret is not None
    with serving(program, port, "demo"):
        assert not re.search(r"kts_|set-up", (program.folder / "out").read_text())
        assert shell(user)["tenant"]["name"] == "Demo"  # type: ignore[index]


def test_a_taken_port_is_told_before_anything_else_happens(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = program.run("demo", "--port", port)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert port in done.stderr
    assert list(program.folder.iterdir()) == []


def test_token_and_introspect_ask_the_issuer_and_tell_what_it_said(program: Program) -> None:
    port = free_port()
    program.settings["KEYTURN_ISSUER"] = f"http://127.0.0.1:{port}"
    program.json("init", "--tenant", "Acme")
    key = program.json("keys", "create", "--tenant", "Acme", "--name", "Mobile App", "--group", "Full access")
    server = program.json("resource-servers", "create", "--name", "Orders")
    who = ("--client-id", key["client_id"], "--secret-stdin")
    assert "cannot be reached" in program.run("token", *who, stdin=key["client_secret"]).stderr
    with serving(program, port, "serve"):
        token = program.run("token", *who, "--scope", "contacts:read", stdin=key["client_secret"] + "\n").stdout.strip()
        seen = program.json(
            *("introspect", token, "--client-id", server["client_id"], "--client-secret", server["client_secret"])
        )
        assert (seen["active"], seen["scope"]) == (True, "contacts:read")
        wrong = program.run("token", *who, stdin="wrong")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "401 invalid_client" in wrong.stderr
