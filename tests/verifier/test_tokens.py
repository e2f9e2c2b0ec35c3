"""What a verifier accepts, and every token that it does not."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from keyturn_verify import (
    InsufficientScope,
    InvalidToken,
    TokenExpired,
    TokenMissing,
    Verifier,
    WrongAudience,
)
from tests.verifier.conftest import Make
from tests.verifier.issuer import AUDIENCE, JWKS, LIST, METADATA, Issuer, Key, encoded


def test_a_good_token_says_who_calls(issuer: Issuer, verifier: Verifier) -> None:
    token = verifier.verify(issuer.token(), "contacts:read")
    assert (token.key_id, token.tenant, token.audience, token.status_checked) == ("kt_KEY", "t_1", (AUDIENCE,), True)
    assert token.scope == {"contacts:read", "contacts:write"}
    assert token.claims["jti"] == token.jti == "jti-1"


def test_keys_and_list_are_fetched_once_for_many_tokens(issuer: Issuer, verifier: Verifier) -> None:
    for index in range(20):
        verifier.verify(issuer.token(index))
    assert issuer.paths() == [METADATA, JWKS, LIST]


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_every_algorithm_of_keyturn_is_read(issuer: Issuer, verifier: Verifier, alg: str) -> None:
    issuer.keys = [Key(alg)]
    assert verifier.verify(issuer.token()).key_id == "kt_KEY"


def test_the_second_name_of_eddsa_means_the_same(issuer: Issuer, verifier: Verifier) -> None:
    key = Key("EdDSA")
    key.public["alg"] = "Ed25519"  # RFC 9864 §2.2
    issuer.keys = [key]
    assert verifier.verify(issuer.token()).key_id == "kt_KEY"


@pytest.mark.spec("T-9068-15")
def test_one_of_several_audiences_is_enough(issuer: Issuer, make: Make) -> None:
    assert make(audience={"a", "b"}).verify(issuer.token(aud=["x", "b"])).audience == ("x", "b")


@pytest.mark.spec("T-9068-14")
@pytest.mark.parametrize("audience", ["https://other.example", AUDIENCE + "/", ["https://other.example"], []])
def test_a_token_for_another_service_is_refused(issuer: Issuer, verifier: Verifier, audience: Any) -> None:
    with pytest.raises(WrongAudience):
        verifier.verify(issuer.token(aud=audience))


@pytest.mark.spec("T-9068-15")
def test_a_token_is_refused_from_the_second_of_its_exp_on(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token()
    issuer.clock.advance(599)
    verifier.verify(token)
    issuer.clock.advance(1)
    with pytest.raises(TokenExpired):  # RFC 7519 §4.1.4
        verifier.verify(token)


@pytest.mark.spec("T-TSL-08")
def test_the_list_of_an_expired_token_is_not_fetched(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token()
    issuer.clock.advance(600)
    with pytest.raises(TokenExpired):
        verifier.verify(token)
    assert LIST not in issuer.paths()


@pytest.mark.spec("T-9068-12", "T-8725-07")
@pytest.mark.parametrize("typ", [None, "JWT", "statuslist+jwt", "at+jwt+x", "token-introspection+jwt"])
def test_another_type_is_refused(issuer: Issuer, verifier: Verifier, typ: str | None) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(typ=typ))


@pytest.mark.parametrize("typ", ["AT+JWT", "application/at+jwt"])
def test_the_type_may_be_written_in_two_ways(issuer: Issuer, verifier: Verifier, typ: str) -> None:
    verifier.verify(issuer.token(typ=typ))  # RFC 7515 §4.1.9


@pytest.mark.spec("T-9068-03", "T-9068-13")
@pytest.mark.parametrize(
    "claims",
    [
        *({name: None} for name in ("iss", "sub", "client_id", "aud", "iat", "exp", "jti", "status")),
        {"iss": "https://keys.example/"},
        {"iss": ["https://keys.example"]},
        {"exp": "2000000000"},
        {"exp": True},
        {"exp": 10**12},
        {"iat": -1},
        {"iat": 1_800_000_100},
        {"nbf": 1_800_000_100},
        {"scope": ["contacts:read"]},
        {"aud": [1]},
        {"cnf": {"jkt": "x"}},
        {"status": {}},
        {"status": {"status_list": {"idx": "1", "uri": "https://keys.example/status-lists/0"}}},
        {"status": {"status_list": {"idx": -1, "uri": "https://keys.example/status-lists/0"}}},
    ],
    ids=str,
)
def test_a_token_without_what_rfc_9068_asks_is_refused(
    issuer: Issuer, verifier: Verifier, claims: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):  # RFC 9068 §2.2, RFC 9068 §4
        verifier.verify(issuer.token(**claims))


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/status-lists/0",
        "https://keys.example.evil.example/status-lists/0",
        "https://keys.example/status-lists/../introspect",
        "https://keys.example/status-lists/0?x",
        "https://keys.example/status-lists/",
        "https://keys.example/other/0",
    ],
)
def test_a_list_elsewhere_is_never_asked_for(issuer: Issuer, make: Make, uri: str) -> None:
    with pytest.raises(InvalidToken):
        make(credentials=("kt_x", "kts_x")).verify(issuer.token(status={"status_list": {"idx": 1, "uri": uri}}))
    assert issuer.paths() == [METADATA, JWKS]


@pytest.mark.spec("T-8725-01")
@pytest.mark.parametrize("alg", ["none", "None", "nOnE", None, 1, "HS256"])
def test_a_token_cannot_choose_its_algorithm(issuer: Issuer, verifier: Verifier, alg: Any) -> None:
    head, body, signature = issuer.token().split(".")
    forged = encoded(json.dumps({"alg": alg, "typ": "at+jwt", "kid": issuer.keys[0].kid}).encode())
    for end in (signature, "AA"):
        with pytest.raises(InvalidToken):
            verifier.verify(f"{forged}.{body}.{end}")
    assert head != forged


@pytest.mark.spec("T-8725-02", "T-8725-03")
def test_a_public_key_is_no_shared_secret_and_a_key_has_one_algorithm(issuer: Issuer, verifier: Verifier) -> None:
    issuer.keys = [Key("RS256")]
    head, body, _ = issuer.token(header={"alg": "HS256"}).split(".")
    signature = hmac.digest(json.dumps(issuer.keys[0].public).encode(), f"{head}.{body}".encode(), "sha256")
    shared = f"{head}.{body}.{encoded(signature)}"
    other = issuer.token(header={"alg": "PS256"})
    for token in (shared, other):
        with pytest.raises(InvalidToken):
            verifier.verify(token)


@pytest.mark.spec("T-8725-04")
@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
def test_keys_that_a_token_brings_along_are_not_looked_at(issuer: Issuer, verifier: Verifier, name: str) -> None:
    stranger = Key()
    value: Any = {"jwk": stranger.public, "x5c": ["AA"]}.get(name, "https://evil.example/keys")
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(key=stranger, header={name: value, "kid": issuer.keys[0].kid}))
    assert issuer.paths() == [METADATA, JWKS]


@pytest.mark.spec("T-8725-05")
@pytest.mark.parametrize("kid", ["' OR 1=1", "../../etc/passwd", "k" * 10_000, "", ["a"], 7, None])
def test_strange_kids_are_refused(issuer: Issuer, verifier: Verifier, kid: Any) -> None:
    head = encoded(json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": kid}).encode())
    with pytest.raises(InvalidToken):
        verifier.verify(".".join([head, *issuer.token().split(".")[1:]]))


@pytest.mark.spec("T-JOSE-11")
def test_an_extension_that_must_be_understood_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    for header in ({"crit": ["exp"]}, {"crit": []}, {"b64": True}):  # RFC 7515 §4.1.11
        with pytest.raises(InvalidToken):
            verifier.verify(issuer.token(header=header))


@pytest.mark.spec("T-8725-06")
def test_a_signature_of_zeros_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    head, body, _ = issuer.token().split(".")
    for zeros in (bytes(64), bytes(63), bytes(1)):
        with pytest.raises(InvalidToken):
            verifier.verify(f"{head}.{body}.{encoded(zeros)}")


@pytest.mark.spec("T-8725-08")
@pytest.mark.parametrize(
    "token", ["x", "a.b", "a.b.c.d.e", "..", "a.b.c", " a.b.c", "ä.b.c", "a.b.c\n", '{"payload": "x"}', "a" * 9000]
)
def test_what_is_no_compact_jws_is_refused(issuer: Issuer, verifier: Verifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(token)
    assert LIST not in issuer.paths()


@pytest.mark.spec("T-JOSE-12")
def test_a_repeated_name_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    key = issuer.keys[0]
    payload = base64.urlsafe_b64decode(issuer.token().split(".")[1] + "==").decode()
    doubled = payload[:-1] + ', "aud": "https://api.example"}'
    signed = key.seal({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, doubled)
    with pytest.raises(InvalidToken):
        verifier.verify(signed)


def test_a_token_has_one_spelling(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token()
    verifier.verify(token)
    respelled = token[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[token[-1]]
    with pytest.raises(InvalidToken):
        verifier.verify(respelled)


def test_a_scope_that_is_missing_is_named(issuer: Issuer, verifier: Verifier) -> None:
    with pytest.raises(InsufficientScope) as refused:
        verifier.verify(issuer.token(), ["contacts:read", "messages:send"])
    assert refused.value.scope == "contacts:read messages:send"
    assert verifier.verify(issuer.token(2, scope=None)).scope == frozenset()


def test_nothing_is_no_token(verifier: Verifier) -> None:
    with pytest.raises(TokenMissing):
        verifier.verify("")


@pytest.mark.parametrize("scope", ['a"b', "a\\b", "ä"])
def test_what_no_scope_can_be_called_is_a_fault_of_the_service(verifier: Verifier, scope: str) -> None:
    with pytest.raises(ValueError, match="is no scope"):
        verifier.verify("x", scope)
