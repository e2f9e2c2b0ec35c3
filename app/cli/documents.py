"""Generated files: write them, or check that they are what the code says now."""

from __future__ import annotations

from pathlib import Path

from app.cli.failures import Failed
from app.cli.output import tell


def settle(path: Path, text: str, *, check: bool, as_json: bool) -> None:
    """Write a file, or with `check` only compare it; Failed when it differs."""
    fresh = path.is_file() and path.read_text(encoding="utf-8") == text
    if check and not fresh:
        raise Failed(f"{path} is not what the code says now; without --check this command writes it.")
    if not fresh:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    tell({"file": str(path), "written": not fresh}, as_json, f"{path} is fresh." if fresh else f"{path} is written.")
