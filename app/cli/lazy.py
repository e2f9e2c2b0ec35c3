"""A command that imports its sub-commands when they are asked for, and turns every failure into one line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

USAGE, FAILED = 2, 1


class Root(click.Group):
    """The top of the command line."""

    def __init__(self, *, commands_by_module: dict[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(**settings)
        self.modules = commands_by_module

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which people meet them."""
        del ctx
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in self.modules:
            return None
        command: click.Command = import_module(self.modules[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.modules.items()])

    def main(  # type: ignore[override] # it never returns, whatever mode is asked for
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        **extra: Any,
    ) -> NoReturn:
        """Run; exit 0, 2 after wrong usage, 1 after any other failure, which is told in one line."""
        extra.pop("standalone_mode", None)
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.UsageError as error:
            error.show()
            sys.exit(USAGE)
        except (click.Abort, KeyboardInterrupt):
            _fail("Stopped; nothing more was done.")
        except BrokenPipeError:
            sys.stderr.close()  # whoever read our output has gone
            sys.exit(FAILED)
        except Exception as error:  # noqa: BLE001 - a person sees one line, whatever went wrong
            from app.cli.failures import described

            _fail(described(error))
        sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(FAILED)
