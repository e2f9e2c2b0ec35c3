"""What a secret looks like, how one is made, read and fingerprinted (PRODUCT.md §5)."""

from __future__ import annotations

import hmac
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from app.domain.refusals import Reason, Refused, Verdict

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH, SECRET_LENGTH, CHECK_LENGTH = 16, 43, 6
FINGERPRINT_SIZE = 32

_ID = f"[{CROCKFORD}]{{{ID_LENGTH}}}"
_SECRET = re.compile(rf"([a-z][a-z0-9]{{0,7}})s_({_ID})_[0-9A-Za-z]{{{SECRET_LENGTH}}}_[0-9A-Za-z]{{{CHECK_LENGTH}}}")

Entropy = Callable[[int], bytes]


class Presented(NamedTuple):
    """A well-formed secret somebody presented. Its `repr` shows the key ID only."""

    key_id: str
    text: str

    def __repr__(self) -> str:
        return f"Presented(key_id={self.key_id!r})"


@dataclass(frozen=True, slots=True)
class Issued:
    """The one object that holds a new secret's text; never stored, never logged."""

    key_id: str
    text: str = field(repr=False)

    @property
    def hint(self) -> str:
        """What may be shown later: `kts_7Q2M…x9Kd`."""
        return hint(self.key_id, self.text[-CHECK_LENGTH - 5 : -CHECK_LENGTH - 1])


def hint(key_id: str, tail: str) -> str:
    """Mask a secret: its prefix, the first four characters of the ID and the last four of the random part.

    key_id    such as `kt_7Q2M9XK4T1V8B0CD`
    tail      the last four characters of the random part
    returns   such as `kts_7Q2M…x9Kd`
    """
    prefix, _, body = key_id.partition("_")
    return f"{prefix}s_{body[:4]}…{tail}"


def _encode(number: int, alphabet: str, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(reversed(digits))


_PAIRS = [a + b for a in BASE62 for b in BASE62]  # two digits at a time: the checksum is read with every request


def _checksum(text: str) -> str:
    number, low = divmod(zlib.crc32(text.encode("ascii")), len(_PAIRS))
    high, middle = divmod(number, len(_PAIRS))
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]


def new_key_id(prefix: str, entropy: Entropy) -> str:
    """Make a key ID: 80 random bits.

    prefix    the deployment's brand, such as `kt`
    entropy   the system's generator: a count of bytes in, as many random bytes out
    returns   `<prefix>_` and 16 Crockford base32 characters
    """
    return f"{prefix}_{_encode(int.from_bytes(entropy(10)), CROCKFORD, ID_LENGTH)}"


def new_secret(key_id: str, entropy: Entropy) -> Issued:
    """Make a secret for a key: 256 random bits and a checksum that lets typos be refused unasked.

    key_id    the key it will authenticate
    entropy   the system's generator
    returns   the only object that holds the text
    """
    prefix, _, body = key_id.partition("_")
    text = f"{prefix}s_{body}_{_encode(int.from_bytes(entropy(32)), BASE62, SECRET_LENGTH)}"
    return Issued(key_id, f"{text}_{_checksum(text)}")


def parse(text: str) -> Presented:
    """Read a presented secret; the checksum is verified before anybody asks a database.

    text      what the caller sent
    returns   the secret and the key ID it names
    raises    Refused (malformed_secret) when the shape or the checksum is wrong
    """
    match = _SECRET.fullmatch(text)
    if match is None or _checksum(text[: -CHECK_LENGTH - 1]) != text[-CHECK_LENGTH:]:
        raise Refused(Verdict(Reason.MALFORMED_SECRET))
    return Presented("_".join(match.groups()), text)


def looks_like_secret(text: str) -> bool:
    """Whether this is meant to be a secret, even one cut short or mistyped: it starts as they all do."""
    return re.match(rf"[a-z][a-z0-9]{{0,7}}s_[{CROCKFORD}]{{4}}", text) is not None


def fingerprint(pepper: bytes, secret: str) -> bytes:
    """Turn a secret into what is stored of it.

    pepper    32 bytes derived from the master key; never in the database
    secret    the whole text
    returns   32 bytes, HMAC-SHA-256
    """
    keyed = _keyed(pepper).copy()
    keyed.update(secret.encode("ascii"))
    return keyed.digest()


@lru_cache(maxsize=4)
def _keyed(pepper: bytes) -> hmac.HMAC:
    # HMAC begins with a block that the key alone decides: it is hashed once, not with every call.
    return hmac.new(pepper, digestmod="sha256")


def same_fingerprint(stored: bytes | None, presented: bytes) -> bool:
    """Compare in constant time; a missing one costs as much as a wrong one."""
    equal = hmac.compare_digest(stored if stored is not None else b"\0" * FINGERPRINT_SIZE, presented)
    return equal and stored is not None
