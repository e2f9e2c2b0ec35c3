"""A real Chromium, the machine's own or Playwright's; `make test` sees to it that there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, expect, sync_playwright

from scripts.browser import found
from tests.patience import PATIENCE_SECONDS

# Nothing of the browser's own may leave this machine, or wait for an answer from outside.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Start it, and end it; a machine without one fails, and says what to do."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found(), args=list(QUIET))
        except Error as error:
            raise RuntimeError("The console's tests need Chromium: run `python scripts/browser.py`.") from error
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        yield browser
        browser.close()
