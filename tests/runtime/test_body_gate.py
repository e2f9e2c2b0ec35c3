from __future__ import annotations

import io
import threading
from typing import Any

import pytest

from app.domain.refusals import Unavailable
from app.runtime.body_gate import BodyGate


class Stalled:
    """A body that does not come until it is let go."""

    def __init__(self) -> None:
        self.asked, self.come = threading.Event(), threading.Event()

    def read(self, _size: int = -1) -> bytes:
        self.asked.set()
        self.come.wait()
        return b"late"


def environ(stream: Any) -> dict[str, Any]:
    return {"CONTENT_LENGTH": "4", "wsgi.input": stream}


@pytest.fixture
def gate() -> BodyGate:
    """A gate for one reader, before an application that reads."""
    return BodyGate(lambda environ, _start: [environ["wsgi.input"].read(4)], 1)


def test_bodies_pass_one_after_the_other(gate: BodyGate) -> None:
    assert [gate(environ(io.BytesIO(b"abcdef")), None) for _ in range(3)] == [[b"abcd"]] * 3
    assert gate.reading == []


def test_who_finds_the_gate_full_is_told_to_come_again(gate: BodyGate) -> None:
    stalled = Stalled()
    first = threading.Thread(target=gate, args=(environ(stalled), None))
    first.start()
    stalled.asked.wait()
    with pytest.raises(Unavailable):
        gate(environ(io.BytesIO(b"abcd")), None)
    stalled.come.set()
    first.join()
    assert gate(environ(io.BytesIO(b"abcd")), None) == [b"abcd"]


def test_who_waits_is_let_in_when_there_is_room(gate: BodyGate) -> None:
    stalled = Stalled()
    first = threading.Thread(target=gate, args=(environ(stalled), None))
    first.start()
    stalled.asked.wait()
    answers: list[Any] = []
    second = threading.Thread(target=lambda: answers.append(gate(environ(io.BytesIO(b"abcd")), None)))
    second.start()
    stalled.come.set()
    first.join()
    second.join()
    assert answers == [[b"abcd"]]


def test_a_body_that_breaks_off_leaves_its_place(gate: BodyGate) -> None:
    class Broken:
        def read(self, _size: int = -1) -> bytes:
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any
        gate(environ(Broken()), None)
    assert gate.reading == []


def test_a_request_without_a_body_keeps_its_stream() -> None:
    stream = Stalled()
    gate = BodyGate(lambda environ, _start: [environ["wsgi.input"] is stream], 0)
    assert gate({"CONTENT_LENGTH": "0", "wsgi.input": stream}, None) == [True]
    assert gate({"wsgi.input": stream}, None) == [True]
