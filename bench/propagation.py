"""How long a revocation takes to reach offline verifiers. Run: python -m bench.propagation

One Keyturn on SQLite, four verifier processes that look at every token again and again, a thousand keys revoked over
the management API. Told is the time from the revoke's answer to the first refusal, worst of all revocations and
verifiers, and how many valid keys were refused meanwhile.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "verifier"))

from app.actions import keys  # noqa: E402 - the verifier's folder comes first
from app.actions.keys import NewKey  # noqa: E402
from app.clock import utc_now  # noqa: E402
from app.opening import open_context  # noqa: E402
from app.runtime import log  # noqa: E402
from app.settings import load  # noqa: E402
from tests.verifier.live import Live  # noqa: E402
from tests.world import OPERATOR, Key, as_key  # noqa: E402

REVOCATIONS, VALID, VERIFIERS, TTL = 1000, 50, 4, 5
CALLS_A_KEY = 100  # the management API admits 120 a minute and key
LONGEST = 20.0  # seconds in which all are revoked


def made(live: Live, count: int, name: str) -> list[Key]:
    """Make keys without the network."""
    ctx = open_context(load(live.deployment.environment))
    tenant = live.deployment.tenant
    found = [
        as_key(keys.create(ctx, OPERATOR, tenant, NewKey(f"{name} {n}", group="Full access"), utc_now()))
        for n in range(count)
    ]
    ctx.database.close()
    return found


def started(live: Live, tokens: list[str], valid: list[str]) -> list[subprocess.Popen[str]]:
    """Start the verifiers and wait until they hold the list."""
    told = {"issuer": live.url, "audience": live.audience, "tokens": tokens, "valid": valid}
    line = json.dumps({**told, "credentials": live.resource_server.auth}) + "\n"
    command = [sys.executable, str(ROOT / "bench" / "verifier_process.py")]
    pipe = subprocess.PIPE
    found = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) for _ in range(VERIFIERS)]
    for process in found:
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()
    for process in found:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return found


def revoked(live: Live, victims: list[Key], by: list[Key]) -> list[tuple[float, float]]:
    """Revoke one after the other; when each was asked for, and when it was answered."""
    begin, found = time.monotonic(), []
    for number, key in enumerate(victims):
        pause = begin + number * LONGEST / len(victims) - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        asked = time.time()
        while not answered(live, key, by[number // CALLS_A_KEY]):
            time.sleep(1)
        found.append((asked, time.time()))
    return found


def answered(live: Live, key: Key, by: Key) -> bool:
    """Ask for a revocation; a 503 is no answer, and asks to come back."""
    try:
        live.call("POST", f"/admin/api-keys/{key.id}/revoke", {}, by)
    except urllib.error.HTTPError as refused:
        print(refused.code, refused.read().decode(), file=sys.stderr)
        if refused.code != HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        return False
    return True


def summary(times: list[tuple[float, float]], heard: list[dict[str, Any]]) -> dict[str, Any]:
    """Put what the verifiers saw beside when the revocations were answered."""
    late, early, never = [], 0, 0
    for number, (asked, answered) in enumerate(times):
        for one in heard:
            at = one["refused"].get(str(number))
            if at is None:
                never += 1
            else:
                late.append(at - answered)
                early += at < asked
    late.sort()
    return {
        "revocations": len(times),
        "verifiers": len(heard),
        "ttl_s": TTL,
        "median_s": round(late[len(late) // 2], 2),
        "p99_s": round(late[len(late) * 99 // 100], 2),
        "worst_s": round(late[-1], 2),
        "never": never,
        "valid_refused": early + sum(one["wrong"] for one in heard),
        "verifier_cpu_s": [round(one["cpu"], 1) for one in heard],
    }


def main() -> None:
    log.configure("error")
    with tempfile.TemporaryDirectory() as folder, closing(Live(Path(folder), KEYTURN_STATUS_TTL=str(TTL))) as live:
        victims, others = made(live, REVOCATIONS, "Victim"), made(live, VALID, "Valid")
        by = made(live, -(-REVOCATIONS // CALLS_A_KEY), "Administrator")
        tokens, valid = [live.token(key) for key in victims], [live.token(key) for key in others]
        processes = started(live, tokens, valid)
        times = revoked(live, victims, by)
        time.sleep(TTL + 2)
        heard = [json.loads(process.communicate()[0]) for process in processes]
        print(json.dumps(summary(times, heard)))


if __name__ == "__main__":
    main()
