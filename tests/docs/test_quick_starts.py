"""The code of docs/quick-starts, run as it stands on the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import keys
from app.clock import utc_now
from app.opening import open_context
from app.settings import load
from tests.docs.relay import Relay
from tests.gateways.programs import installed
from tests.patience import PATIENCE_SECONDS
from tests.server.running import Deployment, Server
from tests.world import OPERATOR

PAGES = Path(__file__).parents[2] / "docs" / "quick-starts"
BLOCK = re.compile(r"^```(bash|python|javascript)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(language, code, id=f"{page.stem}-{number}")
    for page in sorted(PAGES.glob("*.md"))
    for number, (language, code) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
]
TOKENS = [block for block in BLOCKS if "same token" in block.values[1]]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    made = Deployment(tmp_path_factory.mktemp("quick"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(deployment: Deployment) -> Server:
    return deployment.serve()


def run(language: str, code: str, url: str, deployment: Deployment, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a block of a page as its reader does."""
    name = {"bash": "start.sh", "python": "start.py", "javascript": "start.mjs"}[language]
    (folder / name).write_text(code, encoding="utf-8")
    programs = {"bash": ["bash", "-euo", "pipefail"], "python": [sys.executable], "javascript": []}
    program = programs[language] or [str(installed("node"))]
    key = {"KEYTURN_URL": url, "KEY_ID": deployment.key.id, "KEY_SECRET": deployment.key.secret}
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), **key}
    return subprocess.run(
        [*program, name],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_every_page_has_code_for_the_key_and_for_a_token() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {"curl", "python", "javascript"}
    assert len(TOKENS) == 3


@pytest.mark.spec("S2-17", "S2-18", "S2-19", "S2-20", "S3-3")
@pytest.mark.parametrize(("language", "code"), BLOCKS)
def test_the_code_on_the_page_runs(
    server: Server, deployment: Deployment, tmp_path: Path, language: str, code: str
) -> None:
    done = run(language, code, f"http://127.0.0.1:{server.port}", deployment, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(deployment.key.id) == max(1, code.count("/api/user"))


@pytest.mark.parametrize(("language", "code"), TOKENS)
def test_a_token_is_asked_for_once_and_used_again(
    server: Server, deployment: Deployment, tmp_path: Path, language: str, code: str
) -> None:
    relay = Relay(server.port)
    assert run(language, code, relay.url, deployment, tmp_path).returncode == 0
    assert relay.passed == ["POST /token", "GET /api/user", "GET /api/user"]
    relay.close()


@pytest.mark.parametrize(("language", "code"), [block for block in TOKENS if block.values[0] != "bash"])
def test_the_code_waits_when_told_and_replaces_a_refused_token(
    server: Server, deployment: Deployment, tmp_path: Path, language: str, code: str
) -> None:
    relay = Relay(server.port, {"/token": [429, 503], "/api/user": [401, 429]})
    done = run(language, code, relay.url, deployment, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert relay.passed == ["POST /token", "POST /token", "GET /api/user", "GET /api/user"]
    relay.close()


@pytest.mark.parametrize(("language", "code"), [block for block in BLOCKS if "--retry" in block.values[1]])
def test_curl_waits_when_told(server: Server, deployment: Deployment, tmp_path: Path, language: str, code: str) -> None:
    relay = Relay(server.port, {"/api/user": [429]})
    assert run(language, code, relay.url, deployment, tmp_path).returncode == 0
    relay.close()


def test_a_key_that_is_no_more_ends_the_code_with_the_reason(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path / "revoked")
    server = deployment.serve()
    ctx = open_context(load(deployment.environment))
    keys.revoke(ctx, OPERATOR, deployment.key.object["tenant"]["id"], deployment.key.id, utc_now())
    ctx.database.close()
    for block in BLOCKS:
        language, code = block.values
        done = run(language, code, f"http://127.0.0.1:{server.port}", deployment, tmp_path)
        assert done.returncode != 0
        assert "401" in done.stderr
        assert deployment.key.secret not in done.stderr
    deployment.close()
