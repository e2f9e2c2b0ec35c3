"""What the repository holds, and the rules for files of any kind."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "node_modules", "var", "dist", "build", "__pycache__"}
LONGEST_TARGET = 3
MACHINE = re.compile(r"(?<![\w.~}-])/(?:work|root|tmp|home/\w+|Users/\w+|opt/pypi)[/-]\w")
HOSTS = re.compile(
    r"\b(?:pypi|pythonhosted|registry\.npmjs|registry\.yarnpkg|deb\.debian|proxy\.golang)\.(?:org|com)\b"
)
ADDRESS = re.compile(r"\w+://|\bfile:|--(?:extra-)?index|--find-links|--trusted-host| @ ")


def files() -> Iterator[Path]:
    """List the files that belong to the repository: those git knows, and new ones it would not ignore."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):  # an unpacked source distribution
        paths = list(ROOT.rglob("*"))
    return (path for path in paths if path.is_file() and not NOT_OURS & set(path.relative_to(ROOT).parts))


def texts(*folders: str, suffix: str = "") -> Iterator[tuple[PurePosixPath, str]]:
    """Read the text files below some folders (of the whole repository, if none is named)."""
    for path in files():
        name = PurePosixPath(path.relative_to(ROOT))
        if name.name.endswith(suffix) and (not folders or any(name.is_relative_to(folder) for folder in folders)):
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def foreign_address(path: PurePosixPath, text: str) -> Iterator[str]:
    """Complain of a path of somebody's machine, or of the host of a package registry."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in (MACHINE, HOSTS):
            if found := pattern.search(line):
                yield f"{path}:{number}: {found.group()!r} ties the project to one machine or registry"


def addressed_lock(path: PurePosixPath, text: str) -> Iterator[str]:
    """Complain of a lock that names where a package comes from, or that does not pin it."""
    if path.suffix == ".json":
        yield from (f"{path}: {found}" for found in re.findall(r'"resolved":\s*"[^"]*"', text))
        return
    for entry in text.replace("\\\n", "").splitlines():
        if ADDRESS.search(entry):
            yield f"{path}: {entry[:60]!r} carries an address"
        elif not re.match(r"[\w.-]+(\[[\w,.-]+\])?==\S+.*--hash=sha256:", entry):
            yield f"{path}: {entry[:60]!r} is not pinned by version and hash"


def targets(makefile: str) -> dict[str, int]:
    """Count the recipe lines of every target of a Makefile."""
    found: dict[str, int] = {}
    name = ""
    for line in makefile.splitlines():
        if rule := re.match(r"([a-z][\w-]*):(?!=)", line):
            name = rule[1]
            found[name] = 0
        elif line.startswith("\t") and name:
            found[name] += 1
        elif not line.startswith("\t"):
            name = ""
    return found


def commands(page: str) -> set[str]:
    """Collect the make targets that a page tells the reader to call."""
    return set(re.findall(r"(?m)(?:`|^[ \t]*(?:\$ )?|&& )make ([a-z][\w-]*)", page))


def dependencies(project: dict[str, object]) -> set[str]:
    """Name what a pyproject.toml depends on, its own extras left out."""
    table = project["project"]
    assert isinstance(table, dict)
    stated = [*table["dependencies"], *(name for extra in table["optional-dependencies"].values() for name in extra)]
    return {re.split(r"[\[<>=!~; ]", name)[0].lower() for name in stated} - {table["name"]}
