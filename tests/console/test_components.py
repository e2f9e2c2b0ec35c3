"""The parts that pages are built of: shown where the settings say so, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.world import World

# CONSOLE.md 3.29.5, as far as a part is not a page of its own.
PARTS = (
    *("Button", "Link", "Field", "Error summary", "Status message", "Banner", "Badge", "Counter", "Table"),
    *("Filter bar", "Pagination", "Menu", "Copy field", "Code tabs", "Timeline", "Stat", "Breadcrumb"),
    *("Empty state", "Progress line", "Disclosure"),
)


@pytest.mark.parametrize(("settings", "status"), [({}, 404), ({"KEYTURN_DEVELOPMENT": "true"}, 200)])
def test_the_components_are_shown_for_development_alone(
    make_world: Callable[..., World], settings: dict[str, str], status: int
) -> None:
    answer = make_world(**settings).client.get("/dev/components")
    assert answer.status_code == status
    assert [f"<h2>{part}</h2>" in answer.text for part in PARTS] == [status == 200] * len(PARTS)
