"""Which Keyturn this is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def installed() -> str:
    """The installed version; `unknown` where the sources run without being installed."""
    try:
        return version("keyturn")
    except PackageNotFoundError:
        return "unknown"
