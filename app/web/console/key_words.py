"""What is wrong with a key, in the words of its form (CONSOLE.md §3.5)."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from app.domain.refusals import Conflict, Forbidden, Invalid, Problem
from app.web.console.english import English
from app.web.console.pages import Visit
from app.web.forms import Form

Wording = Callable[[Visit, Form, Problem], str]
SHORTEST, LONGEST, LONGEST_DESCRIPTION = 2, 200, 1000


def wrong(visit: Visit, form: Form, error: Invalid | Conflict | Forbidden) -> dict[str, str]:
    """Say what is wrong with a key's form, by the field it is about; a refusal as a whole is about `form`."""
    if isinstance(error, Invalid):
        found: dict[str, list[str]] = {}
        for problem in error.problems:
            found.setdefault(problem.field, []).append(_said(visit, form, problem))
        return {field: Markup(" ").join(sentences) for field, sentences in found.items()}
    if error.code == "group_exceeds_caller":
        return {"group": visit.words.gettext("This group gives more access than your role. Ask a Global Admin.")}
    return {"form": English(" ".join((str(error), *error.hints)))}


def _said(visit: Visit, form: Form, problem: Problem) -> str:
    wording = WORDINGS.get((problem.field, problem.code))
    return wording(visit, form, problem) if wording is not None else English(problem.message)


def _name(visit: Visit, form: Form, _problem: Problem) -> str:
    length = len(form.get("name", "").strip())
    if not length:
        return str(visit.words.gettext("Enter a key name."))
    said = visit.words.gettext("Key Name must be %(shortest)s to %(longest)s characters. It is %(length)s.")
    return str(said % {"shortest": SHORTEST, "longest": LONGEST, "length": f"{length:,}"})


def _description(visit: Visit, form: Form, _problem: Problem) -> str:
    length = len(form.get("description", "").strip().replace("\r\n", "\n"))
    said = visit.words.gettext("Description must be %(longest)s characters or fewer. It is %(length)s.")
    return str(said % {"longest": LONGEST_DESCRIPTION, "length": f"{length:,}"})


def _group(visit: Visit, _form: Form, _problem: Problem) -> str:
    return str(visit.words.gettext("Select an authorization group."))


def _past(visit: Visit, _form: Form, _problem: Problem) -> str:
    return str(visit.words.gettext("Expiration Date must be in the future."))


WORDINGS: dict[tuple[str, str], Wording] = {
    ("name", "length"): _name,
    ("description", "length"): _description,
    ("group", "missing"): _group,
    ("expires_at", "past"): _past,
}
