"""`keyturn resource-servers`."""

from __future__ import annotations

import click

from app.actions import resource_servers
from app.cli.output import confirm, json_flag, tell_list, tell_object, yes_flag
from app.cli.session import every, opened


@click.group("resource-servers")
def command() -> None:
    """Keys that may introspect."""


@command.command("create")
@click.option("--name", required=True)
@click.option("--audience", metavar="URI", help="Whose tokens it sees; the deployment's default when left out.")
@click.option("--tenant", metavar="T", help="The only tenant whose tokens it sees; every tenant's when left out.")
@json_flag
def create(*, name: str, audience: str | None, tenant: str | None, as_json: bool) -> None:
    """Create a resource server; its secret is shown this once."""
    with opened() as here:
        made = resource_servers.create(here.ctx, here.actor, here.now, name=name, audience=audience, tenant=tenant)
    tell_object(made.body(), as_json)


@command.command("list")
@json_flag
def list_(*, as_json: bool) -> None:
    """List all resource servers."""
    with opened() as here:
        pages = every(lambda after, limit: resource_servers.page(here.ctx, after, limit, here.now), "client_id")
        found = list(pages)
    tell_list(found, as_json, ("client_id", "name", "audience", "tenant", "created_at"))


@command.command("delete")
@click.argument("key_id")
@yes_flag
@json_flag
def delete(*, key_id: str, yes: bool, as_json: bool) -> None:
    """Delete a resource server: its secret stops now."""
    with opened() as here:
        named = resource_servers.show(here.ctx, key_id, here.now)["name"]
        confirm(f"Delete resource server {named}?", yes=yes, as_json=as_json)
        resource_servers.delete(here.ctx, here.actor, key_id, here.now)
    tell_object({"client_id": key_id, "deleted": True}, as_json)
