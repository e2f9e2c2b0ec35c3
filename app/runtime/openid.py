"""What OpenID providers publish, remembered for a while, and the ID tokens that follow from it."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet

from app.domain import single_sign_on
from app.domain.single_sign_on import ProviderError

if TYPE_CHECKING:
    from app.runtime.provider import Client

GOOD_FOR, KEYS_AGAIN, BAD_FOR = timedelta(hours=1), timedelta(seconds=30), timedelta(seconds=5)
MOST_REMEMBERED, MOST_KEYS = 200, 50
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Provider:
    """A provider as it describes itself, checked."""

    metadata: dict[str, Any]
    keys: list[dict[str, Any]]
    read_at: datetime

    @property
    def issuer(self) -> str:
        """Who it is."""
        return str(self.metadata["issuer"])

    @property
    def names_itself(self) -> bool:
        """Whether every answer of it carries `iss` (RFC 9207 §3)."""
        return self.metadata.get("authorization_response_iss_parameter_supported") is True

    @property
    def client_methods(self) -> list[str]:
        """How clients may authenticate at the token endpoint; nothing means Basic."""
        found = self.metadata.get("token_endpoint_auth_methods_supported")
        return [str(one) for one in found] if isinstance(found, list) else []


@dataclass
class Providers:
    """The providers this process has read; and for a moment those it could not, so that nobody waits in vain."""

    known: dict[str, Provider] = field(default_factory=dict)
    failed: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def find(self, client: Client, issuer: str, now: datetime, *, loopback: bool, fresh: bool = False) -> Provider:
        """A provider by issuer; ProviderError when it does not describe itself as it must.

        fresh   read it again, whatever is remembered
        """
        with self.lock:
            found, failed = self.known.get(issuer), self.failed.get(issuer)
        if found is not None and not fresh and timedelta(0) <= now - found.read_at < GOOD_FOR:
            return found
        if failed is not None and not fresh and timedelta(0) <= now - failed[0] < BAD_FOR:
            raise ProviderError(failed[1])
        try:
            metadata = _checked(client.document(issuer.rstrip("/") + DISCOVERY), issuer, loopback=loopback)
            return self._remember(Provider(metadata, _keys(client.document(metadata["jwks_uri"])), now))
        except ProviderError as error:
            with self.lock:
                self.failed = {**dict(list(self.failed.items())[-MOST_REMEMBERED:]), issuer: (now, str(error))}
            raise

    def claims(self, client: Client, provider: Provider, token: Any, nonce: str, now: datetime) -> dict[str, Any]:
        """The claims of an ID token (OpenID Connect Core §3.1.3.7); ProviderError for one that is not good."""
        try:
            return _claims(provider, token, client.client_id, nonce, now)
        except InvalidKeyIdError:
            if now - provider.read_at < KEYS_AGAIN:
                raise ProviderError("its ID token was signed by a key it does not publish") from None
        renewed = Provider(provider.metadata, _keys(client.document(provider.metadata["jwks_uri"])), now)
        try:
            return _claims(self._remember(renewed), token, client.client_id, nonce, now)
        except InvalidKeyIdError:
            raise ProviderError("its ID token was signed by a key it does not publish") from None

    def _remember(self, found: Provider) -> Provider:
        with self.lock:
            while len(self.known) >= MOST_REMEMBERED:
                self.known.pop(next(iter(self.known)))
            self.known[found.issuer] = found
            self.failed.pop(found.issuer, None)
        return found


def _checked(metadata: dict[str, Any], issuer: str, *, loopback: bool) -> dict[str, Any]:
    # OpenID Connect Discovery §4.3: the issuer must be the very one that was asked for.
    if metadata.get("issuer") != issuer:
        raise ProviderError("it calls itself by another issuer")
    named = [metadata.get(name) for name in ENDPOINTS]
    if metadata.get("userinfo_endpoint") is not None:
        named.append(metadata["userinfo_endpoint"])
    for address in named:
        try:
            single_sign_on.checked(address if isinstance(address, str) else "", loopback=loopback)
        except ValueError:
            raise ProviderError("it names an endpoint that is missing or not https") from None
    methods = metadata.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise ProviderError("it does not know PKCE with S256")
    return metadata


def _keys(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document.get("keys")
    every = found if isinstance(found, list) else []
    usable = [key for key in every if isinstance(key, dict) and key.get("kty") in {"RSA", "EC", "OKP"}]
    signing = [key for key in usable if key.get("use", "sig") == "sig"][:MOST_KEYS]
    if not signing:
        raise ProviderError("it publishes no key to sign with")
    return signing


def _claims(provider: Provider, token: Any, client_id: str, nonce: str, now: datetime) -> dict[str, Any]:
    if not isinstance(token, str):
        raise ProviderError("it gave no ID token")
    try:
        read = jwt.decode(token, KeySet(_imported(provider.keys)), algorithms=list(single_sign_on.ALGORITHMS))
        essential = {"iss": {"essential": True, "value": provider.issuer}, "aud": {"essential": True}}
        params = {"nonce": nonce, "client_id": client_id}
        claims: Any = CodeIDToken(read.claims, read.header, essential, params)
        claims.validate(int(now.timestamp()), int(single_sign_on.LEEWAY.total_seconds()))
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProviderError(f"its ID token is not good ({type(error).__name__}: {_named(error)})") from error
    found = dict(claims)
    audience = found["aud"] if isinstance(found["aud"], list) else [found["aud"]]
    if client_id not in audience or (len(audience) > 1 and "azp" not in found):
        raise ProviderError("its ID token is for somebody else")
    subject = found.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= single_sign_on.LONGEST_SUBJECT or "\0" in subject:
        raise ProviderError("its ID token names nobody")
    return found


def _imported(keys: list[dict[str, Any]]) -> list[Any]:
    # Of a key of some new kind the others should not suffer.
    found = []
    for key in keys:
        with contextlib.suppress(JoseError, ValueError, TypeError, KeyError), warnings.catch_warnings():
            warnings.simplefilter("error")  # a key too short to be safe is no key
            found.append(JWKRegistry.import_key(key))
    return found


def _named(error: Exception) -> str:
    return str(getattr(error, "claim", None) or getattr(error, "error", None) or "unreadable")
