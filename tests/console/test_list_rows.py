"""The list of keys as the acceptance list asks for it: every key, every column, at one glance."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.actions import keys, tenants
from tests.admin.client import Admin
from tests.console.conftest import Console
from tests.console.test_keys import dead, generate
from tests.gateways.programs import installed
from tests.patience import PATIENCE_SECONDS
from tests.usage.staging import call
from tests.world import OPERATOR

LIST = "/tenant-api-keys"


def rows(page: Page) -> list[str]:
    """The key IDs of the rows."""
    return [
        row.removeprefix("row-")
        for row in page.locator("tbody tr").evaluate_all("found => found.map(one => one.dataset.testid)")
    ]


@pytest.mark.spec("S5-15", "S4-17", "S4-70")
def test_every_key_is_listed_and_the_two_states_part_them(console: Console) -> None:
    world = console.world
    made = [world.key(name=f"Key {number}", expires_at="2026-11-22" if number == 2 else None) for number in range(4)]
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], made[0].id, world.clock())
    world.clock.advance(days=2)
    page = console.signed_in()
    everything = {key["client_id"] for key in Admin(world, made[1].secret).ok("GET", "api-keys")["items"]}
    assert set(rows(page)) == everything == {key.id for key in made}
    page.goto(f"{LIST}?status=active")
    active = rows(page)
    page.goto(f"{LIST}?status=revoked")
    assert rows(page) == [made[0].id]
    assert sorted([*active, made[0].id]) == sorted(everything)
    page.goto(f"{LIST}?expiration=expired")
    badge = page.get_by_test_id(f"row-{made[2].id}").locator(".badge")
    expect(badge).to_have_text("Expired")
    expect(badge.locator("svg use")).to_have_count(1)


@pytest.mark.spec("S4-74", "S4-5", "S4-6", "S4-7", "S4-8", "S4-9", "S2-12", "S2-13", "S2-15")
def test_all_columns_are_seen_together_at_1280_pixels(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App", group="Read only", expires_at="2026-12-31")
    call(world, key.secret)
    world.ctx.recorder.flush()
    page = console.signed_in(viewport={"width": 1280, "height": 800})
    headers = page.get_by_test_id("keys-table").get_by_role("columnheader")
    said = [re.sub(r"\s+", " ", text).strip() for text in headers.all_inner_texts()]
    assert [text.split(" ▲")[0].removesuffix("Authorization Group").strip() for text in said[1:7]] == [
        "Name",
        "Status",
        "Group",
        "Created",
        "Last used",
        "Expires",
    ]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    row = page.get_by_test_id(f"row-{key.id}")
    for cell, text in ((".c-status", "Active"), (".c-group", "Read only"), (".c-used", "0 seconds ago")):
        expect(row.locator(cell)).to_contain_text(text)
        expect(row.locator(cell)).to_be_in_viewport(ratio=1)
    expect(row.locator(".c-expires")).to_contain_text("31 Dec 2026")
    expect(row.locator(".c-expires")).to_be_in_viewport(ratio=1)
    expect(row.locator(".c-used time")).to_have_attribute("title", "Sat 21 Nov 2026 12:00:00 UTC")
    expect(row.locator(".c-created time")).to_have_attribute("datetime", re.compile("^2026-11-21T12:00:00"))
    expect(row.locator(".badge svg")).to_have_count(1)
    row.get_by_role("link", name="Read only").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Read only")


@pytest.mark.spec("S5-25", "S1-34")
def test_the_trash_of_a_row_revokes_and_where_that_is_ticked_deletes(console: Console) -> None:
    world = console.world
    key, reader = world.key(name="Old Zapier"), world.resource_server()
    token = world.token(key)
    page = console.signed_in()
    page.goto(LIST)
    page.get_by_role("link", name="Revoke Old Zapier").click()
    asks = page.get_by_role("dialog", name="Revoke API Key")
    asks.get_by_label("Also delete it from the list").check()
    asks.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("status")).to_have_text("API Key Old Zapier was deleted.")
    expect(page.get_by_test_id(f"row-{key.id}")).to_have_count(0)
    dead(console, key, token, reader)


@pytest.mark.spec("S2-48")
def test_the_chart_shows_calls_that_were_too_many(console: Console) -> None:
    world = console.world
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), rate_limit=2)
    key = world.key(name="Mobile App")
    assert [call(world, key.secret) for _ in range(4)] == [200, 200, 429, 429]
    world.ctx.recorder.flush()
    page = console.signed_in()
    page.goto(f"{LIST}/{key.id}")
    expect(page.get_by_test_id("usage-figure").locator("figcaption")).to_contain_text("429 peaked on 21 Nov with 2.")
    sheet = page.request.get(f"{console.base}{LIST}/{key.id}/usage.csv?range=7d").text()
    assert list(csv.DictReader(io.StringIO(sheet)))[-1]["429"] == "2"


@pytest.mark.spec("S2-18", "S2-19", "S2-20")
@pytest.mark.parametrize(("tab", "file"), [("cURL", "call.sh"), ("Python", "call.py"), ("JavaScript", "call.mjs")])
def test_the_samples_beside_a_new_secret_run_as_they_stand(
    console: Console, tab: str, file: str, tmp_path: Path
) -> None:
    page = console.signed_in()
    generate(page, "ERP Integration")
    panel = page.get_by_test_id("secret-panel")
    settings = panel.get_by_role("region", name=".env sample").inner_text()
    panel.get_by_text(tab, exact=True).click()
    (tmp_path / file).write_text(panel.get_by_role("region", name=f"{tab} sample").inner_text(), encoding="utf-8")
    programs = {"cURL": ["bash", "-euo", "pipefail"], "Python": [sys.executable], "JavaScript": []}
    environment = dict(line.split("=", 1) for line in settings.splitlines() if line and not line.startswith("#"))
    command = [*(programs[tab] or [str(installed("node"))]), file]
    given = {"PATH": os.environ.get("PATH", os.defpath), **environment}
    done = subprocess.run(
        command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    assert "ERP Integration" in done.stdout
