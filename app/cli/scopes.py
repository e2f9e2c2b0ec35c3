"""`keyturn scopes`."""

from __future__ import annotations

import click

from app.actions import catalogue
from app.cli.output import confirm, json_flag, tell_list, tell_object, yes_flag
from app.cli.session import opened


@click.group("scopes")
def command() -> None:
    """The catalogue of product scopes."""


@command.command("list")
@json_flag
def list_(*, as_json: bool) -> None:
    """List the catalogue."""
    with opened() as here:
        tell_list(catalogue.scopes(here.ctx), as_json, ("name", "description"))


@command.command("create")
@click.argument("name")
@click.option("--description", default="")
@json_flag
def create(*, name: str, description: str, as_json: bool) -> None:
    """Add a scope; Full access holds it at once."""
    with opened() as here:
        tell_object(catalogue.create(here.ctx, here.actor, name, description, here.now), as_json)


@command.command("edit")
@click.argument("name")
@click.option("--description", required=True)
@json_flag
def edit(*, name: str, description: str, as_json: bool) -> None:
    """Describe a scope anew."""
    with opened() as here:
        tell_object(catalogue.edit(here.ctx, here.actor, name, description, here.now), as_json)


@command.command("delete")
@click.argument("name")
@yes_flag
@json_flag
def delete(*, name: str, yes: bool, as_json: bool) -> None:
    """Delete a scope that no group of a tenant holds."""
    with opened() as here:
        confirm(f"Delete scope {name}?", yes=yes, as_json=as_json)
        catalogue.delete(here.ctx, here.actor, name, here.now)
    tell_object({"name": name, "deleted": True}, as_json)
