"""Members of one's own tenant."""

from __future__ import annotations

from pydantic import Field

from app.actions import members
from app.web.admin import answers
from app.web.admin.answers import Role
from app.web.admin.api_keys import address
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.pages import paged
from app.web.admin.shapes import Nothing, PageQuery, Shape, left_out

operations = Operations("Members")
MemberList = answers.list_of(answers.Member, "MemberList")


class CreateMember(Shape):
    """Who is to join."""

    email: str = Field(description="Unique within the tenant.", examples=["ada@example.com"])
    name: str = Field(description="1 to 100 characters.", examples=["Ada Lovelace"])
    role: Role


class EditMember(Shape):
    """What is to change; what is left out stays."""

    name: str = left_out(description="1 to 100 characters.")
    role: Role = left_out()
    active: bool = left_out(description="false suspends the keys that act as this member.")


@operations.add("GET", "/admin/members", "members:read", "List members", query=PageQuery, answer=MemberList)
def list_members(call: Call) -> Reply:
    """GET /admin/members."""
    return paged(
        call,
        call.tenant_id,
        lambda after, limit: members.page(call.ctx, call.tenant_id, after and after[0], limit),
        lambda item: [item["id"]],
    )


@operations.add(
    "POST", "/admin/members", "members:write", "Add a member", body=CreateMember, answer=answers.Member, status=201
)
def create_member(call: Call) -> Reply:
    """POST /admin/members."""
    made = members.create(call.ctx, call.actor, call.tenant_id, call.now, **call.given)
    return Reply(made, location=address(call.operation.path, made["id"]))


@operations.add("GET", "/admin/members/{id}", "members:read", "Look at a member", answer=answers.Member)
def show_member(call: Call) -> Reply:
    """GET /admin/members/<id or e-mail address>."""
    return Reply(members.show(call.ctx, call.tenant_id, call.path["id"]))


@operations.add(
    "PATCH",
    "/admin/members/{id}",
    "members:write",
    "Edit a member",
    body=EditMember,
    answer=answers.Member,
    versioned=True,
)
def edit_member(call: Call) -> Reply:
    """PATCH /admin/members/<id or e-mail address>."""
    who = call.path["id"]
    return Reply(members.edit(call.ctx, call.actor, call.tenant_id, who, call.now, version=call.version, **call.given))


@operations.add("DELETE", "/admin/members/{id}", "members:write", "Remove a member", status=204, versioned=True)
def delete_member(call: Call) -> Reply:
    """DELETE /admin/members/<id or e-mail address>."""
    members.remove(call.ctx, call.actor, call.tenant_id, call.path["id"], call.now, version=call.version)
    return Reply()


@operations.add(
    "POST",
    "/admin/members/{id}/reset",
    "members:write",
    "Let a member who is locked out back in",
    body=Nothing,
    answer=answers.ResetLink,
)
def reset_member(call: Call) -> Reply:
    """POST /admin/members/<id or e-mail address>/reset."""
    return Reply({"reset_url": members.reset(call.ctx, call.actor, call.tenant_id, call.path["id"], call.now)})
