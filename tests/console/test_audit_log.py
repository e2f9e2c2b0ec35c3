"""The audit log in the console: who did what, filtered, exported, verified."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from playwright.sync_api import expect

from app.actions import keys
from tests.console.conftest import Console
from tests.console.test_keys import close, generate
from tests.world import OPERATOR


@pytest.mark.spec("S2-30", "S1-15", "S1-16")
def test_what_people_did_is_told_filtered_and_exported(console: Console) -> None:
    page = console.signed_in()
    generate(page, "Mobile App")
    close(page)
    page.get_by_role("link", name="Mobile App", exact=True).click()
    page.get_by_test_id("field-name").fill("Mobile App 2")
    page.get_by_role("button", name="Update API Key").click()
    expect(page.get_by_test_id("timeline")).to_contain_text("Renamed from Mobile App to Mobile App 2")
    page.get_by_role("link", name="View in audit log").last.click()
    rows = page.get_by_test_id("audit-table").locator("tbody > tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("Ada Okafor")
    expect(rows.nth(0)).to_contain_text("127.0.0.1")
    rows.nth(0).locator("summary").click()
    expect(rows.nth(0)).to_contain_text('"name": "Mobile App 2"')
    page.get_by_test_id("filter-event").select_option("key.created")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"/audit-log\?event=key\.created&object=kt_\w+$"))
    expect(rows).to_have_count(1)
    exported = page.request.get(page.url.replace("/audit-log?", "/audit-log/export.csv?"))
    (row,) = csv.DictReader(io.StringIO(exported.text()))
    assert row["event"] == "key.created"
    assert json.loads(row["after"])["name"] == "Mobile App"
    lines = page.request.get(f"{console.base}/audit-log/export.jsonl?ip=127.0.0.1").text().splitlines()
    assert {json.loads(line)["event"] for line in lines} >= {"member.signed_in", "key.created", "key.edited"}
    page.goto("/audit-log?from=2026-11-22")
    expect(page.get_by_test_id("result-line")).to_have_text("No events match these filters.")
    page.goto("/audit-log?from=nonsense&after=forged&event=nothing")
    expect(page.get_by_test_id("audit-table")).to_be_visible()


def test_the_log_has_pages_and_its_chain_is_verified_on_demand(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App")
    for number in range(60):
        keys.edit(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), description=f"Version {number}")
    page = console.signed_in("auditor")
    page.goto(f"/audit-log?object={key.id}")
    rows = page.get_by_test_id("audit-table").locator("tbody > tr")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(11)
    page.get_by_test_id("verify").click()
    expect(page.get_by_test_id("integrity")).to_contain_text(re.compile(r"Chain verified up to 12:00: \d+ events"))


def test_a_super_user_sees_what_they_did_themselves(console: Console) -> None:
    console.world.key(name="Somebody else's")
    page = console.signed_in("super_user")
    page.goto("/audit-log?actor=tester&verify=1")
    rows = page.get_by_test_id("audit-table").locator("tbody > tr")
    expect(rows).to_have_count(2)
    expect(page.get_by_test_id("integrity")).to_have_count(0)
    exported = page.request.get(f"{console.base}/audit-log/export.jsonl?actor=tester").text().splitlines()
    assert {json.loads(line)["actor"]["kind"] for line in exported} == {"member"}


def test_people_are_looked_for_by_name_and_the_address_says_whom(console: Console) -> None:
    page = console.signed_in()
    console.member("auditor", "Eve Marchetti")
    other = console.world.new_tenant("Other")["id"]
    console.member("auditor", "Somebody Else", other)
    page.goto("/audit-log")
    who = page.get_by_test_id("filter-actor")
    expect(who.locator("option")).to_have_text(["Anybody", "Ada Okafor", "Eve Marchetti"])
    who.select_option("Ada Okafor")
    page.get_by_role("button", name="Apply").click()
    rows = page.get_by_test_id("audit-table").locator("tbody > tr")
    expect(rows.locator("td:nth-child(2)")).to_have_text(["Ada Okafor"] * rows.count())
    expect(page).to_have_url(re.compile(r"actor=mem_\w+"))
    expect(who.locator(":checked")).to_have_text("Ada Okafor")
    page.goto("/audit-log")
    page.get_by_role("link", name="Operator").first.click()
    expect(who.locator(":checked")).to_have_text("Operator")
    expect(page.get_by_test_id("result-line")).not_to_have_text("No events match these filters.")


def test_a_member_without_the_permission_sees_no_log(console: Console) -> None:
    page = console.signed_in("member")
    for place in ("", "/export.csv", "/export.jsonl"):
        assert page.request.get(f"{console.base}/audit-log{place}").status == 403
