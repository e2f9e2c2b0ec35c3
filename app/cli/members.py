"""`keyturn members`."""

from __future__ import annotations

import click

from app.actions import members
from app.cli.output import confirm, json_flag, tell, tell_list, tell_object, yes_flag
from app.cli.session import Session, every, opened
from app.domain.scopes import Role

_ROLE = click.Choice([str(role) for role in Role])
_SWITCH = {"on": True, "off": False, None: None}
_tenant = click.option("--tenant", metavar="T", help="ID or name; needed when the member is named by e-mail.")


@click.group("members")
def command() -> None:
    """Members of a tenant, and their roles."""


@command.command("list")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@json_flag
def list_(*, tenant: str, as_json: bool) -> None:
    """List a tenant's members."""
    with opened() as here:
        owner = here.tenant(tenant)
        found = list(every(lambda after, limit: members.page(here.ctx, owner, after, limit)))
    tell_list(found, as_json, ("id", "name", "email", "role", "operator", "active"))


@command.command("create")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", type=_ROLE, required=True)
@json_flag
def create(*, tenant: str, email: str, name: str, role: str, as_json: bool) -> None:
    """Add a member; `members reset` makes the link that lets them in."""
    with opened() as here:
        owner = here.tenant(tenant)
        made = members.create(here.ctx, here.actor, owner, here.now, email=email, name=name, role=role)
    tell_object(made, as_json)


@command.command("edit")
@click.argument("member")
@_tenant
@click.option("--name")
@click.option("--role", type=_ROLE)
@click.option("--active", type=click.Choice(["on", "off"]))
@click.option("--operator", type=click.Choice(["on", "off"]), help="Whether they manage signing keys too.")
@json_flag
def edit(
    *,
    member: str,
    tenant: str | None,
    name: str | None,
    role: str | None,
    active: str | None,
    operator: str | None,
    as_json: bool,
) -> None:
    """Change what is given of a member."""
    if (name, role, active, operator) == (None, None, None, None):
        raise click.UsageError("Nothing is to be changed.")
    with opened() as here:
        owner = _owner(here, member, tenant)
        changed = members.edit(
            here.ctx,
            here.actor,
            owner,
            member,
            here.now,
            name=name,
            role=role,
            active=_SWITCH[active],
            operator=_SWITCH[operator],
        )
    tell_object(changed, as_json)


@command.command("remove")
@click.argument("member")
@_tenant
@yes_flag
@json_flag
def remove(*, member: str, tenant: str | None, yes: bool, as_json: bool) -> None:
    """Remove a member. Keys that act as them stop."""
    with opened() as here:
        owner = _owner(here, member, tenant)
        found = members.show(here.ctx, owner, member)
        confirm(f"Remove {found['name']}?", yes=yes, as_json=as_json)
        members.remove(here.ctx, here.actor, owner, member, here.now)
    tell_object({"id": found["id"], "removed": True}, as_json)


@command.command("reset")
@click.argument("member")
@_tenant
@json_flag
def reset(*, member: str, tenant: str | None, as_json: bool) -> None:
    """Print a one-time link for somebody who is locked out."""
    with opened() as here:
        owner = _owner(here, member, tenant)
        found = members.show(here.ctx, owner, member)
        link = members.reset(here.ctx, here.actor, owner, member, here.now)
    told = f"{link}\nThe link works once, for 24 hours, and lets whoever has it in as {found['name']}."
    tell({"member": found["id"], "reset_url": link}, as_json, told)


def _owner(here: Session, member: str, tenant: str | None) -> str:
    if tenant is not None:
        return here.tenant(tenant)
    owner: str = members.show(here.ctx, None, member)["tenant"]
    return owner
