"""RFC 8725: every JWT that comes in."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.rfc.forging import DROP, P256_ORDER, Forger, b64, public_numbers, unb64
from tests.signing import sign_with
from tests.world import World

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


@pytest.fixture
def forger(world: World) -> Forger:
    return Forger(world)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """An attacker's server that waits to be asked."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_the_forgers_own_token_is_good_so_that_every_refusal_has_its_own_cause(forger: Forger) -> None:
    forger.accepted(forger.token)
    forger.accepted(forger.ours())


ALGS = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "ES256 ",
    "es256",
    "ES384",
    "ES512",
    "RS256",
    0,
    None,
    True,
    [],
    ["ES256"],
    {},
    DROP,
]


@pytest.mark.spec("T-8725-01")
def test_an_algorithm_that_is_not_the_keys_own_is_refused(forger: Forger) -> None:
    for alg in ALGS:
        forger.rejected(f"{forger.parts({'alg': alg})}.")
        forger.rejected(forger.unsigned({"alg": alg}, unb64(forger.signature)))
        forger.rejected(forger.ours({"alg": alg}))


def _public_texts(world: World) -> dict[str, bytes]:
    jwk = public_numbers(world)
    key = jwt.PyJWK(jwk).key
    pem, spki = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    return {
        "pem": key.public_bytes(pem, spki), "pem without its end": key.public_bytes(pem, spki).strip(),
        "der": key.public_bytes(Encoding.DER, spki),
        "jwk": json.dumps(jwk).encode(), "compact jwk": json.dumps(jwk, separators=(",", ":")).encode(),
        "jwks": world.client.get("/.well-known/jwks.json").data, "kid": jwk["kid"].encode(), "empty": b"",
    }  # fmt: skip


@pytest.mark.spec("T-8725-02")
@pytest.mark.parametrize("alg", HASHES)
@pytest.mark.parametrize("signing", ["ES256", "RS256", "EdDSA"])
def test_our_public_key_is_nobodys_hmac_secret(world: World, signing: str, alg: str) -> None:
    if signing != "ES256":
        sign_with(world, signing)
    forger = Forger(world)
    parts = forger.parts({"alg": alg})
    for secret in _public_texts(world).values():
        forger.rejected(f"{parts}.{b64(hmac.digest(secret, parts.encode(), HASHES[alg]))}")


@pytest.mark.spec("T-8725-03")
def test_our_own_rsa_key_verifies_nothing_but_its_own_algorithm(world: World) -> None:
    sign_with(world, "RS256")
    forger = Forger(world)
    forger.accepted(forger.sealed(forger.parts(), "RS256"))
    for alg in ("PS256", "RS384", "RS512", "PS512"):
        forger.rejected(forger.sealed(forger.parts({"alg": alg}), alg))
        forger.rejected(forger.sealed(forger.parts(), alg))


@pytest.mark.spec("T-8725-03")
def test_our_own_elliptic_key_verifies_nothing_but_its_own_algorithm(forger: Forger) -> None:
    signing = forger.world.ctx.ring.current(forger.world.clock()).signing
    assert signing is not None
    for alg in ("ES384", "ES256"):
        parts = forger.parts({"alg": alg})
        r, s = decode_dss_signature(signing.private.sign(parts.encode(), ec.ECDSA(hashes.SHA384())))
        forger.rejected(f"{parts}.{b64(r.to_bytes(32) + s.to_bytes(32))}")


@pytest.mark.spec("T-8725-04")
@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c"])
@pytest.mark.parametrize("named", [True, False])
def test_a_key_that_a_token_brings_along_is_not_looked_at_or_fetched(
    forger: Forger, listener: socket.socket, member: str, named: bool
) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    public = jwt.get_algorithm_by_name("ES256").to_jwk(own.public_key(), as_dict=True)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"
    kid = forger.header["kid"] if named else "mine"
    brought = {"jku": address, "x5u": address, "jwk": {**public, "kid": kid}, "x5c": [b64(b"certificate")]}[member]
    header = {**forger.header, "kid": kid, member: brought}
    forger.rejected(jwt.encode(forger.claims, own, algorithm="ES256", headers=header))
    with pytest.raises(BlockingIOError):
        listener.accept()


