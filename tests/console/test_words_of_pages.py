"""Every page in the pseudo-language: nothing breaks when words grow, and no words were left out; and right to left."""

from __future__ import annotations

import pytest

from tests.console import looking
from tests.console.scenes import SCENES, Scene
from tests.console.stage import Stage

# What people wrote themselves, names of things that keep theirs in every language, and what is served in English.
SPOKEN = (
    *("Keyturn", "JWKS", "CSV", "cURL", "Python", "JavaScript"),
    *("Northwind", "Sandbox", "Empty", "Full", "Integration ", "Persson", "@example.com", "Mobile App"),
    *("Slack Integration", "Work laptop", "New Colleague"),
    *("Read only", "Full access", "Same as the key's creator"),
    *("Chrome", "okhttp/", "curl/", "python-requests/"),
    *(" CET", " CEST"),
)


def name(scene: Scene) -> str:
    return scene.name


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene.ours], ids=name)
def test_a_page_says_nothing_untranslated_and_holds_longer_words(stage: Stage, scene: Scene) -> None:
    page = scene.bring(stage.page(scene.known, viewport=looking.WIDE, locale="en-XA", reduced_motion="reduce"), stage)
    said = (*SPOKEN, *stage.spoken)
    found = [f"not translated: {one}" for one in looking.untranslated(page, said)]
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{width} px: {one}" for one in (*looking.overflow(page), *looking.cut(page))]
        page.evaluate("document.documentElement.dir = 'rtl'")
        found += [f"right to left, {width} px: {one}" for one in looking.overflow(page)]
        page.evaluate("document.documentElement.dir = 'ltr'")
    page.context.close()
    assert found == [], looking.told(found)
