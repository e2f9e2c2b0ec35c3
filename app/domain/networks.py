"""Lists of networks a key may be used from."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network

from app.domain.refusals import Problem

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
MOST_NETWORKS, MOST_SHOWN = 100, 60


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """Read an address; an IPv4 address in IPv6 clothes becomes the IPv4 address it is.

    text      such as `203.0.113.7` or `::ffff:203.0.113.7`; no port, no zone
    returns   None when it is no address: an unknown address never matches a list
    """
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def parse_network(text: str) -> Network:
    """Read one line of an address list; host bits are cleared.

    text      an address or CIDR; prefix lengths only, no netmasks
    raises    ValueError when it is neither
    """
    _, slash, length = text.partition("/")
    if "%" in text or (slash and not (length.isascii() and length.isdigit())):
        raise ValueError(text)
    network = ip_network(text, strict=False)
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:  # noqa: PLR2004 - ::ffff:0:0/96 holds the mapped ones
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - 96))
    return network


def parse_list(lines: list[str], name: str = "ip_allowlist") -> tuple[list[str], list[Problem]]:
    """Read an address list, reporting every bad line by its number.

    lines     one address or CIDR each; blank ones are passed over
    name      the member to blame in problems
    returns   canonical CIDRs in the order given, without repeats; and what is wrong
    """
    networks: dict[str, None] = {}
    problems = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        try:
            networks[str(parse_network(text))] = None
        except ValueError:
            said = f"Line {number}: '{text[:MOST_SHOWN]}' is not a valid IP address or CIDR range."
            problems.append(Problem(name, "invalid_network", said))
    if len(networks) > MOST_NETWORKS:
        problems.append(Problem(name, "too_many", f"At most {MOST_NETWORKS} entries are allowed."))
    return list(networks), problems


def notices(lines: list[str]) -> list[str]:
    """Tell what became of lines that mean something else than they seem to.

    lines     as for `parse_list`, all of them good
    returns   a sentence for every line whose host bits were cleared, or that lets everybody in
    """
    told = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        network = parse_network(text)
        if str(network.network_address) != str(ip_interface(text).ip):
            told.append(f"Line {number} saved as {network}.")
        if network.prefixlen == 0:
            told.append(f"Line {number} allows every IPv{network.version} address.")
    return told


@lru_cache(maxsize=4096)
def networks(stored: str) -> tuple[Network, ...]:
    """Open a stored list: canonical CIDRs, one per line. Pure, so remembering it is harmless."""
    return tuple(ip_network(line) for line in stored.split("\n")) if stored else ()


def within(address: Address | None, allowed: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks; an unknown address never does."""
    if address is None:
        return False
    for network in allowed:  # noqa: SIM110 - a generator costs as much as the question, and this is asked with every call
        if address in network:  # one of another version is in none
            return True
    return False
