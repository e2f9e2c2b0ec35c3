"""Where a call that came through proxies began (RFC 7239 §5.2, X-Forwarded-For)."""

from __future__ import annotations

import re

from app.domain.networks import Address, Network, parse_address, within


def caller(
    peer: Address | None, forwarded_for: str | None, forwarded: str | None, proxies: tuple[Network, ...]
) -> Address | None:
    """Where a call that a trusted peer passed on began.

    peer                       the trusted peer; itself the caller when it forwards nobody
    forwarded_for, forwarded   the two headers that can tell, or None
    returns                    None when they cannot be read or contradict each other: a proxy that writes one of them
                               may pass on the other as its own caller wrote it
    """
    stories = [hops(forwarded_for, None)] if forwarded_for is not None else []
    stories += [hops(None, forwarded)] if forwarded is not None else []
    told = {client(story, proxies) for story in stories}
    if not told:
        return peer
    return told.pop() if len(told) == 1 else None


def hops(forwarded_for: str | None, forwarded: str | None) -> list[str]:
    """The addresses a request passed, as the headers tell, the nearest last."""
    if forwarded_for is not None:
        return [hop.strip() for hop in forwarded_for.split(",")]
    if forwarded is None:
        return []
    return [
        found[1] if (found := re.search(r"(?:^|;)\s*for=\"?([^;\"]+)", hop, re.IGNORECASE)) else ""
        for hop in forwarded.split(",")
    ]


def client(passed: list[str], proxies: tuple[Network, ...]) -> Address | None:
    """The hop that is no proxy of ours, nearest first; None when it cannot be read."""
    # Counted from the right: the first hop that is no proxy of ours is the caller. One that cannot be read is unknown.
    address = None
    for hop in reversed(passed):
        address = parse_address(_without_port(hop))
        if address is None or not within(address, proxies):
            return address
    return address


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
