from __future__ import annotations

from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, Unavailable


def test_failures_say_what_they_are() -> None:
    assert (
        str(Invalid(Problem("name", "length", "Too short."), Problem("group", "missing", "Needed.")))
        == "name: Too short.; group: Needed."
    )
    assert str(NotFound("tenant")) == "There is no such tenant."
    assert str(Forbidden("code", "Unauthorized", ("hint",))) == "Unauthorized"
    assert str(Conflict("code", "It is taken.")) == "It is taken."
    assert (str(Unavailable("Later.", retry_after=7)), Unavailable("Later.").retry_after) == ("Later.", 1)


def test_a_conflict_is_itself_and_nothing_else() -> None:
    one, other = Conflict("code", "It is taken."), Conflict("code", "It is taken.")
    assert one != other
    assert len({one, other}) == 2
