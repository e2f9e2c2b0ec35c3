"""Which address is answered by which view, before Flask."""

from __future__ import annotations

from app.settings import Settings
from app.web import introspections, operation
from app.web.front import Route, View
from app.web.oauth import Server
from app.web.operation import Readyz
from app.web.public import discovery, doors, gateway, status_lists


def routes(settings: Settings, plane: str) -> dict[str, Route]:
    """The front's addresses for a plane."""
    found = {"/healthz": _reading(discovery.healthz, "healthz")}
    if plane != "public":
        found |= {"/readyz": _reading(Readyz(), "readyz"), "/metrics": _reading(operation.metrics, "metrics")}
    return found if plane == "admin" else found | _public(settings)


def _public(settings: Settings) -> dict[str, Route]:
    server = Server()
    found = {
        "/token": Route({"POST": server.token}, oauth=True, name="token"),
        "/introspect": Route({"POST": server.introspect}, oauth=True, name="introspect"),
        "/introspect/batch": Route({"POST": introspections.batch}, oauth=True, name="introspect_batch"),
        "/revoke": Route({"POST": server.revoke}, oauth=True, name="revoke"),
        "/.well-known/jwks.json": _reading(discovery.jwks, "jwks"),
        "/status-lists": _reading(status_lists.every, "status_lists"),
        "/status-lists/": _reading(status_lists.one, "status_list"),
        "/api/user": _reading(doors.user, "user"),
        "/gateway/check": Route({}, name="gateway", otherwise=gateway.check),
        "/gateway/check/": Route({}, name="gateway", otherwise=gateway.check_below),
    }
    # RFC 8414 §3.1: the well-known part goes between host and path, the path's ending slash goes away.
    # OpenID appends it instead.
    for name in ("oauth-authorization-server", "openid-configuration"):
        for path in {f"/.well-known/{name}{settings.base_path}", f"{settings.base_path}/.well-known/{name}"}:
            found[path] = _reading(discovery.metadata, "metadata")
    return found


def _reading(view: View, name: str) -> Route:
    return Route({"GET": view, "HEAD": view}, name=name)
