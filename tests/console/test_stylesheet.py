"""Of Tabler's style sheet pages load what they use."""

from __future__ import annotations

import re
from pathlib import Path

from app.web.console import assets
from scripts.assets import PACKAGES

ROOT = Path(__file__).parents[2]
TEMPLATES, SCRIPTS = ROOT / "app" / "web" / "console" / "templates", ROOT / "console" / "scripts"
TABLER = PACKAGES / "@tabler" / "core" / "dist" / "css" / "tabler.min.css"


def classes(sheet: str) -> set[str]:
    """Every class that a style sheet has a rule for."""
    return set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", sheet))


def loaded() -> str:
    return (assets.FOLDER / assets.names()["console.css"]).read_text(encoding="utf-8")


def test_every_class_of_tablers_that_a_page_names_is_loaded() -> None:
    named: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        text = re.sub(r"{%.*?%}|{{.*?}}", " ", template.read_text(encoding="utf-8"), flags=re.DOTALL)
        named |= {word for found in re.findall(r'class="([^"]*)"', text) for word in found.split()}
    for script in SCRIPTS.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        named |= set(re.findall(r"(?:className = |classList\.\w+\()\"([\w-]+)\"", text))
    theirs = classes(TABLER.read_text(encoding="utf-8"))
    assert {"btn-primary", "form-control", "is-invalid"} <= named & theirs
    assert named & theirs <= classes(loaded())


def test_what_no_page_names_is_not() -> None:
    theirs, left = classes(TABLER.read_text(encoding="utf-8")), classes(loaded())
    assert {"carousel-item", "offcanvas", "col-xxl-11"} <= theirs
    assert not {"carousel-item", "offcanvas", "col-xxl-11"} & left


def test_every_custom_property_that_is_read_is_there() -> None:
    sheet = loaded()
    read = set(re.findall(r"var\((--kt-[\w-]+|--tblr-(?:body|border|font|primary|secondary)[\w-]*)\)", sheet))
    assert read - set(re.findall(r"(--[\w-]+)\s*:", sheet)) == set()
