"""Ask the issuer about one token, and read what it says (RFC 7662)."""

from __future__ import annotations

from urllib.parse import urlencode

from keyturn_verify.access_tokens import AccessToken
from keyturn_verify.discovery import Unusable, usable
from keyturn_verify.errors import AddressRequired, RecheckUnavailable, TokenInactive
from keyturn_verify.messages import Request, Response
from keyturn_verify.signed import Unreadable, members

LARGEST = 64 << 10


def question(url: str, basic: str, token: str, client_address: str | None) -> Request:
    """Write the request (RFC 7662 §2.1); the address is where the token was presented to us."""
    form = {"token": token, "token_type_hint": "access_token"}
    if client_address is not None:
        form["client_address"] = client_address
    headers = {
        "Accept": "application/json",
        "Authorization": basic,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return Request(url, headers, LARGEST, urlencode(form).encode("ascii"))


def verdict(response: Response, token: AccessToken) -> AccessToken:
    """Read the answer about a token.

    returns   the token, with no more scope than the answer leaves it
    raises    TokenInactive; AddressRequired; Unusable when this is no answer about this token
    """
    usable(response, or_unchanged=False)
    try:
        answer = members(response.body)
    except Unreadable as error:
        raise Unusable(str(error)) from error
    if answer.get("active") is False:
        raise TokenInactive("inactive at introspection")
    if answer.get("active") is not True:
        raise Unusable("active is missing")
    same = {"jti": token.jti, "client_id": token.key_id, "iss": token.issuer, "exp": token.expires_at}
    if any(answer.get(name, value) != value for name, value in same.items()):
        raise Unusable("the answer is about another token")
    if answer.get("ip_allowlist"):  # left to us, who cannot know what it means for this caller
        raise AddressRequired("no client_address was given")
    scope = answer.get("scope", "")
    if not isinstance(scope, str):
        raise Unusable("scope")
    return token._replace(scope=token.scope & frozenset(scope.split()))


def unanswered(problem: str) -> RecheckUnavailable:
    """The refusal for a question that got no answer."""
    return RecheckUnavailable(f"introspection: {problem}")
