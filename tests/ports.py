"""Ports for programs that the tests start."""

from __future__ import annotations

import os
import random
import socket
from itertools import count

# Below what systems draw from for connections and for port 0 (Linux 32768, others 49152): nobody else is given one of
# these between the moment it is found free and the moment a program listens on it.
FIRST, LAST, PER_WORKER = 12_000, 32_000, 1_000
_drawn = count(random.SystemRandom().randrange(PER_WORKER))


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on, from a range that is this test process's own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    begin = FIRST + worker * PER_WORKER % (LAST - FIRST)
    for _ in range(PER_WORKER):
        port = begin + next(_drawn) % PER_WORKER
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port from {begin} on is free")
