"""A real OpenID provider, `oidc-provider` under Node.js, from locked packages; its page lets anybody in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.assets import digest, npm
from tests.gateways.programs import installed

FOLDER = Path(__file__).parent / "provider"
STAMP = FOLDER / "node_modules" / ".keyturn-stamp"


def fetch() -> None:
    """Install the locked packages; none of their scripts runs."""
    lock = digest(FOLDER / "package-lock.json")
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == lock:
        return
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"The tests' identity provider could not be installed:\n{done.stderr.strip()}")
    STAMP.write_text(lock, encoding="utf-8")


@contextmanager
def started(client_id: str, secret: str, redirect_uri: str) -> Iterator[str]:
    """Start it on a free port of loopback: its issuer. It ends with its standard input."""
    process = subprocess.Popen(
        [str(installed("node")), str(FOLDER / "provider.mjs"), client_id, secret, redirect_uri],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        issuer = process.stdout.readline().strip()
        if not issuer:
            raise RuntimeError("The tests' identity provider did not start.")
        yield issuer
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
