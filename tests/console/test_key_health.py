"""Key health: what deserves a look, worst first, each leading to the keys it is about."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Console
from tests.usage.test_health import stage


@pytest.mark.spec("S1-40", "S2-30")
def test_findings_lead_to_the_keys_they_are_about(console: Console) -> None:
    expected = stage(console.world)
    page = console.signed_in()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Key health").click()
    first = page.locator(".kt-findings").nth(0).locator("li")
    expect(first.nth(0)).to_contain_text("Expired but still called")
    expect(first).to_have_count(5)
    for question in ("revoked_but_called", "old_secret", "idle"):
        page.goto("/tenant-api-keys/health")
        card = page.get_by_test_id(f"health-{question}")
        for name in expected[question]:
            expect(card.locator("p")).to_contain_text(name)
        card.get_by_role("link", name=re.compile("^See key")).click()
        expect(page).to_have_url(re.compile(f"health={question}"))
        assert set(page.locator("tbody .kt-name").all_inner_texts()) == expected[question]


def test_a_finding_says_who_still_calls_and_when_a_key_stops(console: Console) -> None:
    stage(console.world)
    page = console.signed_in()
    page.goto("/tenant-api-keys/health")
    called = r"and was called once since, from 198\.51\.100\.4\.$"
    for question, said in {
        "expired_but_called": rf"^Expired expired on 31 Dec 2026 {called}",
        "revoked_but_called": rf"^Revoked was revoked on \d+ \w+ 20\d\d {called}",
        "expiring_soon": r"^Soon stops working on \d+ \w+ 20\d\d at 23:59, in \d+ days?\. It was never used\.$",
    }.items():
        expect(page.get_by_test_id(f"health-{question}").locator("p")).to_have_text(re.compile(said))


def test_a_tenant_without_keys_is_all_clear(console: Console) -> None:
    page = console.signed_in("auditor")
    page.goto("/tenant-api-keys/health")
    expect(page.get_by_test_id("all-clear")).to_contain_text("All clear")
    expect(page.get_by_test_id("health-idle")).to_contain_text("None")
