"""Draw docs/images: the console's main pages over data that look lived in, the same to the byte on every run."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.factory import create_app  # noqa: E402 - a script is started by path
from app.runtime import migrations  # noqa: E402
from app.settings import load  # noqa: E402
from tests.console import browser  # noqa: E402
from tests.console.opened import opened  # noqa: E402
from tests.console.scenes import SCENES  # noqa: E402
from tests.console.stage import Stage  # noqa: E402
from tests.world import World  # noqa: E402

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 1_500_000
WIDE, NARROW = (1280, 860), (390, 844)
SHOTS = (
    ("keys", WIDE, ("light", "dark")),
    ("keys", NARROW, ("light", "dark")),
    ("details-rotating", (1280, 1180), ("light", "dark")),
    ("details-rotating", NARROW, ("dark",)),
    ("new", WIDE, ("light",)),
    ("secret", WIDE, ("light",)),
    ("revoke-dialog", WIDE, ("light", "dark")),
    ("health", WIDE, ("light",)),
    ("audit", WIDE, ("light",)),
    ("group", WIDE, ("light",)),
    ("members", WIDE, ("light",)),
    ("sign-in", NARROW, ("light", "dark")),
)
# The port differs from run to run; a real deployment has a name.
NAMED = """base => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
        node.data = node.data.replaceAll(base, "https://auth.example.com");
}"""


def chance() -> Callable[[int], bytes]:
    """Random bytes that are the same on every run: fit for pictures, for nothing else."""
    numbers: Iterator[int] = itertools.count()

    def drawn(count: int) -> bytes:
        pieces = (hashlib.sha256(b"%d" % next(numbers)).digest() for _ in range(count // 32 + 1))
        return b"".join(pieces)[:count]

    return drawn


class Pictured(World):
    """A deployment without chance."""

    def another_process(self, plane: str = "all", **settings: str) -> Flask:
        """The application."""
        app = create_app(load({**self.environment, **settings}), plane=plane, clock=self.clock, entropy=chance())
        self._processes.append(app)
        return app


def main() -> None:
    """Draw every picture; end with an error where they outgrow their place."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        folder = Path(name)
        url = f"sqlite:///{folder / 'keyturn.db'}"
        migrations.upgrade(load({"KEYTURN_DATABASE_URL": url}).database)
        with (
            browser.launched() as chromium,
            opened(lambda **settings: Pictured(url, folder, settings), chromium) as console,
        ):
            draw(Stage(console))
            console.world.close()
    size = sum(path.stat().st_size for path in IMAGES.glob("*.png"))
    print(f"{len(list(IMAGES.glob('*.png')))} pictures, {size:,} bytes")
    if size > MOST_BYTES:
        sys.exit(f"screenshots: the pictures may have {MOST_BYTES:,} bytes together.")


def draw(stage: Stage) -> None:
    """Draw the pictures of one deployment."""
    scenes = {scene.name: scene for scene in SCENES}
    for name, (width, height), themes in SHOTS:
        scene = scenes[name]
        size = {"width": width, "height": height}
        page = scene.bring(stage.page(scene.known, viewport=size, reduced_motion="reduce"), stage)
        page.evaluate(NAMED, stage.world.settings.base)
        page.mouse.move(0, 0)
        for theme in themes:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            narrow = "-narrow" if width == NARROW[0] else ""
            page.screenshot(path=IMAGES / f"{name}{narrow}-{theme}.png", animations="disabled", caret="hide")
        page.context.close()


if __name__ == "__main__":
    main()
