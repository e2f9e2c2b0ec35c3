"""What a verifier keeps is bounded, and what it remembers never decides alone."""

from __future__ import annotations

import json
import threading

import pytest

from keyturn_verify import InvalidToken, RecheckUnavailable, StatusUnavailable, TokenRevoked, Verifier
from keyturn_verify.held_lists import MOST_LISTS
from tests.patience import PATIENCE_SECONDS
from tests.verifier.conftest import Make
from tests.verifier.issuer import AUDIENCE, CREDENTIALS, LIST, LIST_TYPE, METADATA, Answer, Issuer, Key


def test_only_so_many_signatures_are_remembered_and_the_oldest_go_first(issuer: Issuer, make: Make) -> None:
    verifier = make(remember=3)
    tokens = [issuer.token(index) for index in range(4)]
    for index in (0, 1, 2, 0, 3):
        verifier.verify(tokens[index])
    held = verifier._core.remembered
    assert sorted(entry.token.status_index for entry in held._entries.values()) == [0, 2, 3]
    assert len(make(remember=0)._core.remembered) == 0


def test_a_verifier_that_remembers_nothing_decides_the_same(issuer: Issuer, make: Make) -> None:
    verifier, token = make(remember=0), issuer.token()
    verifier.verify(token)
    issuer.entries[1] = 1
    issuer.clock.advance(5)
    with pytest.raises(TokenRevoked):
        verifier.verify(token)
    assert len(verifier._core.remembered) == 0


def test_tokens_whose_time_is_over_are_forgotten(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token())
    issuer.clock.advance(600)
    verifier.refresh()
    assert len(verifier._core.remembered) == 0


def test_a_bad_token_is_not_remembered(issuer: Issuer, verifier: Verifier) -> None:
    for _ in range(3):
        with pytest.raises(InvalidToken):
            verifier.verify(issuer.token(key=Key(kid=issuer.keys[0].kid)))
    assert len(verifier._core.remembered) == 0


def test_only_so_many_lists_are_held_and_the_one_unused_for_longest_goes(issuer: Issuer, verifier: Verifier) -> None:
    for number in range(MOST_LISTS + 2):
        uri = f"{issuer.url}/status-lists/{number}"
        issuer.list_claims = {"sub": uri}
        issuer.replace[f"/status-lists/{number}"] = Answer(
            200, {"content-type": LIST_TYPE}, issuer.list_token().encode()
        )
        issuer.clock.advance(0.01)
        verifier.verify(issuer.token(status={"status_list": {"idx": 1, "uri": uri}}))
    ages = verifier.ages()
    assert len(ages) == MOST_LISTS
    assert issuer.url + LIST not in ages


def test_keys_and_header_are_not_taken_for_good_after_the_key_was_taken_back(
    issuer: Issuer, verifier: Verifier
) -> None:
    verifier.verify(issuer.token(1))
    old, issuer.keys = issuer.keys[0], [Key()]
    issuer.clock.advance(300)
    verifier.refresh()
    with pytest.raises(InvalidToken):  # the same header as before, another token
        verifier.verify(issuer.token(2, key=old))


def test_metadata_without_introspection_are_asked_for_once(issuer: Issuer, make: Make) -> None:
    issuer.entries[1] = 3
    body = json.dumps({"issuer": issuer.url, "jwks_uri": issuer.url + "/.well-known/jwks.json"}).encode()
    issuer.replace[METADATA] = Answer(200, {"content-type": "application/json"}, body)
    verifier = make(credentials=CREDENTIALS)
    for _ in range(3):
        with pytest.raises(RecheckUnavailable):
            verifier.verify(issuer.token())
    assert issuer.paths().count(METADATA) == 1


def test_who_waits_for_somebody_elses_fetch_does_not_wait_for_ever(issuer: Issuer, make: Make) -> None:
    verifier = make(timeout=0.01)
    with verifier._lock, pytest.raises(StatusUnavailable):
        verifier.verify(issuer.token())


def test_a_fault_of_ours_in_the_background_is_logged_and_the_thread_goes_on(
    served: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    served.ttl = 1
    tried = threading.Semaphore(0)
    with Verifier(served.url, AUDIENCE, wall=lambda: served.clock.wall) as verifier:
        original = verifier._core.due

        def broken(wall: float, elapsed: float) -> list[object]:
            tried.release()
            verifier._core.due = original  # type: ignore[method-assign]
            raise ZeroDivisionError

        verifier._core.due = broken  # type: ignore[method-assign, assignment]
        verifier.verify(served.token())
        assert tried.acquire(timeout=PATIENCE_SECONDS)
        pause = threading.Event()
        for _ in range(1000):
            if served.paths().count(LIST) > 1:
                break
            pause.wait(0.02)
    assert "refreshing failed" in caplog.text
    assert served.paths().count(LIST) > 1