KIDS = [
    "' OR '1'='1", "'; DROP TABLE signing_keys; --", "../../../../etc/passwd", "/dev/null", "a" * 3000, "k" * 10_240,
    "", "\0", "\ud800", " ",
    ["kid"], {"kid": "kid"}, 1, 1e308, None, True, DROP,
]  # fmt: skip


@pytest.mark.spec("T-8725-05")
def test_a_kid_is_looked_up_among_our_keys_and_nothing_else(forger: Forger) -> None:
    for kid in KIDS:
        token = forger.ours({"kid": kid})
        forger.rejected(token)
        assert b"Traceback" not in forger.at_door(token).data


IMPOSSIBLE = [
    b"\0" * 64,
    b"\0" * 32 + b"\1" * 32,
    b"\xff" * 64,
    b"\0",
    b"\0" * 63,
    b"\0" * 65,
    P256_ORDER.to_bytes(32) * 2,
]


@pytest.mark.spec("T-8725-06")
def test_a_signature_of_impossible_numbers_is_refused(forger: Forger) -> None:
    for signature in IMPOSSIBLE:
        forger.rejected(f"{forger.parts()}.{b64(signature)}")


@pytest.mark.spec("T-8725-06")
def test_a_weak_key_or_a_point_off_the_curve_makes_no_token(forger: Forger) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    parts = forger.parts({"alg": "RS256"})
    forger.rejected(f"{parts}.{b64(weak.sign(parts.encode(), padding.PKCS1v15(), hashes.SHA256()))}")
    off = {"kty": "EC", "crv": "P-256", "x": b64(b"\1" * 32), "y": b64(b"\1" * 32)}
    forger.rejected(forger.unsigned({"jwk": off}, b"\1" * 64))


OTHER_TYPES = [
    "JWT",
    "jwt",
    "statuslist+jwt",
    "client-authentication+jwt",
    "dpop+jwt",
    "token-introspection+jwt",
    "at+jwt ",
    "",
    None,
    1,
    ["at+jwt"],
    DROP,
]


@pytest.mark.spec("T-8725-07")
def test_another_type_of_jwt_under_our_key_is_no_access_token(forger: Forger) -> None:
    for typ in OTHER_TYPES:
        forger.rejected(forger.ours({"typ": typ}))


@pytest.mark.spec("T-8725-07")
@pytest.mark.parametrize("typ", ["AT+JWT", "application/at+jwt", "Application/AT+jwt"])
def test_the_type_is_compared_without_case_and_prefix(forger: Forger, typ: str) -> None:
    forger.accepted(forger.ours({"typ": typ}))


@pytest.mark.spec("T-8725-08")
def test_other_serializations_are_refused(forger: Forger) -> None:
    head, body, signature = forger.head, forger.body, forger.signature
    direct, bomb = (
        b64(json.dumps({"alg": "dir", "enc": "A256GCM", "zip": "DEF"})),
        b64(json.dumps({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2**31})),
    )
    forms = [
        f"{forger.token}.{body}.{signature}", f"{direct}..{body}.{body}.{body}",
        f"{bomb}.{body}.{body}.{body}.{body}",
        json.dumps({"protected": head, "payload": body, "signature": signature}), json.dumps({"payload": body,
        "signatures": [{"protected": head, "signature": signature}] * 20}),
        f"{head}.{body}", f"{head}.{body}.", f".{body}.{signature}", f"{head}..{signature}", "..", ".", head,
    ]  # fmt: skip
    for form in forms:
        forger.rejected(form)


SPOILT = ["{}=", "{}==", "{} ", " {}", "{}\n", "{}\t", "{}%", "{}+", "{}/", "{}~", "{}é", "{}\u212a", "\ufeff{}"]


@pytest.mark.spec("T-8725-08", "T-JOSE-08")
def test_characters_outside_the_alphabet_are_refused(forger: Forger) -> None:
    for spoil in SPOILT:
        answer = forger.at("/introspect", spoil.format(forger.token))
        assert (answer.status_code, answer.json) == (200, {"active": False})
        assert forger.at("/revoke", spoil.format(forger.token)).status_code == 200
    assert forger.world.introspect(forger.key, forger.token)["active"] is True
