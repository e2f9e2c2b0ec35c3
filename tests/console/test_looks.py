"""Every page, light and dark, wide and narrow: what axe says, how it reflows, what is left of it in forced colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from app.web.console.install import PARTS
from tests.console import looking
from tests.console.scenes import NO_PAGES, SCENES, Scene
from tests.console.stage import Stage


@pytest.fixture(scope="module")
def counts() -> Iterator[Counter[str]]:
    """How often axe looked and what it found, told at the end."""
    found: Counter[str] = Counter()
    yield found
    print(f"\naxe: {dict(found)}")  # noqa: T201 - the figure of a run


def name(scene: Scene) -> str:
    return scene.name


def test_every_page_of_the_console_has_a_scene() -> None:
    pages = {page.path for part in PARTS for page in part.every if page.method == "GET"}
    assert pages - {scene.place for scene in SCENES} == set(NO_PAGES)


@pytest.mark.parametrize("scene", SCENES, ids=name)
def test_a_page_is_accessible_and_keeps_its_shape(stage: Stage, counts: Counter[str], scene: Scene) -> None:
    page = scene.bring(stage.page(scene.known, viewport=looking.WIDE, color_scheme="light"), stage)
    found: list[object] = []
    for theme, size in (("light", looking.WIDE), ("dark", looking.NARROW)):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        said = looking.axe(page)
        counts.update(["runs", *(one.impact for one in said)])
        found += [f"{theme} {size['width']}: {one}" for one in said]
    found += _narrow(page)
    found += _plain(page)
    page.context.close()
    assert found == [], looking.told(found)


def _narrow(page: Page) -> list[str]:
    page.set_viewport_size({"width": 320, "height": 640})
    found = [f"320 px: {one}" for one in (*looking.overflow(page), *looking.small_targets(page))]
    page.set_viewport_size({"width": 640, "height": 450})
    found += [f"200 %: {one}" for one in looking.overflow(page)]
    style = page.evaluate_handle(
        "text => { const sheet = new CSSStyleSheet(); sheet.replaceSync(text);"
        "document.adoptedStyleSheets = [sheet]; return sheet; }",
        looking.SPACED,
    )
    found += [f"spaced: {one}" for one in (*looking.overflow(page), *looking.cut(page))]
    style.evaluate("sheet => { document.adoptedStyleSheets = []; }")
    return found


def _plain(page: Page) -> list[str]:
    page.set_viewport_size(looking.WIDE)  # type: ignore[arg-type]
    moving = page.evaluate(
        "document.getAnimations().filter(one => one.animationName !== 'kt-idle'"
        " && one.effect.getComputedTiming().duration > 1).map(one => one.animationName || one.transitionProperty)"
    )
    page.emulate_media(forced_colors="active")
    found = [f"forced colours: {one}" for one in looking.invisible(page)]
    return [*(f"moves: {one}" for one in moving), *found]
