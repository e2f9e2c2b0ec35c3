"""When a verifier asks the issuer about one token, and what it makes of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from keyturn_verify import (
    AddressRequired,
    InsufficientScope,
    RecheckUnavailable,
    TokenInactive,
    Verifier,
)
from tests.verifier.conftest import Make
from tests.verifier.issuer import CREDENTIALS, Answer, Issuer


@pytest.fixture
def asking(issuer: Issuer, make: Make) -> Verifier:
    """A verifier with credentials, whose list says of entry 1 to ask."""
    issuer.entries[1] = 3
    issuer.introspection = {"active": True, "scope": "contacts:read contacts:write"}
    return make(credentials=CREDENTIALS)


def asked(issuer: Issuer) -> list[dict[str, str]]:
    return [request.form for request in issuer.asked if request.path == "/i"]


@pytest.mark.spec("T-7662-01")
def test_a_token_to_be_checked_again_is_introspected_each_time(issuer: Issuer, asking: Verifier) -> None:
    token = issuer.token()
    for _ in range(3):
        asking.verify(token)
    asking.verify(issuer.token(2))
    assert asked(issuer) == [{"token": token, "token_type_hint": "access_token"}] * 3  # RFC 7662 §2.1
    assert issuer.asked[-1].headers["authorization"].startswith("Basic ")


def test_without_credentials_a_token_to_be_checked_again_is_refused(issuer: Issuer, make: Make) -> None:
    issuer.entries[1] = 3
    with pytest.raises(RecheckUnavailable):
        make().verify(issuer.token())
    assert asked(issuer) == []


@pytest.mark.spec("T-7662-06")
def test_inactive_is_refused(issuer: Issuer, asking: Verifier) -> None:
    issuer.introspection = {"active": False}  # RFC 7662 §2.2
    with pytest.raises(TokenInactive):
        asking.verify(issuer.token())


def test_a_key_that_lost_a_scope_has_lost_it(issuer: Issuer, asking: Verifier) -> None:
    issuer.introspection = {"active": True, "scope": "contacts:read messages:send"}
    assert asking.verify(issuer.token()).scope == {"contacts:read"}  # and gains none by it
    with pytest.raises(InsufficientScope):
        asking.verify(issuer.token(), "contacts:write")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"active": "true"},
        {"active": 1},
        {"active": True, "jti": "another"},
        {"active": True, "client_id": "kt_OTHER"},
        {"active": True, "iss": "https://evil.example"},
        {"active": True, "exp": 1},
        {"active": True, "scope": ["contacts:read"]},
    ],
    ids=str,
)
def test_an_answer_about_something_else_is_none(issuer: Issuer, asking: Verifier, answer: dict[str, Any]) -> None:
    issuer.introspection = answer
    with pytest.raises(RecheckUnavailable):
        asking.verify(issuer.token())


@pytest.mark.parametrize(
    "answer",
    [None, Answer(401, {}, b""), Answer(503, {}, b""), Answer(302, {"location": "/"}, b""), Answer(200, {}, b"x")],
)
@pytest.mark.parametrize("fail", ["closed", "open"])
def test_no_answer_is_no_yes_however_the_verifier_fails(
    issuer: Issuer, make: Make, answer: Answer | None, fail: str
) -> None:
    issuer.entries[1] = 3
    issuer.replace["/i"] = answer
    with pytest.raises(RecheckUnavailable) as refused:
        make(credentials=CREDENTIALS, fail=fail).verify(issuer.token())
    assert refused.value.status == 503


def test_a_token_bound_to_addresses_is_introspected_with_the_callers(issuer: Issuer, asking: Verifier) -> None:
    token = issuer.token(2, ip_restricted=True)
    asking.verify(token, client_address="192.0.2.7")
    assert asked(issuer) == [{"token": token, "token_type_hint": "access_token", "client_address": "192.0.2.7"}]


@pytest.mark.parametrize("credentials", [None, CREDENTIALS])
@pytest.mark.parametrize("address", [None, "192.0.2.7"])
def test_a_token_bound_to_addresses_needs_credentials_and_an_address(
    issuer: Issuer, make: Make, credentials: Any, address: str | None
) -> None:
    verifier = make(credentials=credentials)
    token = issuer.token(2, ip_restricted=True)
    if credentials and address:
        issuer.introspection["scope"] = "contacts:read"
        verifier.verify(token, client_address=address)
        return
    with pytest.raises(AddressRequired):
        verifier.verify(token, client_address=address)
    assert asked(issuer) == []


def test_a_list_of_addresses_that_came_later_is_left_to_keyturn(issuer: Issuer, asking: Verifier) -> None:
    issuer.introspection = {"active": True, "scope": "contacts:read", "ip_allowlist": ["192.0.2.0/24"]}
    with pytest.raises(AddressRequired):
        asking.verify(issuer.token())


def test_what_is_revoked_is_not_asked_about(issuer: Issuer, make: Make) -> None:
    issuer.entries[1] = 1
    with pytest.raises(TokenInactive):
        make(credentials=CREDENTIALS).verify(issuer.token(ip_restricted=True), client_address="192.0.2.7")
    assert asked(issuer) == []
