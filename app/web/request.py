"""One request: where it comes from, what it carries, strictly read."""

from __future__ import annotations

import os
import re
import secrets
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any, Generic, TypeVar

from app.context import Context
from app.domain.networks import Address, parse_address, within
from app.domain.pace import Spent
from app.domain.refusals import Reason, Refused, Verdict
from app.web import forwarding
from app.web.faults import BadRequest, Fault
from app.web.forms import MOST_FIELDS, Form, form_decoded, is_form, media_type, pairs

T = TypeVar("T")
LARGEST_FORM = 64 * 1024
BODY_READ = "keyturn.body_read"  # nothing of the body is left
_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750 §2.1: b64token
_QUERY_CREDENTIALS = frozenset(
    {"access_token", "api_key", "api-key", "apikey", "x-api-key", "x_api_key", "key", "client_secret", "token"}
)


class _Numbers:
    """Request IDs, not secret: a start by chance for each process, and a count that threads share safely."""

    def __init__(self) -> None:
        self.start, self._count = "", count(1)
        self.begin()
        os.register_at_fork(after_in_child=self.begin)

    def begin(self) -> None:
        """Draw the start by chance; a process that was forked off needs another one."""
        self.start = secrets.token_hex(10)

    def next(self) -> str:
        """Make an ID that no other request has."""
        return f"{self.start}{next(self._count):08x}"


_NUMBERS = _Numbers()


