"""Pages are packed for the console's own visitors, and for nobody who could guess from their length what they hold."""

from __future__ import annotations

import gzip

import pytest

from tests.console.people import Person
from tests.world import World

KEYS = "/tenant-api-keys"


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_a_page_that_a_person_opens_is_packed(world: World, site: str) -> None:
    person = Person(world).signed_in()
    answer = person.client.get(KEYS, headers={"Sec-Fetch-Site": site, "Accept-Encoding": "gzip, deflate, br"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert {"Accept-Encoding", "Sec-Fetch-Site"} <= {one.strip() for one in answer.headers["Vary"].split(",")}
    page = gzip.decompress(answer.data)
    assert b"</html>" in page
    assert len(answer.data) < len(page) / 3
    assert answer.headers["Content-Length"] == str(len(answer.data))


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_a_page_that_another_site_asks_for_is_not_packed(world: World, site: str | None) -> None:
    told = {"Sec-Fetch-Site": site} if site is not None else {}
    answer = Person(world).signed_in().client.get(KEYS, headers={**told, "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert "</html>" in answer.text


def test_a_browser_that_cannot_unpack_gets_the_page_as_it_is(world: World) -> None:
    answer = Person(world).signed_in().client.get(KEYS, headers={"Sec-Fetch-Site": "none"})
    assert "</html>" in answer.text


def test_a_file_that_is_kept_is_not_packed(world: World) -> None:
    told = {"Sec-Fetch-Site": "same-origin", "Accept-Encoding": "gzip"}
    answer = Person(world).signed_in().client.get(f"{KEYS}/export.csv", headers=told)
    assert "Content-Encoding" not in answer.headers
