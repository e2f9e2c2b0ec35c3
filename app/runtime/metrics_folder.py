"""Where the processes of one host put their sums: a folder for each server, gone when its server is."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import IO, Any

LOCK = "server.lock"


class MetricsFolder:
    """One server's folder beside the others'. Its lock tells that the server lives, in whatever container."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._lock: IO[Any] | None = None

    def __enter__(self) -> Path:
        """Make the folder and clear away those of servers that have ended."""
        self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in self._parent.iterdir():
            _clear(folder)
        name = os.urandom(8).hex()
        draft, own = self._parent / f".{name}", self._parent / name
        draft.mkdir(mode=0o700)
        self._lock = (draft / LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return draft.rename(own)  # locked before anybody else may clear it away

    def __exit__(self, *_error: object) -> None:
        """Let go; the folder stays until the next server starts, so that its counts can still be told."""
        if self._lock is not None:
            self._lock.close()


def _clear(folder: Path) -> None:
    lock = folder / LOCK
    if folder.name.startswith(".") or not lock.is_file():
        return
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(folder, ignore_errors=True)