class lazy(Generic[T]):  # noqa: N801 - used like the property it is
    """A property computed once. `functools.cached_property` takes a lock on Python 3.11; a request has one thread."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute, self._name = compute, compute.__name__

    def __get__(self, owner: Any, _kind: Any = None) -> T:
        """Compute the value and put it where the next look finds it first."""
        value = owner.__dict__[self._name] = self._compute(owner)
        return value


class Request:
    """A WSGI environment, read once. The clock is read once too: everything in a request happens at `now`.

    facts   of the key that was recognised, if one was: the call is counted as its use
    """

    facts: Any = None

    def __init__(self, environ: dict[str, Any], ctx: Context) -> None:
        self.environ, self.ctx = environ, ctx
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ.get("PATH_INFO", "")
        self.now: datetime = ctx.clock()
        self.spent: Spent | None = None  # what the call was paid from; the answer tells how that stands
        self.needed: frozenset[str] = frozenset()  # what a door asks for, told in the challenge when it is not held

    def header(self, name: str) -> str | None:
        """A header's value; several fields of one name arrive joined by commas."""
        value: str | None = self.environ.get(_wsgi_name(name))
        return value

    @lazy
    def id(self) -> str:
        """The request's ID: the caller's own when it is harmless, else a new one."""
        given = self.environ.get("HTTP_X_REQUEST_ID")
        return given if given is not None and _SAFE_REQUEST_ID.fullmatch(given) else _NUMBERS.next()

    # ---- where from

    @lazy
    def _peer(self) -> Address | None:
        return parse_address(self.environ.get("REMOTE_ADDR", ""))

    @lazy
    def _behind_proxy(self) -> bool:
        return bool(self.ctx.settings.proxies) and within(self._peer, self.ctx.settings.proxies)

    @lazy
    def address(self) -> Address | None:
        """Where the call comes from; forwarding headers count only from trusted peers. None is unknown."""
        if not self.ctx.settings.proxies:
            return parse_address(self.environ.get("REMOTE_ADDR", ""))
        if not self._behind_proxy:
            return self._peer
        told = self.header("X-Forwarded-For"), self.header("Forwarded")
        return forwarding.caller(self._peer, *told, self.ctx.settings.proxies)

    @lazy
    def secure(self) -> bool:
        """Whether the caller's own connection is protected: https, or anything where the issuer is loopback http."""
        if self.ctx.settings.insecure_issuer:
            return True
        scheme = self.environ.get("wsgi.url_scheme")
        if self._behind_proxy:
            forwarded = self.header("X-Forwarded-Proto")
            scheme = forwarded.rpartition(",")[2].strip() if forwarded is not None else scheme
        return scheme == "https"

    def require_secure(self) -> None:
        """Refuse plain http (RFC 6749 §1.6); there is no redirect, the secret has been sent already."""
        if not (self.ctx.settings.insecure_issuer or self.secure):
            raise BadRequest(Fault.INSECURE)

    # ---- what it carries

    def body(self, largest: int) -> bytes:
        """The body; BadRequest when it is larger than this many bytes."""
        length = self.environ.get("CONTENT_LENGTH")
        stream = self.environ["wsgi.input"]
        if length:
            if not length.isdecimal() or int(length) > largest:
                raise BadRequest(Fault.TOO_LARGE)
            data: bytes = stream.read(int(length))
            self.environ[BODY_READ] = True
            if len(data) != int(length):  # the caller hung up, and a part must not pass for the whole
                raise BadRequest(Fault.UNREADABLE)
            return data
        if "HTTP_TRANSFER_ENCODING" not in self.environ and not self.environ.get("wsgi.input_terminated"):
            return b""
        data = stream.read(largest + 1)
        if len(data) > largest:
            raise BadRequest(Fault.TOO_LARGE)
        self.environ[BODY_READ] = True
        return data

    @property
    def media_type(self) -> str:
        """The Content-Type without parameters, in lower case (RFC 9110 §8.3.1)."""
        return media_type(self.environ.get("CONTENT_TYPE") or "")

    @property
    def has_body(self) -> bool:
        """Whether anything was sent along."""
        return (self.environ.get("CONTENT_LENGTH") or "0") != "0" or "HTTP_TRANSFER_ENCODING" in self.environ

    def form(
        self,
        known: frozenset[str] | None,
        many: frozenset[str] = frozenset(),
        most: int = MOST_FIELDS,
        largest: int = LARGEST_FORM,
    ) -> Form:
        """Read a form body strictly (RFC 6749 §3.2 and Appendix B).

        known    the parameters that matter, None for all; one of them twice is a BadRequest
        many     those of them that may come several times
        most     how many fields there may be, repeated ones included
        largest  how many bytes
        returns  parameters without a value are left out, as if they had not been sent
        """
        environ = self.environ
        if not is_form(environ.get("CONTENT_TYPE") or ""):
            raise BadRequest(Fault.CONTENT_TYPE)
        if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
            raise BadRequest(Fault.CONTENT_TYPE)
        form = Form()
        seen = set()
        for name, value in pairs(self.body(largest), most):
            if name in seen and (known is None or name in known) and name not in many:
                raise BadRequest(Fault.REPEATED)
            seen.add(name)
            if value:
                form.setdefault(name, value)
                if name in many:
                    form.lists.setdefault(name, []).append(value)
        return form

    def query_holds_credentials(self) -> bool:
        """Whether the query names a credential. Its value is never read."""
        query = self.environ.get("QUERY_STRING", "")
        return bool(query) and any(part.partition("=")[0].lower() in _QUERY_CREDENTIALS for part in query.split("&"))

    def authorization(self) -> tuple[str, str] | None:
        """The Authorization header as (scheme in lower case, rest); None without one.

        raises   BadRequest when there are several
        """
        value: str | None = self.environ.get("HTTP_AUTHORIZATION")
        if value is None or not (value := value.strip()):
            return None
        scheme, _, rest = value.partition(" ")
        scheme = scheme.lower()
        if scheme in {"basic", "bearer"} and "," in rest:  # neither has a comma of its own: these were two fields
            raise BadRequest(Fault.REPEATED)
        return scheme, rest.strip()


def basic_credentials(encoded: str) -> tuple[str, str]:
    """Read Basic credentials as OAuth clients write them: each half form-encoded (RFC 6749 §2.3.1).

    raises   Refused (unreadable_credentials) for anything else
    """
    try:
        pair = a2b_base64(encoded, strict_mode=True)
        if b"%" in pair or b"+" in pair:
            halves = [form_decoded(half) for half in pair.split(b":", 1)]
        else:  # nothing in it was encoded
            halves = pair.decode().split(":", 1)
        if len(halves) == 1 or not all(halves):
            raise ValueError("a half is missing")
        return halves[0], halves[1]
    except (Base64Error, ValueError) as error:
        raise Refused(Verdict(Reason.UNREADABLE_CREDENTIALS)) from error


def bearer(rest: str) -> str:
    """Check a Bearer credential's form; Refused (unreadable_credentials) when it has none."""
    if _BEARER.fullmatch(rest) is None:
        raise Refused(Verdict(Reason.UNREADABLE_CREDENTIALS))
    return rest


@lru_cache(maxsize=256)
def _wsgi_name(name: str) -> str:
    return "HTTP_" + name.upper().replace("-", "_")
