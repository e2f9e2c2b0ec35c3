from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from joserfc.jwk import import_key

from app.domain.refusals import Invalid
from app.domain.tokens import ALGORITHMS
from app.runtime import keypairs
from app.runtime.keypairs import from_pem, generate

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256, ED25519 = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
FIT = [(P256, "ES256"), (RSA, "RS256"), (RSA, "PS256"), (ED25519, "EdDSA")]


def pem(private: Any, form: PrivateFormat = PrivateFormat.PKCS8, encryption: Any = None) -> bytes:
    data: bytes = private.private_bytes(Encoding.PEM, form, encryption or NoEncryption())
    return data


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_new_pair_signs_what_its_public_half_verifies(alg: str) -> None:
    pair = generate(alg)
    signed = jwt.encode({"a": 1}, load_der_private_key(pair.private_der, None), algorithm=alg)
    assert jwt.decode(signed, jwt.PyJWK(json.loads(pair.public_jwk)), algorithms=[alg]) == {"a": 1}
    assert generate(alg).kid != pair.kid


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_the_public_half_is_public_and_named_by_its_thumbprint(alg: str) -> None:
    pair = generate(alg)
    jwk = json.loads(pair.public_jwk)
    assert jwk.keys() <= {"kty", "crv", "x", "y", "n", "e", "use", "alg", "kid"}
    assert (jwk["use"], jwk["alg"], jwk["kid"]) == ("sig", alg, pair.kid)
    assert import_key(jwk).thumbprint() == pair.kid


def test_a_private_half_does_not_show_in_a_repr() -> None:
    pair = generate("ES256")
    assert repr(pair) == f"<KeyPair {pair.kid}>"


@pytest.mark.parametrize(("private", "alg"), FIT)
def test_a_fit_private_key_is_imported(private: Any, alg: str) -> None:
    pair = from_pem(pem(private), alg)
    assert pair.alg == alg
    assert pem(load_der_private_key(pair.private_der, None)) == pem(private)


def test_older_forms_of_pem_are_read_too() -> None:
    assert from_pem(pem(RSA, PrivateFormat.TraditionalOpenSSL), "RS256").kid == from_pem(pem(RSA), "PS256").kid
    assert from_pem(pem(P256, PrivateFormat.TraditionalOpenSSL), "ES256").kid == from_pem(pem(P256), "ES256").kid


def _unfit() -> list[tuple[Any, str]]:
    crossed = [
        (private, alg) for private, _ in FIT for alg in ALGORITHMS if not any(p is private and a == alg for p, a in FIT)
    ]
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return [
        *crossed,
        (weak, "RS256"),
        (weak, "PS256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES256"),
        (ec.generate_private_key(ec.SECP256K1()), "ES256"),
        (ed448.Ed448PrivateKey.generate(), "EdDSA"),
        (dsa.generate_private_key(2048), "RS256"),
    ]


@pytest.mark.parametrize(("private", "alg"), _unfit())
def test_a_weak_key_or_one_of_another_kind_is_refused(private: Any, alg: str) -> None:
    with pytest.raises(Invalid) as refused:
        from_pem(pem(private), alg)
    assert [(p.field, p.code) for p in refused.value.problems] == [("file", "unfit")]


def test_a_key_so_long_that_its_tokens_would_fit_no_header_is_refused() -> None:
    bits = keypairs.MOST_RSA_BITS + 8
    with pytest.raises(Invalid, match="4096 bits"):
        from_pem(pem(rsa.generate_private_key(public_exponent=65537, key_size=bits)), "RS256")


def _unreadable() -> list[bytes]:
    public = P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [
        b"",
        b"nonsense",
        b"\xff\0",
        public,
        pem(P256, encryption=BestAvailableEncryption(b"password")),
        pem(P256)[:100],
        pem(P256).replace(b"PRIVATE KEY", b"CERTIFICATE"),
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
    ]


@pytest.mark.parametrize(
    "data", _unreadable(), ids=["empty", "text", "bytes", "public", "encrypted", "cut", "certificate", "no key"]
)
def test_what_is_no_unencrypted_private_key_is_refused_without_repeating_it(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        from_pem(data, "ES256")
    assert [(p.field, p.code) for p in refused.value.problems] == [("file", "unreadable")]
    assert str(refused.value) == "file: This is no unencrypted private key in PEM."


@pytest.mark.parametrize("alg", ["", "none", "HS256", "ES384", "RS512", "es256"])
def test_an_algorithm_that_is_not_offered_is_refused(alg: str) -> None:
    for attempt in (lambda: generate(alg), lambda: from_pem(pem(RSA), alg)):
        with pytest.raises(Invalid) as refused:
            attempt()
        assert [(p.field, p.code) for p in refused.value.problems] == [("alg", "unknown")]


def test_the_thumbprint_of_the_rfcs_own_key_is_the_rfcs() -> None:
    # RFC 7638 §3 and §3.1, its example
    jwk = {
        "kty": "RSA",
        "e": "AQAB",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"
        "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q"
        "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6"
        "WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    }
    assert import_key(jwk).thumbprint() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
