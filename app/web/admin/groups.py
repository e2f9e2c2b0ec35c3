"""A tenant's authorization groups, and the deployment's catalogue of scopes they draw on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.actions import catalogue, groups
from app.domain.names import fold
from app.domain.refusals import NotFound
from app.web.admin import answers
from app.web.admin.api_keys import address
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.pages import listed, paged
from app.web.admin.shapes import PageQuery, ScopeNames, Shape, left_out

operations = Operations("Authorization groups")
of_deployment = Operations("Scopes", "operator")
GroupList = answers.list_of(answers.Group, "GroupList")
ScopeList = answers.list_of(answers.Scope, "ScopeList")


class CreateGroup(Shape):
    """What a new group is to be."""

    name: str = Field(description="2 to 100 characters.", examples=["Contacts and messaging"])
    scopes: ScopeNames = Field(
        description="Product scopes and management scopes of the tenant's own affairs; never more than the caller's.",
        examples=[["contacts:read", "messages:send"]],
    )
    description: str = left_out()
    type: Literal["tenant_api_key", "user"] = "tenant_api_key"


class EditGroup(Shape):
    """What is to change; what is left out stays."""

    name: str = left_out(description="2 to 100 characters.")
    scopes: ScopeNames = left_out(description="All the scopes it is to hold.")
    description: str = left_out()


class DeleteGroup(Shape):
    """Where its keys go."""

    move_to: str | None = Field(None, description="ID or name of the group that its keys get; needed when it has any.")


class CreateScope(Shape):
    """What a new scope is to be."""

    name: str = Field(description="`resource:action`", examples=["invoices:read"])
    description: str = left_out()


class EditScope(Shape):
    """How the scope is described."""

    description: str


@operations.add("GET", "/admin/authorization-groups", "groups:read", "List groups", query=PageQuery, answer=GroupList)
def list_groups(call: Call) -> Reply:
    """GET /admin/authorization-groups."""
    return paged(
        call,
        call.tenant_id,
        lambda after, limit: groups.page(call.ctx, call.tenant_id, (after[0], after[1]) if after else None, limit),
        lambda item: [fold(item["name"]), item["id"]],
    )


@operations.add(
    "POST",
    "/admin/authorization-groups",
    "groups:write",
    "Create a group",
    body=CreateGroup,
    answer=answers.Group,
    status=201,
)
def create_group(call: Call) -> Reply:
    """POST /admin/authorization-groups."""
    made = groups.create(call.ctx, call.actor, call.tenant_id, call.now, **call.given)
    return Reply(made, location=address(call.operation.path, made["id"]))


@operations.add("GET", "/admin/authorization-groups/{id}", "groups:read", "Look at a group", answer=answers.Group)
def show_group(call: Call) -> Reply:
    """GET /admin/authorization-groups/<id or name>."""
    return Reply(groups.show(call.ctx, call.tenant_id, call.path["id"]))


@operations.add(
    "PATCH",
    "/admin/authorization-groups/{id}",
    "groups:write",
    "Edit a group; its keys follow at their next use",
    body=EditGroup,
    answer=answers.Group,
    versioned=True,
)
def edit_group(call: Call) -> Reply:
    """PATCH /admin/authorization-groups/<id or name>."""
    group = call.path["id"]
    return Reply(groups.edit(call.ctx, call.actor, call.tenant_id, group, call.now, version=call.version, **call.given))


@operations.add(
    "DELETE",
    "/admin/authorization-groups/{id}",
    "groups:write",
    "Delete a group",
    query=DeleteGroup,
    status=204,
    versioned=True,
)
def delete_group(call: Call) -> Reply:
    """DELETE /admin/authorization-groups/<id or name>."""
    target, group = call.query.move_to, call.path["id"]
    groups.delete(call.ctx, call.actor, call.tenant_id, group, call.now, version=call.version, move_to=target)
    return Reply()


@of_deployment.add("GET", "/admin/scopes", "scopes:read", "List the catalogue of scopes", answer=ScopeList)
def list_scopes(call: Call) -> Reply:
    """GET /admin/scopes."""
    found = catalogue.scopes(call.ctx)
    return listed(call, found, None, len(found))


@of_deployment.add(
    "POST", "/admin/scopes", "scopes:write", "Create a scope", body=CreateScope, answer=answers.Scope, status=201
)
def create_scope(call: Call) -> Reply:
    """POST /admin/scopes."""
    made = catalogue.create(call.ctx, call.actor, call.body.name, call.body.description or "", call.now)
    return Reply(made, location=address(call.operation.path, made["name"]))


@of_deployment.add("GET", "/admin/scopes/{name}", "scopes:read", "Look at a scope", answer=answers.Scope)
def show_scope(call: Call) -> Reply:
    """GET /admin/scopes/<name>."""
    for scope in catalogue.scopes(call.ctx):
        if scope["name"] == call.path["name"]:
            return Reply(scope)
    raise NotFound("scope")


@of_deployment.add(
    "PATCH", "/admin/scopes/{name}", "scopes:write", "Describe a scope anew", body=EditScope, answer=answers.Scope
)
def edit_scope(call: Call) -> Reply:
    """PATCH /admin/scopes/<name>."""
    return Reply(catalogue.edit(call.ctx, call.actor, call.path["name"], call.body.description, call.now))


@of_deployment.add("DELETE", "/admin/scopes/{name}", "scopes:write", "Delete a scope that no group holds", status=204)
def delete_scope(call: Call) -> Reply:
    """DELETE /admin/scopes/<name>."""
    catalogue.delete(call.ctx, call.actor, call.path["name"], call.now)
    return Reply()
