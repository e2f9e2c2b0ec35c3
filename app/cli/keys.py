"""`keyturn keys`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from app.actions import key_lists, keys, rotation
from app.actions.key_lists import Filters
from app.actions.keys import NewKey
from app.actions.terms import KEEP, REASONS, Keep
from app.cli.output import confirm, json_flag, tell_list, tell_object, yes_flag
from app.cli.session import MOST, Session, opened
from app.cli.values import Duration, Instant

NEVER, SAFE = "never", "safe_to_end"


@click.group("keys")
def command() -> None:
    """Create, list, edit, rotate, revoke API keys."""


@command.command("create")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@click.option("--name", required=True)
@click.option("--group", metavar="G", help="ID or name; the tenant's default when left out.")
@click.option("--description", default="")
@click.option("--expires", metavar="DATE", help="Such as 2027-06-30, or an RFC 3339 time.")
@click.option("--allow-ip", multiple=True, metavar="CIDR", help="May be repeated; without it any address.")
@json_flag
def create(
    *,
    tenant: str,
    name: str,
    group: str | None,
    description: str,
    expires: str | None,
    allow_ip: tuple[str, ...],
    as_json: bool,
) -> None:
    """Create a key; its secret is shown this once."""
    new = NewKey(name, description, group, expires, allow_ip)
    with opened() as here:
        made = keys.create(here.ctx, here.actor, here.tenant(tenant), new, here.now)
    tell_object(made.body(), as_json)


@command.command("list")
@click.option("--tenant", required=True, metavar="T", help="ID or name.")
@json_flag
def list_(*, tenant: str, as_json: bool) -> None:
    """List a tenant's keys, revoked ones included."""
    with opened() as here:
        found = list(_all(here, here.tenant(tenant)))
    columns = ("client_id", "name", "group", "status", "expiration_state", "flags", "expires_at", "last_used_at")
    tell_list(found, as_json, columns)


@command.command("show")
@click.argument("key_id")
@json_flag
def show(*, key_id: str, as_json: bool) -> None:
    """Show one key; during a rotation, whether the old secret may be ended."""
    with opened() as here:
        found = keys.show(here.ctx, None, key_id, here.now)
    shown = {name: value for name, value in found.items() if as_json or name != "rotation"}
    tell_object(shown, as_json, notes=_advice(found))


@command.command("edit")
@click.argument("key_id")
@click.option("--name")
@click.option("--group", metavar="G", help="ID or name.")
@click.option("--description")
@click.option("--allow-ip", multiple=True, metavar="CIDR", help="May be repeated; takes the place of the list.")
@click.option("--any-ip", is_flag=True, help="Allow every address.")
@json_flag
def edit(
    *,
    key_id: str,
    name: str | None,
    group: str | None,
    description: str | None,
    allow_ip: tuple[str, ...],
    any_ip: bool,
    as_json: bool,
) -> None:
    """Change what is given of a key."""
    if any_ip and allow_ip:
        raise click.UsageError("--any-ip and --allow-ip exclude each other.")
    allowed = () if any_ip else allow_ip or None
    if (name, group, description, allowed) == (None, None, None, None):
        raise click.UsageError("Nothing is to be changed.")
    with opened() as here:
        changed = keys.edit(
            here.ctx,
            here.actor,
            _owner(here, key_id),
            key_id,
            here.now,
            name=name,
            description=description,
            group=group,
            ip_allowlist=allowed,
        )
    tell_object(changed, as_json)


@command.command("rotate")
@click.argument("key_id")
@click.option("--overlap", type=Duration(), default="0s", help="How long the old secret goes on, such as 24h.")
@click.option("--reason", type=click.Choice(REASONS))
@click.option("--expires", metavar="DATE", help="A new end, or never; left as it is without.")
@json_flag
def rotate(*, key_id: str, overlap: timedelta, reason: str | None, expires: str | None, as_json: bool) -> None:
    """Give a key a new secret, shown this once."""
    _rotate(key_id, overlap, reason, expires, as_json=as_json)


