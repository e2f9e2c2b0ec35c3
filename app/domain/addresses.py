"""Addresses as an operator sets them: what they may be, and why not."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_VALKEY = re.compile(
    r"(redis|valkey)s?://([^/?#\s]*@)?(\[[\da-fA-F:.]+\]|[^/?#\s:@\[\]]*)(:\d{1,5})?([/?]\S*)?|unix://\S+"
)


def web(value: str) -> str:
    """Check an address at which Keyturn is reached.

    value     as set
    returns   the same
    raises    ValueError, saying what it must be
    """
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "?" in value or "#" in value:
        raise ValueError("must be an http(s) address without query and fragment")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must be https, except on loopback")
    if value != value.strip() or not value.isascii():
        raise ValueError("must be ASCII without spaces")
    return value


def valkey(value: str) -> str:
    """Check the address of a Valkey or Redis.

    value     as set; it may hold a password
    returns   the same in the words of the client, which knows Redis only
    raises    ValueError, saying what it must be and nothing of what it is
    """
    if _VALKEY.fullmatch(value) is None:
        raise ValueError("must be a redis://, rediss://, valkey://, valkeys:// or unix:// address")
    return re.sub("^valkey", "redis", value)
