"""Single sign-on: what a connection to an OpenID provider may say, and which hosts are asked for it."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from app.domain.addresses import LOOPBACK

# OpenID Connect Core §3.1.3.7: never `none`; no HS256 either, whose key would be the client secret.
ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA", "RS384", "RS512", "ES384", "ES512", "PS384", "PS512")
LONGEST_ADDRESS, LONGEST_SUBJECT = 500, 255
MOST_DOMAINS = 50
LEEWAY = timedelta(seconds=60)  # a provider's clock is not ours
_DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class ProviderError(Exception):
    """A provider did not answer, or not as it must; the message says what was wrong and holds nothing of the answer."""


def checked(address: str, *, loopback: bool) -> str:
    """Check an address that Keyturn itself calls, or sends a browser to.

    address    as typed by an administrator, or as a provider publishes it
    loopback   whether this is a trial on one machine, where http is allowed on loopback
    returns    the same
    raises     ValueError, saying what it must be
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("Must be an address.") from None
    if not address.isascii() or not address.isprintable() or " " in address or len(address) > LONGEST_ADDRESS:
        raise ValueError(f"Must be an address of at most {LONGEST_ADDRESS} ASCII characters.")
    if not host or parts.username is not None or "#" in address:
        raise ValueError("Must be an address with a host, without user name and fragment.")
    if parts.scheme == "https" or (parts.scheme == "http" and loopback and host in LOOPBACK):
        return address
    raise ValueError("Must begin with https://.")


def issuer(text: str, *, loopback: bool) -> str:
    """Read an issuer: an address without query (OpenID Connect Core §2); a pasted discovery address is cut.

    text       as typed
    loopback   as in `checked`
    raises     ValueError, saying what it must be
    """
    found = checked(text.strip().removesuffix("/.well-known/openid-configuration"), loopback=loopback)
    if "?" in found:
        raise ValueError("Must have no query.")
    return found


def domains(text: str) -> list[str]:
    """Read a list of domains, divided by anything that no domain holds.

    text      as typed
    returns   them in lower case, each once; an international name in its ASCII form
    raises    ValueError, naming the one that is none
    """
    found: list[str] = []
    for part in filter(None, re.split(r"[\s,;]+", text)):
        name = _ascii(part.removeprefix("@"))
        if _DOMAIN.fullmatch(name) is None:
            raise ValueError(f"{part[:100]} is not a domain.")
        if name not in found:
            found.append(name)
    if not 1 <= len(found) <= MOST_DOMAINS:
        raise ValueError(f"Name 1 to {MOST_DOMAINS} domains.")
    return found


def domain_of(email: str) -> str:
    """The domain of an e-mail address, as `domains` gives them; empty when there is none."""
    local, at, domain = email.strip().rpartition("@")
    return _ascii(domain) if at and local else ""


def reachable(address: IPv4Address | IPv6Address) -> bool:
    """Whether a provider may be at an address: private networks, yes; this machine and its surroundings, no."""
    mapped = getattr(address, "ipv4_mapped", None) or address
    forbidden = (mapped.is_loopback, mapped.is_link_local, mapped.is_multicast, mapped.is_unspecified)
    return not any(forbidden) and not (mapped.is_reserved and mapped.version == 4)  # noqa: PLR2004 - the protocol


def _ascii(domain: str) -> str:
    try:
        return domain.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return ""
