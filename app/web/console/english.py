"""What actions say: it is English whatever the reader's language, and pages tell their readers' machines so."""

from __future__ import annotations

from markupsafe import Markup

from app.domain.refusals import Invalid


class English(str):
    """An English text. In a page it carries its language (WCAG 2.2 §3.1.2); anywhere else it is a text."""

    __slots__ = ()

    def __html__(self) -> Markup:
        """The text as a part of a page."""
        return Markup('<span lang="en">%s</span>') % str(self)


def problems(invalid: Invalid) -> dict[str, str]:
    """What is wrong with a form, by the field it is about."""
    return {problem.field: English(problem.message) for problem in invalid.problems}
