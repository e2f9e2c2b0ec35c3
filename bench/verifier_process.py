"""One verifier of `bench.propagation`: looks at all tokens again and again, and notes when each was refused.

Settings and tokens on its input, what it saw on its output once the input ends. It loads nothing of the server.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "verifier"))

from keyturn_verify import TokenRevoked, Verifier

PAUSE = 0.05  # seconds between two looks at all tokens: as much too late may a refusal be seen


def main() -> None:
    told = json.loads(sys.stdin.readline())
    verifier = Verifier(told["issuer"], told["audience"], tuple(told["credentials"]), remember=5000)
    for token in (*told["tokens"], *told["valid"]):
        verifier.verify(token)
    print("ready", flush=True)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    seen = watched(verifier, dict(enumerate(told["tokens"])), told["valid"], ended)
    print(json.dumps({**seen, "cpu": time.process_time()}))


def watched(verifier: Verifier, waiting: dict[int, str], valid: list[str], ended: threading.Event) -> dict[str, Any]:
    """Look until the end comes; when each token was refused, and how often a valid one was."""
    refused: dict[int, float] = {}
    wrong = 0
    while not ended.wait(PAUSE):
        for number, token in list(waiting.items()):
            try:
                verifier.verify(token)
            except TokenRevoked:
                refused[number] = time.time()
                del waiting[number]
        for token in valid:
            try:
                verifier.verify(token)
            except Exception:  # noqa: BLE001 - whatever it is, it is a wrong refusal
                wrong += 1
    return {"refused": refused, "wrong": wrong}


if __name__ == "__main__":
    main()
