"""Where a call comes from, told to a real server: by its connection, and by proxies only where they are trusted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.running import Deployment, Server
from tests.server.wire import FORM, GOOD_FORM
from tests.world import Key

LISTED = "203.0.113.7"
ALLOWED, REFUSED = 200, 403


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment whose peer on loopback is a trusted proxy, with others further out."""
    networks = "127.0.0.1, 10.0.0.0/8, 2001:db8:ff::/48"
    made = Deployment(tmp_path_factory.mktemp("behind"), {"KEYTURN_TRUSTED_PROXIES": networks})
    yield made
    made.close()


@pytest.fixture(scope="module")
def proxys_own(proxied: Deployment) -> Key:
    """A key that is bound to the proxy's own address."""
    return proxied.another_key(ip_allowlist=("127.0.0.1",))


@pytest.fixture(scope="module")
def behind(proxied: Deployment) -> tuple[Server, Key]:
    """Its server, and a key that is bound to LISTED and an IPv6 network."""
    return proxied.serve(), proxied.another_key(ip_allowlist=(LISTED, "2001:db8::/48"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Key, Key]]:
    """A server that trusts nobody; a key bound to LISTED, and one bound to loopback."""
    made = Deployment(tmp_path_factory.mktemp("alone"))
    yield made.serve(), made.another_key(ip_allowlist=(LISTED,)), made.another_key(ip_allowlist=("127.0.0.0/8",))
    made.close()


def status(server: Server, key: Key, fields: list[tuple[str, str]]) -> int:
    """What /api/user answers; /token must be of the same opinion."""
    raw = "".join(f"{name}: {value}\r\n" for name, value in [("X-API-Key", key.secret), *fields])
    door = server.ask(f"GET /api/user HTTP/1.1\r\nHost: x\r\n{raw}\r\n".encode("latin-1"))
    head = "".join(f"{name}: {value}\r\n" for name, value in [("Authorization", key.basic), *fields])
    length = f"Content-Type: {FORM}\r\nContent-Length: {len(GOOD_FORM)}\r\n"
    token = server.ask(f"POST /token HTTP/1.1\r\nHost: x\r\n{head}{length}\r\n".encode("latin-1") + GOOD_FORM)
    assert door is not None
    assert token is not None
    assert (door.status, token.status) in {(200, 200), (403, 400)}
    if door.status == REFUSED:
        assert (door.json["error"], token.json["error"]) == ("ip_not_allowed", "unauthorized_client")
    return door.status


