"""What STANDARDS' shorthands mean: the answers of OAuth endpoints that many assertions share."""

from __future__ import annotations

from typing import Any


def failed(answer: Any, status: int, error: str) -> None:
    """Check an OAuth error: its status and code, JSON that no cache keeps, and nothing issued."""
    assert answer.status_code == status, answer.data
    assert answer.json["error"] == error
    assert set(answer.json) <= {"error", "error_description", "error_uri"}
    assert answer.headers["Content-Type"] == "application/json"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


def unauthenticated(answer: Any) -> None:
    """Check the answer to credentials that are missing or wrong: 401, invalid_client and one Basic challenge."""
    failed(answer, 401, "invalid_client")
    (challenge,) = answer.headers.getlist("WWW-Authenticate")
    assert challenge.startswith('Basic realm="')


def inactive(answer: Any) -> None:
    """Check that a token is called inactive and nothing more is said."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json"), answer.data
    assert answer.data == b'{"active":false}'
    assert answer.headers["Cache-Control"] == "no-store"
