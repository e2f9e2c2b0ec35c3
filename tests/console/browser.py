"""A real Chromium, wherever this machine has it or can get it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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


def program() -> str | None:
    """Find Chromium; as root on Debian install it. None leaves it to what Playwright has downloaded."""
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *arguments], check=False, env=quiet, capture_output=True)
    return shutil.which(NAMES[0])


@contextmanager
def launched() -> Iterator[Browser]:
    """Start it, and end it; a machine without one fails, and says what to install."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program(), args=list(QUIET))
        except Error as error:
            raise RuntimeError("The console's tests need Chromium: install it, or run `playwright install`.") from error
        yield browser
        browser.close()
