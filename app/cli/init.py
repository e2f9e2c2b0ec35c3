"""`keyturn init`: the only command that creates a database or a master key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.actions import deployment, schema, tenant_terms, tenants
from app.cli import session
from app.cli.output import json_flag, tell
from app.cli.session import Session
from app.runtime import vault
from app.settings import Settings

FIRST_TENANT = "Default"


@click.command("init")
@click.option("--tenant", metavar="NAME", help="The first tenant's name.")
@click.option(
    "--plan", type=click.Choice(list(tenant_terms.PLAN_LIMITS)), default=tenant_terms.STANDARD, show_default=True
)
@json_flag
def command(*, tenant: str | None, plan: str, as_json: bool) -> None:
    """Make database, master key, first signing keys and first tenant. Safe to repeat."""
    with initialised(session.settings()) as here:
        first = None if tenant is not None else next(iter(tenants.page(here.ctx, None, 1)), None)
        if first is not None:
            made, link = first, None
        else:
            made, link = deployment.first_tenant(here.ctx, here.actor, tenant or FIRST_TENANT, plan, here.now)
        told = (
            f"The set-up link of tenant {made['name']} (works once, for 24 hours):\n{link}"
            if link
            else "Nothing was left to do."
        )
        tell(
            {"tenant": made, "setup_url": link}, as_json, f"Keyturn is set up in {deployment.place(here.ctx)}.\n{told}"
        )


@contextmanager
def initialised(settings: Settings) -> Iterator[Session]:
    """Make what a deployment consists of, as far as it is missing, and open it."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = _master_key(settings)
    with session.begin(settings) as here:
        try:
            deployment.check_master_key(here.ctx)
        except deployment.WrongMasterKey:
            if made:  # nothing was sealed with it yet, and left behind it would pass for the lost one
                (settings.keys_dir / "master.key").unlink()
            raise
        schema.upgrade(here.ctx)
        deployment.begin(here.ctx, here.actor, here.now)
        yield here


def _master_key(settings: Settings) -> bool:
    if settings.master_key.get_secret_value():
        return False
    try:
        vault.create(settings.keys_dir)
    except FileExistsError:
        return False
    return True
