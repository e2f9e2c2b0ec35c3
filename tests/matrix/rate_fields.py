"""What the RateLimit header fields say."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

ITEM = re.compile(r'"([a-z]+)"((?:;[a-z]+=\d+)+)')


def field(answer: TestResponse, name: str) -> dict[str, dict[str, int]]:
    """A RateLimit field: what it says of each policy, a List of Strings with parameters (RFC 9651 §3.1)."""
    items = [ITEM.fullmatch(item.strip()) for item in answer.headers[name].split(",")]
    assert all(items), answer.headers[name]
    return {
        item[1]: {key: int(value) for key, _, value in (part.partition("=") for part in item[2].split(";")[1:])}
        for item in items
        if item is not None
    }


def standing(answer: TestResponse) -> tuple[str, int, int]:
    """Which policy an answer names, its limit, and what is left."""
    policy, left = field(answer, "RateLimit-Policy"), field(answer, "RateLimit")
    assert set(left) == set(policy)
    ((name, said),) = policy.items()
    assert said["w"] == 60
    assert 1 <= left[name]["t"] <= 61
    return name, said["q"], left[name]["r"]
