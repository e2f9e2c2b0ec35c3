"""How a server starts, ends, and survives what happens to its processes."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from pathlib import Path

import psutil
import pytest

from app.runtime.server import BODY_READERS, DRAIN_SECONDS, END_SECONDS, AddressTaken, listening_place
from tests.patience import PATIENCE_SECONDS
from tests.server.running import Deployment, Server
from tests.server.wire import FORM, request

PROMISED_SECONDS = 8  # PRODUCT.md §8


def note(measured: str) -> None:
    """Tell what was measured to whoever runs the tests with -s."""
    sys.stdout.write(f"{measured}\n")


def held_open(server: Server) -> socket.socket:
    """A client that announces a body and never sends it."""
    client = socket.create_connection((server.host, server.port), timeout=PATIENCE_SECONDS)
    head = request("POST", "/token", {"Content-Type": FORM, "Content-Length": "100", "Expect": "100-continue"})
    client.sendall(head)
    assert client.recv(100).startswith(b"HTTP/1.1 100")  # only now does a thread wait for it
    return client


def test_the_first_and_the_last_line_say_what_ran(deployment: Deployment) -> None:
    server = deployment.serve(plane="public", workers=2, port=0)
    assert server.port > 0
    assert server.stop() == 0
    first, last = server.lines[0], server.lines[-1]
    assert (first["event"], first["plane"], first["workers"], first["database"]) == (
        "server.starting",
        "public",
        2,
        "sqlite",
    )
    assert {"version", "sqlite", "checkpoints", "host", "port"} <= first.keys()
    assert last["event"] == "server.stopped"


def test_a_second_server_on_the_same_port_says_so_in_one_line(server: Server, deployment: Deployment) -> None:
    second = Server(
        [*server.process.args[:4], str(server.port), "1", "all"],
        dict(psutil.Process(server.process.pid).environ()),
        "127.0.0.1",
        server.port,
    )  # type: ignore[index]
    assert second.wait() == 1
    assert "".join(second.raw) == f"Cannot listen at 127.0.0.1 port {server.port}: Address already in use.\n"
    answer = server.ask(request("GET", "/healthz"))
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize(("host", "port"), [("host.invalid", 8000), ("192.0.2.1", 8000), ("127.0.0.1", 70_000)])
def test_a_place_where_nothing_can_listen_is_told_as_such(host: str, port: int) -> None:
    with pytest.raises(AddressTaken, match=f"Cannot listen at {host}"):
        listening_place(host, port)


@pytest.mark.skipif(not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
def test_it_listens_on_ipv6(deployment: Deployment) -> None:
    server = deployment.serve(host="::1")
    answer = server.ask(deployment.token_request)
    assert answer is not None
    assert answer.status == 200
    assert server.stop() == 0


def test_a_name_is_a_place_to_listen_too(deployment: Deployment) -> None:
    server = deployment.serve(host="localhost")
    assert server.stop() == 0


def test_a_killed_worker_is_replaced(deployment: Deployment) -> None:
    server = deployment.serve()
    killed = server.workers[0]
    killed.kill()
    server.heard("Unexpected exit")
    server.ready()
    answer = server.ask(deployment.token_request)
    assert answer is not None
    assert answer.status == 200
    assert server.workers[0].pid != killed.pid
    assert server.stop() == 0


def test_workers_do_not_outlive_a_killed_parent(deployment: Deployment) -> None:
    server = deployment.serve(workers=2)
    workers = server.workers
    client = held_open(server)
    server.process.kill()
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE_SECONDS)
    client.close()
    assert not alive


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_whatever_its_clients_do(deployment: Deployment, told: signal.Signals) -> None:
    server = deployment.serve(workers=2)
    clients = [held_open(server) for _ in range(5)] + [
        socket.create_connection((server.host, server.port)) for _ in range(5)
    ]
    workers = server.workers
    server.process.send_signal(told)
    assert server.wait() == 0, "whoever needs longer than its own END_SECONDS is cut off, and says so"
    for client in clients:
        client.close()
    assert not any(worker.is_running() for worker in workers)
    assert DRAIN_SECONDS < END_SECONDS < PROMISED_SECONDS


def test_what_was_accepted_is_answered_before_the_end(deployment: Deployment) -> None:
    server = deployment.serve(workers=2)
    refused, cut, good = [], [], []

    def ask_until_the_end() -> None:
        while True:
            try:
                wire = server.wire()
            except OSError:
                refused.append(1)  # nobody listens any more: an honest answer
                return
            with wire:
                try:
                    wire.send(deployment.token_request)
                    answer = wire.answer()
                except OSError:
                    answer = None
            (good if answer is not None and answer.status == 200 else cut).append(answer)
            if answer is None:
                return

    clients = [threading.Thread(target=ask_until_the_end) for _ in range(8)]
    for client in clients:
        client.start()
    while len(good) < 50:
        threading.Event().wait(0.01)
    assert server.stop() == 0
    for client in clients:
        client.join()
    note(f"answered {len(good)}, refused {len(refused)}, cut {len(cut)}")
    assert all(answer is None for answer in cut)
    assert len(cut) <= 8


def test_stalled_bodies_leave_room_for_everybody_else(deployment: Deployment) -> None:
    server = deployment.serve()
    clients = [held_open(server) for _ in range(BODY_READERS)]
    others = [
        server.ask(request("GET", "/healthz")),
        server.ask(request("GET", "/.well-known/jwks.json")),
        server.ask(deployment.token_request),
    ]
    for client in clients:
        client.close()
    assert [answer.status for answer in others if answer is not None] == [200, 200, 503]
    last = others[-1]
    assert last is not None
    assert int(last.headers["retry-after"]) > 0
    assert server.stop() == 0


def test_a_start_without_a_master_key_ends_with_the_reason(deployment: Deployment, tmp_path: Path) -> None:
    environment = {**deployment.environment, "KEYTURN_KEYS_DIR": str(tmp_path)}
    other = Deployment.__new__(Deployment)
    other.environment, other.servers, other.folder = environment, [], tmp_path
    server = Server(
        [sys.executable, "-c", "from tests.server.running import LAUNCH; exec(LAUNCH)", "127.0.0.1", "0", "1", "all"],
        {**environment, "PATH": "/usr/bin:/bin"},
        "127.0.0.1",
        None,
    )
    assert server.wait() == 1
    assert "There is no master key" in server.heard("worker.failed")["reason"]


def test_a_worker_stays_small(deployment: Deployment) -> None:
    server = deployment.serve()
    with server.wire() as wire:
        for _ in range(2000):
            wire.send(deployment.token_request)
            answer = wire.answer()
            assert answer is not None
            assert answer.status == 200
    megabytes = server.workers[0].memory_info().rss / 2**20
    note(f"a worker after 2,000 tokens: {megabytes:.0f} MB")
    assert server.stop() == 0
    assert megabytes <= 120


@pytest.mark.parametrize(
    "command",
    [
        "granian --interface wsgi --host 127.0.0.1 --port {} --no-ws wsgi:application",
        "gunicorn -b 127.0.0.1:{} wsgi:application",
    ],
)
def test_other_ways_to_serve_a_wsgi_application_work_too(deployment: Deployment, command: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program, *arguments = command.format(port).split()
    server = deployment.serve(str(Path(sys.executable).parent / program), *arguments, port=port)
    answer = server.ask(deployment.token_request)
    assert answer is not None
    assert answer.status == 200
    server.stop()
