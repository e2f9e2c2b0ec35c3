"""Tokens that we never issued, presented everywhere a token can be presented."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt

from tests.world import Key, World

DROP = object()
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def b64(data: bytes | str) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data.encode() if isinstance(data, str) else data).rstrip(b"=").decode()


def unb64(segment: str) -> bytes:
    """Base64url back to bytes."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def public_numbers(world: World) -> dict[str, Any]:
    """The public half of the key that signs now, as everybody can fetch it."""
    kid = jwt.get_unverified_header(world.token(world.key("Any key")))["kid"]
    found: dict[str, Any] = next(
        key for key in world.client.get("/.well-known/jwks.json").json["keys"] if key["kid"] == kid
    )
    return found


class Forger:
    """Somebody with a token of ours, and with our private key when a test wants to know what that key alone can do."""

    def __init__(self, world: World) -> None:
        self.world, self.key = world, world.key("Forged", group="Full access")
        self.token = world.token(self.key)
        self.head, self.body, self.signature = self.token.split(".")
        self.header: dict[str, Any] = json.loads(unb64(self.head))
        self.claims: dict[str, Any] = json.loads(unb64(self.body))

    def parts(self, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
        """What is signed, with members changed; DROP leaves one out."""
        changed = ({**self.header, **(header or {})}, {**self.claims, **(claims or {})})
        kept = [{name: value for name, value in part.items() if value is not DROP} for part in changed]
        return ".".join(b64(json.dumps(part)) for part in kept)

    def sealed(self, parts: str, alg: str | None = None) -> str:
        """Any two parts under our own signing key."""
        signing = self.world.ctx.ring.current(self.world.clock()).signing
        assert signing is not None
        algorithm = jwt.get_algorithm_by_name(alg or signing.alg)
        return f"{parts}.{b64(algorithm.sign(parts.encode(), signing.private))}"

    def ours(self, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
        """A token with members changed, under our own signing key."""
        return self.sealed(self.parts(header, claims))

    def unsigned(self, header: dict[str, Any], signature: bytes = b"", claims: dict[str, Any] | None = None) -> str:
        """A token with members changed and any signature."""
        return f"{self.parts(header, claims)}.{b64(signature)}"

    def accepted(self, token: str) -> None:
        """Check that a token counts at every place."""
        assert self.world.introspect(self.key, token)["active"] is True
        assert self.at_door(token).status_code == 200

    def rejected(self, token: str) -> None:
        """Check that a token counts nowhere, that nothing fails over it, and that the real one is none the worse."""
        answer = self.at("/introspect", token)
        assert (answer.status_code, answer.json) == (200, {"active": False}), answer.data
        revoked = self.at("/revoke", token)
        assert (revoked.status_code, revoked.data) == (200, b"")
        if token.isascii() and token.isprintable():
            answer = self.at_door(token)
            assert answer.status_code in {400, 401}, answer.data
            assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
            management = self.world.client.get("/admin/api-keys", headers={"Authorization": f"Bearer {token}"})
            assert management.status_code in {400, 401, 404}
        assert self.world.introspect(self.key, self.token)["active"] is True

    def at(self, endpoint: str, token: str, caller: Key | None = None) -> Any:
        """Present a token at an OAuth endpoint."""
        return self.world.client.post(endpoint, data={"token": token}, auth=(caller or self.key).auth)

    def at_door(self, token: str) -> Any:
        """Present a token as Bearer."""
        return self.world.client.get("/api/user", headers={"Authorization": f"Bearer {token}"})
