"""Of Tabler's style sheet pages load what they use, and all of that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import assets
from scripts.stylesheet import kept, known

ROOT = Path(__file__).parents[2]
TEMPLATES, SCRIPTS = ROOT / "app" / "web" / "console" / "templates", ROOT / "console" / "scripts"
OURS = {"grid"}  # a line of a chart, which Tabler's columns have nothing to do with


def test_every_class_of_tablers_that_a_page_names_is_loaded() -> None:
    named: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        text = re.sub(r"{%.*?%}|{{.*?}}", " ", template.read_text(encoding="utf-8"), flags=re.DOTALL)
        named |= {word for found in re.findall(r'class="([^"]*)"', text) for word in found.split()}
    for script in SCRIPTS.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        named |= set(re.findall(r"(?:className = |classList\.\w+\()\"([\w-]+)\"", text))
    listed = set((assets.SOURCES / "tabler.txt").read_text(encoding="utf-8").split())
    theirs = known(assets.TABLER.read_text(encoding="utf-8"))
    assert named & theirs - OURS == listed


SHEET = """@charset "UTF-8";/*! the licence */:root{--one:1px;--two:var(--three);--three:2px;--four:4px}
.btn,.card>.btn-close{margin:var(--one)}.btn:not(.disabled):is(.a,.b),a:hover{color:red}
.alert{background:url("data:image/svg+xml,%3csvg;}{")}[data-x="},{"] .btn{color:blue}
@media (min-width:576px){.alert{color:red}}@media print{.btn{color:#000}.col{width:var(--two)}}
@keyframes turn{to{rotate:1turn}}@keyframes other{to{rotate:2turn}}.btn::after{animation:1s turn linear}"""


@pytest.fixture
def few() -> str:
    return kept(SHEET, frozenset({"btn"}), read_by=".kt-x { color: var(--four) }")


def test_a_rule_stays_when_all_of_its_classes_are_used(few: str) -> None:
    assert ".btn{margin:var(--one)}" in few
    assert '[data-x="},{"] .btn{color:blue}' in few
    assert "alert" not in few


def test_what_a_rule_excepts_does_not_have_to_be_used(few: str) -> None:
    assert ".btn:not(.disabled):is(.a,.b),a:hover{color:red}" in few


def test_a_condition_under_which_nothing_is_left_is_gone(few: str) -> None:
    assert "576px" not in few
    assert "@media print{.btn{color:#000}}" in few


def test_a_custom_property_stays_when_something_reads_it(few: str) -> None:
    assert ":root{--one:1px;--four:4px}" in few


def test_an_animation_stays_when_something_moves_by_it(few: str) -> None:
    assert "@keyframes turn{to{rotate:1turn}}" in few
    assert "@keyframes other" not in few


def test_the_licence_stays(few: str) -> None:
    assert few.startswith('@charset "UTF-8";/*! the licence */')


def test_classes_are_known_wherever_they_stand() -> None:
    assert known(SHEET) == {"btn", "btn-close", "card", "disabled", "a", "b", "alert", "col"}
