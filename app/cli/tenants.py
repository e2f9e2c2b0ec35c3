"""`keyturn tenants`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from app.actions import key_counts, tenant_terms, tenants
from app.cli.output import confirm, json_flag, tell_list, tell_object, yes_flag
from app.cli.session import every, opened
from app.cli.values import Duration, Limit

_SWITCH = click.Choice(["on", "off"])
_WORDS = {"none": None, "on": True, "off": False, "by-role": "by_role", "global-admins": "global_admins"}
_PLAN = click.Choice(list(tenant_terms.PLAN_LIMITS))


@click.group("tenants")
def command() -> None:
    """Create, list, set, close tenants."""


@command.command("create")
@click.option("--name", required=True)
@click.option("--plan", type=_PLAN, default=tenant_terms.STANDARD, show_default=True)
@json_flag
def create(*, name: str, plan: str, as_json: bool) -> None:
    """Create a tenant, and the link that sets up its first Global Admin."""
    with opened() as here:
        made, link = tenants.create(here.ctx, here.actor, name, plan, here.now)
    tell_object({**made, "setup_url": link}, as_json, ("The set-up link works once, for 24 hours.",))


@command.command("list")
@json_flag
def list_(*, as_json: bool) -> None:
    """List all tenants, closed ones included."""
    with opened() as here:
        found = list(every(lambda after, limit: tenants.page(here.ctx, after, limit)))
    tell_list(found, as_json, ("id", "name", "plan", "key_limit", "rate_limit", "api_access", "closed_at"))


@command.command("show")
@click.argument("tenant")
@json_flag
def show(*, tenant: str, as_json: bool) -> None:
    """Show one tenant."""
    with opened() as here:
        tell_object(key_counts.tenant_in_use(here.ctx, tenant, here.now), as_json)


@command.command("set")
@click.argument("tenant")
@click.option("--name")
@click.option("--plan", type=_PLAN, help="Brings its own limits unless they are given too.")
@click.option("--key-limit", type=Limit())
@click.option("--rate-limit", type=int, help="Calls a minute.")
@click.option("--api-access", type=_SWITCH)
@click.option("--time-zone", help="Such as Europe/Berlin.")
@click.option("--max-overlap", type=Duration(), help="Such as 7d.")
@click.option("--token-lifetime", type=Duration(), help="Such as 10m.")
@click.option("--default-group", help="ID or name.")
@click.option("--key-managers", type=click.Choice(["by-role", "global-admins"]), help="Who manages keys.")
@click.option("--max-lifetime-days", type=Limit(), help="How far ahead a key may end at most.")
@click.option("--expiring-soon-days", type=int, help="From when a key counts as expiring soon.")
@click.option("--confirmation-days", type=int, help="How long after its use a key's name is typed to stop it.")
@click.option("--require-ip-allowlist", type=_SWITCH, help="Whether a key needs a list of addresses.")
@click.option("--session-idle", type=Duration(), help="When somebody idle is signed out, such as 30m.")
@click.option("--session-lifetime", type=Duration(), help="When somebody is signed out in any case, such as 12h.")
@click.option("--reauth-after", type=Duration(), help="When somebody proves again that it is them, such as 15m.")
@click.option("--require-mfa", type=_SWITCH, help="Whether people need a second factor.")
@json_flag
def set_(*, tenant: str, as_json: bool, **given: Any) -> None:
    """Change what is given of a tenant."""
    members = {name: _member(name, value) for name, value in given.items() if value is not None}
    if not members:
        raise click.UsageError("Nothing is to be changed.")
    with opened() as here:
        tell_object(tenants.change(here.ctx, here.actor, tenant, here.now, **members), as_json)


@command.command("close")
@click.argument("tenant")
@yes_flag
@json_flag
def close(*, tenant: str, yes: bool, as_json: bool) -> None:
    """Close a tenant: all its keys stop at once."""
    with opened() as here:
        named = tenants.show(here.ctx, tenant)["name"]
        confirm(f"Close tenant {named} and stop all its keys?", yes=yes, as_json=as_json)
        tell_object(tenants.close(here.ctx, here.actor, tenant, here.now), as_json)


def _member(name: str, value: Any) -> Any:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value if name == "name" else _WORDS.get(value, value)
