"""Files of the tests in memory where the machine has room for them: a slow disk is most of what a database costs."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

SHARED = Path("/dev/shm")
ROOM = 4 * 1024**3


def use() -> None:
    """Let temporary files be made in memory, of this process and of those it starts, unless the user named a place."""
    if "TMPDIR" not in os.environ and _has_room(SHARED):
        os.environ["TMPDIR"] = tempfile.tempdir = str(SHARED)


def _has_room(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= ROOM
