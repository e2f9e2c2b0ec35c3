"""What operators ask on the admin plane: can this process do its work, and how much has it done."""

from __future__ import annotations

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app.runtime.limiter import VALKEY
from app.runtime.readiness import OK, Readiness
from app.web.replies import Answer, json_answer
from app.web.request import Request

UNREADY = 503
NOT_KEPT = (("Cache-Control", "no-store"),)


class Readyz:
    """GET /readyz: whether to send requests here, with the answer to each question."""

    def __init__(self) -> None:
        self._readiness = Readiness()

    def __call__(self, request: Request) -> Answer:
        """Answer 200 when all is well, or when only hosts count each for themselves; 503 otherwise."""
        ctx = request.ctx
        checks = self._readiness.ask(ctx.database, ctx.settings.database, ctx.ring, request.now) | ctx.limiter.checks()
        wrong = {name for name, found in checks.items() if found != OK}
        ready = wrong <= {VALKEY}
        status = "unready" if not ready else "degraded" if wrong else "ready"
        return json_answer({"status": status, "checks": checks}, 200 if ready else UNREADY, NOT_KEPT)


def metrics(request: Request) -> Answer:
    """GET /metrics, for Prometheus."""
    return Answer(200, (("Content-Type", CONTENT_TYPE_PLAIN_0_0_4), *NOT_KEPT), request.ctx.metrics.exposition())
