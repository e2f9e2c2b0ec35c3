"""Keeps of a large style sheet what pages use: rules whose classes are listed, custom properties that are read."""

from __future__ import annotations

import re
from collections.abc import Iterator

WITHIN = ("@media", "@supports", "@layer")
# Comments, strings and addresses, in which brackets mean nothing.
_OPAQUE = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|url\([^)\"']*\)", re.DOTALL)
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_ASIDE = re.compile(r":(?:is|where|not|has|matches)\([^()]*(?:\([^()]*\)[^()]*)*\)")
_PROPERTY = re.compile(r"(--[\w-]+)\s*:")
_READ = re.compile(r"var\((--[\w-]+)")


def kept(sheet: str, classes: frozenset[str], *, read_by: str = "") -> str:
    """What of a sheet concerns pages.

    classes   the classes of it that pages have
    read_by   other styles of the same pages, whose custom properties must be there
    """
    text = _rules(sheet, classes)
    while (fewer := _read(text, read_by)) != text:
        text = fewer
    names = set(re.findall(r"[\w-]+", " ".join(re.findall(r"animation[^;}]*", text + read_by))))
    return "".join(
        rule if not head.startswith(("@keyframes", "@-webkit-keyframes")) or head.split()[-1] in names else ""
        for head, rule in _parts(text)
    )


def known(sheet: str) -> frozenset[str]:
    """Every class that a sheet has a rule for."""
    return frozenset(name for head, _ in _flat(sheet) for name in _CLASS.findall(head))


def _flat(sheet: str) -> Iterator[tuple[str, str]]:
    for head, rule in _parts(sheet):
        if head.startswith(WITHIN):
            yield from _flat(_body(head, rule))
        elif not head.startswith("@"):
            yield head, rule


def _rules(sheet: str, classes: frozenset[str]) -> str:
    found = []
    for head, rule in _parts(sheet):
        if head.startswith(WITHIN):
            inner = _rules(_body(head, rule), classes)
            found.append(f"{head}{{{inner}}}" if inner else "")
        elif head.startswith("@") or not head:
            found.append(rule)
        else:
            meant = [one for one in _split(head) if classes.issuperset(_CLASS.findall(_ASIDE.sub("", one)))]
            found.append(f"{','.join(meant)}{{{_body(head, rule)}}}" if meant else "")
    return "".join(found)


def _read(text: str, read_by: str) -> str:
    """Leave out the custom properties that nothing reads, and the rules that then are empty."""
    wanted = set(_READ.findall(text + read_by))

    def again(sheet: str) -> str:
        found = []
        for head, rule in _parts(sheet):
            if head.startswith(WITHIN):
                inner = again(_body(head, rule))
                found.append(f"{head}{{{inner}}}" if inner else "")
            elif head.startswith("@") or not head:
                found.append(rule)
            else:
                lines = [one for one in _split(_body(head, rule), ";") if one.strip()]
                left = [one for one in lines if not (name := _PROPERTY.match(one.strip())) or name[1] in wanted]
                found.append(f"{head}{{{';'.join(left)}}}" if left else "")
        return "".join(found)

    return again(text)


def _parts(sheet: str) -> Iterator[tuple[str, str]]:
    """Each rule's head and its whole text; comments and statements come without a head."""
    at = begin = depth = 0
    head = ""
    while at < len(sheet):
        opaque = _OPAQUE.match(sheet, at)
        if opaque is not None:
            at = opaque.end()
            if opaque[0].startswith("/*") and not depth and not sheet[begin : opaque.start()].strip():
                yield "", opaque[0] if opaque[0].startswith("/*!") else ""
                begin = at
            continue
        letter = sheet[at]
        at += 1
        if letter == "{":
            head = head if depth else sheet[begin : at - 1].strip()
            depth += 1
        elif letter == "}" or (letter == ";" and not depth):
            depth -= letter == "}"
            if not depth:
                yield head, sheet[begin:at].strip()
                head, begin = "", at


def _body(head: str, rule: str) -> str:
    return rule.removeprefix(head).lstrip()[1:-1]


def _split(text: str, at: str = ",") -> list[str]:
    """Cut at commas, or another mark, that stand in no brackets and no string."""
    found, begin, depth, place = [], 0, 0, 0
    while place < len(text):
        opaque = _OPAQUE.match(text, place)
        if opaque is not None:
            place = opaque.end()
            continue
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[place], 0)
        if text[place] == at and not depth:
            found.append(text[begin:place])
            begin = place + 1
        place += 1
    return [*found, text[begin:]]
