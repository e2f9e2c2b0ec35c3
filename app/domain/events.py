"""What the audit log can say: the closed list of events, and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """`subject.past_participle`."""

    KEY_CREATED = "key.created"
    KEY_EDITED = "key.edited"
    KEY_ROTATED = "key.rotated"
    KEY_OVERLAP_ENDED = "key.overlap_ended"
    KEY_OVERLAP_EXTENDED = "key.overlap_extended"
    KEY_REVOKED = "key.revoked"
    KEY_DELETED = "key.deleted"
    KEY_ENFORCED = "key.enforced"
    TOKEN_REVOKED = "token.revoked"
    GROUP_CREATED = "group.created"
    GROUP_EDITED = "group.edited"
    GROUP_DELETED = "group.deleted"
    SCOPE_CREATED = "scope.created"
    SCOPE_EDITED = "scope.edited"
    SCOPE_DELETED = "scope.deleted"
    TENANT_CREATED = "tenant.created"
    TENANT_EDITED = "tenant.edited"
    TENANT_CLOSED = "tenant.closed"
    MEMBER_CREATED = "member.created"
    MEMBER_EDITED = "member.edited"
    MEMBER_REMOVED = "member.removed"
    MEMBER_RESET = "member.reset"
    RESOURCE_SERVER_CREATED = "resource_server.created"
    RESOURCE_SERVER_DELETED = "resource_server.deleted"
    OPERATOR_KEY_CREATED = "operator_key.created"
    OPERATOR_KEY_REVOKED = "operator_key.revoked"
    SIGNING_KEY_PREPARED = "signing_key.prepared"
    SIGNING_KEY_ACTIVATED = "signing_key.activated"
    SIGNING_KEY_RETIRED = "signing_key.retired"
    SIGNING_KEY_REVOKED = "signing_key.revoked"
    SIGNING_KEY_IMPORTED = "signing_key.imported"
    DEPLOYMENT_INITIALISED = "deployment.initialised"
    SETUP_LINK_ISSUED = "setup_link.issued"
    SETUP_LINK_USED = "setup_link.used"
    MEMBER_SIGNED_IN = "member.signed_in"
    MEMBER_SIGNED_OUT = "member.signed_out"
    MEMBER_PASSWORD_SET = "member.password_set"
    MEMBER_PROVED = "member.proved"
    TOTP_TURNED_ON = "totp.turned_on"
    TOTP_TURNED_OFF = "totp.turned_off"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_code.used"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REMOVED = "passkey.removed"
    SSO_CONNECTION_CREATED = "sso_connection.created"
    SSO_CONNECTION_EDITED = "sso_connection.edited"
    SSO_CONNECTION_REMOVED = "sso_connection.removed"
    SSO_LINKED = "sso_connection.linked"
    SSO_SIGNED_IN = "sso_connection.signed_in"
    SSO_REQUIRED = "tenant.sso_required"
    SSO_NOT_REQUIRED = "tenant.sso_not_required"
    SESSION_ENDED = "session.ended"
    SECRET_SHOWN = "key.secret_shown"


DEPLOYMENT = "deployment"  # the chain of what belongs to no tenant


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where.

    kind         `key`, `member`, `command_line` or `system`
    id           the key's or member's ID; the operating system's user for the command line
    tenant_id    the tenant it belongs to; None for the operator
    scope        what it holds; nobody hands out more
    unbound      the command line and Global Admins may hand out more than they hold
    """

    kind: str
    id: str
    tenant_id: str | None = None
    scope: frozenset[str] = frozenset()
    unbound: bool = False
    address: str | None = None
    request_id: str | None = None
