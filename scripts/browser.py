"""Make sure that there is a Chromium for the console's tests: the machine's own, Debian's, or Playwright's download."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The shell without windows first: a page costs it half as much. Debian names its packages as it names the programs.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = NAMES[:2]
PYTHON = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "python"


def found() -> str | None:
    """Find the machine's own."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> None:
    """Install one where there is none; end with one clear line where that cannot be done."""
    if found() is not None or downloaded():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium ...", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "-qq", "update"], check=False, env=quiet, stdout=subprocess.DEVNULL)
        for package in PACKAGES:
            command = ["apt-get", "-qq", "install", "-y", "--no-install-recommends", package]
            if subprocess.run(command, check=False, env=quiet, stdout=subprocess.DEVNULL).returncode == 0:
                break
    elif (
        subprocess.run([str(PYTHON), "-m", "playwright", "install", "--only-shell", "chromium"], check=False).returncode
        == 0
    ):
        return
    if found() is None:
        sys.exit("browser: the console's tests need Chromium; install it (apt-get install chromium) and try again.")


def downloaded() -> bool:
    """Whether Playwright has one of its own, where it keeps them."""
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return any(folder.glob("chromium*-*"))


if __name__ == "__main__":
    main()
