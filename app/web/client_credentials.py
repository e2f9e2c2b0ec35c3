"""Which credentials a client of an OAuth endpoint shows."""

from __future__ import annotations

from app.actions import access
from app.actions.access import Caller
from app.domain import credentials
from app.domain.policy import Attempt
from app.domain.refusals import Reason, Refused, Verdict
from app.web.doors import let_in, named_tenant
from app.web.forms import Form
from app.web.request import Request, basic_credentials


def client_credentials(http: Request, form: Form) -> tuple[str, str]:
    """Find the one pair of credentials of a request (RFC 6749 §2.3); Refused when there is none, or more than one."""
    authorization = http.authorization()
    client_id, secret = form.get("client_id"), form.get("client_secret")
    assertion = "client_assertion" in form or "client_assertion_type" in form
    if assertion:  # RFC 7521 §4.2.1: with an assertion every failure is invalid_client; no key can use one yet
        raise Refused(Verdict(Reason.UNREADABLE_CREDENTIALS))
    if authorization is None:
        if client_id is None or secret is None:
            raise Refused(
                Verdict(Reason.CREDENTIALS_IN_QUERY if http.query_holds_credentials() else Reason.NO_CREDENTIALS)
            )
        return client_id, secret
    scheme, rest = authorization
    if scheme != "basic":
        raise Refused(Verdict(Reason.UNSUPPORTED_SCHEME))
    if secret is not None:  # RFC 6749 §2.3: one method a request
        raise Refused(Verdict(Reason.AMBIGUOUS_CREDENTIALS))
    pair = basic_credentials(rest)
    if client_id is not None and client_id != pair[0]:
        raise Refused(Verdict(Reason.AMBIGUOUS_CREDENTIALS))
    return pair


def authenticated(http: Request, form: Form) -> Caller:
    """Authenticate the client by Basic or by form, and judge all of it but the scope.

    raises   Refused; BadRequest for two Authorization fields
    """
    client_id, secret = client_credentials(http, form)
    presented = credentials.parse(secret)
    if presented.key_id != client_id:
        raise Refused(Verdict(Reason.MALFORMED_SECRET))
    return let_in(http, access.admit, presented, Attempt(http.address, tenant=named_tenant(http)))
