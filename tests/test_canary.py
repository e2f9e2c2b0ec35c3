"""A secret is in one answer and nowhere else: not in the database, in logs, the audit log or another answer."""

from __future__ import annotations

import logging
import secrets
import subprocess
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from app.actions import keys, rotation, tenants
from app.domain import credentials
from app.runtime import log
from app.runtime.ring import place
from app.store import signing_keys
from tests.canary import Hunt, checkpoint, dresses, export, rename, size
from tests.fixtures import WorldMaker
from tests.postgres import PostgresServer
from tests.world import OPERATOR, Key, World, as_key

FORM = {"grant_type": "client_credentials"}
LIBRARIES = ("", "sqlalchemy.engine", "sqlalchemy.pool", "authlib", "alembic", "werkzeug")


@dataclass
class Scene:
    """A deployment in which secrets are used and misused, and all that it says meanwhile."""

    world: World
    logs: Path
    canaries: dict[str, bytes] = field(default_factory=dict, repr=False)
    answers: list[bytes] = field(default_factory=list, repr=False)
    failures: list[str] = field(default_factory=list, repr=False)

    def know(self, name: str, secret: str | bytes) -> None:
        """Take a secret as one to look for."""
        self.canaries[name] = secret.encode() if isinstance(secret, str) else secret

    def send(self, method: str, path: str, **more: Any) -> Any:
        """Send a request whose answer must hold no secret."""
        answer = self.world.client.open(path, method=method, **more)
        self.answers.append(repr(answer.headers).encode() + answer.data)
        return answer


@pytest.fixture
def scene(make_world: WorldMaker, tmp_path: Path) -> Iterator[Scene]:
    """A deployment that logs as much as it can, its libraries more than they ever should."""
    world = make_world(KEYTURN_LOG_LEVEL="debug")
    log.configure("debug")
    path = tmp_path / "libraries.log"
    handler = logging.FileHandler(path)
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in LIBRARIES}
    root.addHandler(handler)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield Scene(world, path)
    root.removeHandler(handler)
    handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def live(scene: Scene) -> None:
    """Let keys, tokens, links and signing keys come and go."""
    world = scene.world
    first = world.key("Rotated")
    tenant, now = world.tenant["id"], world.clock()
    rotated = as_key(rotation.rotate(world.ctx, OPERATOR, tenant, first.id, now, overlap=timedelta(hours=1)))
    server = world.key("Another one")
    _, link = tenants.create(world.ctx, OPERATOR, "Linked", "standard", now)
    for name, key in (("first", first), ("rotated", rotated), ("server", server)):
        scene.know(f"secret {name}", key.secret)
        scene.know(f"random part {name}", key.secret.split("_")[2])
        token = world.token(key)
        scene.know(f"token {name}", token)
        scene.know(f"signature {name}", token.rpartition(".")[2])
        use(scene, key, token)
    scene.know("link", link.rpartition("/")[2])
    scene.send("GET", "/set-up/" + link.rpartition("/")[2])
    rotation.end_overlap(world.ctx, OPERATOR, tenant, first.id, now)
    keys.edit(world.ctx, OPERATOR, tenant, server.id, now, description="Edited")
    keys.revoke(world.ctx, OPERATOR, tenant, first.id, now, "leak")
    keys.delete(world.ctx, OPERATOR, tenant, server.id, now)
    for key in (first, rotated, server):
        use(scene, key, "no.token.here")
    internal_keys(scene)


def internal_keys(scene: Scene) -> None:
    """Know the master key, what is derived from it, and the private signing keys."""
    vault = scene.world.ctx.vault
    scene.know("master key", vault._master)
    scene.know("pepper", vault.pepper)
    scene.know("audit key", vault.audit_key)
    for row in scene.world.ctx.database.read(signing_keys.published):
        if row.sealed_private is not None:
            scene.know(f"signing key {row.kid}", vault.open(row.sealed_private, place(row.kid))[-150:])


def use(scene: Scene, key: Key, token: str) -> None:
    """Present a secret, a wrong one of the same key and a token wherever they can be, and where they cannot."""
    wrong = credentials.new_secret(key.id, secrets.token_bytes).text
    scene.know(f"wrong secret {len(scene.canaries)}", wrong)
    for secret in (key.secret, wrong, key.secret[:-1], f" {key.secret} ", key.secret + "é"):
        sendable = secret.encode().decode("latin-1")
        scene.send("GET", "/api/user", headers={"X-API-Key": sendable})
        scene.send("GET", "/api/user", headers={"Authorization": f"Bearer {sendable}"})
        scene.send("GET", "/api/user", headers={"Authorization": sendable})
        scene.send("GET", "/api/user", query_string={"api_key": secret, "access_token": secret})
        scene.send("POST", "/introspect", data={"token": secret, "token_type_hint": secret}, auth=(key.id, secret))
        scene.send("POST", "/revoke", data={"token": secret}, auth=(key.id, secret))
        scene.send("POST", "/token", data={**FORM, "scope": secret, "resource": secret}, auth=(key.id, secret))
        scene.send("POST", "/token", data={"grant_type": secret, "client_id": secret, "client_secret": secret})
        scene.send("POST", "/token", query_string={"client_secret": secret}, data={"client_secret": [secret, secret]})
        scene.send("POST", f"/nowhere/{secret}", data={"client_secret": secret})
        scene.send("GET", "/api/user", headers={"X-Tenant": sendable, "X-API-Key": key.secret})
    for presented in (token, token[:-2], token + "."):
        scene.send("GET", "/api/user", headers={"Authorization": f"Bearer {presented}"})
        scene.send("POST", "/introspect", data={"token": presented}, auth=key.auth)
        scene.send("PUT", "/revoke", data={"token": presented}, auth=key.auth)


