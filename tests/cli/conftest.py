"""The command line, as a program and inside the test's own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import cli
from tests.forked import Commands
from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]


@dataclass
class Program:
    """`keyturn`, run as a process in a folder of its own."""

    folder: Path
    commands: Commands
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_")}
        return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **self.settings}

    def run(self, *words: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **settings}
        return self.commands.run(*words, folder=self.folder, environment=environment, stdin=stdin)

    def started(self, *words: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it from the very start, imports and all."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *words], cwd=self.folder, env={**self.environment, **settings},
            input=stdin, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip

    def json(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)


@dataclass
class Inside:
    """`keyturn`, run without a new process."""

    runner: CliRunner

    def run(self, *words: str, stdin: str | None = None) -> Result:
        return self.runner.invoke(cli, words, input=stdin, prog_name="keyturn")

    def json(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert (done.exit_code, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)

    def failure(self, *words: str) -> str:
        done = self.run(*words)
        assert done.exit_code == 1, done.output
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1
        return done.stderr.removeprefix("Error: ").rstrip("\n")


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """The parent of all commands of a run."""
    parent = Commands()
    yield parent
    parent.close()


@pytest.fixture
def program(tmp_path: Path, commands: Commands) -> Program:
    return Program(tmp_path, commands)


@pytest.fixture
def keyturn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KEYTURN_")]:
        monkeypatch.delenv(name)
    inside = Inside(CliRunner())
    inside.json("init", "--tenant", "Acme", "--plan", "enterprise")
    yield inside
    structlog.reset_defaults()  # the runner's standard error is gone
