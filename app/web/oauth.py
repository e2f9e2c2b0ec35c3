"""The Authlib adapter: its protocol classes, our strictness. The only file that imports authlib."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import orjson
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientCredentialsGrant,
    InvalidGrantError,
    InvalidRequestError,
    OAuth2Error,
    OAuth2Request,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from app.actions import access, tokens
from app.actions.access import Caller
from app.domain import scopes
from app.domain.pace import Allowance
from app.web import introspections, replies
from app.web.client_credentials import authenticated
from app.web.doors import actor, expiry_headers
from app.web.forms import Form
from app.web.replies import Answer
from app.web.request import Request

# Authlib logs whole tokens at DEBUG (Appendix A row 1).
logging.getLogger("authlib").setLevel(logging.INFO)

CREDENTIAL_FIELDS = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})
TOKEN_FIELDS = CREDENTIAL_FIELDS | {"grant_type", "scope", "resource"}
LOOKUP_FIELDS = CREDENTIAL_FIELDS | {"token", "token_type_hint", "client_address"}
CLIENT_CREDENTIALS = "client_credentials"
_RESOURCE = frozenset({"resource"})
_JSON_UNSTORED = (("Content-Type", replies.JSON), *replies.NO_STORE)


class UnsupportedGrantType(OAuth2Error):
    """Authlib's own class repeats the input."""

    error = "unsupported_grant_type"


class InvalidTarget(OAuth2Error):
    """RFC 8707 §2."""

    error = "invalid_target"


class OAuthRequest(OAuth2Request):
    """Authlib's request over ours: the body's form and nothing of the query."""

    def __init__(self, http: Request, known: frozenset[str], many: frozenset[str] = frozenset()) -> None:
        # The base class would check the transport by looking at the address; `Request.secure` knows about proxies.
        http.require_secure()
        self.http, self.method, self.uri = http, http.method, http.path
        self.parameters: Form = http.form(known, many)  # each once; empty ones are not there
        self.client: Any = None
        self.credential = self.user = self.auth_method = None

    @property
    def payload(self) -> BasicOAuth2Payload:
        """The parameters in Authlib's shape, for what of Authlib asks for them."""
        return BasicOAuth2Payload(self.parameters)


class Client:
    """A key in the shape Authlib asks for."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def check_grant_type(self, grant_type: str) -> bool:
        """Resource servers ask about tokens and get none."""
        return grant_type == CLIENT_CREDENTIALS and self.caller.facts.kind != tokens.RESOURCE_SERVER


class ClientCredentials(ClientCredentialsGrant):
    """RFC 6749 §4.4, with RFC 8707's `resource`."""

    def authenticate_token_endpoint_client(self) -> Client:
        """Give the client that authenticated before its request was looked at."""
        client: Client = self.request.client
        return client

    def validate_requested_scope(self) -> None:
        """Left to `create_token_response`: what may be asked for depends on the audience."""

    def validate_token_request(self) -> None:
        """Check that this client may use this grant."""
        if not self.request.client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError

    def create_token_response(self) -> tuple[int, Any, Any]:
        """Issue the token; nothing of it is stored or logged (Appendix A rows 1 and 2)."""
        request: OAuthRequest = self.request
        ctx, http, caller = request.http.ctx, request.http, request.client.caller
        try:
            audience = tokens.audience_for(ctx, caller, request.parameters.lists.get("resource", []))
        except tokens.InvalidTarget as error:
            raise InvalidTarget from error
        asked = request.parameters.get("scope")
        wanted = scopes.parse_request(asked) if asked is not None else None
        grant = tokens.issue(ctx, caller, audience, wanted, http.now)
        http.spent = grant.spent
        body = {
            "access_token": grant.token,
            "token_type": "Bearer",
            "expires_in": grant.expires_in,
            "scope": scopes.pack(grant.scope),
        }
        return 200, body, _JSON_UNSTORED + expiry_headers(caller, http)


