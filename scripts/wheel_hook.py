"""Builds the console's files into a wheel."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleFiles(BuildHookInterface):  # type: ignore[type-arg]
    """Runs `assets.py` before a wheel is put together; an environment for development builds them by itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's signature
        """Build, unless the wheel only points at the working copy."""
        if version != "editable":
            runpy.run_path(str(Path(__file__).with_name("assets.py")), run_name="__main__")
