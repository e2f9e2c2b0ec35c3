"""`keyturn demo`: what `make run` starts."""

from __future__ import annotations

import os
from typing import Any

import click

from app.actions import keys, resource_servers, tenant_terms, tenants
from app.actions.keys import NewKey
from app.cli import init, session
from app.cli.output import json_flag, tell
from app.cli.serve import HOST, PORT
from app.cli.session import Session
from app.runtime.server import listening_place, serve

TENANT, KEY, SERVER = "Demo", "Demo key", "Demo resource server"
ISSUER = "KEYTURN_ISSUER"


@click.command("demo")
@click.option("--host", default=HOST, show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@json_flag
def command(*, host: str, port: int, as_json: bool) -> None:
    """Set up a demo tenant and key when there is nothing yet, and serve them."""
    listening_place(host, port)  # before anything else: a taken port must change nothing
    if (host, port) != (HOST, PORT):
        os.environ.setdefault(ISSUER, f"http://{f'[{host}]' if ':' in host else host}:{port}")
    settings = session.settings()
    with init.initialised(settings) as here:
        made = None if tenants.page(here.ctx, None, 1) else _first_start(here)
    if made is not None:
        tell(made, as_json, _welcome(settings.base, made))
    else:
        tell(
            {"issuer": settings.base, "setup_url": None},
            as_json,
            f"Keyturn serves {settings.base}; everything is as it was.",
        )
    serve(settings, host, port, 1, "all")


def _first_start(here: Session) -> dict[str, Any]:
    tenant, link = tenants.create(here.ctx, here.actor, TENANT, tenant_terms.STANDARD, here.now)
    key = keys.create(here.ctx, here.actor, tenant["id"], NewKey(KEY, group="Full access"), here.now)
    server = resource_servers.create(here.ctx, here.actor, here.now, name=SERVER)
    return {
        "issuer": here.ctx.settings.base,
        "tenant": tenant,
        "setup_url": link,
        "key": key.body(),
        "resource_server": server.body(),
    }


def _welcome(base: str, made: dict[str, Any]) -> str:
    key, server = made["key"], made["resource_server"]
    token = f"curl -sS -u '{key['client_id']}:{key['client_secret']}' -d grant_type=client_credentials {base}/token"
    inline = f"""$({token} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')"""
    return f"""\
Keyturn is set up. What follows is shown this once.

Set up the console's first administrator (works once, for 24 hours):
  {made["setup_url"]}

The demo key of tenant {TENANT}:
  client_id      {key["client_id"]}
  client_secret  {key["client_secret"]}

Exchange it for an access token:
  {token}

Ask, as the demo resource server, what such a token is good for:
  curl -sS -u '{server["client_id"]}:{server["client_secret"]}' -d "token={inline}" {base}/introspect

Or send the key as it is:
  curl -sS -H 'X-API-Key: {key["client_secret"]}' {base}/api/user
"""
