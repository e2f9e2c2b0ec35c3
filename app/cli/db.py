"""`keyturn db`."""

from __future__ import annotations

import click

from app.actions import deployment, schema
from app.cli.failures import Failed
from app.cli.output import json_flag, tell
from app.cli.session import opened

ADVICE = {
    "behind": " `keyturn db upgrade` brings them up.",
    "ahead": " A newer Keyturn has changed them; run that one.",
}


@click.group("db")
def command() -> None:
    """Upgrade or check the database's tables."""


@command.command("upgrade")
@json_flag
def upgrade(*, as_json: bool) -> None:
    """Bring the tables to what this version needs."""
    with opened() as here:
        schema.upgrade(here.ctx)
        state = schema.state(here.ctx)
        tell({"state": state}, as_json, f"The tables in {deployment.place(here.ctx)} are {state}.")


@command.command("check")
@json_flag
def check(*, as_json: bool) -> None:
    """Say whether the tables are what this version needs."""
    with opened() as here:
        state = schema.state(here.ctx)
        where = deployment.place(here.ctx)
    if state == "current" or as_json:
        tell({"state": state}, as_json, f"The tables in {where} are current.")
    if state != "current":
        raise Failed(f"The tables in {where} are {state}.{ADVICE.get(state, '')}")
