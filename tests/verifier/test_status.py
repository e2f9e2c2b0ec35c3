"""What the status list says is what a verifier does, and how old it may be."""

from __future__ import annotations

import pytest

from keyturn_verify import (
    InvalidToken,
    RecheckUnavailable,
    StatusUnavailable,
    TokenRevoked,
    TokenSuspended,
    Verifier,
)
from keyturn_verify.status_lists import StatusList
from tests.verifier.conftest import Make
from tests.verifier.issuer import ENTRIES, JWKS, LIST, METADATA, Answer, Issuer


@pytest.mark.spec("T-TSL-04")
@pytest.mark.parametrize(
    ("packed", "width", "entries"),
    [
        ("b9a3", 1, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]),
        ("c944f9", 2, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]),
    ],
)
def test_the_vectors_of_the_specification_are_read(packed: str, width: int, entries: list[int]) -> None:
    read = StatusList(bytes.fromhex(packed), width, 0, None, None)
    assert [read.value(index) for index in range(len(entries))] == entries
    assert read.value(len(entries)) is None


@pytest.mark.spec("T-TSL-05")
def test_a_revoked_token_is_refused_before_the_ttl_is_over(issuer: Issuer, verifier: Verifier) -> None:
    revoked, other = issuer.token(1), issuer.token(2)
    verifier.verify(revoked)
    issuer.entries[1] = 1
    issuer.clock.advance(3.9)
    verifier.verify(revoked)
    issuer.clock.advance(0.1)
    with pytest.raises(TokenRevoked):
        verifier.verify(revoked)
    verifier.verify(other)


def test_a_suspended_token_is_refused_and_comes_back(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token()
    issuer.entries[1] = 2
    with pytest.raises(TokenSuspended):
        verifier.verify(token)
    issuer.entries[1] = 0
    issuer.clock.advance(5)
    verifier.verify(token)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_every_width_of_the_specification_is_known(issuer: Issuer, verifier: Verifier, bits: int) -> None:
    issuer.bits = bits
    issuer.entries[7] = 1
    verifier.verify(issuer.token(6))
    with pytest.raises(TokenRevoked):
        verifier.verify(issuer.token(7))


def test_a_status_that_nobody_has_defined_is_no_yes(issuer: Issuer, verifier: Verifier) -> None:
    issuer.bits = 8
    issuer.entries[7] = 9
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(7))


@pytest.mark.spec("T-TSL-07")
def test_an_index_beyond_the_list_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token(ENTRIES - 1))
    with pytest.raises(InvalidToken):
        verifier.verify(issuer.token(ENTRIES))


def test_the_list_is_asked_for_again_only_when_it_has_changed(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token())
    issuer.clock.advance(5)
    verifier.verify(issuer.token())
    assert issuer.paths() == [METADATA, JWKS, LIST, LIST]
    assert issuer.asked[-1].headers["if-none-match"].startswith('"')
    assert verifier.ages() == {issuer.url + LIST: 0}


def test_the_age_that_a_cache_states_counts(issuer: Issuer, verifier: Verifier) -> None:
    # RFC 9111 §5.1: it has been on its way for so long.
    issuer.change[LIST] = lambda answer: answer._replace(headers={**answer.headers, "age": "3"})
    verifier.verify(issuer.token())
    assert verifier.ages() == {issuer.url + LIST: 3}
    issuer.clock.advance(2)
    verifier.verify(issuer.token())
    assert issuer.paths().count(LIST) == 2


