"""An issuer at the other end of the network: says what a test wants it to say, good or bad."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from keyturn_verify.messages import Request, Response

AUDIENCE = "https://api.example"
START = 1_800_000_000
JWKS, METADATA, LIST = "/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/status-lists/0"
LIST_TYPE = "application/statuslist+jwt"
ENTRIES = 1 << 10
CREDENTIALS = ("kt_RESOURCESERVER00", "kts_secret")


class Clock:
    """Two clocks that stand until they are moved: the hour, and what has gone by."""

    def __init__(self, wall: float = START) -> None:
        self.wall, self.elapsed = wall, 1000.0

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.elapsed += seconds


class Key:
    """A signing key."""

    def __init__(self, alg: str = "ES256", kid: str = "") -> None:
        self.alg = alg
        self.private: Any = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "PS256": lambda: rsa.generate_private_key(65537, 2048),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[alg]()
        algorithm = jwt.get_algorithm_by_name(alg)
        self.public: dict[str, Any] = json.loads(algorithm.to_jwk(self.private.public_key()))  # type: ignore[attr-defined]
        self.public.pop("key_ops", None)
        self.kid = kid or hashlib.sha256(json.dumps(self.public).encode()).hexdigest()[:16]
        self.public |= {"kid": self.kid, "alg": alg, "use": "sig"}

    def sign(self, claims: dict[str, Any], typ: str | None, **header: Any) -> str:
        said = {"alg": self.alg, "typ": typ, "kid": self.kid, **header}
        return self.seal({name: value for name, value in said.items() if value is not None}, json.dumps(claims))

    def seal(self, header: dict[str, Any], payload: str) -> str:
        """Sign whatever it is, by the key's own algorithm."""
        text = encoded(json.dumps(header).encode()) + "." + encoded(payload.encode())
        return text + "." + encoded(jwt.get_algorithm_by_name(self.alg).sign(text.encode(), self.private))


class Answer(NamedTuple):
    """What the issuer answers."""

    status: int
    headers: dict[str, str]
    body: bytes


class Asked(NamedTuple):
    """What it was asked."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]


Change = Callable[[Answer], Answer]


@dataclass
class Issuer:
    """Keys, one status list, introspection.

    replace   answers by path that take the place of the right ones; None for none
    change    what is done to the right answer of a path
    """

    clock: Clock = field(default_factory=Clock)
    url: str = "https://keys.example"
    keys: list[Key] = field(default_factory=lambda: [Key()])
    entries: bytearray = field(default_factory=lambda: bytearray(ENTRIES))
    bits: int = 2
    ttl: int | None = 5
    lifetime: int = 3600
    iat: int | None = None
    replace: dict[str, Answer | None] = field(default_factory=dict)
    change: dict[str, Change] = field(default_factory=dict)
    list_claims: dict[str, Any] = field(default_factory=dict)
    list_header: dict[str, Any] = field(default_factory=dict)
    introspection: dict[str, Any] = field(default_factory=lambda: {"active": True})
    private: bool = False
    asked: list[Asked] = field(default_factory=list)
    _signed: tuple[bytes, str] = (b"", "")
    _signed_at: float = 0.0

    def token(self, index: int = 1, key: Key | None = None, typ: str | None = "at+jwt", **claims: Any) -> str:
        """Sign an access token; a claim of None is left out."""
        now = int(self.clock.wall)
        said = {
            "iss": self.url,
            "sub": "kt_KEY",
            "client_id": "kt_KEY",
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 600,
            "jti": f"jti-{index}",
            "scope": "contacts:read contacts:write",
            "tenant": "t_1",
            "status": {"status_list": {"idx": index, "uri": self.url + LIST}},
            **claims,
        }
        header = said.pop("header", {})
        return (key or self.keys[0]).sign({n: v for n, v in said.items() if v is not None}, typ, **header)

    def paths(self) -> list[str]:
        """What it was asked for, in order."""
        return [asked.path for asked in self.asked]

    def answer(self, path: str, headers: dict[str, str], body: bytes = b"") -> Answer | None:
        """Answer a request; None hangs up."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.asked.append(Asked(path, headers, form))
        if path in self.replace:
            return self.replace[path]
        answer = self._right(path, headers)
        return self.change[path](answer) if path in self.change and answer.status == 200 else answer

    def _right(self, path: str, headers: dict[str, str]) -> Answer:
        if path == METADATA:
            return _json({"issuer": self.url, "jwks_uri": self.url + JWKS, "introspection_endpoint": self.url + "/i"})
        if path == JWKS:
            return _tagged(_json({"keys": [key.public for key in self.keys]}, "public, max-age=300"), headers)
        if path == LIST:
            return self._list(headers)
        return _json(self.introspection) if path == "/i" else Answer(404, {}, b"")

    def _list(self, headers: dict[str, str]) -> Answer:
        if self.private and "authorization" not in headers:
            return Answer(401, {}, b"")
        content = bytes(self.entries)
        wrong = bool(self.list_claims or self.iat is not None)
        if wrong or self._signed[0] != content or self.clock.wall > self._signed_at + self.lifetime:
            self._signed = (b"" if wrong else content, self.list_token())
            self._signed_at = self.clock.wall
        return _tagged(Answer(200, {"content-type": LIST_TYPE}, self._signed[1].encode()), headers)

    def list_token(self, key: Key | None = None) -> str:
        """Sign the list as it is now."""
        now = int(self.clock.wall)
        claims = {
            "sub": self.url + LIST,
            "iat": self.iat or now,
            "exp": now + self.lifetime,
            "ttl": self.ttl,
            "status_list": {"bits": self.bits, "lst": packed(self.entries, self.bits)},
            **self.list_claims,
        }
        said = {name: value for name, value in claims.items() if value is not None}
        return (key or self.keys[0]).sign(said, **{"typ": "statuslist+jwt", **self.list_header})


def packed(entries: bytes | bytearray, bits: int) -> str:
    """Pack entries, least significant bits first, as a specification of another hand says it."""
    size = 8 // bits
    data = bytes(
        sum(entry << (bits * place) for place, entry in enumerate(entries[at : at + size]))
        for at in range(0, len(entries), size)
    )
    return encoded(zlib.compress(data, 9))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value: object, cache: str = "") -> Answer:
    headers = {"content-type": "application/json", **({"cache-control": cache} if cache else {})}
    return Answer(200, headers, json.dumps(value).encode())


def _tagged(answer: Answer, headers: dict[str, str]) -> Answer:
    tag = '"' + hashlib.sha256(answer.body).hexdigest()[:16] + '"'
    answer.headers["etag"] = tag
    return Answer(304, {"etag": tag}, b"") if headers.get("if-none-match") == tag else answer


class Wire:
    """The network, without one: hands requests to the issuer at once."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer

    def send(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.issuer.answer(urlsplit(request.url).path, headers, request.body or b"")
        return Response(0, problem="hung up") if answer is None else Response(*answer)

    def close(self) -> None:
        """Nothing is open."""
