"""The parts of the description that no table of operations holds: the protocol's addresses, problems, credentials."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
TAG = "Protocol"

INTRODUCTION = (
    "Keyturn's management API, and in brief the protocol's own addresses. Send an API key with the scopes an operation "
    "names, as `Authorization: Bearer` or `X-API-Key`, or a token for `<issuer>/admin`. "
    "Bodies are JSON or forms; lists in forms are repeated members or lines. Errors are RFC 9457 problems with a "
    "stable `error` code. Objects carry a `version`, which is their ETag. A call that names another tenant than the "
    "key's own in `X-Tenant`, by ID or name, is refused with 403."
)

HEADERS = {
    "X-Request-ID": "The request's ID: the caller's own when it is harmless.",
    "ETag": "The object's version, for If-Match.",
    "Location": "The new object's address.",
    "Idempotent-Replayed": "`true` when this request was answered before and nothing was changed.",
    "X-API-Key-Expires": "When the caller's own key ends; only within the tenant's `expiring_soon_days` of it.",
    "X-API-Keys-Used": "Usable keys and the limit, such as `2/10`; without a limit the number alone.",
    "X-Status-List": "Which version of which status list tells verifiers: its address and `; version=17`.",
    "Retry-After": "Seconds after which a new attempt makes sense.",
    "WWW-Authenticate": "How to authenticate (RFC 6750).",
    "RateLimit-Policy": "The allowance the call is paid from: calls (`q`) in so many seconds (`w`).",
    "RateLimit": "What is left of it (`r`), and in how many seconds more is free (`t`).",
}
RATE_HEADERS = ["RateLimit-Policy", "RateLimit"]

EXAMPLES = {
    400: "unreadable_body",
    401: "invalid_api_key",
    403: "insufficient_scope",
    404: "not_found",
    409: "version_conflict",
    412: "precondition_failed",
    413: "content_too_large",
    415: "unsupported_media_type",
    422: "validation_failed",
    429: "rate_limited",
    503: "unavailable",
}

SECURITY: Json = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key as it is."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key as it is."},
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token for `<issuer>/admin`.",
    },
    "client": {"type": "http", "scheme": "basic", "description": "Key ID and secret; the form members count as well."},
}

_STRING: Json = {"type": "string"}
_ERROR_ITEM: Json = {
    "type": "object",
    "required": ["field", "code", "message"],
    "properties": {"field": _STRING, "code": _STRING, "message": _STRING},
}

SCHEMAS: Json = {
    "Problem": {
        "type": "object",
        "description": "An error (RFC 9457). Clients ignore members they do not know.",
        "required": ["type", "title", "status", "detail", "error", "message", "hints", "request_id", "help"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": _STRING,
            "status": {"type": "integer"},
            "detail": _STRING,
            "error": {"type": "string", "description": "A stable code."},
            "message": _STRING,
            "hints": {"type": "array", "items": _STRING},
            "request_id": _STRING,
            "help": {"type": "string", "description": "Where the code is explained."},
            "reason": {"type": "string", "description": "The exact reason, for a caller whose secret verified."},
            "errors": {"type": "array", "items": _ERROR_ITEM},
        },
    },
    "OAuthError": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": _STRING, "error_description": _STRING},
    },
}

_REFUSED: Json = {
    "description": "Refused (RFC 6749 §5.2).",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OAuthError"}}},
}


def _form(required: list[str], **members: str) -> Json:
    properties = {name: {"type": "string", "description": said} for name, said in members.items()}
    schema: Json = {"type": "object", "required": required, "properties": properties}
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}


def _oauth(name: str, summary: str, body: Json, answer: Json | None, said: str) -> Json:
    content: Json = {} if answer is None else {"content": {"application/json": {"schema": answer}}}
    return {
        "post": {
            "operationId": name,
            "tags": [TAG],
            "summary": summary,
            "security": [{"client": []}],
            "requestBody": body,
            "responses": {"200": {"description": said, **content}, "default": _REFUSED},
        }
    }


_TOKEN: Json = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": _STRING,
        "token_type": {"const": "Bearer"},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "scope": _STRING,
    },
}
_INTROSPECTED: Json = {"type": "object", "required": ["active"], "properties": {"active": {"type": "boolean"}}}
_USER: Json = {
    "type": "object",
    "properties": {
        "key_id": _STRING,
        "name": _STRING,
        "tenant": {"type": ["object", "null"], "properties": {"id": _STRING, "name": _STRING}},
        "group": {"type": "object", "properties": {"id": _STRING, "name": _STRING}},
        "scopes": {"type": "array", "items": _STRING},
        "expires_at": {"type": ["string", "null"], "format": "date-time"},
        "door": {"enum": ["bearer", "x-api-key", "basic", "token"]},
    },
}

_BATCH: Json = {
    "type": "object",
    "required": ["tokens"],
    "properties": {
        "tokens": {
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "items": {
                "oneOf": [
                    _STRING,
                    {
                        "type": "object",
                        "required": ["token"],
                        "properties": {"token": _STRING, "client_address": _STRING},
                    },
                ]
            },
        },
        "client_address": {"type": "string", "description": "Where they were shown, unless a token says otherwise."},
    },
}
_THE_TOKEN = {"token": "The token."}

PATHS: Json = {
    "/token": _oauth(
        "token",
        "Exchange key ID and secret for an access token (RFC 6749 §4.4)",
        _form(
            ["grant_type"],
            grant_type="`client_credentials`",
            scope="Space-separated; every scope of the group when left out.",
            resource="What the token is for (RFC 8707): the default audience when left out, or `<issuer>/admin`.",
        ),
        _TOKEN,
        "A token (RFC 9068).",
    ),
    "/introspect": _oauth(
        "introspect",
        "Ask about a token (RFC 7662)",
        _form(["token"], **_THE_TOKEN, client_address="Where the caller who showed it comes from."),
        _INTROSPECTED,
        "What the token is, or that it is not active. `Accept: application/token-introspection+jwt` has it signed "
        "(RFC 9701).",
    ),
    "/introspect/batch": _oauth(
        "introspect_batch",
        "Ask about up to 100 tokens",
        {"required": True, "content": {"application/json": {"schema": _BATCH}}},
        {
            "type": "object",
            "required": ["items"],
            "properties": {"items": {"type": "array", "items": _INTROSPECTED}},
        },
        "An answer for each token, in their order; as a form, `token` may be repeated.",
    ),
    "/status-lists/{number}": {
        "get": {
            "operationId": "status_list",
            "tags": [TAG],
            "summary": "Which tokens have been taken back (Token Status List)",
            "description": "Public; a resource server that sends its credentials by Basic is told apart, and shows in "
            "`/admin/verifiers`.",
            "parameters": [{"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "security": [{}, {"client": []}],
            "responses": {
                "200": {
                    "description": "A signed list; fresh for `ttl` seconds, `ETag` and 304 as in RFC 9110.",
                    "content": {"application/statuslist+jwt": {"schema": _STRING}},
                },
                "304": {"description": "The list held is the current one."},
                "404": {
                    "description": "There is no such list.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
        }
    },
    "/revoke": _oauth(
        "revoke", "Take a token of one's own back (RFC 7009)", _form(["token"], **_THE_TOKEN), None, "It is void."
    ),
    "/api/user": {
        "get": {
            "operationId": "user",
            "tags": [TAG],
            "summary": "Who am I: the call to try a key with",
            "security": [{"key": []}, {"header": []}, {"client": []}, {"token": []}],
            "responses": {
                "200": {"description": "The key.", "content": {"application/json": {"schema": _USER}}},
                "default": {
                    "description": "Refused.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
        }
    },
}
