"""`keyturn audit`."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from typing import Any, TextIO

import click

from app.actions import audit
from app.cli.failures import Failed
from app.cli.output import json_flag, tell, tell_list
from app.cli.session import Session, opened

_tenant = click.option("--tenant", metavar="T", help="ID or name; all chains when left out.")


@click.group("audit")
def command() -> None:
    """Look through, export and verify the audit log."""


@command.command("list")
@_tenant
@click.option("--event", help="Such as key.revoked.")
@click.option("--object", "object_", metavar="ID", help="What was changed.")
@click.option("--actor", metavar="ID", help="Who changed it.")
@click.option("--since", metavar="TIME", help="RFC 3339, or back from now: 24h.")
@click.option("--until", metavar="TIME", help="RFC 3339, or back from now: 24h.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_flag
def list_(*, tenant: str | None, object_: str | None, limit: int, as_json: bool, **asked: str | None) -> None:
    """List the newest events first."""
    filters = {name: value for name, value in {**asked, "object": object_}.items() if value is not None}
    with opened() as here:
        page = audit.page(here.ctx, _owner(here, tenant), here.now, limit=limit, filters=filters)
    tell_list(page.items, as_json, ("at", "event", "actor", "object", "chain", "number"))


@command.command("export")
@_tenant
@json_flag
def export(*, tenant: str | None, as_json: bool) -> None:
    """Print every event, oldest first: a JSON object a line, or one array."""
    with opened() as here:
        events = audit.export(here.ctx, _owner(here, tenant))
        if as_json:
            tell(list(events), as_json, "")
            return
        for event in events:
            click.echo(json.dumps(event, ensure_ascii=False))


@command.command("verify")
@_tenant
@click.option(
    "--head", type=click.File("r"), metavar="FILE", help="What verify --json told before, or the server's log."
)
@json_flag
def verify(*, tenant: str | None, head: TextIO | None, as_json: bool) -> None:
    """Walk the chains: every row must be there, and as it was written."""
    kept = _heads(head.read()) if head is not None else None
    with opened() as here, _progress(as_json=as_json):
        found = audit.verify(here.ctx, _owner(here, tenant), kept)
    answer: dict[str, Any] = {"ok": found.ok, "rows": found.rows}
    if found.ok:
        tell({**answer, "heads": found.heads}, as_json, f"The audit log holds: {found.rows} rows.")
        return
    if as_json:
        tell({**answer, "first_broken": found.first_broken}, as_json, "")
    raise Failed(f"The audit log does not hold. The first broken row is {found.first_broken}.")


def _owner(here: Session, tenant: str | None) -> str | None:
    return here.tenant(tenant) if tenant is not None else None


def _progress(*, as_json: bool) -> Any:
    if as_json or not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status("Walking the chains")


def _heads(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
        heads: dict[str, Any] = value.get("heads", value)
    except (ValueError, AttributeError):
        heads = _from_log(text)
    if not heads or not all(isinstance(kept, dict) for kept in heads.values()):
        raise click.UsageError("The file of --head holds neither what verify told before nor lines of the log.")
    return heads


def _from_log(text: str) -> dict[str, Any]:
    heads: dict[str, Any] = {}
    for line in text.splitlines():
        try:
            told = json.loads(line)
            if told["event"] == "audit.recorded" and told["number"] > heads.get(told["chain"], {"count": 0})["count"]:
                heads[told["chain"]] = {"count": told["number"], "head": told["link"]}
        except (ValueError, KeyError, TypeError):
            continue  # a log has lines of all kinds, and its last one may be cut off
    return heads
