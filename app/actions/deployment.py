"""Begin a deployment: its row, built-in groups, scopes, first signing keys."""

from __future__ import annotations

import tomllib
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url

from app.actions import signing_keys, tenants
from app.actions.records import record
from app.context import Context
from app.domain import scopes
from app.domain.events import Actor, Event
from app.domain.names import clean_description, fold
from app.domain.refusals import Invalid, Problem
from app.store import audit, deployment, facts, groups
from app.store import tenants as tenant_rows
from app.store.database import sqlite_file

BUILT_IN = (
    (
        "grp_full",
        "Full access",
        scopes.FULL_ACCESS,
        "tenant_api_key",
        "Every product scope, and every scope that manages the tenant's own affairs.",
    ),
    (
        "grp_ro",
        "Read only",
        scopes.READ_ONLY,
        "tenant_api_key",
        "Every product scope that only reads, and looking at keys and groups.",
    ),
    (
        "grp_creator",
        "Same as the key's creator",
        scopes.SAME_AS_CREATOR,
        "tenant_api_key",
        "What the member who created the key may do, at every moment.",
    ),
    ("grp_rs", "Resource server", scopes.RESOURCE_SERVER, "resource_server", "May introspect tokens of its audience."),
    (
        "grp_operator",
        "Operator",
        scopes.OPERATOR_GROUP,
        "operator",
        "The deployment's own affairs: tenants, scopes, resource servers, signing keys.",
    ),
)


class WrongMasterKey(Exception):
    """The database belongs to another master key."""


class NotBegun(Exception):
    """There is no deployment here; the message says where it was looked for."""


def place(ctx: Context) -> str:
    """Say where the database is, without its password."""
    url = make_url(ctx.settings.database)
    return str(url.database) if ctx.database.is_sqlite else url.render_as_string(hide_password=True)


def has_file(ctx: Context) -> bool:
    """Whether opening the database creates nothing: an SQLite file has to be there before."""
    file = sqlite_file(ctx.settings.database)
    return file is None or file.exists()


def require(ctx: Context) -> None:
    """Make sure that there is a deployment, and that it belongs to this master key; creates nothing.

    raises   NotBegun, WrongMasterKey, Unavailable
    """
    if not has_file(ctx):
        raise NotBegun(
            f"There is no database at {place(ctx)}. `keyturn init` makes one; KEYTURN_DATABASE_URL names another."
        )
    if not check_master_key(ctx):
        raise NotBegun(f"The database at {place(ctx)} holds no deployment yet. `keyturn init` begins one.")


def check_master_key(ctx: Context) -> bool:
    """Whether the deployment has begun; raises WrongMasterKey when it began under another master key."""
    row = ctx.database.read(lambda connection: deployment.find(connection) if deployment.exists(connection) else None)
    if row is None:
        return False
    if row.master_fingerprint != ctx.vault.fingerprint:
        raise WrongMasterKey(f"The database at {place(ctx)} belongs to another master key than the one given.")
    return True


def begin(ctx: Context, actor: Actor, now: datetime) -> bool:
    """Write the deployment's first rows; False when it had begun before. Safe to repeat, and for two at once.

    raises   WrongMasterKey, Invalid (the scopes file)
    """
    if check_master_key(ctx):
        return False
    catalogue = read_scopes(ctx.settings.scopes_file)
    with ctx.database.transaction() as connection:
        if deployment.find(connection) is not None:
            return False
        deployment.add(connection, ctx.vault.fingerprint, now)
        audit.open_chain(connection, "deployment", ctx.vault.audit_key)
        record("deployment", ctx, connection, Event.DEPLOYMENT_INITIALISED, actor, None, "deployment", now)
        _load(connection, catalogue, now)
        signing_keys.begin(ctx, connection, actor, now)
    return True


def first_tenant(ctx: Context, actor: Actor, name: str, plan: str, now: datetime) -> tuple[dict[str, Any], str | None]:
    """Make sure that a tenant is there; the set-up link only when it is new."""
    row = ctx.database.read(lambda connection: tenant_rows.find(connection, name))
    if row is not None:
        return tenants.shown(row), None
    return tenants.create(ctx, actor, name, plan, now)


def read_scopes(path: Path | None) -> dict[str, str]:
    """Read a catalogue: TOML with one table `scopes`, names and descriptions; the shipped example without a path.

    raises   Invalid naming every bad line
    """
    try:
        text = (
            path.read_text(encoding="utf-8")
            if path is not None
            else files("app").joinpath("scopes.toml").read_text(encoding="utf-8")
        )
        table = tomllib.loads(text).get("scopes")
    except (OSError, ValueError) as error:
        raise Invalid(
            Problem("scopes_file", "unreadable", f"The scopes file cannot be read: {type(error).__name__}.")
        ) from error
    if not isinstance(table, dict) or not table:
        raise Invalid(Problem("scopes_file", "empty", "The scopes file has no table [scopes]."))
    problems: list[Problem] = []
    catalogue = {}
    for name, description in table.items():
        check_scope_name(name, problems)
        catalogue[name] = clean_description(str(description), problems)
    if problems:
        raise Invalid(*problems)
    return catalogue


def check_scope_name(name: str, problems: list[Problem]) -> None:
    """A product scope is `resource:action` and none of the management scopes."""
    if not scopes.is_name(name):
        problems.append(Problem("name", "format", "A scope is resource:action, such as contacts:read."))
    elif name in scopes.MANAGEMENT:
        problems.append(Problem("name", "reserved", f"{name} manages Keyturn itself."))


def _load(connection: Connection, catalogue: dict[str, str], now: datetime) -> None:
    for group_id, name, built_in, kind, description in BUILT_IN:
        groups.add(
            connection,
            id=group_id,
            tenant_id=None,
            name=name,
            name_folded=fold(name),
            description=description,
            type=kind,
            built_in=built_in,
            scopes="",
            created_at=now,
            updated_at=now,
        )
    if not facts.product_scopes(connection):
        for name, description in catalogue.items():
            groups.insert_scope(connection, name, description, now)
    groups.refresh_built_in(connection, now)
