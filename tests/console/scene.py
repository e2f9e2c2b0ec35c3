"""A page in one state, and the steps that bring a browser there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.console.stage import Stage

Step = Callable[[Page, Stage], None]


@dataclass(frozen=True)
class Scene:
    """A page in one state.

    place   the page's address as its table has it
    who     who looks at it, as the stage names them; None for nobody, "fresh" for somebody who may be changed
    of      which key it is about
    query   parameters of the address
    then    what is done there
    ours    whether its words are the console's own, not the repository's handbook
    """

    name: str
    place: str
    who: str | None = "ada"
    of: str | None = None
    query: str = ""
    then: Step | None = None
    ours: bool = True

    @property
    def known(self) -> str | None:
        """Who of the stage is signed in before it begins."""
        return None if self.who == "fresh" else self.who

    def bring(self, page: Page, stage: Stage) -> Page:
        """Bring a browser there."""
        if self.who == "fresh":
            stage.sign_in(page, stage.fresh())
        page.goto(stage.path(self.place, self.of) + self.query)
        if self.then is not None:
            self.then(page, stage)
        return page


def clicks(*hooks: str) -> Step:
    """Click things one after the other."""

    def done(page: Page, _stage: Stage) -> None:
        for hook in hooks:
            page.locator(hook if hook.startswith((".", "#", "[")) else f"[data-testid={hook}]").first.click()
        page.wait_for_load_state()

    return done


def dialog(hook: str) -> Step:
    """Open a dialog with a link of the list or of a key's page."""

    def done(page: Page, stage: Stage) -> None:
        clicks(hook)(page, stage)
        page.locator("dialog[open] form").wait_for()

    return done
