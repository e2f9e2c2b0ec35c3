"""Calls to the issuer over HTTP, as an integration or a resource server makes them."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import click

from app.cli.session import settings

F = TypeVar("F", bound=Callable[..., Any])
TIMEOUT_SECONDS = 10


def credentials(function: F) -> F:
    """Give a command the options that say who calls."""
    options = (
        click.option("--client-id", required=True, metavar="ID", help="The key's ID."),
        click.option("--client-secret", metavar="SECRET", help="Others can see it in the list of processes."),
        click.option("--secret-stdin", is_flag=True, help="Read the secret from standard input."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def secret(given: str | None, *, stdin: bool) -> str:
    """Take the secret from where it is offered, else ask for it."""
    if given and stdin:
        raise click.UsageError("--client-secret and --secret-stdin exclude each other.")
    if given:
        return given
    if stdin or not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    answer: str = click.prompt("Client secret", hide_input=True, err=True)
    return answer


def ask(path: str, client_id: str, client_secret: str, form: dict[str, str]) -> dict[str, Any]:
    """Post a form with Basic credentials to the issuer and read its JSON.

    raises   ClickException with what the issuer said
    """
    address = settings().base + path
    # RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}", "Accept": "application/json"}
    request = Request(address, urlencode(form).encode(), headers)  # noqa: S310 - http or https, checked with the settings
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return _object(answer.read())
    except HTTPError as error:
        told = _object(error.read())
        raise click.ClickException(
            f"{address} answered {error.code} {told.get('error', '')}: {told.get('error_description', error.reason)}"
        ) from None
    except (URLError, TimeoutError, OSError) as error:
        raise click.ClickException(f"{address} cannot be reached ({getattr(error, 'reason', error)}).") from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}
