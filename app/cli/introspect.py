"""`keyturn introspect`: the resource server's call, for trying out."""

from __future__ import annotations

import click

from app.cli import issuer
from app.cli.output import json_flag, tell_object


@click.command("introspect")
@click.argument("token")
@issuer.credentials
@json_flag
def command(*, token: str, client_id: str, client_secret: str | None, secret_stdin: bool, as_json: bool) -> None:
    """Ask what a token is good for."""
    secret = issuer.secret(client_secret, stdin=secret_stdin)
    tell_object(issuer.ask("/introspect", client_id, secret, {"token": token}), as_json)
