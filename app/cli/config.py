"""`keyturn config`."""

from __future__ import annotations

import click

from app.cli import session
from app.cli.output import json_flag, plain, tell


@click.group("config")
def command() -> None:
    """Check the settings."""


@command.command("check")
@json_flag
def check(*, as_json: bool) -> None:
    """Read the settings and show what they come to; secrets stay hidden."""
    shown = session.settings().model_dump(mode="json")
    width = max(map(len, shown))
    lines = [f"{name:<{width}}  {plain(value)}" for name, value in shown.items()]
    tell({"ok": True, "settings": shown}, as_json, "\n".join([*lines, "The settings can be used."]))
