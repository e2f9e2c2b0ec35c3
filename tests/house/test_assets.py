"""The console's files are built on machines that have no Node.js of their own."""

from __future__ import annotations

import subprocess

import pytest

from scripts import assets


def test_without_the_machines_node_the_one_of_the_development_packages_has_an_npm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for command in ([assets.node()], assets.npm()):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout.strip().removeprefix("v").split(".")[0]) >= 10
