"""Turns refusals and failures into answers, by the tables of `reply_tables.py`."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from app.domain.pace import WINDOW_SECONDS, Allowance, Spent
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Reason, Unavailable, Verdict
from app.domain.scopes import pack
from app.domain.times import rfc3339
from app.web.faults import BadRequest
from app.web.reply_tables import DOORS, FAULTS, GATEWAY_STATUSES, OAUTH_CODES, OAUTH_ERRORS, OAUTH_LATER, TOO_MANY

REALM = "Keyturn"
JSON, PROBLEM = "application/json", "application/problem+json"
# RFC 6749 §5.1: answers that hold tokens, and here all that concern credentials, are kept by no cache.
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


class Answer(NamedTuple):
    """Status, headers and body of a response; `reason` when it is a refusal."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    reason: str | None = None


def json_answer(body: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = NO_STORE) -> Answer:
    """Answer with JSON that no cache keeps, unless other headers say so."""
    return Answer(status, (("Content-Type", JSON), *headers), orjson.dumps(body))


def oauth_error(
    code: str,
    *,
    status: int | None = None,
    retry_after: int = 0,
    headers: tuple[tuple[str, str], ...] = (),
    reason: str | None = None,
) -> Answer:
    """An OAuth endpoint's error: RFC 6749 §5.2."""
    default, description = OAUTH_ERRORS[code]
    status = status or default
    if status == 401:  # noqa: PLR2004 - RFC 9110 §15.5.2 and RFC 7617 §2: a challenge with a realm
        headers = (("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"'), *headers)
    if retry_after:
        headers = (("Retry-After", str(retry_after)), *headers)
    answer = json_answer({"error": code, "error_description": description}, status, (*NO_STORE, *headers))
    return Answer(answer.status, answer.headers, answer.body, reason or code)


def oauth_refusal(verdict: Verdict, *, introspection: bool = False) -> Answer:
    """Answer a refusal at an OAuth endpoint. RFC 9701 §5 wants 400 where one introspects without any credentials."""
    reason = verdict.reason or Reason.NO_CREDENTIALS
    code = OAUTH_CODES[reason]
    none_shown = introspection and reason in {Reason.NO_CREDENTIALS, Reason.CREDENTIALS_IN_QUERY}
    status = TOO_MANY if code == OAUTH_LATER else 400 if none_shown else None
    headers = pace_headers(verdict.spent) if verdict.spent is not None else ()
    return oauth_error(code, status=status, retry_after=verdict.retry_after, headers=headers, reason=reason)


def oauth_failure(error: Exception) -> Answer:
    """Answer any other failure at an OAuth endpoint; what is not foreseen says nothing."""
    if isinstance(error, BadRequest):
        status = FAULTS[error.fault][0]
        allow = (("Allow", error.allow),) if error.allow else ()
        return oauth_error("invalid_request", status=status, headers=allow, reason=error.fault)
    if isinstance(error, Unavailable):
        return oauth_error(OAUTH_LATER, retry_after=error.retry_after)
    return oauth_error("server_error")


def pace_headers(spent: Spent) -> tuple[tuple[str, str], ...]:
    """How the allowance stands that a call was paid from, or could not be: the RateLimit header fields, draft 11."""
    allowance, pace = spent
    policy, name = _policy(allowance, pace.limit)
    return policy, ("RateLimit", f"{name};r={pace.remaining};t={pace.reset}")


@lru_cache(maxsize=4096)
def _policy(allowance: Allowance, limit: int) -> tuple[tuple[str, str], str]:
    name = f'"{allowance.value}"'
    return ("RateLimit-Policy", f"{name};q={limit};w={WINDOW_SECONDS}"), name


def problem(
    status: int,
    code: str,
    message: str,
    request_id: str,
    *,
    hints: tuple[str, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
    **more: Any,
) -> Answer:
    """An error in RFC 9457's form, with the members of PRODUCT.md §5."""
    body = {
        "type": f"urn:keyturn:error:{code}",
        "title": message,
        "status": status,
        "detail": message,
        "error": code,
        "message": message,
        "hints": list(hints),
        "request_id": request_id,
        "help": f"/help/troubleshooting#{code}",
        **more,
    }
    return Answer(status, (("Content-Type", PROBLEM), *NO_STORE, *headers), orjson.dumps(body), code)


def door_refusal(
    verdict: Verdict, request_id: str, needed: frozenset[str] = frozenset(), *, status: int | None = None
) -> Answer:
    """Answer a refusal at a door or the management API. The exact reason only to a caller whose secret verified."""
    reason = verdict.reason or Reason.NO_CREDENTIALS
    row = DOORS[reason]
    hints = row.hints
    if verdict.proven and row.told:
        hints = (row.told.format(at=rfc3339(verdict.at), missing=pack(verdict.missing)), *hints)
    headers: tuple[tuple[str, str], ...] = ()
    if row.challenge is not None:
        headers = (("WWW-Authenticate", _challenge(row.challenge, needed)),)
    if verdict.retry_after:
        headers = (*headers, ("Retry-After", str(verdict.retry_after)))
    if verdict.spent is not None:
        headers = (*headers, *pace_headers(verdict.spent))
    told = {"reason": str(reason)} if verdict.proven else {}
    answer = problem(status or row.status, row.error, row.message, request_id, hints=hints, headers=headers, **told)
    return Answer(answer.status, answer.headers, answer.body, str(reason))


def gateway_refusal(verdict: Verdict, request_id: str, needed: frozenset[str], rate_status: int) -> Answer:
    """Answer a refusal to a gateway, which may understand 401 and 403 alone, and of an answer its headers alone.

    rate_status   what a caller that comes too often gets
    """
    reason = verdict.reason or Reason.NO_CREDENTIALS
    status = rate_status if DOORS[reason].status == TOO_MANY else GATEWAY_STATUSES.get(reason)
    answer = door_refusal(verdict, request_id, needed, status=status)
    told = (*answer.headers, ("X-Keyturn-Problem", json.dumps(orjson.loads(answer.body))))  # in ASCII, whatever it says
    return Answer(answer.status, told, answer.body, answer.reason)


def _challenge(error: str, needed: frozenset[str]) -> str:
    # RFC 6750 §3: no error code for a request without credentials; the scope that would do when more is needed.
    parts = [f'realm="{REALM}"']
    if error:
        parts.append(f'error="{error}"')
    if error == "insufficient_scope" and needed:  # RFC 6749 §3.3: a scope has at least one token
        parts.append(f'scope="{pack(needed)}"')
    return "Bearer " + ", ".join(parts)


def failure(error: Exception, request_id: str) -> Answer:
    """Answer any other failure outside OAuth endpoints; what is not foreseen says nothing."""
    if isinstance(error, BadRequest):
        _, status, title, detail = FAULTS[error.fault]
        allow = (("Allow", error.allow),) if error.allow else ()
        return problem(status, error.fault, title, request_id, hints=(detail,), headers=allow)
    if isinstance(error, Invalid):
        problems = [{"field": p.field, "code": p.code, "message": p.message} for p in error.problems]
        return problem(422, "validation_failed", "Some members break a rule.", request_id, errors=problems)
    if isinstance(error, NotFound):
        return problem(404, "not_found", str(error), request_id)
    if isinstance(error, Forbidden):
        return problem(403, error.code, str(error), request_id, hints=error.hints)
    if isinstance(error, Conflict):
        status = 412 if error.code == "precondition_failed" else 422 if error.code == "idempotency_key_reused" else 409
        return problem(status, error.code, error.message, request_id, hints=error.hints)
    if isinstance(error, Unavailable):
        return problem(
            503,
            "unavailable",
            "Keyturn cannot do this now.",
            request_id,
            headers=(("Retry-After", str(error.retry_after)),),
        )
    return problem(500, "server_error", "Something went wrong on our side.", request_id)
