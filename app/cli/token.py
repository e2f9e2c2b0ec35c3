"""`keyturn token`: the client's call, for trying out."""

from __future__ import annotations

import click

from app.cli import issuer
from app.cli.output import json_flag, tell


@click.command("token")
@issuer.credentials
@click.option("--scope", help="Separated by spaces; everything the key holds when left out.")
@click.option("--resource", metavar="URI", help="Which audience the token is for.")
@json_flag
def command(
    *,
    client_id: str,
    client_secret: str | None,
    secret_stdin: bool,
    scope: str | None,
    resource: str | None,
    as_json: bool,
) -> None:
    """Exchange key and secret for an access token."""
    form = {"grant_type": "client_credentials", "scope": scope or "", "resource": resource or ""}
    sent = {name: value for name, value in form.items() if value}
    answer = issuer.ask("/token", client_id, issuer.secret(client_secret, stdin=secret_stdin), sent)
    tell(answer, as_json, str(answer.get("access_token", "")))
