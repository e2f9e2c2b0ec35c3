"""API keys: list, create, look at, edit, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from urllib.parse import quote

from pydantic import AliasChoices, Field

from app.actions import key_counts, key_lists, keys, propagation
from app.actions.key_lists import Filters
from app.actions.key_steps import KeyWithSecret
from app.actions.keys import NewKey
from app.domain.health import Question
from app.web.admin import answers
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.pages import listed
from app.web.admin.shapes import Expiry, Lines, PageQuery, Shape, left_out

operations = Operations("API keys")
GROUP = AliasChoices("group", "authorization_group")
KEYS_USED = "X-API-Keys-Used"
STATUS_LIST = "X-Status-List"
KeyList = answers.list_of(answers.ApiKey, "ApiKeyList")


class KeyQuery(PageQuery):
    """What the list shows, and in which order."""

    q: str | None = Field(
        None,
        max_length=500,
        description="A part of the name or description, whatever its case and accents, or the beginning of the key ID. "
        "A pasted secret counts as its key ID.",
    )
    status: Literal["active", "revoked"] | None = None
    expiration: Literal["valid", "expiring_soon", "expired"] | None = None
    group: str | None = Field(None, validation_alias=GROUP, description="ID or name.")
    health: Question | None = Field(None, description="A question of `/admin/api-keys/health`: the keys it counts.")
    used: Literal["never", "idle30", "idle90"] | None = Field(None, description="Never used, or not for 30 or 90 days.")
    creator: str | None = Field(None, max_length=100, description="The ID of the member who made the key.")
    expires: Literal["never"] | None = Field(None, description="Keys without an end.")
    ip: Literal["none"] | None = Field(None, description="Keys without an IP allowlist.")
    sort: Literal["name", "status", "group", "created", "expires", "last_used"] = Field(
        "created",
        description="Ties go by key ID. Active keys come before revoked ones; groups are ordered by their names; keys "
        "without an end come after all others, keys never used before all others.",
    )
    dir: Literal["asc", "desc"] = "asc"


class CreateKey(Shape):
    """What a new key is to be."""

    name: str = Field(description="2 to 200 characters.", examples=["Mobile App"])
    description: str = left_out(description="At most 1,000 characters.")
    group: str | None = Field(
        None,
        validation_alias=GROUP,
        description="ID or name of an authorization group; the tenant's default group when left out.",
        examples=["Read only"],
    )
    expires_at: Expiry | None = Field(None, description="Never when left out.")
    ip_allowlist: Lines = left_out(
        description="Addresses and CIDR networks; anywhere when empty.", examples=[["203.0.113.0/24"]]
    )


class EditKey(Shape):
    """What is to change; what is left out stays."""

    name: str = left_out(description="2 to 200 characters.", examples=["Mobile App"])
    description: str = left_out(description="At most 1,000 characters.")
    group: str = left_out(validation_alias=GROUP, description="ID or name of an authorization group.")
    ip_allowlist: Lines = left_out(description="Addresses and CIDR networks; anywhere when empty.")


def with_secret(made: KeyWithSecret, path: str | None = None) -> Reply:
    """Answer with a key and its new secret; without one when the request was answered before."""
    return Reply(made.body(), location=path and address(path, made.key["client_id"]), repeated=made.issued is None)


def address(path: str, name: str) -> str:
    """The address of an object, below its list's."""
    return f"{path}/{quote(name, safe=':')}"


@operations.add(
    "GET", "/admin/api-keys", "api_keys:read", "List keys", query=KeyQuery, answer=KeyList, tells=(KEYS_USED,)
)
def list_api_keys(call: Call) -> Reply:
    """GET /admin/api-keys."""
    asked = call.query
    page = key_lists.page(
        call.ctx,
        call.tenant_id,
        Filters(
            asked.q,
            asked.status,
            asked.expiration,
            asked.group,
            asked.health,
            used=asked.used,
            creator=asked.creator,
            expires=asked.expires,
            ip=asked.ip,
        ),
        call.now,
        sort=asked.sort,
        descending=asked.dir == "desc",
        after=asked.after,
        counted=True,
        limit=asked.per,
    )
    reply = listed(call, page.items, page.next, page.total)
    return replace(reply, headers=((KEYS_USED, str(key_counts.key_usage(call.ctx, call.tenant_id, call.now))),))


@operations.add(
    "POST",
    "/admin/api-keys",
    "api_keys:write",
    "Create a key",
    body=CreateKey,
    answer=answers.NewApiKey,
    status=201,
    once=True,
)
def create_api_key(call: Call) -> Reply:
    """POST /admin/api-keys."""
    asked = call.body
    new = NewKey(asked.name, asked.description or "", asked.group, asked.expires_at, tuple(asked.ip_allowlist or ()))
    made = keys.create(call.ctx, call.actor, call.tenant_id, new, call.now, call.once)
    return with_secret(made, call.operation.path)


@operations.add("GET", "/admin/api-keys/{id}", "api_keys:read", "Look at a key", answer=answers.ApiKey)
def show_api_key(call: Call) -> Reply:
    """GET /admin/api-keys/<id>."""
    return Reply(keys.show(call.ctx, call.tenant_id, call.path["id"], call.now))


@operations.add(
    "PATCH",
    "/admin/api-keys/{id}",
    "api_keys:write",
    "Edit a key",
    body=EditKey,
    answer=answers.EditedApiKey,
    versioned=True,
)
def edit_api_key(call: Call) -> Reply:
    """PATCH /admin/api-keys/<id>."""
    given = call.given
    if "ip_allowlist" in given:
        given["ip_allowlist"] = tuple(given["ip_allowlist"])
    key_id = call.path["id"]
    return Reply(keys.edit(call.ctx, call.actor, call.tenant_id, key_id, call.now, version=call.version, **given))


@operations.add(
    "DELETE",
    "/admin/api-keys/{id}",
    "api_keys:write",
    "Revoke a key and delete it",
    status=204,
    versioned=True,
    tells=(STATUS_LIST,),
)
def delete_api_key(call: Call) -> Reply:
    """DELETE /admin/api-keys/<id>."""
    key_id = call.path["id"]
    keys.delete(call.ctx, call.actor, call.tenant_id, key_id, call.now, call.version)
    told = propagation.status_list(call.ctx, key_id)["status_list"]
    return Reply(headers=((STATUS_LIST, f"{told['uri']}; version={told['version']}"),))
