"""How a token is presented, and how each refusal is answered."""

from __future__ import annotations

import json
import re

import pytest

import keyturn_verify
from keyturn_verify import (
    InsufficientScope,
    InvalidToken,
    Refused,
    RequestMalformed,
    StatusUnavailable,
    TokenExpired,
    TokenMissing,
)
from keyturn_verify.bearer import answer, presented

ATTRIBUTE = r'[a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"'
ALL = [
    kind
    for name in keyturn_verify.__all__
    if isinstance(kind := getattr(keyturn_verify, name), type) and issubclass(kind, Refused)
]


@pytest.mark.spec("T-6750-08")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_found(scheme: str) -> None:
    assert presented([f"{scheme} a.b-c_d~e+f/g=="]) == "a.b-c_d~e+f/g=="


@pytest.mark.spec("T-6750-01", "T-6750-02")
@pytest.mark.parametrize("fields", [[], [""], ["Basic dTpw"], ["Digest x"]])
def test_no_bearer_token_gets_a_challenge_without_a_code(fields: list[str]) -> None:
    with pytest.raises(TokenMissing) as refused:
        presented(fields)
    status, headers, _ = answer(refused.value, "contacts")
    assert (status, dict(headers)["WWW-Authenticate"]) == (401, 'Bearer realm="contacts"')  # RFC 6750 §3.1


@pytest.mark.spec("T-6750-05")
@pytest.mark.parametrize("fields", [["Bearer"], ["Bearer "], ["Bearer a, Bearer b"], ["Bearer a b"], ["Bearer a"] * 2])
def test_a_token_that_nobody_can_read_is_a_bad_request(fields: list[str]) -> None:
    with pytest.raises(RequestMalformed) as refused:  # RFC 6750 §2.1
        presented(fields)
    status, headers, _ = answer(refused.value)
    assert status == 400
    assert 'error="invalid_request"' in dict(headers)["WWW-Authenticate"]


@pytest.mark.spec("T-6750-03")
def test_a_bad_token_gets_invalid_token() -> None:
    status, headers, body = answer(TokenExpired("detail for the log"))
    assert status == 401
    assert dict(headers)["WWW-Authenticate"] == (
        'Bearer realm="api", error="invalid_token", error_description="The access token has expired."'
    )
    assert json.loads(body) == {"error": "invalid_token", "error_description": "The access token has expired."}


@pytest.mark.spec("T-6750-04")
def test_too_little_scope_is_told_what_is_needed() -> None:
    status, headers, _ = answer(InsufficientScope({"b:write", "a:read"}))
    assert status == 403
    assert dict(headers)["WWW-Authenticate"].endswith('scope="a:read b:write"')


def test_what_is_not_the_callers_fault_is_503_with_the_time_to_wait() -> None:
    status, headers, body = answer(StatusUnavailable())
    assert (status, dict(headers)["Retry-After"]) == (503, "5")
    assert dict(headers)["WWW-Authenticate"] == 'Bearer realm="api"'
    assert json.loads(body)["error"] == "temporarily_unavailable"


@pytest.mark.spec("T-9728-03")
def test_a_challenge_can_name_the_metadata_of_the_service() -> None:
    url = "https://api.example/.well-known/oauth-protected-resource"
    headers = dict(answer(InvalidToken(), resource_metadata=url).headers)  # RFC 9728 §5.1
    assert headers["WWW-Authenticate"].endswith(f'resource_metadata="{url}"')


@pytest.mark.spec("T-6750-09")
@pytest.mark.parametrize("kind", ALL)
def test_every_challenge_is_well_formed_and_repeats_nothing_of_the_token(kind: type[Refused]) -> None:
    refused = kind(["contacts:read"]) if kind is InsufficientScope else kind("kts_SECRET")  # type: ignore[arg-type]
    challenge = refused.challenge("api")  # RFC 6750 §3
    assert re.fullmatch(rf"Bearer {ATTRIBUTE}(, {ATTRIBUTE})*", challenge)
    names = re.findall(r'([a-z_]+)="', challenge)
    assert len(names) == len(set(names))
    assert "SECRET" not in challenge + str(answer(refused))


def test_a_realm_that_breaks_out_of_its_quotes_is_refused() -> None:
    with pytest.raises(ValueError, match="realm"):
        TokenMissing().challenge('a", error="x')


def test_every_refusal_is_one_class_that_can_be_caught_by_itself() -> None:
    assert {kind.status for kind in ALL} == {400, 401, 403, 503}
    assert all(issubclass(kind, Refused) and kind.__doc__ for kind in ALL)
