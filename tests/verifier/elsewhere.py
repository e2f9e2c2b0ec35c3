"""Readers of other hands: Node.js with the packages that `tests/verifier/node` locks."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from scripts.assets import digest, npm
from tests.gateways.programs import installed
from tests.patience import PATIENCE_SECONDS

PACKAGES = Path(__file__).parent / "node"
PAGE = Path(__file__).parents[2] / "docs" / "verify-elsewhere.md"
STAMP = PACKAGES / "node_modules" / ".keyturn-stamp"
BLOCK = re.compile(r"^```javascript\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASK = """
import { createInterface } from "node:readline";
import { verify } from "./verify.mjs";
for await (const line of createInterface({ input: process.stdin })) {
  const { token, scope, clientAddress } = JSON.parse(line);
  try {
    const { keyId, scope: granted } = await verify(token, { scope, clientAddress });
    console.log(JSON.stringify([200, keyId, [...granted].sort()]));
  } catch (error) {
    console.log(JSON.stringify([error.status ?? 500, error.error ?? null, error.message]));
  }
}
"""
READ = """
import { readFileSync } from "node:fs";
import { getListFromStatusListJWT } from "@sd-jwt/jwt-status-list";
import { compactVerify, createLocalJWKSet } from "jose";
const { jwt, jwks, entries } = JSON.parse(readFileSync(0, "utf8"));
const { protectedHeader } = await compactVerify(jwt, createLocalJWKSet(jwks));
const list = getListFromStatusListJWT(jwt);
const found = Array.from({ length: entries }, (_, index) => list.getStatus(index));
console.log(JSON.stringify({ typ: protectedHeader.typ, bits: list.getBitsPerStatus(), found: found.join("") }));
"""


def fetch() -> None:
    """Install the locked packages once, however many tests ask at the same time."""
    with (PACKAGES / "package-lock.json").open(encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = digest(PACKAGES / "package-lock.json")
        if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
            return
        command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=PACKAGES, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"npm could not install the packages that read our lists:\n{done.stderr}"
        STAMP.write_text(wanted, encoding="utf-8")


def run(folder: Path, files: dict[str, str], said: str, **environment: str) -> list[Any]:
    """Run the last of some files; what it is told on its input, what it answers a line."""
    fetch()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(PACKAGES / "node_modules")
    done = subprocess.run(
        [str(installed("node")), list(files)[-1]],
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), **environment},
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def verdicts(folder: Path, uses: list[dict[str, Any]], **environment: str) -> list[Any]:
    """What the page's program makes of some tokens."""
    (code,) = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    lines = "".join(json.dumps(use) + "\n" for use in uses)
    return run(folder, {"verify.mjs": code, "ask.mjs": ASK}, lines, **environment)


def entries(folder: Path, jwt: str, jwks: dict[str, Any], count: int) -> dict[str, Any]:
    """What the specification's package reads from a list whose signature `jose` has checked."""
    said = json.dumps({"jwt": jwt, "jwks": jwks, "entries": count})
    (found,) = run(folder, {"read.mjs": READ}, said)
    assert isinstance(found, dict)
    return found
