"""The master key: where it is kept, what is derived from it, how it seals."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import tempfile
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = "keyturn-master-key"
NUMBER, KEY_SIZE, NONCE_SIZE = 1, 32, 12
LARGEST_NUMBER = 2**32 - 1  # four bytes in every sealed value
_BLOB_VERSION = b"\x01"


class VaultError(Exception):
    """The master key is missing, unreadable or another one; the message says where it was looked for."""


class Vault:
    """Derives every internal key, and seals what the database may only hold sealed."""

    def __init__(self, master: bytes, number: int = NUMBER) -> None:
        if len(master) != KEY_SIZE:
            raise VaultError("The master key must be 32 bytes.")
        if not 1 <= number <= LARGEST_NUMBER:
            raise VaultError("The master key's number is out of range.")
        self._master = master
        self.number = number

    def __repr__(self) -> str:
        return f"<Vault key {self.number}>"

    def derive(self, purpose: str) -> bytes:
        """Give the 32-byte key of one purpose; purposes cannot be computed from each other."""
        return hmac.digest(self._master, f"keyturn/1/{purpose}".encode(), "sha256")

    @cached_property
    def pepper(self) -> bytes:
        """What secrets are hashed under."""
        return self.derive("pepper")

    @cached_property
    def audit_key(self) -> bytes:
        """What binds the audit chain."""
        return self.derive("audit")

    @cached_property
    def status_key(self) -> bytes:
        """What scatters secrets over status lists."""
        return self.derive("status")

    @cached_property
    def fingerprint(self) -> bytes:
        """What the database knows the master key by; it tells nothing about the key."""
        return self.derive("fingerprint")

    @cached_property
    def _sealer(self) -> AESGCM:
        return AESGCM(self.derive("seal"))

    def seal(self, plain: bytes, place: str) -> bytes:
        """Seal bytes for one place of the database.

        plain     what is to be hidden
        place     table and row; a blob moved elsewhere does not open
        returns   version, key number (4 bytes), nonce (12 bytes), AES-256-GCM ciphertext
        """
        nonce = secrets.token_bytes(NONCE_SIZE)
        head = _BLOB_VERSION + self.number.to_bytes(4)
        return head + nonce + self._sealer.encrypt(nonce, plain, head + place.encode())

    def open(self, blob: bytes, place: str) -> bytes:
        """Open what `seal` made for the same place; VaultError when it is anything else."""
        head, nonce, sealed = blob[:5], blob[5 : 5 + NONCE_SIZE], blob[5 + NONCE_SIZE :]
        if head != _BLOB_VERSION + self.number.to_bytes(4):
            raise VaultError(f"A sealed value of {place} names another master key.")
        try:
            return self._sealer.decrypt(nonce, sealed, head + place.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: cut short
            raise VaultError(f"A sealed value of {place} does not open: it was changed or moved.") from error


def decode(text: str, source: str) -> Vault:
    """Read the text form of a master key; `source` is named when it cannot be read."""
    try:
        name, number, body = text.strip().split(":")
        if name != FORMAT:
            raise ValueError(name)
        return Vault(base64.b64decode(body, altchars=b"-_", validate=True), int(number))
    except (ValueError, VaultError):
        raise VaultError(f"{source} does not hold a Keyturn master key.") from None


def load(keys_dir: Path, given: str = "") -> Vault:
    """Find the master key in a setting or in the keys folder; VaultError says where it was looked for."""
    if given:
        return decode(given, "KEYTURN_MASTER_KEY")
    path = keys_dir.absolute() / "master.key"
    try:
        mode = path.stat().st_mode & 0o077
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise VaultError(
            f"There is no master key at {path}. `keyturn init` makes one; KEYTURN_KEYS_DIR names another folder."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(f"The master key at {path} cannot be read: {type(error).__name__}.") from None
    if mode:
        raise VaultError(f"The master key at {path} can be read by others. `chmod 600 {path}` closes it.")
    return decode(text, str(path))


def create(keys_dir: Path) -> Vault:
    """Make a master key in the keys folder, readable by its owner alone; FileExistsError when there is one."""
    keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = keys_dir.absolute() / "master.key"
    text = f"{FORMAT}:{NUMBER}:{base64.urlsafe_b64encode(secrets.token_bytes(KEY_SIZE)).decode()}\n"
    descriptor, draft = tempfile.mkstemp(dir=keys_dir, prefix=".master-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # whole or not at all, and never over another one
    finally:
        Path(draft).unlink()
    _sync_folder(keys_dir)
    return decode(text, str(path))


def _sync_folder(folder: Path) -> None:
    # What is sealed under a key whose folder entry a power failure took is lost.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
