"""Nothing of a page moves once it stands: what the script shows had its room before (CONSOLE.md §3.27)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.console import looking
from tests.console.scenes import SCENES, Scene
from tests.console.stage import Stage

MOST = 0.02
PLACES = (
    *("sign-in", "re-auth", "keys", "keys-filtered", "keys-read-only", "new", "details-rotating", "details-revoked"),
    *("edit", "rotate", "bulk-running", "health", "audit", "quick-start", "group", "members", "member", "tenant"),
    *("sso-connection", "signing-keys", "account", "passkey", "authenticator"),
)
PAINTED = """() => new Promise(done => new PerformanceObserver(list =>
    list.getEntriesByName("first-contentful-paint").forEach(done)).observe({ type: "paint", buffered: true }))"""
SHIFTED = """() => new Promise(done => {
    let sum = 0;
    const moved = [];
    new PerformanceObserver(list => list.getEntries().forEach(one => {
        sum += one.hadRecentInput ? 0 : one.value;
        moved.push(...one.sources.map(source => source.node?.outerHTML?.slice(0, 80)));
    })).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done([sum, moved]))));
})"""


def name(scene: Scene) -> str:
    return scene.name


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene.name in PLACES], ids=name)
@pytest.mark.parametrize("size", [looking.WIDE, looking.NARROW], ids=["wide", "narrow"])
def test_nothing_moves_when_the_script_comes_after_the_first_paint(
    stage: Stage, scene: Scene, size: dict[str, int]
) -> None:
    page = stage.page(scene.known, viewport=size, reduced_motion="reduce")
    shifted, moved = _late(page, stage.path(scene.place, scene.of) + scene.query)
    page.context.close()
    assert shifted <= MOST, moved


@pytest.mark.parametrize("size", [looking.WIDE, looking.NARROW], ids=["wide", "narrow"])
def test_choosing_a_group_and_a_date_moves_no_button(stage: Stage, size: dict[str, int]) -> None:
    page = stage.page("ada", viewport=size, reduced_motion="reduce")
    page.goto("/tenant-api-keys/new")
    button, says = page.get_by_test_id("submit"), page.get_by_test_id("group-says")
    stood = _stands(button)
    choices = page.get_by_test_id("field-group").locator("option:not([value=''])").all()
    assert len(choices) > 4
    for number, choice in enumerate(choices):
        shown = says.evaluate("node => node.textContent") if number else ""
        page.get_by_test_id("field-group").select_option(choice.get_attribute("value"))
        expect(says).not_to_have_text(shown)
        assert _stands(button) == stood
    page.locator("[data-date]").first.click()
    expect(page.get_by_test_id("says-expiry")).to_contain_text("Stops working on")
    assert _stands(button) == stood
    page.context.close()


def test_every_place_that_is_looked_at_is_a_scene() -> None:
    assert {scene.name for scene in SCENES} >= set(PLACES)


def _late(page: Page, address: str) -> tuple[float, list[str]]:
    held: list[Route] = []
    page.route("**/assets/console.*.js", lambda route: held.append(route))  # noqa: PLW0108 - it takes no built-in
    page.goto(address, wait_until="commit")
    page.evaluate(PAINTED)
    held[0].continue_()
    page.wait_for_load_state("load")
    found: tuple[float, list[str]] = page.evaluate(SHIFTED)
    return found


def _stands(button: Locator) -> list[float]:
    found: list[float] = button.evaluate(
        "node => { const box = node.getBoundingClientRect(); return [box.x + scrollX, box.y + scrollY]; }"
    )
    return found