@command.command("regenerate")
@click.argument("key_id")
@click.option("--reason", type=click.Choice(REASONS))
@click.option("--expires", metavar="DATE", help="A new end, or never; left as it is without.")
@yes_flag
@json_flag
def regenerate(*, key_id: str, reason: str | None, expires: str | None, yes: bool, as_json: bool) -> None:
    """Give a key a new secret and stop the old one now."""
    confirm(f"Stop the present secret of {key_id} now?", yes=yes, as_json=as_json)
    _rotate(key_id, timedelta(0), reason, expires, as_json=as_json)


@command.command("end-overlap")
@click.argument("key_id")
@click.option("--extend-to", type=Instant(), metavar="TIME", help="Move the end to this RFC 3339 time instead.")
@yes_flag
@json_flag
def end_overlap(*, key_id: str, extend_to: datetime | None, yes: bool, as_json: bool) -> None:
    """End the overlap of a rotation now, or move its end."""
    with opened() as here:
        owner = _owner(here, key_id)
        evidence = keys.show(here.ctx, owner, key_id, here.now)
        if extend_to is None and evidence.get("rotation", {}).get("verdict", SAFE) != SAFE:
            confirm("\n".join((*_advice(evidence), "End the overlap all the same?")), yes=yes, as_json=as_json)
        tell_object(rotation.end_overlap(here.ctx, here.actor, owner, key_id, here.now, extend_to=extend_to), as_json)


@command.command("revoke")
@click.argument("key_id")
@click.option("--reason")
@yes_flag
@json_flag
def revoke(*, key_id: str, reason: str | None, yes: bool, as_json: bool) -> None:
    """Revoke a key for good, and its tokens with it."""
    with opened() as here:
        owner = _owner(here, key_id)
        confirm(f"Revoke {key_id} for good?", yes=yes, as_json=as_json)
        tell_object(keys.revoke(here.ctx, here.actor, owner, key_id, here.now, reason), as_json)


@command.command("delete")
@click.argument("key_id")
@yes_flag
@json_flag
def delete(*, key_id: str, yes: bool, as_json: bool) -> None:
    """Revoke a key and take it out of every list; the audit log keeps it."""
    with opened() as here:
        owner = _owner(here, key_id)
        confirm(f"Delete {key_id} for good?", yes=yes, as_json=as_json)
        keys.delete(here.ctx, here.actor, owner, key_id, here.now)
    tell_object({"client_id": key_id, "deleted": True}, as_json)


def _all(here: Session, owner: str) -> Iterator[dict[str, Any]]:
    page = key_lists.page(here.ctx, owner, Filters(), here.now, limit=MOST)
    yield from page.items
    while page.next is not None:
        page = key_lists.page(here.ctx, owner, Filters(), here.now, limit=MOST, after=page.next)
        yield from page.items


def _advice(key: Mapping[str, Any]) -> list[str]:
    """What an administrator is told during a rotation."""
    if "rotation" not in key:
        return []
    said = {SAFE: "It is safe to end the overlap.", "still_used": "Do not end the overlap yet."}
    evidence = key["rotation"]
    return [*evidence["reasons"], said.get(evidence["verdict"], "It is not yet known whether the overlap may end.")]


def _owner(here: Session, key_id: str) -> str:
    owner: str = keys.show(here.ctx, None, key_id, here.now)["tenant"]["id"]
    return owner


def _rotate(key_id: str, overlap: timedelta, reason: str | None, expires: str | None, *, as_json: bool) -> None:
    end: str | Keep | None = KEEP if expires is None else None if expires == NEVER else expires
    with opened() as here:
        owner = _owner(here, key_id)
        made = rotation.rotate(
            here.ctx, here.actor, owner, key_id, here.now, overlap=overlap, reason=reason, expires_at=end
        )
    tell_object(made.body(), as_json)
