"""An issuer with clocks that stand, and verifiers of it that ask only when they are told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from keyturn_verify import Verifier
from tests.verifier.issuer import AUDIENCE, Issuer, Wire
from tests.verifier.served import Server

Make = Callable[..., Verifier]


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def make(issuer: Issuer) -> Iterator[Make]:
    """Make verifiers of the issuer without a thread of their own: they move with the clock of the test."""
    made: list[Verifier] = []

    def verifier(**settings: Any) -> Verifier:
        chosen = {
            "audience": AUDIENCE,
            "background": False,
            "transport": lambda: Wire(issuer),
            "wall": lambda: issuer.clock.wall,
            "elapsed": lambda: issuer.clock.elapsed,
            **settings,
        }
        made.append(Verifier(issuer.url, **chosen))
        return made[-1]

    yield verifier
    for one in made:
        one.close()


@pytest.fixture
def verifier(make: Make) -> Verifier:
    return make()


@pytest.fixture
def served(issuer: Issuer) -> Iterator[Issuer]:
    """The issuer on a port of this machine."""
    server = Server(issuer)
    yield issuer
    server.close()
