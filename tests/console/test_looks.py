"""Every page, light and dark, wide and narrow: what axe says, how it reflows, what is left of it in forced colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.web.console.install import PARTS
from tests.console import conftest, looking
from tests.console.scenes import NO_PAGES, SCENES, Scene
from tests.console.stage import Stage
from tests.world import World, copy_sqlite

DARKNESS = ("color-contrast", "link-in-text-block")


@pytest.fixture(scope="module")
def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Stage]:
    """One deployment for all scenes: nothing that is looked at changes it for the next."""
    folder = tmp_path_factory.mktemp("stage")
    (folder / "keys").symlink_to(sqlite_template / "keys")
    made: list[World] = []

    def make(**settings: str) -> World:
        made.append(World(copy_sqlite(sqlite_template / "keyturn.db", folder), folder, settings))
        return made[0]

    with conftest.opened(make, chromium) as console:
        yield Stage(console)
    made[0].close()


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
    page = scene.bring(stage.page(_known(scene), viewport=looking.WIDE, color_scheme="light"), stage)
    found: list[object] = []
    for theme, size, rules in (
        ("light", looking.WIDE, ()),
        ("dark", looking.WIDE, DARKNESS),
        ("dark", looking.NARROW, DARKNESS),
        ("light", looking.NARROW, ()),
    ):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        said = looking.axe(page, *rules)
        counts.update(["runs", *(one.impact for one in said)])
        found += [f"{theme} {size['width']}: {one}" for one in said]
    found += _narrow(page)
    found += _plain(page)
    page.context.close()
    assert found == [], looking.told(found)


def _known(scene: Scene) -> str | None:
    return None if scene.who == "fresh" else scene.who


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
