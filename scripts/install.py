"""Set up the development environment in .venv; do nothing when nothing changed. Standard library only."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "keyturn-stamp"
LOCK = ROOT / "requirements-dev.txt"
OLDEST = (3, 11)
# Where to install is decided here, whatever the shell says; where to fetch from stays the user's choice.
IGNORED = {
    "PYTHONHOME",
    "PYTHONPATH",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_PYTHON",
    "PIP_CONSTRAINT",
    "PIP_REQUIREMENT",
    "PIP_EDITABLE",
    "PIP_REQUIRE_HASHES",
    "PIP_DRY_RUN",
}


def main() -> None:
    """Bring .venv up to date with the lock."""
    if sys.version_info < OLDEST:
        stop(f"Keyturn needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. Set PYTHON=...")
    if not usable():
        ensure_venv_module()
        run("Creating .venv", sys.executable, "-m", "venv", "--clear", str(VENV))
    if stamped() != stamp():
        install()
    run("", str(PYTHON), str(ROOT / "scripts" / "assets.py"))


def install() -> None:
    """Install the locked dependencies and the project."""
    pip = (str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-user")
    run("Installing the locked dependencies", *pip, "--require-hashes", "-r", str(LOCK))
    for project in projects():
        run(f"Installing the project in {project}", *pip, "--no-build-isolation", "--no-deps", "-e", str(project))
    STAMP.write_text(stamp(), encoding="utf-8")


def projects() -> list[Path]:
    """List the distributions of this repository, the server first."""
    return [path for path in (ROOT, ROOT / "verifier") if (path / "pyproject.toml").is_file()]


def usable() -> bool:
    """Say whether .venv holds a working Python, new enough, made for this very folder."""
    known = f"True {VENV}"
    ask = (
        f"import importlib.util as u, sys; print(bool(u.find_spec('pip')) and sys.version_info >= {OLDEST}, sys.prefix)"
    )
    try:
        answer = subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True, check=True, env=environment())
    except (OSError, subprocess.CalledProcessError):
        return False
    # A moved checkout leaves a finished .venv whose scripts start the Python of the old place.
    moved = STAMP.is_file() and stamped().partition("\n")[0] != str(VENV)
    return answer.stdout.strip() == known and not moved


def stamped() -> str:
    """Read what .venv was last made from; empty when it never was finished."""
    return STAMP.read_text(encoding="utf-8") if STAMP.is_file() else ""


def stamp() -> str:
    """Describe what .venv is to be made from."""
    sources = (Path(__file__), LOCK, *(project / "pyproject.toml" for project in projects()))
    digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources))
    return f"{VENV}\n{digest.hexdigest()}\n"


def ensure_venv_module() -> None:
    """Make sure that this Python can create environments: Debian ships that part separately."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = f"python3.{sys.version_info.minor}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**environment(), "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", package]):
            print(f"apt-get {' '.join(arguments)}", flush=True)
            subprocess.run(["apt-get", "-qq", *arguments], check=False, env=quiet)
        importlib.invalidate_caches()
    if not importlib.util.find_spec("ensurepip"):
        stop(f"{sys.executable} cannot create environments: install {package} (apt-get install {package}).")


def run(what: str, *command: str) -> None:
    """Run one step, or end with one line that names it; a step without a name tells of itself."""
    if what:
        print(f"{what} ...", flush=True)
    if subprocess.run(command, check=False, cwd=ROOT, env=environment()).returncode:
        stop(f"{what or 'A step'} failed; the lines above say why.")


def environment() -> dict[str, str]:
    """Return the user's environment without what would send the installation elsewhere."""
    return {name: value for name, value in os.environ.items() if name not in IGNORED}


def stop(message: str) -> None:
    """End with one clear line."""
    sys.exit(f"install: {message}")


if __name__ == "__main__":
    main()
