"""The door for gateways: may this request pass, and who sends it? (PRODUCT.md §6)."""

from __future__ import annotations

from app.actions import access, tokens
from app.actions.access import Caller
from app.domain import scopes
from app.domain.pace import Allowance
from app.domain.refusals import Forbidden, Reason, Refused, Verdict
from app.web import replies
from app.web.doors import enter, expiry_headers
from app.web.faults import BadRequest, Fault
from app.web.forms import pairs
from app.web.replies import NO_STORE, Answer
from app.web.reply_tables import FAULTS
from app.web.request import BODY_READ, Request

SCOPE, TOKEN = "scope", "token"
SCOPE_HEADER, TOKEN_HEADER = "X-Keyturn-Scope", "X-Keyturn-Token"
UNHOLDABLE = "\0"
# How a token is asked for, and the header it comes in: some gateways copy headers and cannot write "Bearer" before one.
TOKEN_IN = {"1": ("X-Access-Token", ""), "bearer": ("Authorization", "Bearer ")}


def check(request: Request) -> Answer:
    """ANY /gateway/check: the gateway asks in the query."""
    return _answer(request, _asked_by_query(request))


def check_below(request: Request) -> Answer:
    """ANY /gateway/check/<anything>: path and query are the caller's, so the gateway asks by headers of its own."""
    request.environ["QUERY_STRING"] = ""
    return _answer(request, ((request.header(SCOPE_HEADER) or "").strip(), request.header(TOKEN_HEADER) or ""))


def _answer(request: Request, asked: tuple[str, str]) -> Answer:
    # The body belongs to the upstream. Often only its length is passed on, and waiting for it would wait for ever.
    request.environ[BODY_READ] = True
    if not request.secure:  # 403, as a gateway hands on nothing else that keeps a key from being sent again
        _, _, title, detail = FAULTS[Fault.INSECURE]
        raise Forbidden(Fault.INSECURE, title, (detail,))
    scope, token_in = asked
    try:
        return _admitted(request, _needed(scope), TOKEN_IN.get(token_in))
    except Refused as refused:
        verdict = refused.verdict
        if verdict.reason is Reason.CREDENTIALS_IN_QUERY and _only_our_own(request):
            verdict = Verdict(Reason.NO_CREDENTIALS)
        return replies.gateway_refusal(verdict, request.id, request.needed, request.ctx.settings.gateway_rate_status)


def _admitted(request: Request, needed: frozenset[str] | None, token_in: tuple[str, str] | None) -> Answer:
    audience = request.ctx.settings.default_audience
    caller, _ = enter(request, audience, needed or frozenset(), allowance=None)
    if needed is None:  # what breaks the grammar can be held by nobody
        raise Refused(Verdict(Reason.SCOPE_REFUSED))
    if caller.facts.kind != tokens.TENANT_KEY:  # the deployment's own keys use no API of the product
        raise Refused(Verdict(Reason.WRONG_KIND, proven=True))
    held = scopes.product_part(caller.terms.scope)
    access.judge_scope(held, needed)  # management scopes belong to another audience
    request.spent = access.spend(request.ctx, caller, Allowance.TENANT)
    headers: tuple[tuple[str, str], ...] = (
        ("X-Key-Id", caller.key_id),
        ("X-Tenant-Id", caller.facts.tenant_id or ""),
        ("X-Scope", scopes.pack(held)),
        *NO_STORE,
        *expiry_headers(caller, request),
    )
    if token_in is not None:
        name, scheme = token_in
        headers = (*headers, (name, scheme + _token(request, caller, audience)))
    return Answer(200, headers, b"")


def _token(request: Request, caller: Caller, audience: str) -> str:
    # A token that still says what its key may do is handed on; one that says more is replaced by one that does not.
    if caller.claims is not None and caller.claims.scope == caller.terms.scope:
        _, presented = request.authorization() or ("", "")
        return presented
    return tokens.issue(request.ctx, caller, audience, None, request.now, paid=True).token


def _needed(text: str) -> frozenset[str] | None:
    try:
        return scopes.parse_request(text) if text else frozenset()
    except Refused:
        return None


def _asked_by_query(request: Request) -> tuple[str, str]:
    query = request.environ.get("QUERY_STRING", "")
    if not query:
        return "", ""
    try:
        asked = pairs(query.encode("latin-1"))
    except (BadRequest, UnicodeEncodeError):
        return UNHOLDABLE, ""
    # Should a gateway append its caller's query to its own, the caller can only ask for more than the gateway does.
    wanted = " ".join(value for name, value in asked if name == SCOPE and value)
    return wanted, next((value for name, value in asked if name == TOKEN), "")


def _only_our_own(request: Request) -> bool:
    names = {part.partition("=")[0] for part in request.environ.get("QUERY_STRING", "").split("&")}
    return names <= {SCOPE, TOKEN}
