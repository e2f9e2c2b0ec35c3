"""An OpenID provider of our own at the edge of the network, which lies as a test tells it to."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.world import World

Claims = dict[str, Any]
CLIENT_ID, SECRET = "keyturn at acme", "se:cret+%"


class FakeProvider:
    """What it publishes and answers; `bend_*` change that before it leaves."""

    def __init__(self, world: World, port: int) -> None:
        self.world, self.issuer = world, f"http://localhost:{port}"
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.person: Claims = {"sub": "person-1", "email": "ada@acme.example", "email_verified": True, "name": "Ada O."}
        self.told_by_userinfo: Claims = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.bend_metadata: Callable[[Claims], Any] = lambda metadata: metadata
        self.bend_claims: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.signed
        self.body: bytes | None = None
        self.status, self.headers = 200, {}  # type: ignore[var-annotated]

    def metadata(self) -> Claims:
        """What it says of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def signed(self, claims: Claims) -> str:
        """A token as it should be."""
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    def unsigned(self, claims: Claims) -> str:
        """A token that nobody signed."""
        parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
        return ".".join([base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]) + "."

    def signed_with_the_secret(self, claims: Claims) -> str:
        """A token under a key that the client knows as well."""
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET + "x" * 32), algorithms=["HS256"])

    def allows(self, address: str, **changed: str | None) -> dict[str, str]:
        """Let the person in at its page: what their browser is sent back with."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        said = {"code": code, "state": asked["state"], "iss": self.issuer, **changed}
        return {name: value for name, value in said.items() if value is not None}

    def answer(self, path: str, body: str, authorization: str) -> tuple[int, Any]:
        """Answer one request."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, self.bend_metadata(self.metadata())
        if path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/userinfo":
            return 200, self.told_by_userinfo
        return self._tokens(dict(parse_qsl(body)), authorization)

    def _tokens(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        right = "Basic " + base64.b64encode(b"keyturn%20at%20acme:se%3Acret%2B%25").decode()
        if asked is None or authorization != right or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge.rstrip(b"=").decode() != asked["code_challenge"] or asked["code_challenge_method"] != "S256":
            return 400, {"error": "invalid_grant"}
        now = int(self.world.clock().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        if "max_age" in asked:
            claims["auth_time"] = now
        token = self.sign(self.bend_claims({**claims, **self.person}))
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": token, "expires_in": 60}


@contextmanager
def provided(world: World) -> Iterator[FakeProvider]:
    """Serve one on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, said = fake.answer(urlsplit(self.path).path, body, self.headers.get("Authorization") or "")
            raw = fake.body if fake.body is not None else json.dumps(said).encode()
            self.send_response(fake.status if fake.status != 200 else status)
            for name, value in {"Content-Type": "application/json", **fake.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET  # noqa: N815 - named by the standard library

        def log_message(self, *_said: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeProvider(world, server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked_for(address: str) -> dict[str, str]:
    """The parameters a browser is sent away with."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