def fail(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the database under requests and changes that carry secrets, and keep what the failures say."""
    world = scene.world
    key = world.key("Broken")
    token = world.token(key)
    scene.know("secret of failures", key.secret)
    scene.know("token of failures", token)
    for name in ("Secret", "RevokedToken", "Chain"):
        table = {"Secret": "secrets", "RevokedToken": "revoked_tokens", "Chain": "audit_chains"}[name]
        rename(world, table, f"{table}_gone")
        use(scene, key, token)
        for change in (
            lambda: rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock()),
            world.key,
        ):
            try:
                change()
            except sa.exc.DBAPIError as error:
                scene.failures.append("".join(traceback.format_exception(error)))
                logging.getLogger("app").exception("a change failed")
        rename(world, f"{table}_gone", table)
    with monkeypatch.context() as patch:
        patch.setattr("app.store.facts.by_secret", _explode)
        use(scene, key, token)


def _explode(*_: Any) -> None:
    raise RuntimeError("something nobody foresaw")


def files_of(scene: Scene, database: str, folder: Path, request: pytest.FixtureRequest) -> dict[str, list[Path]]:
    """The database's files, as the disk has them now."""
    if database == "sqlite":
        copies = folder / f"copy{len(list(folder.glob('copy*')))}"
        copies.mkdir()
        # By another process: a file that this one opens and closes beside SQLite loses SQLite's locks.
        subprocess.run(["cp", "-r", f"{scene.world.folder}/.", str(copies)], check=True)
        return {"database": [copies / "keyturn.db"], "log of changes": [copies / "keyturn.db-wal"]}
    server: PostgresServer = request.getfixturevalue("postgres")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        name = scene.world.url.rpartition("/")[2]
        (number,) = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone() or (0,)
    # `pg_internal.init` caches the system's own catalogue, holds no row, and comes and goes while the server runs.
    base = (server.folder / "data" / "base" / str(number)).iterdir()
    heap = [path for path in base if path.is_file() and path.name != "pg_internal.init"]
    changes = [path for path in (server.folder / "data" / "pg_wal").iterdir() if path.is_file()]
    return {"database": heap, "log of changes": changes, "server's log": [server.folder / "log"]}


@pytest.mark.timeout(300)
@pytest.mark.spec("T-6749-61")
def test_no_secret_is_anywhere_after_the_answer_that_gave_it(
    scene: Scene,
    database: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capfd: Any,
) -> None:
    live(scene)
    fail(scene, monkeypatch)
    said = capfd.readouterr()
    texts = {
        "our log": (said.out + said.err).encode(),
        "audit log": export(scene.world),
        "answers": b"\n".join(scene.answers),
        "tracebacks": "\n".join(scene.failures).encode(),
        "logs of libraries": scene.logs.read_bytes(),
    }
    hunt = Hunt(scene.canaries)
    assert len(scene.canaries) >= 30
    for name, text in texts.items():
        assert len(text) > 1000, name
        assert hunt.of_text(text) == set(), name
    for name, files in files_of(scene, database, tmp_path, request).items():
        assert size(files) > 0, name
        assert hunt.of_files(files) == set(), name


def test_a_secret_planted_anywhere_is_found(
    scene: Scene, database: str, tmp_path: Path, request: pytest.FixtureRequest, capfd: Any
) -> None:
    planted = credentials.new_secret("kt_7Q2M9XK4T1V8B0CD", secrets.token_bytes).text
    hunt = Hunt({"planted": planted.encode()})
    world = scene.world
    tenants.create(world.ctx, OPERATOR, planted, "standard", world.clock())
    scene.send("GET", "/api/user", headers={"X-API-Key": planted})
    log.told("planted", value=planted)
    logging.getLogger("authlib").debug("planted %s", planted)
    said = capfd.readouterr()
    assert hunt.of_text((said.out + said.err).encode()) == {"planted"}
    assert hunt.of_text(export(world)) == {"planted"}
    assert hunt.of_text(scene.logs.read_bytes()) == {"planted"}
    found = {name: hunt.of_files(files) for name, files in files_of(scene, database, tmp_path, request).items()}
    assert found["log of changes"]
    if database == "sqlite":
        checkpoint(world)
        found = {name: hunt.of_files(files) for name, files in files_of(scene, database, tmp_path, request).items()}
    assert found["database"]


@pytest.mark.parametrize(
    "secret",
    [secrets.token_bytes(48), b"line\nfeeds \0 and noughts " + secrets.token_bytes(9)],
    ids=["random", "with line feeds and noughts"],
)
def test_a_secret_is_found_in_every_dress_and_beside_any_neighbour(secret: bytes, tmp_path: Path) -> None:
    hunt = Hunt({"it": secret})
    for number, dress in enumerate(dress for dress in dresses(secret) if len(dress) >= 12):
        text = secrets.token_bytes(number) + dress + secrets.token_bytes(5)
        path = tmp_path / str(number)
        path.write_bytes(text)
        assert hunt.of_text(text) == {"it"}
        assert hunt.of_files([path]) == {f"{number}: it"}
    clean = tmp_path / "clean"
    clean.write_bytes(secrets.token_bytes(100_000))
    assert hunt.of_text(clean.read_bytes()) == hunt.of_files([clean]) == set()
