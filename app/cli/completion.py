"""`keyturn completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from app.cli.output import json_flag, tell


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_flag
def command(*, shell: str, as_json: bool) -> None:
    """Print the completion script of a shell: keyturn completion bash > ~/.keyturn-complete, and source that."""
    from app.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    script = kind(cli, {}, "keyturn", "_KEYTURN_COMPLETE").source()
    tell({"shell": shell, "script": script}, as_json, script)
