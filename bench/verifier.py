"""How fast and how small `keyturn-verify` is, beside bare PyJWT. Run: python -m bench.verifier

Bare `jwt.decode` and the verifier take turns with the same tokens, each by the time of its own thread, so that whatever
else the machine does falls on both.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "verifier"))

import jwt

from keyturn_verify import Verifier
from tests.verifier.issuer import AUDIENCE, LIST, Clock, Issuer, Key, Wire

ROUNDS, TOKENS = 30, 200
SECRETS = 1 << 20
SCOPE = "contacts:read contacts:write messages:read messages:send resources:read boards:read"


def turns(calls: dict[str, Callable[[str], Any]], tokens: Sequence[str]) -> dict[str, float]:
    """The best of several rounds each, taken in turn; microseconds a call."""
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            begin = time.thread_time()
            for token in tokens:
                call(token)
            found[name] = min(found[name], (time.thread_time() - begin) / len(tokens) * 1e6)
    return found


def speed(alg: str) -> dict[str, Any]:
    """Compare one algorithm's tokens: bare decode, seen for the first time, seen before."""
    issuer = Issuer(Clock(time.time()), keys=[Key(alg)], entries=bytearray(SECRETS))
    tokens = [issuer.token(random.randrange(SECRETS), scope=SCOPE) for _ in range(TOKENS)]
    public = issuer.keys[0].private.public_key()
    never = Verifier(issuer.url, AUDIENCE, remember=0, transport=lambda: Wire(issuer))
    often = Verifier(issuer.url, AUDIENCE, transport=lambda: Wire(issuer))

    def bare(token: str) -> Any:
        return jwt.decode(token, public, algorithms=[alg], audience=AUDIENCE, issuer=issuer.url)

    needed = frozenset({"contacts:read"})
    for token in tokens:
        often.verify(token)
    found = turns(
        {"bare": bare, "first": lambda t: never.verify(t, needed), "again": lambda t: often.verify(t, needed)}, tokens
    )
    never.close()
    often.close()
    return {
        "alg": alg,
        **{f"{name}_us": round(value, 1) for name, value in found.items()},
        "first_ratio": round(found["bare"] / found["first"], 2),
        "again_ratio": round(found["bare"] / found["again"], 1),
    }


def memory() -> dict[str, Any]:
    """Measure what a verifier holds for 2^20 secrets, 0.1 % revoked, with as many tokens remembered as may be."""
    issuer = Issuer(Clock(time.time()), entries=bytearray(SECRETS))
    for index in random.sample(range(SECRETS), SECRETS // 1000):
        issuer.entries[index] = 1
    valid = [index for index in range(4000) if not issuer.entries[index]][:2000]
    answer = issuer.answer(LIST, {})
    issuer.entries[valid[0]] = 1
    next_answer = issuer.answer(LIST, {})
    issuer.replace[LIST] = answer
    tokens = [issuer.token(index, scope=SCOPE) for index in valid]
    wire = Wire(issuer)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    verifier = Verifier(issuer.url, AUDIENCE, transport=lambda: wire)
    for token in tokens:
        verifier.verify(token)
    issuer.asked.clear()
    # The highest water is when a new list comes while the old one is held.
    issuer.replace[LIST] = next_answer
    for held in verifier._core.lists.all():  # noqa: SLF001 - instead of waiting for the list's time to be over
        held.schedule.due_at = 0.0
    verifier.refresh()
    gc.collect()
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    verifier.close()
    return {
        "list_bytes_on_the_wire": len(answer.body) if answer is not None else None,
        "held_mb": round((now - before) / 1e6, 2),
        "highest_mb": round((most - before) / 1e6, 2),
        "remembered": 1000,
    }


def main() -> None:
    for alg in ("ES256", "RS256", "EdDSA"):
        print(json.dumps(speed(alg)))
    print(json.dumps(memory()))


if __name__ == "__main__":
    main()
