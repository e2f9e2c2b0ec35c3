"""What a search for keys looks for."""

from __future__ import annotations

import pytest

from app.domain.credentials import new_secret
from app.domain.key_search import searched

SECRET = new_secret("kt_7Q2M9XK4T1V8B0CD", lambda size: b"\x07" * size).text
OLD_BRAND = new_secret("old_7Q2M9XK4T1V8B0CD", lambda size: b"\x07" * size).text


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        *((None, (None, None)), ("", (None, None)), ("  ", (None, None))),
        ("Crème Brûlée", ("creme brulee", None)),
        ("kt_7q2m", ("kt_7q2m", "kt_7Q2M")),
        ("kt_", ("kt_", "kt_")),
        ("KT_7Q2M9XK4T1V8B0CD", ("kt_7q2m9xk4t1v8b0cd", "kt_7Q2M9XK4T1V8B0CD")),
        ("kt_7Q2M9XK4T1V8B0CD0", ("kt_7q2m9xk4t1v8b0cd0", None)),
        ("docs_2024 archive", ("docs_2024 archive", None)),
    ],
)
def test_a_search_looks_for_a_part_of_a_name_or_the_beginning_of_a_key_id(
    q: str | None, expected: tuple[str | None, str | None]
) -> None:
    assert searched(q, "kt") == expected


@pytest.mark.parametrize(
    "q", [SECRET, SECRET[:-1], SECRET[:21], f"  {SECRET}\n", SECRET + " and more", "old" + OLD_BRAND[3:]]
)
def test_nothing_of_a_secret_but_its_key_id_is_looked_for(q: str) -> None:
    text, key_id = searched(q, "kt")
    assert text is None
    assert key_id in {"kt_7Q2M9XK4T1V8B0CD", "old_7Q2M9XK4T1V8B0CD"}


def test_a_secret_cut_short_gives_the_part_of_the_key_id_that_is_left() -> None:
    assert searched("kts_7Q2M", "kt") == (None, "kt_7Q2M")
