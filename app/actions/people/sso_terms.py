"""What a connection to an OpenID provider may be, and the client of ours that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row

from app.actions import member_terms
from app.context import Context
from app.domain import single_sign_on
from app.domain.addresses import LOOPBACK
from app.domain.events import Actor
from app.domain.names import clean_name
from app.domain.refusals import Problem
from app.domain.scopes import Role

if TYPE_CHECKING:
    from app.runtime.provider import Client

LONGEST_NAME, LONGEST_CLIENT_ID, LONGEST_SECRET = 60, 255, 500
NEW_ROLES = (Role.MEMBER, Role.AUDITOR, Role.SUPER_USER, Role.TENANT_ADMINISTRATOR)


class Given(NamedTuple):
    """A connection as typed into a form."""

    name: str = ""
    issuer: str = ""
    client_id: str = ""
    secret: str = ""
    domains: str = ""
    trust_addresses: bool = False
    new_role: str = ""


def columns(ctx: Context, given: Given, problems: list[Problem]) -> dict[str, Any]:
    """Read everything but the secret; what is wrong is added to the problems."""
    found: dict[str, Any] = {
        "name": clean_name(given.name, problems, shortest=1, longest=LONGEST_NAME),
        "issuer": "",
        "client_id": _visible("client_id", given.client_id, LONGEST_CLIENT_ID, problems),
        "domains": "",
        "trust_addresses": given.trust_addresses,
        "new_role": given.new_role or None,
    }
    try:
        found["issuer"] = single_sign_on.issuer(given.issuer, loopback=loopback(ctx))
    except ValueError as error:
        problems.append(Problem("issuer", "format", str(error)))
    try:
        found["domains"] = " ".join(single_sign_on.domains(given.domains))
    except ValueError as error:
        problems.append(Problem("domains", "format", str(error)))
    if found["new_role"] not in {None, *NEW_ROLES}:
        problems.append(Problem("new_role", "unknown", f"Must be one of {', '.join(NEW_ROLES)}."))
    return found


def clean_secret(text: str, problems: list[Problem]) -> str:
    """Read a client secret."""
    return _visible("secret", text, LONGEST_SECRET, problems)


def refuse_role(connection: Connection, actor: Actor, role: str | None) -> None:
    """Nobody lets others in as more than they are; Forbidden."""
    if role is not None:
        member_terms.refuse_role(connection, actor, Role(role))


def loopback(ctx: Context) -> bool:
    """Whether this is a trial on one machine: then a provider may be there too, without TLS."""
    return urlsplit(ctx.settings.console_base).hostname in LOOPBACK


def callback(ctx: Context, sso_id: str) -> str:
    """Where a provider sends browsers back to: an address for each connection, so that none speaks for another."""
    return f"{ctx.settings.console_base}/sign-in/sso/{sso_id}/callback"


def place(sso_id: str) -> str:
    """Where a secret is sealed for."""
    return f"sso_connections/{sso_id}"


def client(ctx: Context, row: Row[Any]) -> Client:
    """Our registration with a connection's provider."""
    # What it calls providers with weighs 5 MB, which a worker holds only once somebody signs in this way.
    from app.runtime import provider  # noqa: PLC0415

    secret = ctx.vault.open(row.secret_sealed, place(row.id)).decode()
    return provider.Client(row.client_id, secret, callback(ctx, row.id), loopback=loopback(ctx))


def _visible(name: str, text: str, longest: int, problems: list[Problem]) -> str:
    found = text.strip()
    if not 0 < len(found) <= longest or not found.isascii() or not found.isprintable():
        problems.append(Problem(name, "format", f"Must have 1 to {longest} visible ASCII characters."))
    return found
