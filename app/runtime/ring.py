"""The ring of signing keys: opened once per change, shared by all threads of a process."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_der_private_key
from sqlalchemy import Row

from app.domain.refusals import Unavailable
from app.domain.tokens import Signer, VerifyingKey, signer
from app.runtime import log
from app.runtime.vault import Vault, VaultError
from app.store import facts, signing_keys
from app.store.database import Database


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys as of one version. `changes_at`: when time alone makes it out of date."""

    version: int | None
    signing: Signer | None
    usable_at: datetime | None
    verifying: Mapping[str, VerifyingKey]
    published: tuple[str, ...]
    jwks: bytes
    etag: str
    changes_at: datetime | None


def place(kid: str) -> str:
    """What a sealed private half is bound to."""
    return f"signing_keys/{kid}"


def _ring(version: int | None, rows: list[Row[Any]], vault: Vault) -> Ring:
    public = {row.kid: json.loads(row.public_jwk) for row in rows}
    active = next((row for row in rows if row.state == "active"), None)
    signing = _signer(active, vault) if active is not None else None
    verifying = {
        row.kid: VerifyingKey(row.kid, row.alg, jwt.PyJWK(public[row.kid]).key) for row in rows if row.state != "next"
    }
    jwks = json.dumps({"keys": list(public.values())}, separators=(",", ":")).encode()
    ends = [row.last_token_expires_at for row in rows if row.state == "verifying"]
    return Ring(
        version,
        signing,
        active.usable_at if active is not None else None,
        verifying,
        tuple(public),
        jwks,
        f'"{hashlib.sha256(jwks).hexdigest()[:32]}"',
        min(ends, default=None),
    )


def _signer(active: Row[Any], vault: Vault) -> Signer | None:
    # A private half that does not open stops new tokens only: those that are out still verify, and the log says why.
    if active.sealed_private is None:
        return None
    try:
        private = load_der_private_key(vault.open(active.sealed_private, place(active.kid)), None)
    except (VaultError, ValueError) as error:
        log.warned("signing_key.does_not_open", kid=active.kid, error=str(error))
        return None
    return signer(active.kid, active.alg, private)


class KeyRing:
    """Keeps the current ring. The version comes with every hot read, so a change is seen by the very next request."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault
        self._lock = threading.Lock()
        self._ring = Ring(None, None, None, {}, (), b'{"keys":[]}', '"none"', None)

    def at(self, version: int | None, now: datetime) -> Ring:
        """Give the ring of a version the caller has just read; loads it when another one is held."""
        ring = self._ring
        if ring.version == version and version is not None and (ring.changes_at is None or now < ring.changes_at):
            return ring
        with self._lock:
            self._ring = self._database.read(lambda connection: self._load(connection, now))
            return self._ring

    def current(self, now: datetime) -> Ring:
        """Give the ring as the database has it; the last one known while the database does not answer."""
        try:
            return self.at(facts.current_signing_keys_version(self._database), now)
        except Unavailable:
            if self._ring.version is None:
                raise
            return self._ring

    def _load(self, connection: Any, now: datetime) -> Ring:
        version = facts.signing_keys_version(connection)  # before the rows: a change between the two is loaded again
        rows = [
            row
            for row in signing_keys.published(connection)
            if row.state != "verifying" or row.last_token_expires_at is None or now < row.last_token_expires_at
        ]
        return _ring(version, rows, self._vault)
