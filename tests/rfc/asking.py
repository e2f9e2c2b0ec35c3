"""How the tests of the OAuth endpoints ask, and what every error must look like."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.test import TestResponse

from app.domain.credentials import new_secret
from tests.world import Key, World

FORM = "application/x-www-form-urlencoded"
GRANT = "grant_type=client_credentials"
# RFC 6749 §5.2: what `error` and `error_description` may be made of.
ERROR_TEXT = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")


def ask(world: World, body: str | bytes = GRANT, key: Key | None = None, **more: Any) -> TestResponse:
    """POST /token with a raw form body; `key` authenticates by Basic."""
    more.setdefault("content_type", FORM)
    headers = {"Authorization": key.basic} if key is not None else {}
    headers.update(more.pop("headers", {}))
    return world.client.post("/token", data=body, headers=headers, **more)


def assert_error(answer: TestResponse, status: int, code: str) -> None:
    """E(status, code): the shape of every OAuth error."""
    assert answer.status_code == status, (answer.status, answer.data)
    assert answer.headers["Content-Type"] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Pragma"] == "no-cache"
    body = answer.json
    assert isinstance(body, dict)
    assert body["error"] == code
    assert "access_token" not in body
    assert all(ERROR_TEXT.fullmatch(body[name]) for name in ("error", "error_description"))


def assert_challenged(answer: TestResponse) -> None:
    """E401: invalid_client with exactly one challenge, which is Basic with a realm."""
    assert_error(answer, 401, "invalid_client")
    challenges = answer.headers.getlist("WWW-Authenticate")
    assert len(challenges) == 1
    assert challenges[0].startswith('Basic realm="')


def impostor(key: Key, number: int = 0) -> Key:
    """Somebody who knows a key's ID and guesses: a well-formed secret with the right checksum, and not the key's."""
    return Key(key.id, new_secret(key.id, number.to_bytes).text)
