"""The production server: Granian's processes around our application, ended in time whatever callers do."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import socket
import sqlite3
import sys
import threading
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer
from sqlalchemy import make_url

from app.runtime import log
from app.runtime.body_gate import BodyGate
from app.runtime.metrics_folder import MetricsFolder
from app.runtime.vault import VaultError
from app.runtime.version import installed
from app.settings import Settings
from app.store.checkpoints import checkpoints_safely

DRAIN_SECONDS, END_SECONDS = 5, 7.0  # requests in flight may finish; PRODUCT.md §8 ends all of it within 8 s
BLOCKING_THREADS, BODY_READERS = 8, 6
LARGEST_HEADERS, HEADER_MILLISECONDS = 32_768, 15_000
CONNECTIONS = 1024
LOOK_AFTER_PARENT_SECONDS = 0.5
LAST_PORT = 65_535
EXIT_BROKEN = 1
# Granian would print lines of its own form; the root logger's handler writes ours.
_LOGGING: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "level": "WARNING", "propagate": True}},
}


class AddressTaken(Exception):
    """The server cannot listen where it was told to; the message is one line for the operator."""


class _Server(MPServer):
    """Granian, with an end that comes in time."""

    def signal_handler_interrupt(self, *_args: Any, **_kwargs: Any) -> None:
        """Begin to end: requests in flight finish, or are cut off when their time is over."""
        if not self.interrupt_signal:
            threading.Thread(target=self._end_in_time, daemon=True).start()
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]

    def _end_in_time(self) -> None:
        # A worker that dies at this very moment clears the event the signal has set: it is set again until it is heard.
        pause = threading.Event()
        for _ in range(int(END_SECONDS * 10)):
            pause.wait(0.1)
            self.main_loop_interrupt.set()
        for worker in self.wrks:
            worker.kill()  # type: ignore[no-untyped-call]
        log.warned("server.cut_off", seconds=END_SECONDS)
        os._exit(EXIT_BROKEN)


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 8000, workers: int = 1, plane: str = "all") -> None:
    """Serve one plane until SIGTERM or SIGINT; returns when every worker has ended.

    host, port   a name or an address; port 0 is any free one
    raises       AddressTaken when nothing can listen there; SystemExit when workers keep dying
    """
    log.configure(settings.log_level)
    address, port = listening_place(host, port)
    with MetricsFolder(settings.data_dir / "metrics") as folder:
        server = _Server(
            "keyturn",
            address=address,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=BLOCKING_THREADS,
            runtime_mode=RuntimeModes.st,
            http=HTTPModes.http1,
            websockets=False,
            backlog=CONNECTIONS,
            backpressure=CONNECTIONS,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_MILLISECONDS, keep_alive=True, max_buffer_size=LARGEST_HEADERS
            ),
            respawn_failed_workers=True,
            workers_kill_timeout=DRAIN_SECONDS,
            log_level=LogLevels.error,
            log_dictconfig=_LOGGING,
            log_access=False,
        )
        log.told(
            "server.starting",
            host=address,
            port=port,
            plane=plane,
            workers=workers,
            version=installed(),
            **database_facts(settings),
        )
        server.serve(target_loader=partial(load, settings, plane, folder), wrap_loader=False)
    log.told("server.stopped", host=address, port=port, plane=plane)


def database_facts(settings: Settings) -> dict[str, Any]:
    """What a start line tells of the database: its kind; of SQLite also its version and who checkpoints."""
    kind = make_url(settings.database).get_backend_name()
    if kind != "sqlite":
        return {"database": kind}
    return {
        "database": kind,
        "sqlite": sqlite3.sqlite_version,
        "checkpoints": "all" if checkpoints_safely() else "one process",
    }


def listening_place(host: str, port: int) -> tuple[str, int]:
    """Find the address to listen at, and make sure that nobody does: Granian would share a port unnoticed.

    returns   a numeric address and the port, chosen by the system for 0
    raises    AddressTaken
    """
    if not 0 <= port <= LAST_PORT:  # the system would take it modulo 65,536
        raise AddressTaken(f"Cannot listen at {host} port {port}: ports end at {LAST_PORT}.")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            found = probe.getsockname()
    except OSError as error:
        raise AddressTaken(f"Cannot listen at {host} port {port}: {error.strerror}.") from None
    return str(found[0]), int(found[1])


def load(settings: Settings, plane: str, folder: Path) -> Any:
    """Build the application inside a worker."""
    log.configure(settings.log_level)
    logging.raiseExceptions = False
    _end_with_parent()
    try:
        # By name: the parent serves nothing and loads none of it, and nothing down here knows the web.
        application = import_module("app.factory").create_app(settings, plane=plane)
    except VaultError as error:
        log.warned("worker.failed", reason=str(error))
        sys.exit(EXIT_BROKEN)
    except Exception as error:  # noqa: BLE001 - multiprocessing would print it, with values
        log.failed("worker.failed", error)
        sys.exit(EXIT_BROKEN)
    ctx = application.extensions["keyturn"]
    ctx.metrics.share(folder / f"{os.getpid()}.json")
    ctx.recorder.start(ctx.clock)
    ctx.status_lists.start()
    ctx.verifiers.start(ctx.clock)
    ctx.background.start(ctx.clock)
    # What is there now stays: the collector need not look through it again and again (5 % of a token).
    gc.collect()
    gc.freeze()
    # Granian puts what is in here into the environment of every request.
    os.environ.clear()
    return BodyGate(application.wsgi_app, BODY_READERS)


def _end_with_parent() -> None:
    # A worker whose parent was killed would go on serving, and nobody could tell it to stop.
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.pid,), name="parent", daemon=True).start()


def _follow(parent: int | None) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(LOOK_AFTER_PARENT_SECONDS)
    log.warned("worker.orphaned")
    os.kill(os.getpid(), signal.SIGTERM)
    pause.wait(DRAIN_SECONDS)
    os._exit(EXIT_BROKEN)
