"""The operator's tenants, and a tenant's own settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.actions import key_counts, tenants
from app.web.admin import answers, tenant_answers
from app.web.admin.api_keys import address
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.pages import paged
from app.web.admin.shapes import Nothing, PageQuery, Seconds, Shape, left_out

operations = Operations("Tenants", "operator")
own = Operations("Tenant")
TenantList = answers.list_of(tenant_answers.Tenant, "TenantList")
Plan = Literal["standard", "enterprise"]
KeyManagers = Literal["by_role", "global_admins"]


class CreateTenant(Shape):
    """What a new tenant is to be."""

    name: str = Field(description="2 to 100 characters, unique.", examples=["Acme"])
    plan: Plan = "standard"


class EditOwnTenant(Shape):
    """What is to change; what is left out stays. Plan and limits are the operator's."""

    name: str = left_out(description="2 to 100 characters, unique.")
    time_zone: str = left_out(examples=["Europe/Berlin"])
    api_access: bool = left_out(description="false stops every key of the tenant.")
    default_group: str | None = left_out(description="ID or name of the group that new keys get when none is named.")
    max_overlap: Seconds = left_out()
    token_lifetime: Seconds | None = left_out()
    key_managers: KeyManagers = left_out(description="Only a Global Admin says so.")
    max_lifetime_days: int | None = left_out(description="1 to 3650; null for any time.")
    expiring_soon_days: int = left_out(description="1 to 90.")
    confirmation_days: int = left_out(description="0 to 365.")
    require_ip_allowlist: bool = left_out(description="Holds for keys made, and lists changed, from now on.")
    session_idle: Seconds = left_out()
    session_lifetime: Seconds = left_out()
    reauth_after: Seconds = left_out()
    require_mfa: bool = left_out()


class EditTenant(EditOwnTenant):
    """What is to change; what is left out stays."""

    plan: Plan = left_out(description="Brings its own limits, unless they are given too.")
    key_limit: int | None = left_out(description="null for any number.")
    rate_limit: int = left_out(description="Calls a minute.")


@operations.add("GET", "/admin/tenants", "tenants:read", "List tenants", query=PageQuery, answer=TenantList)
def list_tenants(call: Call) -> Reply:
    """GET /admin/tenants."""
    return paged(
        call, "all", lambda after, limit: tenants.page(call.ctx, after and after[0], limit), lambda item: [item["id"]]
    )


@operations.add(
    "POST",
    "/admin/tenants",
    "tenants:write",
    "Create a tenant",
    body=CreateTenant,
    answer=tenant_answers.NewTenant,
    status=201,
)
def create_tenant(call: Call) -> Reply:
    """POST /admin/tenants."""
    tenant, link = tenants.create(call.ctx, call.actor, call.body.name, call.body.plan, call.now)
    return Reply({**tenant, "setup_url": link}, location=address(call.operation.path, tenant["id"]))


@operations.add("GET", "/admin/tenants/{id}", "tenants:read", "Look at a tenant", answer=tenant_answers.TenantInUse)
def show_tenant(call: Call) -> Reply:
    """GET /admin/tenants/<id or name>."""
    return Reply(key_counts.tenant_in_use(call.ctx, call.path["id"], call.now))


@operations.add(
    "PATCH",
    "/admin/tenants/{id}",
    "tenants:write",
    "Edit a tenant",
    body=EditTenant,
    answer=tenant_answers.Tenant,
    versioned=True,
)
def edit_tenant(call: Call) -> Reply:
    """PATCH /admin/tenants/<id or name>."""
    return Reply(tenants.change(call.ctx, call.actor, call.path["id"], call.now, version=call.version, **call.given))


@operations.add(
    "POST",
    "/admin/tenants/{id}/close",
    "tenants:write",
    "Close a tenant: all its keys stop",
    body=Nothing,
    answer=tenant_answers.Tenant,
    versioned=True,
)
def close_tenant(call: Call) -> Reply:
    """POST /admin/tenants/<id or name>/close."""
    return Reply(tenants.close(call.ctx, call.actor, call.path["id"], call.now, call.version))


@own.add("GET", "/admin/tenant", "tenant:read", "Look at one's own tenant", answer=tenant_answers.TenantInUse)
def show_own_tenant(call: Call) -> Reply:
    """GET /admin/tenant."""
    return Reply(key_counts.tenant_in_use(call.ctx, call.tenant_id, call.now))


@own.add(
    "PATCH",
    "/admin/tenant",
    "tenant:write",
    "Edit one's own tenant",
    body=EditOwnTenant,
    answer=tenant_answers.Tenant,
    versioned=True,
)
def edit_own_tenant(call: Call) -> Reply:
    """PATCH /admin/tenant."""
    return Reply(tenants.change(call.ctx, call.actor, call.tenant_id, call.now, version=call.version, **call.given))
