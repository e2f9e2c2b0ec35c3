"""Calls to OpenID providers: few bytes, little time, no redirects, no address of this machine."""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import Any, Never
from urllib.parse import quote

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.exceptions import RequestException
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from app.domain import single_sign_on
from app.domain.single_sign_on import ProviderError

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 4, 6, 10
LARGEST_ANSWER = 512 * 1024
CHUNK = 16 * 1024
OK = 200
SCOPE = "openid email profile"


class _Watched(HTTPSConnection):
    # The name may lead elsewhere by the time of the call: what counts is where the connection goes.
    def _new_conn(self) -> Any:
        sock = super()._new_conn()
        if not single_sign_on.reachable(ip_address(sock.getpeername()[0].partition("%")[0])):
            sock.close()
            raise NewConnectionError(self, "an address that no provider may have")
        return sock


class _WatchedPool(HTTPSConnectionPool):
    ConnectionCls = _Watched


class _Bounded(HTTPAdapter):
    """Reads an answer within its limits before anybody looks at it."""

    def __init__(self, *, loopback: bool) -> None:
        super().__init__()
        if not loopback:
            self.poolmanager.pool_classes_by_scheme = {"https": _WatchedPool}

    def send(self, request: PreparedRequest, *_given: Any, **_named: Any) -> Response:
        """Send a request with limits of our own."""
        began = time.monotonic()
        answer = super().send(request, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS))
        with answer:
            if answer.is_redirect:
                _fail("it redirected")
            body = bytearray()
            for chunk in answer.iter_content(CHUNK):
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    _fail("its answer was too large")
                if time.monotonic() - began > WHOLE_SECONDS:
                    _fail("its answer took too long")
        answer._content = bytes(body)  # noqa: SLF001 - where requests keeps what was read
        return answer


class Client:
    """One of our registrations with a provider."""

    def __init__(self, client_id: str, secret: str, redirect_uri: str, *, loopback: bool) -> None:
        self.client_id, self._secret = client_id, secret
        self._session: Any = OAuth2Session(
            client_id, secret, scope=SCOPE, redirect_uri=redirect_uri, code_challenge_method="S256"
        )
        # Neither .netrc nor a proxy of the environment has a say: both would go round the watch over addresses.
        self._session.trust_env = False
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Bounded(loopback=loopback))

    def authorization_address(self, endpoint: str, verifier: str, **parameters: str) -> str:
        """Where a browser is sent: the code flow with PKCE (RFC 7636 §4.3)."""
        address, _ = self._session.create_authorization_url(endpoint, code_verifier=verifier, **parameters)
        return str(address)

    def document(self, address: str) -> dict[str, Any]:
        """A JSON object that anybody may read; ProviderError."""
        return self._object(lambda: self._session.get(address, withhold_token=True))

    def userinfo(self, address: str) -> dict[str, Any]:
        """The claims of the person the last token speaks of; ProviderError."""
        return self._object(lambda: self._session.get(address))

    def redeem(self, endpoint: str, methods: list[str], code: str, verifier: str) -> dict[str, Any]:
        """Turn a code into tokens; ProviderError, also when the provider refuses.

        methods   how the provider lets clients authenticate; RFC 6749 §2.3.1 has us form-encode for Basic
        """
        basic = HTTPBasicAuth(quote(self.client_id, safe=""), quote(self._secret, safe=""))
        by_body = methods and "client_secret_basic" not in methods and "client_secret_post" in methods
        self._session.token_endpoint_auth_method = "client_secret_post" if by_body else "client_secret_basic"
        try:
            found = dict(
                self._session.fetch_token(
                    endpoint,
                    auth=None if by_body else basic,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                )
            )
        except AuthlibBaseError as error:
            raise ProviderError(f"it refused our code ({_short(error.error)})") from error
        except (RequestException, HTTPError, OSError, ValueError, TypeError) as error:
            raise ProviderError(f"it did not answer our code ({type(error).__name__})") from error
        # It is used at once or never: when it expires is the provider's matter, and not our clock's.
        self._session.token = {name: found.get(name) for name in ("access_token", "token_type")}
        return found

    def _object(self, call: Any) -> dict[str, Any]:
        try:
            answer = call()
            found = answer.json() if answer.status_code == OK else None
        except (RequestException, HTTPError, OSError, ValueError, AuthlibBaseError) as error:
            raise ProviderError(f"it could not be read ({type(error).__name__})") from error
        if not isinstance(found, dict):
            raise ProviderError(f"it answered {answer.status_code}, and no JSON object")
        return found


def _fail(what: str) -> Never:
    raise ProviderError(what)


def _short(text: Any) -> str:
    return "".join(c for c in str(text or "unknown") if c.isascii() and (c.isalnum() or c in "_-"))[:60]
