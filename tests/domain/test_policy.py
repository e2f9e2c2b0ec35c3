from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.policy import Attempt, KeyTerms, decide
from app.domain.refusals import Reason

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EARLIER, LATER, INSTANT = NOW - timedelta(days=1), NOW + timedelta(days=1), timedelta(microseconds=1)
HOME, AWAY = ip_address("10.0.0.1"), ip_address("192.0.2.1")
SCOPE = frozenset({"contacts:read", "contacts:write"})
FINE = KeyTerms(networks=(ip_network("10.0.0.0/8"),), scope=SCOPE, tenant=("ten_1", "Acme"))
ASKED = Attempt(HOME, frozenset({"contacts:read"}), "Acme")
# Everything that can speak against a key, in the order in which it is told.
AGAINST = [
    (Reason.DELETED, {"deleted_at": EARLIER}),
    (Reason.REVOKED, {"revoked_at": EARLIER}),
    (Reason.REPLACED, {"secret_ended_at": EARLIER}),
    (Reason.EXPIRED, {"expires_at": EARLIER}),
    (Reason.API_ACCESS_OFF, {"suspended_by": Reason.API_ACCESS_OFF}),
    (Reason.ADDRESS_REFUSED, {"networks": (ip_network("192.0.2.2/32"),)}),
    (Reason.OTHER_TENANT, {"tenant": ("ten_2", "Globex")}),
    (Reason.SCOPE_REFUSED, {"scope": frozenset()}),
]


def test_a_key_that_nothing_speaks_against_is_allowed() -> None:
    assert decide(FINE, ASKED, NOW).allowed
    assert decide(KeyTerms(), Attempt(), NOW).allowed


@given(st.sets(st.integers(0, len(AGAINST) - 1), min_size=1))
def test_of_several_reasons_the_first_in_the_order_of_the_policy_is_told(chosen: set[int]) -> None:
    terms = FINE
    for number in chosen:
        terms = terms._replace(**AGAINST[number][1])
    verdict = decide(terms, ASKED, NOW)
    assert verdict.reason is AGAINST[min(chosen)][0]
    assert not verdict.allowed


@pytest.mark.parametrize("member", ["secret_ended_at", "expires_at"])
def test_an_end_is_the_first_instant_that_no_longer_works(member: str) -> None:
    terms = FINE._replace(**{member: NOW})
    assert decide(terms, ASKED, NOW - INSTANT).allowed
    verdict = decide(terms, ASKED, NOW)
    assert not verdict.allowed
    assert verdict.at == NOW


@pytest.mark.parametrize("member", ["deleted_at", "revoked_at"])
def test_a_revocation_holds_whatever_the_clocks_say(member: str) -> None:
    verdict = decide(FINE._replace(**{member: LATER}), ASKED, NOW)
    assert not verdict.allowed
    assert verdict.at == LATER


@pytest.mark.parametrize("reason", [Reason.API_ACCESS_OFF, Reason.TENANT_CLOSED, Reason.CREATOR_INACTIVE])
def test_whatever_suspends_a_key_is_the_reason(reason: Reason) -> None:
    assert decide(FINE._replace(suspended_by=reason), ASKED, NOW).reason is reason


def test_an_address_list_admits_its_own_and_nobody_else_and_no_unknown_address() -> None:
    assert decide(FINE, ASKED._replace(address=HOME), NOW).allowed
    assert decide(FINE, ASKED._replace(address=AWAY), NOW).reason is Reason.ADDRESS_REFUSED
    assert decide(FINE, ASKED._replace(address=None), NOW).reason is Reason.ADDRESS_REFUSED
    assert decide(FINE._replace(networks=()), ASKED._replace(address=None), NOW).allowed


def test_a_scope_refusal_names_what_is_missing() -> None:
    verdict = decide(FINE, Attempt(HOME, frozenset({"contacts:read", "messages:send"})), NOW)
    assert verdict.reason is Reason.SCOPE_REFUSED
    assert verdict.missing == {"messages:send"}
