"""What a scope is, which ones manage Keyturn itself, and who may hold them (PRODUCT.md §2)."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from app.domain.refusals import Reason, Refused, Verdict

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}:[a-z][a-z0-9_]{0,39}")
# RFC 6749 §3.3: scope = scope-token *( SP scope-token ); scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
_SYNTAX = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
LONGEST_REQUEST = 4096

TENANT_READ = frozenset(
    {"api_keys:read", "groups:read", "members:read", "audit:read", "tenant:read", "signing_keys:read"}
)
TENANT_WRITE = frozenset({"api_keys:write", "groups:write", "members:write", "tenant:write"})
TENANT_MANAGEMENT = TENANT_READ | TENANT_WRITE
OPERATOR_ONLY = frozenset(
    {
        "tenants:read",
        "tenants:write",
        "scopes:read",
        "scopes:write",
        "resource_servers:read",
        "resource_servers:write",
        "signing_keys:write",
    }
)
OPERATOR = OPERATOR_ONLY | {"signing_keys:read", "audit:read"}
OPERATOR_MEMBER = frozenset({"signing_keys:read", "signing_keys:write"})  # what being marked operator adds to a role
MANAGEMENT = TENANT_MANAGEMENT | OPERATOR_ONLY
READ_ONLY_MANAGEMENT = frozenset({"api_keys:read", "groups:read"})


FULL_ACCESS, READ_ONLY, SAME_AS_CREATOR = "full_access", "read_only", "same_as_creator"
RESOURCE_SERVER, OPERATOR_GROUP = "resource_server", "operator"
KEY_MANAGERS = BY_ROLE, GLOBAL_ADMINS = "by_role", "global_admins"


class Role(StrEnum):
    """What a member of a tenant may do."""

    GLOBAL_ADMIN = "global_admin"
    TENANT_ADMINISTRATOR = "tenant_administrator"
    SUPER_USER = "super_user"
    AUDITOR = "auditor"
    MEMBER = "member"


_ROLE_MANAGEMENT = {
    Role.GLOBAL_ADMIN: TENANT_MANAGEMENT,
    Role.TENANT_ADMINISTRATOR: TENANT_MANAGEMENT,
    Role.SUPER_USER: TENANT_READ - {"signing_keys:read"} | {"api_keys:write"},
    Role.AUDITOR: TENANT_READ,
    Role.MEMBER: frozenset[str](),
}


def is_name(text: str) -> bool:
    """Whether this can be a scope of the catalogue: `resource:action`, lower case."""
    return _NAME.fullmatch(text) is not None


def is_read(scope: str) -> bool:
    """Whether a scope only lets its holder look."""
    return scope.endswith(":read")


def of_role(role: Role, product: frozenset[str], key_managers: str = BY_ROLE) -> frozenset[str]:
    """What a member holds by role (PRODUCT.md §2, CONSOLE.md §3.3).

    role           the member's role
    product        the deployment's product scopes
    key_managers   the tenant's: who manages keys, everybody whose role says so or Global Admins alone
    """
    if role is Role.MEMBER:
        return frozenset()
    held = frozenset(filter(is_read, product)) if role is Role.AUDITOR else product
    held |= _ROLE_MANAGEMENT[role]
    return held - {"api_keys:write"} if key_managers == GLOBAL_ADMINS and role is not Role.GLOBAL_ADMIN else held


def of_built_in(group: str, product: frozenset[str]) -> frozenset[str]:
    """What a built-in group holds; *Same as the key's creator* holds nothing of its own.

    group     one of the constants above
    product   the deployment's product scopes
    """
    return {
        FULL_ACCESS: product | TENANT_MANAGEMENT,
        READ_ONLY: frozenset(filter(is_read, product)) | READ_ONLY_MANAGEMENT,
        OPERATOR_GROUP: OPERATOR,
    }.get(group, frozenset())


def parse_request(text: str) -> frozenset[str]:
    """Read a `scope` parameter.

    text      as sent
    raises    Refused (scope_refused) when it breaks the grammar, RFC 6749 §3.3
    """
    if len(text) > LONGEST_REQUEST or _SYNTAX.fullmatch(text) is None:
        raise Refused(Verdict(Reason.SCOPE_REFUSED))
    return frozenset(text.split(" "))


@lru_cache(maxsize=1024)
def product_part(held: frozenset[str]) -> frozenset[str]:
    """The scopes of the product's own APIs. Pure, so remembering it is harmless."""
    return held - MANAGEMENT


@lru_cache(maxsize=1024)
def management_part(held: frozenset[str]) -> frozenset[str]:
    """The scopes that manage Keyturn itself."""
    return held & MANAGEMENT


@lru_cache(maxsize=1024)
def unpack(stored: str) -> frozenset[str]:
    """Open a stored, space-separated list. Pure, so remembering it is harmless."""
    return frozenset(stored.split())


@lru_cache(maxsize=1024)
def pack(scopes: frozenset[str]) -> str:
    """Write scopes as RFC 6749 §3.3 does, sorted, so that equal sets are equal strings."""
    return " ".join(sorted(scopes))
