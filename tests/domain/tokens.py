"""Tokens that only somebody with our keys could make, and how they are read."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key

from app.domain import tokens
from app.domain.tokens import Claims, Unreadable, VerifyingKey
from app.runtime.keypairs import KeyPair, generate

ISSUER, STATUS = "https://keys.example", "https://keys.example/status-lists/"
PAIRS = {alg: generate(alg) for alg in tokens.ALGORITHMS}
KEYS = {
    pair.kid: VerifyingKey(pair.kid, alg, jwt.PyJWK(json.loads(pair.public_jwk)).key) for alg, pair in PAIRS.items()
}
ES256 = PAIRS["ES256"]
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "kt_1",
    "client_id": "kt_1",
    "aud": "https://keys.example/api",
    "iat": 1000,
    "exp": 1600,
    "jti": "j1",
    "scope": "contacts:read contacts:write",
    "status": {"status_list": {"idx": 7, "uri": STATUS + "3"}},
    "tenant": "ten_1",
}
DROP = object()


def private_of(pair: KeyPair) -> Any:
    return load_der_private_key(pair.private_der, None)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(head: bytes | str, body: bytes | str, pair: KeyPair = ES256) -> str:
    """A compact JWS over any two texts, valid or not, under a real key of ours."""
    parts = ".".join(b64(part.encode() if isinstance(part, str) else part) for part in (head, body))
    signature = jwt.get_algorithm_by_name(pair.alg).sign(parts.encode(), private_of(pair))
    return f"{parts}.{b64(signature)}"


def token(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    head = {"alg": "ES256", "typ": "at+jwt", "kid": ES256.kid, **(header or {})}
    body = {**CLAIMS, **(claims or {})}
    kept = [{name: value for name, value in part.items() if value is not DROP} for part in (head, body)]
    return signed(json.dumps(kept[0]), json.dumps(kept[1]))


def read(text: str) -> Claims:
    return tokens.read(text, KEYS, ISSUER, STATUS)


def is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def is_read(text: str) -> bool:
    try:
        read(text)
    except Unreadable:
        return False
    return True
