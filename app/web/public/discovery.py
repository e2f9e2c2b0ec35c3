"""What everybody may know: metadata, public keys, whether we live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from app.actions import catalogue
from app.context import Context
from app.domain import scopes
from app.settings import JWKS_MAX_AGE
from app.web.replies import JSON, Answer
from app.web.request import Request

CLIENT_METHODS = ["client_secret_basic", "client_secret_post"]
OPEN = (("Access-Control-Allow-Origin", "*"),)
_CACHED = ("Cache-Control", f"public, max-age={int(JWKS_MAX_AGE.total_seconds())}")


def metadata(request: Request) -> Answer:
    """GET /.well-known/oauth-authorization-server (RFC 8414 §3.2)."""
    return Answer(200, (("Content-Type", JSON), _CACHED, *OPEN), orjson.dumps(document(request.ctx, request.now)))


def document(ctx: Context, now: datetime) -> dict[str, Any]:
    """The metadata: what is offered and nothing else; no empty member (RFC 8414 §3.2)."""
    base = ctx.settings.base
    product, signing = catalogue.names(ctx), ctx.ring.current(now).signing
    found: dict[str, Any] = {
        "issuer": ctx.settings.issuer,
        "token_endpoint": f"{base}/token",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": CLIENT_METHODS,
        "introspection_endpoint": f"{base}/introspect",
        "introspection_endpoint_auth_methods_supported": CLIENT_METHODS,
        "revocation_endpoint": f"{base}/revoke",
        "revocation_endpoint_auth_methods_supported": CLIENT_METHODS,
        "introspection_signing_alg_values_supported": [
            signing.alg if signing is not None else ctx.settings.signing_alg
        ],
        "status_list_aggregation_endpoint": ctx.settings.status_uri.rstrip("/"),
        "scopes_supported": sorted(product | scopes.TENANT_MANAGEMENT),
    }
    if ctx.settings.metadata_compat:  # (deviation) members of flows we do not have, for SDKs that insist on them
        found |= {"authorization_endpoint": f"{base}/authorize", "response_types_supported": ["none"]}
    return found


def jwks(request: Request) -> Answer:
    """GET /.well-known/jwks.json (RFC 7517 §5)."""
    ring = request.ctx.ring.current(request.now)
    request.ctx.recorder.fetched(ring.published, request.now)
    headers = (_CACHED, ("ETag", ring.etag), *OPEN)
    if ring.etag in (request.header("If-None-Match") or ""):
        return Answer(304, headers, b"")
    return Answer(200, (("Content-Type", "application/jwk-set+json"), *headers), ring.jwks)


def healthz(request: Request) -> Answer:  # noqa: ARG001 - every view has this shape
    """GET /healthz: this process answers. It asks nobody else, so that a lost database restarts no server."""
    return Answer(200, (("Content-Type", JSON), ("Cache-Control", "no-store")), b'{"status":"ok"}')
