"""Commands, each a process of its own, forked from one that has imported what they need: a second saved for each.

A command gets its own arguments, environment, folder and standard streams, runs the program's own entry point and ends
as the interpreter ends; only the imports are those of its parent.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
MOST = 1 << 20  # bytes of a message: arguments and environment
WAITS_SECONDS = 60
STREAMS = (0, 1, 2)


class Commands:
    """The parent, and a way to ask it for a command; one at a time."""

    def __init__(self) -> None:
        self._asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._asked.settimeout(WAITS_SECONDS)
        self._asked.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST)
        with theirs:
            command = [sys.executable, "-m", "tests.forked", str(theirs.fileno())]
            environment = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_")}
            self._parent = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], env=environment)

    def run(
        self, *words: str, folder: Path, environment: Mapping[str, str], stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run `keyturn` with these words in a folder; as `subprocess.run` with captured text."""
        with _file(stdin) as given, _file() as out, _file() as err:
            asked = json.dumps([words, str(folder), dict(environment)]).encode()
            socket.send_fds(self._asked, [asked], [given.fileno(), out.fileno(), err.fileno()])
            status = int(self._asked.recv(MOST))
            return subprocess.CompletedProcess(words, status, _text(out), _text(err))

    def close(self) -> None:
        """End the parent."""
        self._asked.close()
        self._parent.wait()


def _file(text: str = "") -> IO[bytes]:
    made = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    made.write(text.encode())
    made.seek(0)
    return made


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def main(asking: socket.socket) -> None:
    """Import every command, then fork one for each message, until nobody asks any more."""
    cli: Any = import_module("app.cli")
    for module, _ in cli.COMMANDS.values():
        import_module(module)
    gc.freeze()
    while True:
        message, streams, _, _ = socket.recv_fds(asking, MOST, len(STREAMS))
        if not message:
            return
        child = os.fork()
        if child == 0:
            asking.close()
            _become(*json.loads(message), streams)
            cli.main()
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        asking.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(words: Sequence[str], folder: str, environment: Mapping[str, str], streams: Sequence[int]) -> None:
    for number, stream in zip(STREAMS, streams, strict=True):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["keyturn", *words]


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given:
        main(given)
