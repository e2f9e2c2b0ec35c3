"""Tables and the rules the database itself holds."""

from app.models.base import NAMING, Base, Instant
from app.models.keys import IdempotentAnswer, Key, RevokedToken, Secret
from app.models.owners import Deployment, Group, Member, OneTimeLink, Scope, Tenant
from app.models.people import HandOver, Session, SignIn
from app.models.records import AuditEvent, Chain, SigningKey

__all__ = [
    "NAMING",
    "AuditEvent",
    "Base",
    "Chain",
    "Deployment",
    "Group",
    "HandOver",
    "IdempotentAnswer",
    "Instant",
    "Key",
    "Member",
    "OneTimeLink",
    "RevokedToken",
    "Scope",
    "Secret",
    "Session",
    "SignIn",
    "SigningKey",
    "Tenant",
]
