"""The audit log's chain: each row is bound to the one before it by an HMAC (PRODUCT.md §8)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

START = b"\0" * 32


def canonical(row: Mapping[str, Any]) -> bytes:
    """Write a row so that equal rows are equal bytes: JSON, sorted members, no spaces."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def link(key: bytes, previous: bytes, row: Mapping[str, Any]) -> bytes:
    """Bind a row to the one before it.

    key        32 bytes derived from the master key; who only holds the database cannot recompute the chain
    previous   the link of the row before, START for the first
    row        everything the row says, its number and chain included; JSON values only
    returns    32 bytes
    """
    return hmac.digest(key, previous + canonical(row), "sha256")


def seal(key: bytes, chain: str, count: int, head: bytes) -> bytes:
    """Bind a chain's length and newest link, so that removed newest rows show.

    key       32 bytes derived from the master key
    chain     whose chain: a tenant's ID, or `deployment`
    count     how many rows it has
    head      the newest row's link
    returns   32 bytes
    """
    return hmac.digest(key, canonical({"chain": chain, "count": count, "head": head.hex()}), "sha256")
