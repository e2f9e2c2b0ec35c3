"""`keyturn serve`: the production server."""

from __future__ import annotations

import click

from app.actions import deployment
from app.cli import session
from app.cli.output import json_flag, tell
from app.settings import Settings

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
    refuse_taken(host, port)
    with session.begin(settings) as here:
        deployment.require(here.ctx)
    if as_json:
        tell({"issuer": settings.issuer, "host": host, "port": port, "workers": workers, "plane": plane}, as_json, "")
    run(settings, host, port, workers, plane)


def run(settings: Settings, host: str, port: int, workers: int, plane: str) -> None:
    """Hand over to the server."""
    from app.runtime.server import serve

    serve(settings, host, port, workers, plane)


def refuse_taken(host: str, port: int) -> None:
    """Fail when another program listens there."""
    import socket

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise click.ClickException(f"There is no address {host}.") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that just ended is nobody listening
        try:
            probe.bind(address)
        except OSError as error:
            raise click.ClickException(
                f"Port {port} of {host} cannot be used ({error.strerror}); --port names another."
            ) from None
