"""Every operation of the management API, in the order the documentation tells of them."""

from __future__ import annotations

from app.web.admin import (
    api_key_batches,
    api_key_secrets,
    api_keys,
    audit_events,
    groups,
    members,
    resource_servers,
    signing_keys,
    tenants,
    usage,
    verifiers,
)
from app.web.admin.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *api_keys.operations,
    *api_key_secrets.operations,
    *api_key_batches.operations,
    *usage.operations,
    *verifiers.operations,
    *groups.operations,
    *members.operations,
    *tenants.own,
    *audit_events.operations,
    *tenants.operations,
    *groups.of_deployment,
    *resource_servers.operations,
    *signing_keys.operations,
)
