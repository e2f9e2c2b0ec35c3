"""What is wrong with a form, field by field from its top, in sentences that stand alone in a summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from app.domain.refusals import Conflict, Forbidden, Invalid
from app.web.console.english import English
from app.web.console.key_forms import said
from app.web.console.pages import Visit
from app.web.forms import Form

MUST = "Must "


class Field(NamedTuple):
    """A field's label, and what is said when it was left empty."""

    label: str
    empty: str


MEMBER = {
    "name": Field("Name", "Enter a name."),
    "email": Field("E-mail", "Enter an e-mail address."),
    "role": Field("Role", "Select a role."),
}
GROUP = {"name": Field("Name", "Enter a name."), "description": Field("Description", "")}
CONNECTION = {
    "name": Field("Name", "Enter a name."),
    "issuer": Field("Issuer", "Enter the issuer."),
    "client_id": Field("Client ID", "Enter the client ID."),
    "secret": Field("Client secret", "Enter the client secret."),
    "domains": Field("E-mail domains", "Enter at least one e-mail domain."),
}


def told(
    visit: Visit, form: Form, error: Invalid | Conflict | Forbidden, fields: Mapping[str, Field]
) -> dict[str, str]:
    """Say what is wrong, by field, in the order of the form; what is about the form as a whole comes last."""
    wrong = said(error)
    return {
        name: _sentence(visit, form, name, wrong[name], fields)
        for name in dict.fromkeys((*fields, *wrong))
        if name in wrong
    }


def _sentence(visit: Visit, form: Form, name: str, message: str, fields: Mapping[str, Field]) -> str:
    field = fields.get(name)
    if field is None:
        return message
    if field.empty and not form.get(name, "").strip():
        return str(visit.words.gettext(field.empty))
    # What actions say begins with "Must": the field is what must.
    return English(f"{field.label} {message[0].lower()}{message[1:]}") if message.startswith(MUST) else message
