"""Whom a verifier asks for the list, and as whom."""

from __future__ import annotations

import os

import pytest

from keyturn_verify import Refused, StatusUnavailable, Verifier
from tests.verifier.conftest import Make
from tests.verifier.issuer import CREDENTIALS, JWKS, LIST, METADATA, Answer, Issuer


def test_without_credentials_shared_caches_may_answer(issuer: Issuer, verifier: Verifier) -> None:
    verifier.verify(issuer.token())
    assert not {"authorization", "cache-control"} & issuer.asked[-1].headers.keys()


def test_with_credentials_the_origin_answers_and_knows_who_asks(issuer: Issuer, make: Make) -> None:
    make(credentials=("kt:a", "s c")).verify(issuer.token())
    asked = issuer.asked[-1].headers
    # RFC 9111 §5.2.1.4: a cache asks the origin first.
    # RFC 6749 §2.3.1: encoded as a form encodes, before Basic joins them.
    assert (asked["cache-control"], asked["authorization"]) == ("no-cache", "Basic a3QlM0FhOnMlMjBj")
    assert [a.path for a in issuer.asked if "authorization" in a.headers] == [LIST]


def test_a_process_says_which_one_it_is(issuer: Issuer, make: Make) -> None:
    make(credentials=CREDENTIALS).verify(issuer.token())
    assert issuer.asked[-1].headers["x-keyturn-verifier"].endswith(f":{os.getpid()}")
    make(credentials=CREDENTIALS, instance="contacts/1").verify(issuer.token())
    assert issuer.asked[-1].headers["x-keyturn-verifier"] == "contacts/1"


def test_credentials_that_are_not_recognised_are_logged_once(
    issuer: Issuer, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.change[LIST] = lambda a: a._replace(headers={**a.headers, "cache-control": "public, max-age=5"})
    verifier = make(credentials=CREDENTIALS)
    for index in range(3):
        issuer.entries[100 + index] = 1
        verifier.verify(issuer.token())
        issuer.clock.advance(5)
    assert [record.getMessage() for record in caplog.records] == [
        "keyturn-verify: credentials: not recognised by the issuer"
    ]


def test_refused_credentials_do_not_stop_the_service(issuer: Issuer, make: Make) -> None:
    verifier = make(credentials=CREDENTIALS)
    issuer.replace[LIST] = Answer(401, {}, b"")
    with pytest.raises(StatusUnavailable):
        verifier.verify(issuer.token())
    del issuer.replace[LIST]
    issuer.clock.advance(1)
    verifier.verify(issuer.token())
    assert "authorization" not in issuer.asked[-1].headers
    issuer.clock.advance(60)
    verifier.verify(issuer.token())
    assert "authorization" in issuer.asked[-1].headers


@pytest.mark.parametrize("path", [METADATA, JWKS, LIST])
def test_what_could_not_be_had_is_asked_for_again_without_a_request_and_not_all_the_time(
    issuer: Issuer, verifier: Verifier, path: str
) -> None:
    issuer.replace[path] = None
    with pytest.raises(Refused):
        verifier.verify(issuer.token())
    assert issuer.paths().count(path) == 1
    for second in range(1, 61):
        assert verifier._core.next_due() > issuer.clock.elapsed, "it would spin"
        issuer.clock.advance(1)
        verifier.refresh()
        assert issuer.paths().count(path) <= 1 + second / 5
    assert issuer.paths().count(path) > 3
    del issuer.replace[path]
    issuer.clock.advance(10)
    verifier.refresh()
    verifier.verify(issuer.token())
