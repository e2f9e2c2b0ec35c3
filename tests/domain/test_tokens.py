from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from app.domain import tokens
from app.domain.times import CLOCK_LEEWAY
from app.domain.tokens import Claims
from tests.domain.tokens import (
    CLAIMS,
    DROP,
    ES256,
    ISSUER,
    PAIRS,
    STATUS,
    is_refused,
    private_of,
    read,
    token,
)


@pytest.mark.parametrize("alg", tokens.ALGORITHMS)
def test_what_is_signed_is_read_back_under_every_algorithm(alg: str) -> None:
    pair = PAIRS[alg]
    text = tokens.sign(tokens.signer(pair.kid, alg, private_of(pair)), json.dumps(CLAIMS).encode())
    assert jwt.get_unverified_header(text) == {"alg": alg, "typ": "at+jwt", "kid": pair.kid}
    found = read(text)
    assert found == Claims(
        issuer=ISSUER,
        key_id="kt_1",
        audience="https://keys.example/api",
        issued_at=1000,
        expires_at=1600,
        jti="j1",
        scope=frozenset({"contacts:read", "contacts:write"}),
        status_list=3,
        status_index=7,
        tenant="ten_1",
        ip_restricted=False,
        kid=pair.kid,
    )


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_type_is_compared_as_a_media_type(typ: str) -> None:
    assert read(token({"typ": typ})).jti == "j1"


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": DROP},
        {"typ": "statuslist+jwt"},
        {"typ": 1},
        {"typ": None},
        {"typ": "application/application/at+jwt"},
        {"typ": "at+jwt "},
        {"kid": DROP},
        {"kid": "other"},
        {"kid": 1},
        {"kid": [ES256.kid]},
        {"kid": None},
        {"kid": "\ud800"},
        {"alg": DROP},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"alg": "es256"},
        {"alg": 1},
        {"alg": ["ES256"]},
        {"crit": []},
        {"crit": ["exp"]},
        {"crit": 5},
        {"crit": None},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
    ],
)
def test_a_header_that_is_not_exactly_ours_is_refused_even_under_our_key(header: dict[str, Any]) -> None:
    is_refused(token(header))


@pytest.mark.parametrize(
    "claims",
    [
        *[{name: DROP} for name in ("iss", "sub", "client_id", "jti", "aud", "iat", "exp", "status")],
        *[{name: 1} for name in ("iss", "sub", "client_id", "jti", "aud", "scope", "status")],
        {"iss": ISSUER + "/"},
        {"iss": ISSUER.upper()},
        {"iss": ISSUER[:-1]},
        {"iss": [ISSUER]},
        {"aud": ["https://keys.example/api"]},
        *[
            {name: value}
            for name in ("iat", "exp", "nbf")
            for value in ("1600", 1600.0, -1, True, None, [1600], 10**12, float("nan"), float("inf"))
        ],
        *[{"status": {"status_list": {"idx": idx, "uri": STATUS + "3"}}} for idx in ("7", 7.0, True, None)],
        *[
            {"status": {"status_list": {"idx": 7, "uri": uri}}}
            for uri in (
                3,
                STATUS,
                STATUS + "x",
                STATUS + "-1",
                STATUS + "\u0663",
                STATUS + "03",
                STATUS + "9" * 5000,
                "https://evil.example/status-lists/3",
            )
        ],
        {"status": {}},
        {"status": {"status_list": []}},
    ],
)
def test_claims_that_we_would_not_write_are_refused_even_under_our_key(claims: dict[str, Any]) -> None:
    is_refused(token(claims=claims))


def test_optional_claims_have_harmless_defaults() -> None:
    found = read(token(claims={"tenant": DROP, "scope": DROP}))
    assert (found.tenant, found.scope, found.ip_restricted) == (None, frozenset(), False)
    assert read(token(claims={"tenant": 7})).tenant is None
    assert read(token(claims={"ip_restricted": True})).ip_restricted
    assert not read(token(claims={"ip_restricted": "yes"})).ip_restricted


def test_a_token_is_current_from_its_issue_until_just_before_its_end() -> None:
    found, start = read(token()), datetime.fromtimestamp(1000, UTC)
    end, instant = datetime.fromtimestamp(1600, UTC), timedelta(microseconds=1)
    assert found.current(start)
    assert found.current(end - instant)
    assert not found.current(end)
    assert found.current(start - CLOCK_LEEWAY), "another process, whose clock is ahead, has just issued it"
    assert not found.current(start - CLOCK_LEEWAY - instant)


def test_nbf_counts_when_a_token_has_one() -> None:
    found = read(token(claims={"nbf": 1300}))
    assert not found.current(datetime.fromtimestamp(1200, UTC))
    assert found.current(datetime.fromtimestamp(1300, UTC))
