"""What was filled into a form that is out of date goes back into the same form, made anew (CONSOLE.md §3.23)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from app.actions.people import halfway
from app.web.console import cookies
from app.web.console.proof import packed, unpacked
from app.web.forms import Form
from app.web.replies import Answer
from app.web.request import Request

KEPT = "kept=1"
Values = dict[str, list[str]]
Attributes = dict[str, str | None]


def keep(http: Request, form: Form) -> tuple[str, str]:
    """Keep a form without its secrets; the header that lets its browser find it again."""
    told = json.dumps([http.path, packed(form)]).encode()
    return cookies.given(http.ctx.settings, cookies.FORM, halfway.keep(http.ctx, told, http.now))


def refilled(http: Request, found: Answer) -> Answer:
    """The same page, with what its browser filled in before where the address asks for that."""
    asked = (http.environ.get("QUERY_STRING") or "").split("&")
    if KEPT not in asked or http.method == "POST" or found.status != 200:  # noqa: PLR2004
        return found
    kept = halfway.kept(http.ctx, cookies.read(http, cookies.FORM), http.now)
    if kept is None:
        return found
    place, form = json.loads(kept)
    values: Values = {}
    for name, value in unpacked(form):
        values.setdefault(name, []).append(value)
    return found._replace(body=filled(found.body.decode(), http.path, place, values).encode())


@dataclass
class _Control:
    # One control as it stands in the page: where its tag is, and of a textarea where its text is.
    tag: str
    attributes: Attributes
    text: str
    begin: int
    inner: int
    end: int = 0
    name: str = ""


@dataclass
class _Form:
    places: set[str]
    controls: list[_Control] = field(default_factory=list)


def filled(page: str, here: str, place: str, values: Values) -> str:
    """Put values into the forms of a page that are sent to one place.

    here     the page's own path, to which forms without an address go
    place    the path that the values were sent to
    values   by name; a box that is not named was not ticked
    """
    reader = _Reader(page, here)
    edits = [edit for form in reader.forms if place in form.places for edit in _edits(form.controls, _rest(values))]
    for begin, end, text in sorted(edits, reverse=True):
        page = page[:begin] + text + page[end:]
    return page


def _rest(values: Values) -> Values:
    return {name: list(some) for name, some in values.items() if name != "csrf"}


class _Reader(HTMLParser):
    # Reads our own pages, which are well formed: forms, their controls, and where those stand.
    def __init__(self, page: str, here: str) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [0]
        for line in page.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._here, self._select = here, ""
        self._open: _Form | None = None
        self.forms: list[_Form] = []
        self.feed(page)
        self.close()

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("method") == "post":
            self._open = _Form({given.get("action") or self._here})
            self.forms.append(self._open)
        if self._open is None:
            return
        self._open.places |= {given["formaction"] or ""} if "formaction" in given else set()
        self._select = given.get("name") or "" if tag == "select" else self._select
        if tag in {"input", "option", "textarea"}:
            text, at = self.get_starttag_text() or "", self._at()
            name = self._select if tag == "option" else given.get("name") or ""
            if name:
                self._open.controls.append(_Control(tag, given, text, at, at + len(text), name=name))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea" and self._open is not None and self._open.controls:
            self._open.controls[-1].end = self._at()


def _edits(controls: Iterable[_Control], values: Values) -> Iterable[tuple[int, int, str]]:
    for control in controls:
        some, kind = values.get(control.name), control.attributes.get("type") or "text"
        if control.tag == "option" or kind in {"checkbox", "radio"}:
            mark = "selected" if control.tag == "option" else "checked"
            if some is not None or kind == "checkbox":
                chosen = (control.attributes.get("value") or "") in (some or [])
                yield control.begin, control.inner, _marked(control.text, mark, control.attributes, chosen=chosen)
        elif some and control.tag == "textarea":
            yield control.inner, control.end, f"\n{escape(some.pop(0))}"
        elif some and kind not in {"password", "submit", "button"}:
            yield control.begin, control.inner, _valued(control, some.pop(0))


def _marked(text: str, mark: str, attributes: Attributes, *, chosen: bool) -> str:
    if chosen == (mark in attributes):
        return text
    return f"{text[:-1]} {mark}>" if chosen else text.replace(f" {mark}", "", 1)


def _valued(control: _Control, value: str) -> str:
    rest = {name: old for name, old in control.attributes.items() if name != "value"}
    written = "".join(f" {name}" if old is None else f' {name}="{escape(old)}"' for name, old in rest.items())
    return f'<input{written} value="{escape(value)}">'
