"""`keyturn groups`."""

from __future__ import annotations

import click

from app.actions import groups
from app.cli.output import confirm, json_flag, tell_list, tell_object, yes_flag
from app.cli.session import MOST, opened
from app.domain.names import fold


@click.group("groups")
def command() -> None:
    """Authorization groups of a tenant."""


@command.command("list")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@json_flag
def list_(*, tenant: str, as_json: bool) -> None:
    """List a tenant's groups and the built-in ones."""
    found = []
    with opened() as here:
        owner, after = here.tenant(tenant), None
        while True:
            page = groups.page(here.ctx, owner, after, MOST)
            found += page
            if len(page) < MOST:
                break
            after = (fold(page[-1]["name"]), page[-1]["id"])
    tell_list(found, as_json, ("id", "name", "type", "built_in", "keys", "scopes"))


@command.command("show")
@click.argument("group")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@json_flag
def show(*, group: str, tenant: str, as_json: bool) -> None:
    """Show one group."""
    with opened() as here:
        tell_object(groups.show(here.ctx, here.tenant(tenant), group), as_json)


@command.command("create")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@click.option("--name", required=True)
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="May be repeated.")
@click.option("--description", default="")
@click.option("--type", "type_", type=click.Choice(groups.TYPES), default=groups.TYPES[0], show_default=True)
@json_flag
def create(*, tenant: str, name: str, scopes: tuple[str, ...], description: str, type_: str, as_json: bool) -> None:
    """Create a group."""
    with opened() as here:
        owner = here.tenant(tenant)
        made = groups.create(
            here.ctx,
            here.actor,
            owner,
            here.now,
            name=name,
            scopes=_split(scopes),
            description=description,
            type=type_,
        )
    tell_object(made, as_json)


@command.command("edit")
@click.argument("group")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@click.option("--name")
@click.option("--description")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="May be repeated; takes the place of all.")
@click.option("--no-scopes", is_flag=True, help="Take every scope away.")
@json_flag
def edit(
    *,
    group: str,
    tenant: str,
    name: str | None,
    description: str | None,
    scopes: tuple[str, ...],
    no_scopes: bool,
    as_json: bool,
) -> None:
    """Change what is given of a group. Its keys follow at once."""
    if no_scopes and scopes:
        raise click.UsageError("--no-scopes and --scope exclude each other.")
    held = [] if no_scopes else _split(scopes) or None
    if (name, description, held) == (None, None, None):
        raise click.UsageError("Nothing is to be changed.")
    with opened() as here:
        owner = here.tenant(tenant)
        changed = groups.edit(
            here.ctx, here.actor, owner, group, here.now, name=name, description=description, scopes=held
        )
    tell_object(changed, as_json)


@command.command("delete")
@click.argument("group")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@click.option("--move-to", metavar="G", help="The group its keys go to.")
@yes_flag
@json_flag
def delete(*, group: str, tenant: str, move_to: str | None, yes: bool, as_json: bool) -> None:
    """Delete a group that is not in use, or whose keys go elsewhere."""
    with opened() as here:
        owner = here.tenant(tenant)
        found = groups.show(here.ctx, owner, group)
        confirm(f"Delete group {found['name']}?", yes=yes, as_json=as_json)
        groups.delete(here.ctx, here.actor, owner, group, here.now, move_to=move_to)
    tell_object({"id": found["id"], "deleted": True}, as_json)


def _split(scopes: tuple[str, ...]) -> list[str]:
    return [scope for given in scopes for scope in given.replace(",", " ").split()]