def test_an_outage_is_borne_for_max_staleness_and_no_longer(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token()
    verifier.verify(token)
    issuer.replace[LIST] = None
    issuer.clock.advance(60)
    verifier.verify(token)
    issuer.clock.advance(1)
    with pytest.raises(StatusUnavailable) as refused:
        verifier.verify(token)
    assert (refused.value.status, refused.value.retry_after) == (503, 5)
    del issuer.replace[LIST]
    issuer.clock.advance(1)
    verifier.verify(token)


def test_an_issuer_that_is_gone_is_not_asked_by_every_request(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token())
    issuer.replace[LIST] = None
    issuer.clock.advance(61)
    for _ in range(20):
        with pytest.raises(StatusUnavailable):
            verifier.verify(issuer.token())
    assert issuer.paths().count(LIST) == 2


def test_the_time_that_an_issuer_asks_for_is_granted(issuer: Issuer, verifier: Verifier) -> None:
    issuer.replace[LIST] = Answer(503, {"retry-after": "20"}, b"")
    for seconds in (0, 19.5, 1):
        issuer.clock.advance(seconds)
        with pytest.raises(StatusUnavailable):
            verifier.verify(issuer.token())
    assert issuer.paths().count(LIST) == 2


def test_who_chose_to_fail_open_goes_on_and_is_told(issuer: Issuer, make: Make) -> None:
    verifier = make(fail="open")
    issuer.replace[LIST] = None
    assert verifier.verify(issuer.token()).status_checked is False
    del issuer.replace[LIST]
    issuer.clock.advance(5)
    assert verifier.verify(issuer.token()).status_checked is True


def test_an_old_list_still_refuses_whom_it_refused_when_failing_open(issuer: Issuer, make: Make) -> None:
    verifier = make(fail="open")
    issuer.entries[1:4] = bytes([1, 2, 3])
    verifier.verify(issuer.token(0))
    issuer.replace[LIST] = None
    issuer.clock.advance(500)
    assert verifier.verify(issuer.token(0)).status_checked is False
    for index, refusal in ((1, TokenRevoked), (2, TokenSuspended), (3, RecheckUnavailable)):
        with pytest.raises(refusal):
            verifier.verify(issuer.token(index))


def test_a_list_past_its_own_end_is_fetched_whole(issuer: Issuer, verifier: Verifier) -> None:
    issuer.lifetime = 20
    verifier.verify(issuer.token())
    issuer.replace[LIST] = Answer(304, {}, b"")  # a cache that never asks again
    issuer.clock.advance(10)
    verifier.verify(issuer.token())
    issuer.clock.advance(10)
    with pytest.raises(StatusUnavailable):
        verifier.verify(issuer.token())
    assert "if-none-match" not in issuer.asked[-1].headers
    del issuer.replace[LIST]
    issuer.clock.advance(5)
    verifier.verify(issuer.token())


def test_a_list_without_a_ttl_is_kept_as_its_headers_say(issuer: Issuer, verifier: Verifier) -> None:
    issuer.ttl = None  # RFC 9111 §5.2.2.1
    issuer.change[LIST] = lambda a: a._replace(headers={**a.headers, "cache-control": "public, max-age=7"})
    verifier.verify(issuer.token())
    for seconds, asked in ((5, 1), (1, 2)):
        issuer.clock.advance(seconds)
        verifier.verify(issuer.token())
        assert issuer.paths().count(LIST) == asked


def test_a_ttl_longer_than_the_staleness_allowed_is_cut(issuer: Issuer, make: Make) -> None:
    issuer.ttl = 86_400
    verifier = make(max_staleness=10)
    verifier.verify(issuer.token())
    issuer.clock.advance(5)
    verifier.verify(issuer.token())
    assert issuer.paths().count(LIST) == 2


def test_a_list_that_nobody_asks_about_is_let_go(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token())
    issuer.clock.advance(3601)
    verifier.refresh()
    assert verifier.ages() == {}


def test_a_million_secrets_take_a_quarter_of_a_megabyte(issuer: Issuer, verifier: Verifier) -> None:
    issuer.entries = bytearray(1 << 20)
    verifier.verify(issuer.token((1 << 20) - 1))
    held = verifier._core.lists.at(issuer.url + LIST, 0).list
    assert held is not None
    assert len(held.packed) == 1 << 18
