"""The list of API keys in the order of its status and of its groups."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.actions import keys
from tests.console.conftest import Console
from tests.world import OPERATOR


@pytest.mark.spec("S5-20", "S5-21")
def test_status_and_group_are_headers_to_order_by_on_every_page(console: Console) -> None:
    world = console.world
    for number in range(60):
        key = world.key(name=f"Key {number:02}", group="Read only" if number % 3 else "Full access")
        if number % 6 == 1:
            keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    page = console.signed_in()
    page.goto("/tenant-api-keys?per=25")
    pages, line = page.get_by_role("navigation", name="Pages"), page.get_by_test_id("result-line")
    for header, cell, first, last in (
        (re.compile("Status"), ".c-status", "Active", "Revoked"),
        (re.compile("Authorization Group"), ".c-group", "Full access", "Read only"),
    ):
        cells = page.get_by_test_id("keys-table").locator(f"tbody {cell}")
        head = page.get_by_role("columnheader", name=header)
        head.get_by_role("link").click()
        expect(head).to_have_attribute("aria-sort", "ascending")
        expect(head).to_contain_text("\u25b2")
        expect(cells.nth(19)).to_have_text(re.compile(first))
        pages.get_by_role("link", name="Last").click()
        expect(line).to_have_text("36\u201360 of 60 keys")
        expect(cells.last).to_have_text(re.compile(last))
        pages.get_by_role("link", name="Previous").click()
        expect(line).to_have_text("11\u201335 of 60 keys")
        pages.get_by_role("link", name="Next").click()
        expect(line).to_have_text("36\u201360 of 60 keys")
        head.get_by_role("link").click()
        expect(head).to_have_attribute("aria-sort", "descending")
        expect(cells.first).to_have_text(re.compile(last))
    page.get_by_test_id("filter-status").select_option("revoked")
    expect(page).to_have_url(re.compile("sort=group"))
    expect(line).to_have_text("10 keys match")