class Introspection(IntrospectionEndpoint):
    """RFC 7662: starts from inactive."""

    def create_endpoint_response(self, request: OAuthRequest) -> tuple[int, Any, Any]:
        """Answer about a token. Hints do not matter: there is one kind of token (RFC 7662 §2.1)."""
        caller, http = authenticate(request), request.http
        found = introspections.look(http, caller, _token(request), request.parameters.get("client_address"))
        return introspections.told(http, caller, found)


class Revocation(RevocationEndpoint):
    """RFC 7009, for JWTs too."""

    def create_endpoint_response(self, request: OAuthRequest) -> tuple[int, Any, Any]:
        """Take a token back; nothing to take back is a success as well (RFC 7009 §2.2)."""
        caller = authenticate(request)
        http, token = request.http, _token(request)
        http.spent = access.spend(http.ctx, caller, Allowance.REVOKE)
        try:
            owner = tokens.owned_token(http.ctx, caller, token, http.now)
        except tokens.NotYours as error:
            raise InvalidGrantError from error
        if owner is not None:
            tokens.revoke(http.ctx, owner, actor(caller, http), http.now)
        return 200, None, replies.NO_STORE


class Server(AuthorizationServer):
    """Authlib's server without a framework: it takes our requests and gives our answers."""

    GRANTS: ClassVar = {CLIENT_CREDENTIALS: ClientCredentials}

    def __init__(self) -> None:
        super().__init__()
        for grant in self.GRANTS.values():
            self.register_grant(grant)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)

    def token(self, http: Request) -> Answer:
        """POST /token. Authentication comes before everything the client asked for (STANDARDS.md §0)."""
        request = OAuthRequest(http, TOKEN_FIELDS, _RESOURCE)
        request.client = Client(authenticate(request))
        answer: Answer = self.create_token_response(request)
        return answer

    def introspect(self, http: Request) -> Answer:
        """POST /introspect."""
        answer: Answer = self.create_endpoint_response("introspection", OAuthRequest(http, LOOKUP_FIELDS))
        return answer

    def revoke(self, http: Request) -> Answer:
        """POST /revoke."""
        answer: Answer = self.create_endpoint_response("revocation", OAuthRequest(http, LOOKUP_FIELDS))
        return answer

    def create_oauth2_request(self, request: OAuthRequest) -> OAuthRequest:
        """Ours already is one."""
        return request

    def get_token_grant(self, request: OAuthRequest) -> Any:
        """Find the grant; a missing type is a malformed request (Appendix A row 10)."""
        wanted = request.parameters.get("grant_type")
        grant = self.GRANTS.get(wanted) if wanted is not None else None
        if grant is None:
            raise _Early(InvalidRequestError() if wanted is None else UnsupportedGrantType())
        return grant(request, self)

    def create_token_response(self, request: OAuthRequest) -> Answer:
        """Run Authlib's flow; errors that it would let through are answered like the others."""
        try:
            answer: Answer = super().create_token_response(request)
        except _Early as early:
            answer = self.handle_error_response(request, early.error)
        return answer

    def handle_response(self, status: int, body: Any, headers: Any) -> Answer:
        """Turn Authlib's triple into an answer."""
        if isinstance(body, bytes):
            return Answer(status, headers, body)
        return Answer(status, headers, orjson.dumps(body) if body is not None else b"")

    def handle_error_response(self, request: OAuthRequest, error: OAuth2Error) -> Answer:  # noqa: ARG002 - Authlib's signature
        """Answer by our table: Authlib's texts tell too much and its statuses vary (rows 3, 4, 11)."""
        return replies.oauth_error(error.error)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


class _Early(Exception):
    """An OAuth error raised where Authlib catches only one kind (row 10)."""

    def __init__(self, error: OAuth2Error) -> None:
        super().__init__(error.error)
        self.error = error


def authenticate(request: OAuthRequest) -> Caller:
    """Authenticate the client by Basic or by form, and judge all of it but the scope; raises as `authenticated`."""
    return authenticated(request.http, request.parameters)


def _token(request: OAuthRequest) -> str:
    token = request.parameters.get("token")
    if token is None:
        raise InvalidRequestError
    return token
