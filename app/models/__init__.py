"""Tables and the rules the database itself holds."""

from app.models.base import NAMING, Base, Instant
from app.models.key_batches import KeyBatch, KeyBatchItem
from app.models.keys import IdempotentAnswer, Key, RevokedToken, Secret
from app.models.owners import Deployment, Group, Member, OneTimeLink, Scope, Tenant
from app.models.people import Halfway, HandOver, Passkey, RecoveryCode, Session, SignIn
from app.models.records import AuditEvent, Chain, SigningKey
from app.models.single_sign_on import SsoAttempt, SsoConnection, SsoLink
from app.models.status import Enforcement, Propagation, StatusList, StatusMark, Verifier
from app.models.usage import CallerSeen, KeyUse, SecretUse, UsageDay

__all__ = [
    "NAMING",
    "AuditEvent",
    "Base",
    "CallerSeen",
    "Chain",
    "Deployment",
    "Enforcement",
    "Group",
    "Halfway",
    "HandOver",
    "IdempotentAnswer",
    "Instant",
    "Key",
    "KeyBatch",
    "KeyBatchItem",
    "KeyUse",
    "Member",
    "OneTimeLink",
    "Passkey",
    "Propagation",
    "RecoveryCode",
    "RevokedToken",
    "Scope",
    "Secret",
    "SecretUse",
    "Session",
    "SignIn",
    "SigningKey",
    "SsoAttempt",
    "SsoConnection",
    "SsoLink",
    "StatusList",
    "StatusMark",
    "Tenant",
    "UsageDay",
    "Verifier",
]
