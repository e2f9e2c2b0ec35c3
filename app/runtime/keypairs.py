"""Make and import key pairs for signing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from joserfc.jwk import import_key

from app.domain.refusals import Invalid, Problem

RSA_BITS = 2048
MOST_RSA_BITS = 4096  # a longer signature would not leave room for claims in a header
_MAKERS: dict[str, Callable[[], Any]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS),
    "PS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new signing key: its name, its public half as JWK text, its private half as PKCS #8 DER, never shown."""

    kid: str
    alg: str
    public_jwk: str
    private_der: bytes

    def __repr__(self) -> str:
        return f"<KeyPair {self.kid}>"


def generate(alg: str) -> KeyPair:
    """Make a key pair for one of the algorithms of `domain.tokens.ALGORITHMS`; Invalid for another one."""
    return _pair(_MAKERS[_known(alg)](), alg)


def from_pem(pem: bytes, alg: str) -> KeyPair:
    """Read an unencrypted private key; Invalid when it is none, too weak, or not of the algorithm's kind."""
    _known(alg)
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid(Problem("file", "unreadable", "This is no unencrypted private key in PEM.")) from error
    fits = {
        "ES256": isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1),
        "EdDSA": isinstance(private, ed25519.Ed25519PrivateKey),
        # RFC 7518 §3.3: 2048 bits or more
    }.get(alg, isinstance(private, rsa.RSAPrivateKey) and RSA_BITS <= private.key_size <= MOST_RSA_BITS)
    if not fits:
        raise Invalid(
            Problem("file", "unfit", f"This key cannot sign {alg}; RSA keys need {RSA_BITS} to {MOST_RSA_BITS} bits.")
        )
    return _pair(private, alg)


def _known(alg: str) -> str:
    if alg not in _MAKERS:
        raise Invalid(Problem("alg", "unknown", f"Must be one of {', '.join(_MAKERS)}."))
    return alg


def _pair(private: Any, alg: str) -> KeyPair:
    public = jwt.get_algorithm_by_name(alg).to_jwk(private.public_key(), as_dict=True)
    core: dict[str, Any] = {name: public[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in public}
    kid = import_key(core).thumbprint()  # RFC 7638 §3: SHA-256 over the required members
    jwk = {**core, "use": "sig", "alg": alg, "kid": kid}
    return KeyPair(
        kid,
        alg,
        json.dumps(jwk, separators=(",", ":")),
        private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    )
