"""`keyturn serve`: the production server."""

from __future__ import annotations

import click

from app.actions import deployment, schema
from app.cli import session
from app.cli.failures import Failed
from app.cli.output import json_flag, tell
from app.runtime.server import listening_place, serve

HOST, PORT = "127.0.0.1", 8000
PLANES = ("all", "public", "admin")


@click.command("serve")
@click.option("--host", default=HOST, show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option("--plane", type=click.Choice(PLANES), default="all", show_default=True, help="Which addresses to answer.")
@json_flag
def command(*, host: str, port: int, workers: int, plane: str, as_json: bool) -> None:
    """Run the server until it is told to stop."""
    settings = session.settings()
    listening_place(host, port)  # before anything else: a taken port must change nothing
    with session.begin(settings) as here:
        deployment.require(here.ctx)
        if schema.state(here.ctx) == schema.BEHIND:
            raise Failed(f"The tables in {deployment.place(here.ctx)} are behind. `keyturn db upgrade` brings them up.")
    if as_json:
        tell({"issuer": settings.issuer, "host": host, "port": port, "workers": workers, "plane": plane}, as_json, "")
    serve(settings, host, port, workers, plane)
