"""The issuer's public keys, each bound to one algorithm (RFC 7517, RFC 8725 §3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.algorithms import Algorithm

ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
MOST_KEYS = 32
_SMALLEST_RSA = 2048
# A key that names no algorithm is bound to the usual one of its kind; RFC 9864 gives EdDSA a second name.
_USUAL: dict[tuple[Any, Any], str] = {("EC", "P-256"): "ES256", ("RSA", None): "RS256", ("OKP", "Ed25519"): "EdDSA"}
_KIND: dict[Any, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
}


@dataclass(frozen=True, slots=True, eq=False)
class PublicKey:
    """A public key as its `cryptography` object; `names` are the values of `alg` that mean its algorithm."""

    kid: str
    names: frozenset[str]
    algorithm: Algorithm
    public: Any
    source: tuple[tuple[str, str], ...]


def public_keys(
    document: Mapping[str, Any], allowed: tuple[str, ...], held: Mapping[str, PublicKey]
) -> dict[str, PublicKey]:
    """Read a JWK set; entries of no use here are left out (RFC 7517 §5).

    allowed   the algorithms that may be used at all
    held      the keys of before: an entry that has not changed stays the same object
    returns   keys by `kid`
    raises    ValueError when this is no JWK set
    """
    entries = document.get("keys")
    if not isinstance(entries, list) or len(entries) > MOST_KEYS:
        raise ValueError("no JWK set")
    found: dict[str, PublicKey] = {}
    for entry in entries:
        key = _public_key(entry, allowed, held) if isinstance(entry, dict) else None
        if key is not None:
            found.setdefault(key.kid, key)
    return found


def _public_key(entry: dict[str, Any], allowed: tuple[str, ...], held: Mapping[str, PublicKey]) -> PublicKey | None:
    kid, kind = entry.get("kid"), (entry.get("kty"), entry.get("crv"))
    alg = entry.get("alg", _USUAL.get(kind))
    alg = "EdDSA" if alg == "Ed25519" else alg
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(kid, str) or alg not in allowed or _KIND.get(alg) != kind or entry.get("use", "sig") != "sig":
        return None
    if not isinstance(operations, list) or "verify" not in operations or "d" in entry:
        return None
    source = tuple(sorted((name, str(value)) for name, value in entry.items()))
    before = held.get(kid)
    if before is not None and before.source == source:
        return before
    try:
        made = jwt.PyJWK(entry, algorithm=alg)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if alg in {"RS256", "PS256"} and made.key.key_size < _SMALLEST_RSA:  # RFC 7518 §3.3
        return None
    names = frozenset({"EdDSA", "Ed25519"} if alg == "EdDSA" else {alg})
    return PublicKey(kid, names, made.Algorithm, made.key, source)
