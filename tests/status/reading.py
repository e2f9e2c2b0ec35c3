"""A verifier's side of a status list: fetch, check, inflate, look up; written from the specification alone."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Any

import jwt

from tests.world import ISSUER, World

LIST_URI = f"{ISSUER}/status-lists/0"


@dataclass(frozen=True)
class Fetched:
    """A status list as it came."""

    answer: Any
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def etag(self) -> str:
        return str(self.answer.headers["ETag"])

    @property
    def version(self) -> int:
        return int(self.etag.split("-")[1])

    @property
    def data(self) -> bytes:
        """The bits, inflated."""
        lst = self.claims["status_list"]["lst"]
        return zlib.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)))

    def entry(self, index: int) -> int:
        """§4.1: two bits an entry, the first entry in the least significant ones."""
        return self.data[index // 4] >> (index % 4 * 2) & 3

    @property
    def nonzero(self) -> dict[int, int]:
        """Every entry that is not zero."""
        return entries(self.data)


def entries(data: bytes) -> dict[int, int]:
    """Every entry that is not zero, by its index."""
    found = (
        (place * 4 + shift, byte >> (shift * 2) & 3) for place, byte in enumerate(data) if byte for shift in range(4)
    )
    return {index: value for index, value in found if value}


def opened(token: bytes) -> dict[int, int]:
    """The entries of a signed list, whoever signed it."""
    claims = jwt.decode(token, options={"verify_signature": False})
    lst = claims["status_list"]["lst"]
    return entries(zlib.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4))))


def fetch(world: World, client: Any = None, number: int = 0, **headers: str) -> Fetched:
    """Fetch a list and verify its signature with the published keys."""
    client = client or world.client
    answer = client.get(f"/status-lists/{number}", headers=headers)
    assert answer.status_code == 200, answer.data
    return read(answer, client.get("/.well-known/jwks.json").json)


def read(answer: Any, jwks: dict[str, Any]) -> Fetched:
    """Verify an answer's JWT."""
    token = answer.data.decode()
    header = jwt.get_unverified_header(token)
    key = next(jwk for jwk in jwks["keys"] if jwk["kid"] == header["kid"])
    jwt.api_jws.decode(token, jwt.PyJWK(key).key, algorithms=[key["alg"]])
    body = token.split(".")[1]
    return Fetched(answer, header, json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def index_of(token: str, uri: str = LIST_URI) -> int:
    """Where a token says its status is."""
    place = jwt.decode(token, options={"verify_signature": False})["status"]["status_list"]
    assert place["uri"] == uri
    return int(place["idx"])
