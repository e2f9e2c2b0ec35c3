"""Where the issuer's keys are found, how long they are kept, and when they are looked for again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keyturn_verify import InvalidToken, KeysUnavailable, StatusUnavailable, Verifier
from tests.verifier.conftest import Make
from tests.verifier.issuer import AUDIENCE, JWKS, LIST, METADATA, Answer, Clock, Issuer, Key, Wire


def document(**members: Any) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(members).encode())


@pytest.mark.spec("T-8414-02")
@pytest.mark.parametrize("path", ["/t1", "/t1/"])
def test_the_metadata_of_an_issuer_with_a_path_are_found(path: str) -> None:
    issuer = Issuer(url="https://keys.example" + path)
    verifier = Verifier(issuer.url, AUDIENCE, background=False, transport=lambda: Wire(issuer))
    with pytest.raises(KeysUnavailable):  # RFC 8414 §3.1: the test's issuer has none there
        verifier.verify("a.b.c")
    assert issuer.paths() == [METADATA + "/t1"]


@pytest.mark.spec("T-8414-03")
@pytest.mark.parametrize("named", ["https://keys.example/", "https://KEYS.example", "https://evil.example", None])
def test_metadata_of_another_issuer_are_refused(issuer: Issuer, verifier: Verifier, named: Any) -> None:
    issuer.replace[METADATA] = document(issuer=named, jwks_uri=issuer.url + JWKS)
    with pytest.raises(KeysUnavailable):  # RFC 8414 §3.3
        verifier.verify(issuer.token())
    assert issuer.paths() == [METADATA]


@pytest.mark.parametrize(
    "members",
    [
        {"jwks_uri": None},
        {"jwks_uri": "http://keys.example/jwks"},
        {"jwks_uri": 7},
        {"jwks_uri": "https://user@keys.example/jwks"},
        {"jwks_uri": "https://keys.example/jwks", "introspection_endpoint": "http://keys.example/i"},
    ],
    ids=str,
)
def test_addresses_that_are_no_https_are_refused(issuer: Issuer, verifier: Verifier, members: Any) -> None:
    issuer.replace[METADATA] = document(issuer=issuer.url, **members)
    with pytest.raises(KeysUnavailable):
        verifier.verify(issuer.token())


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Answer(404, {}, b""),
        Answer(302, {"location": "https://evil.example"}, b""),
        Answer(200, {}, b"<html>"),
        Answer(200, {}, b"[]"),
        Answer(200, {}, b'{"keys": {}}'),
        Answer(200, {}, b'{"keys": []}'),
        Answer(200, {}, b'{"keys": [7, {}, {"kid": "a"}]}'),
        Answer(200, {}, b"[" * 100_000),
        Answer(200, {}, json.dumps({"keys": [{}] * 33}).encode()),
    ],
    ids=repr,
)
@pytest.mark.parametrize("path", [METADATA, JWKS])
def test_without_keys_nothing_is_accepted(issuer: Issuer, verifier: Verifier, path: str, answer: Answer | None) -> None:
    issuer.replace[path] = answer
    with pytest.raises(KeysUnavailable) as refused:
        verifier.verify(issuer.token())
    assert refused.value.status == 503
    del issuer.replace[path]
    issuer.clock.advance(1)
    verifier.verify(issuer.token())


@pytest.mark.parametrize(
    "change",
    [{"use": "enc"}, {"alg": "HS256"}, {"alg": "ES384"}, {"alg": "RS256"}, {"kty": "oct"}, {"kid": 7}, {"x": "AA"}],
    ids=str,
)
def test_a_key_for_something_else_is_left_out(issuer: Issuer, verifier: Verifier, change: dict[str, Any]) -> None:
    bad = Key()
    bad.public |= change
    issuer.keys.append(bad)
    verifier.verify(issuer.token())
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(2, key=bad))


@pytest.mark.spec("T-8725-06")
def test_a_short_rsa_key_is_left_out(issuer: Issuer, verifier: Verifier) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - for this test alone
    from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415 - for this test alone

    short = rsa.generate_private_key(65537, 1024)  # RFC 7518 §3.3
    jwk = json.loads(RSAAlgorithm.to_jwk(short.public_key()))
    issuer.keys[0].public |= {"alg": "RS256", "kty": "RSA", "n": jwk["n"], "e": jwk["e"]}
    issuer.keys[0].public.pop("crv")
    with pytest.raises(KeysUnavailable):
        verifier.verify(issuer.token())


def test_algorithms_can_be_narrowed_and_not_widened(issuer: Issuer, make: Make) -> None:
    with pytest.raises(KeysUnavailable):
        make(algorithms=["RS256"]).verify(issuer.token())
    with pytest.raises(ValueError, match="algorithms"):
        make(algorithms=["HS256"])


def test_keys_are_kept_as_long_as_their_headers_say(issuer: Issuer, verifier: Verifier) -> None:
    issuer.change[JWKS] = lambda answer: answer._replace(headers={**answer.headers, "age": "100"})
    verifier.verify(issuer.token())
    for seconds, asked in ((199, 1), (1, 2)):
        issuer.clock.advance(seconds)
        verifier.refresh()
        assert issuer.paths().count(JWKS) == asked
    assert "if-none-match" in next(a for a in reversed(issuer.asked) if a.path == JWKS).headers


def test_a_key_that_was_taken_back_ends_its_tokens_with_the_next_refresh(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token()
    verifier.verify(token)
    issuer.keys = [Key()]
    issuer.clock.advance(300)
    verifier.refresh()
    with pytest.raises(InvalidToken):  # its signature was remembered
        verifier.verify(token)


def test_keys_outlive_their_freshness_by_an_hour_when_no_newer_ones_can_be_had(issuer: Issuer, make: Make) -> None:
    verifier = make(fail="open")
    token = issuer.token(exp=int(issuer.clock.wall) + 86_400)
    verifier.verify(token)
    issuer.replace[JWKS] = None
    issuer.clock.advance(300 + 3599)
    verifier.refresh()
    verifier.verify(token)
    issuer.clock.advance(1)
    with pytest.raises(KeysUnavailable):
        verifier.verify(token)


def test_a_new_key_is_found_when_its_first_token_comes(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token())
    issuer.keys.append(Key("RS256"))
    issuer.clock.advance(60)
    verifier.verify(issuer.token(2, key=issuer.keys[1]))
    assert issuer.paths().count(JWKS) == 2


def test_a_flood_of_unknown_kids_asks_once_a_minute(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token())
    stranger = Key()
    for second in range(130):
        issuer.clock.advance(1)
        for number in range(5):
            with pytest.raises(InvalidToken):
                verifier.verify(issuer.token(key=stranger, header={"kid": f"{second}-{number}"}))
    assert issuer.paths().count(JWKS) == 3


def test_a_list_under_a_new_key_has_the_keys_fetched_first(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token())
    issuer.keys.insert(0, Key())
    issuer.clock.advance(60)
    issuer.entries[5] = 1
    verifier.verify(issuer.token(2, key=issuer.keys[1]))
    assert issuer.paths()[-2:] == [LIST, JWKS]
    issuer.keys.pop(0)
    issuer.keys.insert(0, Key())  # and again, too soon to look
    issuer.entries[6] = 1
    issuer.clock.advance(59)
    verifier.verify(issuer.token(2, key=issuer.keys[1]))
    issuer.clock.advance(2)
    verifier.verify(issuer.token(2, key=issuer.keys[1]))
    with pytest.raises(StatusUnavailable):
        make_stale(issuer, verifier)


def make_stale(issuer: Issuer, verifier: Verifier) -> None:
    issuer.replace[LIST] = None
    issuer.clock.advance(100)
    verifier.verify(issuer.token(2, key=issuer.keys[1]))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"audience": ""}, "audience"),
        ({"audience": []}, "audience"),
        ({"max_staleness": 0}, "seconds"),
        ({"fail": "ajar"}, "fail"),
        ({"credentials": ("kt_x", "")}, "credentials"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(make: Make, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make(**settings)


@pytest.mark.spec("T-8414-04")
@pytest.mark.parametrize(
    "issuer", ["http://keys.example", "keys.example", "https://keys.example?x", "https://k#x", "https://u@k", "ftp://k"]
)
def test_an_issuer_that_nobody_can_be_sure_of_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        Verifier(issuer, AUDIENCE)


def test_credentials_do_not_show() -> None:
    verifier = Verifier("https://keys.example", AUDIENCE, ("kt_x", "kts_SECRET"), wall=Clock().advance)  # type: ignore[arg-type]
    assert "SECRET" not in repr(verifier) + repr(verifier._core.terms)
