"""Looking for a secret in files and texts, in whatever dress it may have got there."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

import sqlalchemy as sa

from app.actions import audit
from tests.world import World

SHORTEST = 12  # what is shorter stands in other texts by chance


def dresses(secret: bytes) -> Iterator[bytes]:
    """Every form in which a secret would still be one, each long enough to be no accident."""
    half = len(secret) // 2
    for piece in (secret, secret[:half], secret[half:], secret[::-1]):
        yield piece
        yield piece.hex().encode()
        yield piece.hex().upper().encode()
        yield b"".join(b"%%%02X" % byte for byte in piece)
        yield b"".join(b"\\x%02x" % byte for byte in piece)
        for shift in range(3):
            encoded = base64.b64encode(bytes(shift) + piece)
            # Characters that hold bits of a neighbour too are left out: they depend on what stands beside the secret.
            inner = encoded[(0, 2, 3)[shift] : len(encoded) - (0, 4, 3)[-(shift + len(piece)) % 3]]
            yield inner
            yield inner.translate(bytes.maketrans(b"+/", b"-_"))


@dataclass(frozen=True)
class Hunt:
    """Secrets to look for; each has a name, which is all that a report says of it."""

    secrets: dict[str, bytes] = field(repr=False)

    def of_text(self, text: bytes) -> set[str]:
        """Names of the secrets that a text holds."""
        return {name for name, secret in self.secrets.items() if any(dress in text for dress in self._of(secret))}

    def of_files(self, files: Iterable[Path]) -> set[str]:
        """Names of the secrets that stand in files, as `file: name`."""
        return {f"{path.name}: {name}" for path in files for name in self._of_file(path)}

    def _of_file(self, path: Path) -> set[str]:
        # grep reads hundreds of megabytes for thousands of strings in a second, but knows lines only: what holds the
        # end of one is looked for here.
        by_dress = {dress: name for name, secret in self.secrets.items() for dress in self._of(secret)}
        lines = [dress for dress in by_dress if b"\n" not in dress and b"\0" not in dress]
        others = by_dress.keys() - set(lines)
        content = path.read_bytes() if others else b""
        found = {by_dress[dress] for dress in others if dress in content}
        with NamedTemporaryFile() as patterns:
            patterns.write(b"\n".join(lines))
            patterns.flush()
            command = ["grep", "--text", "--only-matching", "--no-filename", "-F", "-f", patterns.name, str(path)]
            run = subprocess.run(
                command, capture_output=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, check=False
            )
        if b"No such file" in run.stderr:  # a running PostgreSQL writes some files anew under their names
            return self._of_file(path) if path.exists() else found
        assert run.returncode in {0, 1}, run.stderr
        return found | {by_dress[line] for line in run.stdout.split(b"\n") if line}

    @staticmethod
    def _of(secret: bytes) -> set[bytes]:
        return {dress for dress in dresses(secret) if len(dress) >= SHORTEST}


def size(files: Iterable[Path]) -> int:
    """How many bytes there were to look through."""
    return sum(path.stat().st_size for path in files)


def export(world: World) -> bytes:
    """The audit log of every chain as it is handed out."""
    return json.dumps(list(audit.export(world.ctx, None))).encode()


def checkpoint(world: World) -> None:
    """Move SQLite's log into the database file, so that both have been written."""
    world.ctx.database.read(lambda connection: connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all())


def rename(world: World, table: str, name: str) -> None:
    """Give a table another name, so that what asks for it fails."""
    with world.ctx.database.transaction() as connection:
        connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {name}"))
