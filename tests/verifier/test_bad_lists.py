"""Lists that are wrong in some way: refused, the last good one kept until it is too old, and logged once."""

from __future__ import annotations

import json
import logging
import zlib
from typing import Any

import pytest

from keyturn_verify import StatusUnavailable, TokenRevoked, Verifier
from tests.verifier.issuer import LIST, LIST_TYPE, Answer, Issuer, Key, encoded, packed

BOMB = encoded(zlib.compress(bytes(100 << 20), 9))
LST = packed(bytes(64), 2)
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "sub": {"sub": "https://keys.example/status-lists/1"},
    "no sub": {"sub": None},
    "no iat": {"iat": None},
    "iat in the future": {"iat": 1_900_000_000},
    "past exp": {"exp": 1_700_000_000},
    "exp as text": {"exp": "2000000000"},
    "ttl of zero": {"ttl": 0},
    "ttl as text": {"ttl": "5"},
    "no list": {"status_list": None},
    "bits of 3": {"status_list": {"bits": 3, "lst": LST}},
    "bits as text": {"status_list": {"bits": "2", "lst": LST}},
    "bits true": {"status_list": {"bits": True, "lst": LST}},
    "no lst": {"status_list": {"bits": 2}},
    "lst as array": {"status_list": {"bits": 2, "lst": [0]}},
    "lst not packed": {"status_list": {"bits": 2, "lst": "AAAA"}},
    "lst padded": {"status_list": {"bits": 2, "lst": LST + "=="}},
    "lst empty": {"status_list": {"bits": 2, "lst": encoded(zlib.compress(b""))}},
    "lst cut": {"status_list": {"bits": 2, "lst": encoded(zlib.compress(bytes(64))[:-5])}},
    "lst and more": {"status_list": {"bits": 2, "lst": encoded(zlib.compress(bytes(64)) + b"more")}},
    "a bomb": {"status_list": {"bits": 2, "lst": BOMB}},
}
BAD_ANSWERS: dict[str, Answer | None] = {
    "hung up": None,
    "404": Answer(404, {}, b""),
    "500": Answer(500, {}, b"<h1>error</h1>"),
    "redirect": Answer(302, {"location": "https://evil.example/status-lists/0"}, b""),
    "another type": Answer(200, {"content-type": "text/html"}, b"<h1>hello</h1>"),
    "no type": Answer(200, {}, b"x"),
    "no JWT": Answer(200, {"content-type": LIST_TYPE}, b"\xff\xfe"),
    "JSON": Answer(200, {"content-type": LIST_TYPE}, b'{"status_list": {}}'),
    "nothing": Answer(200, {"content-type": LIST_TYPE}, b""),
    "oversize": Answer(200, {"content-type": LIST_TYPE}, b"a.b." + b"c" * (3 << 20)),
}


def holds_on(issuer: Issuer, verifier: Verifier) -> None:
    """A good list was held when the issuer began to send a bad one: it is used as long as it may, and no longer."""
    for seconds in (5, 25, 30):
        issuer.clock.advance(seconds)
        verifier.verify(issuer.token(0))
        with pytest.raises(TokenRevoked):
            verifier.verify(issuer.token(1))
    issuer.clock.advance(1)
    with pytest.raises(StatusUnavailable):
        verifier.verify(issuer.token(0))


@pytest.fixture
def held(issuer: Issuer, verifier: Verifier) -> Verifier:
    """A verifier with a good list."""
    issuer.entries[1] = 1
    verifier.verify(issuer.token(0))
    return verifier


@pytest.mark.spec("T-TSL-07")
@pytest.mark.parametrize("name", BAD_CLAIMS)
def test_a_bad_list_is_refused_and_the_good_one_kept(issuer: Issuer, held: Verifier, name: str) -> None:
    issuer.list_claims = BAD_CLAIMS[name]
    holds_on(issuer, held)


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_answer_is_refused_and_the_good_list_kept(issuer: Issuer, held: Verifier, name: str) -> None:
    issuer.replace[LIST] = BAD_ANSWERS[name]
    holds_on(issuer, held)


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": None}, {"typ": "at+jwt"}, {"crit": ["exp"]}], ids=str)
def test_another_jwt_is_no_list(issuer: Issuer, held: Verifier, header: dict[str, Any]) -> None:
    issuer.list_header = header
    issuer.list_claims = {"x": 1}
    holds_on(issuer, held)


def test_a_list_signed_by_a_stranger_is_refused(issuer: Issuer, held: Verifier) -> None:
    stranger = Key(kid=issuer.keys[0].kid)
    issuer.replace[LIST] = Answer(200, {"content-type": LIST_TYPE}, issuer.list_token(stranger).encode())
    holds_on(issuer, held)


def test_a_list_with_one_changed_character_is_refused(issuer: Issuer, held: Verifier) -> None:
    issuer.iat = int(issuer.clock.wall) + 1
    issuer.change[LIST] = lambda a: a._replace(body=a.body[:200] + bytes([a.body[200] ^ 1]) + a.body[201:])
    holds_on(issuer, held)


def test_an_older_list_than_the_one_held_is_refused(issuer: Issuer, held: Verifier) -> None:
    issuer.entries[1] = 0
    issuer.iat = int(issuer.clock.wall) - 1
    holds_on(issuer, held)


def test_a_revocation_is_not_undone_by_a_replay(issuer: Issuer, verifier: Verifier) -> None:
    before = issuer.list_token()
    issuer.clock.advance(10)
    issuer.entries[1] = 1
    with pytest.raises(TokenRevoked):
        verifier.verify(issuer.token(1))
    issuer.replace[LIST] = Answer(200, {"content-type": LIST_TYPE}, before.encode())
    issuer.clock.advance(30)
    with pytest.raises(TokenRevoked):
        verifier.verify(issuer.token(1))


def test_a_bomb_is_not_unpacked(issuer: Issuer, held: Verifier) -> None:
    import tracemalloc  # noqa: PLC0415 - for this test alone

    issuer.list_claims = BAD_CLAIMS["a bomb"]
    body = issuer.list_token().encode()
    issuer.replace[LIST] = Answer(200, {"content-type": LIST_TYPE}, body)
    issuer.clock.advance(5)
    tracemalloc.start()
    held.verify(issuer.token(0))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8 << 20


def test_a_fault_is_logged_once_and_its_end_too(
    issuer: Issuer, held: Verifier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "keyturn_verify")
    issuer.list_claims = BAD_CLAIMS["bits of 3"]
    for _ in range(10):
        issuer.clock.advance(5)
        held.verify(issuer.token(0))
    issuer.list_claims = {}
    issuer.clock.advance(5)
    held.verify(issuer.token(0))
    assert [(r.levelname, r.getMessage().rpartition(": ")[2]) for r in caplog.records] == [
        ("WARNING", "bits"),
        ("INFO", "good again"),
    ]


def test_what_the_issuer_sends_does_not_get_into_the_log(
    issuer: Issuer, held: Verifier, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = [json.dumps({"alg": "ES256", "kid": "kts_SECRET", "typ": "statuslist+jwt"}), "kts_SECRET"]
    for body in bodies:
        text = ".".join(encoded(part.encode()) for part in (body, body, body))
        issuer.replace[LIST] = Answer(200, {"content-type": LIST_TYPE}, text.encode())
        issuer.clock.advance(5)
        held.verify(issuer.token(0))
    assert caplog.records
    assert "SECRET" not in caplog.text
