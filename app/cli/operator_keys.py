"""`keyturn operator-keys`."""

from __future__ import annotations

import click

from app.actions import operator_keys
from app.cli.output import confirm, json_flag, tell_list, tell_object, yes_flag
from app.cli.session import every, opened


@click.group("operator-keys")
def command() -> None:
    """Keys of the deployment, for /admin."""


@command.command("create")
@click.option("--name", required=True)
@json_flag
def create(*, name: str, as_json: bool) -> None:
    """Create an operator key; its secret is shown this once."""
    with opened() as here:
        made = operator_keys.create(here.ctx, here.actor, here.now, name=name)
    tell_object(made.body(), as_json)


@command.command("list")
@json_flag
def list_(*, as_json: bool) -> None:
    """List all operator keys, revoked ones included."""
    with opened() as here:
        pages = every(lambda after, limit: operator_keys.page(here.ctx, after, limit, here.now), "client_id")
        found = list(pages)
    tell_list(found, as_json, ("client_id", "name", "status", "created_at", "created_by"))


@command.command("revoke")
@click.argument("key_id")
@yes_flag
@json_flag
def revoke(*, key_id: str, yes: bool, as_json: bool) -> None:
    """Revoke an operator key for good."""
    with opened() as here:
        confirm(f"Revoke operator key {key_id} for good?", yes=yes, as_json=as_json)
        tell_object(operator_keys.revoke(here.ctx, here.actor, key_id, here.now), as_json)
