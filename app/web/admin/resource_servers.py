"""Resource servers: the operator's keys for those that introspect."""

from __future__ import annotations

from pydantic import Field

from app.actions import resource_servers
from app.domain.refusals import Invalid, NotFound, Problem
from app.web.admin import answers
from app.web.admin.api_keys import with_secret
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.pages import paged
from app.web.admin.shapes import PageQuery, Shape

operations = Operations("Resource servers", "operator")
ResourceServerList = answers.list_of(answers.ResourceServer, "ResourceServerList")


class CreateResourceServer(Shape):
    """What a new resource server is to be."""

    name: str = Field(description="2 to 200 characters.", examples=["Contacts API"])
    audience: str | None = Field(
        None, description="An absolute URI; the deployment's own when left out.", examples=["https://api.example.com"]
    )
    tenant: str | None = Field(None, description="ID or name of the only tenant whose tokens it sees.")


@operations.add(
    "GET",
    "/admin/resource-servers",
    "resource_servers:read",
    "List resource servers",
    query=PageQuery,
    answer=ResourceServerList,
)
def list_resource_servers(call: Call) -> Reply:
    """GET /admin/resource-servers."""
    return paged(
        call,
        "all",
        lambda after, limit: resource_servers.page(call.ctx, after and after[0], limit, call.now),
        lambda item: [item["client_id"]],
    )


@operations.add(
    "POST",
    "/admin/resource-servers",
    "resource_servers:write",
    "Create a resource server",
    body=CreateResourceServer,
    answer=answers.ResourceServerWithSecret,
    status=201,
)
def create_resource_server(call: Call) -> Reply:
    """POST /admin/resource-servers."""
    try:
        made = resource_servers.create(call.ctx, call.actor, call.now, **call.given)
    except NotFound as error:  # the address is there; what the body names is not
        raise Invalid(Problem("tenant", "unknown", "There is no tenant of that name.")) from error
    return with_secret(made, call.operation.path)


@operations.add(
    "GET",
    "/admin/resource-servers/{id}",
    "resource_servers:read",
    "Look at a resource server",
    answer=answers.ResourceServer,
)
def show_resource_server(call: Call) -> Reply:
    """GET /admin/resource-servers/<id>."""
    return Reply(resource_servers.show(call.ctx, call.path["id"], call.now))


@operations.add(
    "DELETE",
    "/admin/resource-servers/{id}",
    "resource_servers:write",
    "Delete a resource server: its secret stops",
    status=204,
    versioned=True,
)
def delete_resource_server(call: Call) -> Reply:
    """DELETE /admin/resource-servers/<id>."""
    resource_servers.delete(call.ctx, call.actor, call.path["id"], call.now, call.version)
    return Reply()
