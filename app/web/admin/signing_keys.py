"""Signing keys: tenants may look, the operator prepares, activates, revokes."""

from __future__ import annotations

from typing import Literal

from app.actions import signing_keys
from app.web.admin import answers
from app.web.admin.api_keys import address
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.pages import listed
from app.web.admin.shapes import Nothing, Shape, left_out

operations = Operations("Signing keys", "operator")
SigningKeyList = answers.list_of(answers.SigningKey, "SigningKeyList")


class PrepareSigningKey(Shape):
    """What the new key is to be."""

    alg: Literal["ES256", "RS256", "PS256", "EdDSA"] = left_out(description="The deployment's own when left out.")


@operations.add(
    "GET",
    "/admin/signing-keys",
    "signing_keys:read",
    "List signing keys",
    answer=SigningKeyList,
    kinds=frozenset({"tenant_api_key", "operator"}),
)
def list_signing_keys(call: Call) -> Reply:
    """GET /admin/signing-keys."""
    found = signing_keys.all_keys(call.ctx, call.now)
    return listed(call, found, None, len(found))


@operations.add(
    "POST",
    "/admin/signing-keys",
    "signing_keys:write",
    "Prepare a signing key",
    body=PrepareSigningKey,
    answer=answers.SigningKey,
    status=201,
)
def prepare_signing_key(call: Call) -> Reply:
    """POST /admin/signing-keys."""
    made = signing_keys.prepare(call.ctx, call.actor, call.now, call.body.alg)
    return Reply(made, location=address(call.operation.path, made["kid"]))


@operations.add(
    "POST",
    "/admin/signing-keys/{kid}/activate",
    "signing_keys:write",
    "Sign with a prepared key from now on",
    body=Nothing,
    answer=answers.SigningKey,
)
def activate_signing_key(call: Call) -> Reply:
    """POST /admin/signing-keys/<kid>/activate."""
    return Reply(signing_keys.activate(call.ctx, call.actor, call.now, call.path["kid"]))


@operations.add(
    "POST",
    "/admin/signing-keys/{kid}/revoke",
    "signing_keys:write",
    "Stop a signing key and every token it signed (emergency)",
    body=Nothing,
    answer=answers.SigningKey,
)
def revoke_signing_key(call: Call) -> Reply:
    """POST /admin/signing-keys/<kid>/revoke."""
    return Reply(signing_keys.revoke(call.ctx, call.actor, call.now, call.path["kid"]))
