"""What a new authorization group can begin with."""

from __future__ import annotations

from app.domain import scopes

READ_ONLY, FULL_ACCESS, CONTACTS, WORKSPACE, EMPTY = "read-only", "full-access", "contacts", "workspace", "empty"
TEMPLATES = (READ_ONLY, FULL_ACCESS, CONTACTS, WORKSPACE, EMPTY)
_PARTS = {
    CONTACTS: ("contacts:", "messages:"),
    WORKSPACE: ("resources:", "clients:", "users:invite", "folders:", "boards:"),
}


def of_template(template: str, product: frozenset[str]) -> frozenset[str]:
    """What a group made from a template holds at first; nothing for a template that is none.

    template   one of TEMPLATES
    product    the deployment's product scopes; what a template names and they lack is left out
    source     CONSOLE.md §3.16
    """
    if template in {READ_ONLY, FULL_ACCESS}:
        return scopes.of_built_in(template.replace("-", "_"), product)
    parts = _PARTS.get(template)
    return frozenset(scope for scope in product if parts is not None and scope.startswith(parts))
