"""Where a call through proxies began."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from app.web.forwarding import caller, client, hops

PROXIES = (ip_network("10.9.0.0/16"), ip_network("2001:db8:9::/48"))

# RFC 7239 §5.2: `for=` in any case, quoted or not, among other parameters; an address in brackets, perhaps a port.
FORWARDED = [
    ("for=203.0.113.7", "203.0.113.7"),
    ("For=203.0.113.7;proto=https;by=10.9.0.1", "203.0.113.7"),
    ('proto=https; FOR="203.0.113.7:4711"', "203.0.113.7"),
    ('for="[2001:db8::7]:4711"', "2001:db8::7"),
    ('for="[2001:db8::7]"', "2001:db8::7"),
    ("for=203.0.113.7, for=10.9.0.2", "203.0.113.7"),
    ('for=203.0.113.7, for="[2001:db8:9::2]"', "203.0.113.7"),
    ("for=192.0.2.1, for=203.0.113.7", "203.0.113.7"),
    ('for="192.0.2.1, for=203.0.113.7', "203.0.113.7"),
    ("for=10.9.0.3, for=10.9.0.2", "10.9.0.3"),
]
# RFC 7239 §6.2 and §6.3: names that stand for no address we can know.
UNKNOWN = ["for=unknown", "for=_hidden", "proto=https", "for=", 'for="203.0.113.7,192.0.2.1"', "for=203.0.113.7, x"]


@pytest.mark.parametrize(("header", "address"), FORWARDED)
def test_the_caller_is_the_nearest_hop_that_is_no_proxy_of_ours(header: str, address: str) -> None:
    assert client(hops(None, header), PROXIES) == ip_address(address)


@pytest.mark.parametrize("header", UNKNOWN)
def test_a_hop_that_cannot_be_read_is_nobody(header: str) -> None:
    assert client(hops(None, header), PROXIES) is None


def test_a_trusted_peer_that_forwards_nobody_is_itself_the_caller() -> None:
    assert caller(ip_address("10.9.0.1"), None, None, PROXIES) == ip_address("10.9.0.1")


def test_two_headers_that_agree_name_the_caller_and_two_that_do_not_name_nobody() -> None:
    peer = ip_address("10.9.0.1")
    assert caller(peer, "203.0.113.7, 10.9.0.2", "for=203.0.113.7", PROXIES) == ip_address("203.0.113.7")
    assert caller(peer, "198.51.100.1", "for=203.0.113.7", PROXIES) is None