FORWARDED_FOR, FORWARDED = "X-Forwarded-For", "Forwarded"
STORIES = [
    ("the caller alone", [(FORWARDED_FOR, LISTED)], ALLOWED),
    ("the caller, with a port", [(FORWARDED_FOR, f"{LISTED}:4711")], ALLOWED),
    ("the caller, mapped into IPv6", [(FORWARDED_FOR, f"::ffff:{LISTED}")], ALLOWED),
    ("an IPv6 caller", [(FORWARDED_FOR, "2001:db8::1")], ALLOWED),
    ("an IPv6 caller with a port", [(FORWARDED_FOR, "[2001:db8::1]:4711")], ALLOWED),
    ("the caller behind two proxies of ours", [(FORWARDED_FOR, f"{LISTED}, 10.1.2.3, 10.0.0.1")], ALLOWED),
    (
        "the same in three fields",
        [(FORWARDED_FOR, LISTED), (FORWARDED_FOR, "10.1.2.3"), (FORWARDED_FOR, "10.0.0.1")],
        ALLOWED,
    ),
    ("the caller with something invented before it", [(FORWARDED_FOR, f"198.51.100.1, {LISTED}")], ALLOWED),
    ("somebody who wrote the right address first", [(FORWARDED_FOR, f"{LISTED}, 198.51.100.1")], REFUSED),
    ("the same in two fields", [(FORWARDED_FOR, LISTED), (FORWARDED_FOR, "198.51.100.1")], REFUSED),
    ("somebody who wrote it first, behind our proxy", [(FORWARDED_FOR, f"{LISTED}, 198.51.100.1, 10.0.0.1")], REFUSED),
    ("another", [(FORWARDED_FOR, "198.51.100.1")], REFUSED),
    ("nobody", [(FORWARDED_FOR, "")], REFUSED),
    ("garbage", [(FORWARDED_FOR, "localhost")], REFUSED),
    ("garbage after the right address", [(FORWARDED_FOR, f"{LISTED}, unknown")], REFUSED),
    ("an ending comma", [(FORWARDED_FOR, f"{LISTED},")], REFUSED),
    ("an address with a zone", [(FORWARDED_FOR, "2001:db8::1%eth0")], REFUSED),
    ("bytes", [(FORWARDED_FOR, "\xff\xfe")], REFUSED),
    ("two hundred hops", [(FORWARDED_FOR, ", ".join([LISTED] * 200))], ALLOWED),
    ("only proxies of ours", [(FORWARDED_FOR, "10.0.0.1")], REFUSED),
    ("Forwarded", [(FORWARDED, f"for={LISTED}")], ALLOWED),
    ("Forwarded, all of it", [(FORWARDED, f'For="{LISTED}:4711";proto=https;by=10.0.0.1, for=10.0.0.1')], ALLOWED),
    ("Forwarded, IPv6", [(FORWARDED, 'for="[2001:db8::1]:4711"')], ALLOWED),
    ("Forwarded, several", [(FORWARDED, f"for={LISTED}"), (FORWARDED, "for=10.0.0.1")], ALLOWED),
    ("Forwarded, invented", [(FORWARDED, f"for={LISTED}, for=198.51.100.1")], REFUSED),
    ("Forwarded, hidden", [(FORWARDED, "for=_hidden")], REFUSED),
    ("Forwarded, unknown", [(FORWARDED, f"for={LISTED}, for=unknown")], REFUSED),
    ("Forwarded without for", [(FORWARDED, "proto=https")], REFUSED),
    ("both, agreeing", [(FORWARDED_FOR, LISTED), (FORWARDED, f"for={LISTED}")], ALLOWED),
    ("both, the one invented", [(FORWARDED_FOR, "198.51.100.1"), (FORWARDED, f"for={LISTED}")], REFUSED),
    ("both, the other invented", [(FORWARDED_FOR, LISTED), (FORWARDED, "for=198.51.100.1")], REFUSED),
    ("names nobody asked for", [("X-Real-IP", LISTED), ("Client-IP", LISTED), ("True-Client-IP", LISTED)], REFUSED),
    ("nothing: the proxy itself calls", [], REFUSED),
]


@pytest.mark.spec("S4-46")
@pytest.mark.parametrize(("fields", "expected"), [story[1:] for story in STORIES], ids=[story[0] for story in STORIES])
def test_a_trusted_proxy_is_believed_from_the_right(
    behind: tuple[Server, Key], fields: list[tuple[str, str]], expected: int
) -> None:
    server, key = behind
    assert status(server, key, fields) == expected


@pytest.mark.spec("S4-46")
@pytest.mark.parametrize("fields", [story[1] for story in STORIES], ids=[story[0] for story in STORIES])
def test_without_trusted_proxies_the_connection_alone_counts(
    alone: tuple[Server, Key, Key], fields: list[tuple[str, str]]
) -> None:
    server, elsewhere, here = alone
    assert status(server, elsewhere, fields) == REFUSED
    assert status(server, here, fields) == ALLOWED


def test_a_proxy_that_forwards_nobody_is_itself_the_caller(behind: tuple[Server, Key], proxys_own: Key) -> None:
    server, _ = behind
    assert status(server, proxys_own, []) == ALLOWED
    for told in (LISTED, "\xff", "\xff, 198.51.100.1", "198.51.100.1, \xff", ""):  # what cannot be read hides nobody
        for name in (FORWARDED_FOR, FORWARDED):
            assert status(server, proxys_own, [(name, told)]) == REFUSED, told
