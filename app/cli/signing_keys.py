"""`keyturn signing-keys`."""

from __future__ import annotations

from typing import BinaryIO

import click

from app.actions import signing_keys
from app.cli.output import confirm, json_flag, tell_list, tell_object, yes_flag
from app.cli.session import opened
from app.domain.tokens import ALGORITHMS

_ALG = click.Choice(ALGORITHMS)
_alg = click.option("--alg", type=_ALG, help="The deployment's own when left out.")


@click.group("signing-keys")
def command() -> None:
    """Prepare, activate, revoke signing keys."""


@command.command("list")
@json_flag
def list_(*, as_json: bool) -> None:
    """List all signing keys, newest first."""
    with opened() as here:
        found = signing_keys.all_keys(here.ctx, here.now)
    tell_list(found, as_json, ("kid", "alg", "state", "published_at", "usable_at", "ended_at"))


@command.command("prepare")
@_alg
@json_flag
def prepare(*, alg: str | None, as_json: bool) -> None:
    """Publish another key that does not sign yet."""
    with opened() as here:
        tell_object(signing_keys.prepare(here.ctx, here.actor, here.now, alg), as_json)


@command.command("import")
@click.argument("file", type=click.File("rb"))
@_alg
@json_flag
def import_(*, file: BinaryIO, alg: str | None, as_json: bool) -> None:
    """Publish a private key of your own (PEM, unencrypted; - reads standard input)."""
    with opened() as here:
        tell_object(signing_keys.prepare(here.ctx, here.actor, here.now, alg, file.read()), as_json)


@command.command("activate")
@click.argument("kid", required=False)
@json_flag
def activate(*, kid: str | None, as_json: bool) -> None:
    """Sign with a prepared key from now on, the oldest one unless named."""
    with opened() as here:
        tell_object(signing_keys.activate(here.ctx, here.actor, here.now, kid), as_json)


@command.command("revoke")
@click.argument("kid")
@yes_flag
@json_flag
def revoke(*, kid: str, yes: bool, as_json: bool) -> None:
    """Stop a key and all its tokens now (emergency)."""
    with opened() as here:
        confirm(f"Revoke signing key {kid} and every token it signed?", yes=yes, as_json=as_json)
        tell_object(signing_keys.revoke(here.ctx, here.actor, here.now, kid), as_json)
