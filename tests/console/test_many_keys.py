"""Many keys of the list at once: all that match, taken out as a file, changed in the background."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select, update

from app.actions import key_batches, key_jobs, key_lists, keys
from app.models import Key, KeyUse, Member, Tenant
from tests.console.conftest import Console
from tests.world import OPERATOR, World

LIST = "/tenant-api-keys"


def fill(world: World, number: int) -> None:
    """Many keys like one that was made properly; nobody calls with them."""
    like = world.key(name="Key 0000")
    with world.ctx.database.transaction() as connection:
        row = dict(connection.execute(select(Key.__table__).where(Key.key_id == like.id)).one()._mapping)
        names = [f"Key {place:04}" for place in range(1, number)]
        ids = [f"kt_{place:016d}" for place in range(1, number)]
        rows = [
            {**row, "key_id": key_id, "name": name, "name_folded": name.lower()}
            for key_id, name in zip(ids, names, strict=True)
        ]
        uses = [{"key_id": key_id, "tenant_id": row["tenant_id"], "kind": row["kind"]} for key_id in ids]
        connection.execute(insert(Key), rows)
        connection.execute(insert(KeyUse), uses)
        connection.execute(update(Tenant).where(Tenant.id == row["tenant_id"]).values(listed_keys=number))


def revoked(world: World) -> int:
    page = key_lists.page(
        world.ctx, world.tenant["id"], key_lists.Filters(status="revoked"), world.clock(), counted=True, limit=1
    )
    return page.matches or 0


def rows_of(path: str | Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Path(path).read_text(encoding="utf-8"))))


@pytest.mark.parametrize("script", [True, False])
def test_all_keys_that_match_are_selected_together_and_looked_for_again_when_it_is_done(
    console: Console, script: bool
) -> None:
    world = console.world
    fill(world, 80)
    world.key(name="Another")
    page = console.signed_in(java_script_enabled=script)
    page.goto(f"{LIST}?q=key&per=50")
    bar, matching = page.get_by_test_id("bulk-bar"), page.get_by_label("Select all 80 keys that match")
    if script:
        page.get_by_label("Select Key 0001").check()
        expect(bar).to_contain_text("Selected: 1")
        expect(matching).to_be_hidden()
        page.get_by_label("Select all on this page").check()
        expect(bar).to_contain_text("Selected: 50")
        matching.check()
        expect(bar).to_contain_text("Selected: 80")
        page.get_by_label("Select Key 0001").uncheck()
        expect(bar).to_contain_text("Selected: 49")
        expect(matching).not_to_be_checked()
        page.get_by_label("Select all on this page").check()
    else:
        page.get_by_label("Select Key 0001").check()
    matching.check()
    bar.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke 80 API Keys?")
    expect(page.get_by_test_id("bulk-matching")).to_have_text("These are all keys that match the filters of the list.")
    world.key(name="Key 9999")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("Other keys match now than when you were asked: 81.")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("batch-result")).to_have_text("81 revoked.")
    assert revoked(world) == 81
    page.get_by_test_id("batch-back").click()
    expect(page).to_have_url(re.compile(r"/tenant-api-keys\?q=key$"))


def test_selected_keys_are_taken_out_as_a_file_by_readers_too(console: Console) -> None:
    world = console.world
    fill(world, 60)
    odd = world.key(name="=1+1")
    page = console.signed_in("auditor")
    page.goto(f"{LIST}?per=50&sort=name")
    page.get_by_label("Select Key 0003").check()
    page.get_by_label("Select =1+1").check()
    bar = page.get_by_test_id("bulk-bar")
    expect(bar.get_by_role("button")).to_have_count(1)
    for _ in range(2):  # a file leaves its page where it is, and the form can be sent again
        with page.expect_download() as found:
            bar.get_by_role("button", name="Export CSV").click()
    assert {row["name"] for row in rows_of(found.value.path())} == {"'=1+1", "Key 0003"}
    assert odd.secret not in Path(found.value.path()).read_text(encoding="utf-8")
    page.goto(f"{LIST}?per=50&q=key&sort=name&dir=desc")
    page.get_by_label("Select all on this page").check()
    page.get_by_label("Select all 60 keys that match").check()
    with page.expect_download() as found:
        bar.get_by_role("button", name="Export CSV").click()
    assert [row["name"] for row in rows_of(found.value.path())] == [f"Key {number:04}" for number in range(59, -1, -1)]


def begin(console: Console, page: Page) -> None:
    page.goto(f"{LIST}?q=key&per=25")
    page.get_by_label("Select Key 0001").check()
    page.locator("[name=matching]").evaluate("box => { box.checked = true; }")
    page.get_by_test_id("bulk-bar").get_by_role("button", name="Revoke").click()
    expect(page.get_by_test_id("bulk-matching")).to_contain_text("They are changed in the background")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("batch-progress")).to_have_text("0 of 601 keys done.")


def test_more_than_five_hundred_are_changed_in_the_background_and_the_page_tells_how_far(console: Console) -> None:
    world = console.world
    fill(world, 601)
    first = key_lists.ids(world.ctx, world.tenant["id"], key_lists.Filters(), world.clock(), most=1)[0]
    page = console.signed_in()
    begin(console, page)
    assert revoked(world) == 0
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], first, world.clock())
    key_jobs.work(world.ctx, world.clock())
    expect(page.get_by_test_id("batch-progress")).to_have_text("100 of 601 keys done.")
    expect(page.locator("progress")).to_have_attribute("value", "100")
    world.clock.advance(minutes=2)
    expect(page.get_by_test_id("batch-still")).to_contain_text("Nothing has happened for a minute.")
    while key_jobs.work(world.ctx, world.clock()):
        pass
    expect(page.get_by_test_id("batch-result")).to_have_text(
        re.compile(r"^600 revoked\. 1 not changed: Key \d+ \(already revoked\)\.$")
    )
    assert revoked(world) == 601
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_test_id("batch-back").click()
    expect(page.get_by_test_id("result-line")).to_have_text("1\u201325 of 601 keys")
    assert not any("/bulk/" in url for url in asked)


def test_without_a_script_the_page_of_a_change_is_loaded_anew_until_it_is_over(console: Console) -> None:
    world = console.world
    fill(world, 601)
    page = console.signed_in(java_script_enabled=False)
    page.goto(f"{LIST}?q=key&per=25")
    page.get_by_label("Select Key 0001").check()
    page.get_by_label("Select all 601 keys that match").check()
    page.get_by_test_id("bulk-bar").get_by_role("button", name="Delete").click()
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("batch-progress")).to_have_text("0 of 601 keys done.")
    expect(page.locator("meta[http-equiv=refresh]")).to_have_attribute("content", "5")
    place = page.url
    key_jobs.work(world.ctx, world.clock())
    page.get_by_role("link", name="Reload").click()
    expect(page.get_by_test_id("batch-progress")).to_have_text("100 of 601 keys done.")
    while key_jobs.work(world.ctx, world.clock()):
        pass
    page.goto(place)
    expect(page.get_by_test_id("batch-result")).to_have_text("601 deleted.")
    page.get_by_test_id("batch-events").click()
    told = page.get_by_test_id("audit-table").locator("tbody > tr")
    expect(told).to_have_count(50)
    expect(told.locator("summary")).to_have_text(["Key deleted"] * 50)
    page.goto(place)
    expect(page.locator("meta[http-equiv=refresh]")).to_have_count(0)


def test_no_more_than_five_thousand_are_selected_and_that_is_said(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_lists, "MOST_AT_ONCE", 40)
    monkeypatch.setattr(key_batches, "MOST", 10)
    world = console.world
    fill(world, 60)
    page = console.signed_in()
    page.goto(f"{LIST}?per=25&sort=name")
    page.get_by_label("Select all on this page").check()
    page.get_by_label("Select the first 40 of 60 keys that match").check()
    page.get_by_test_id("bulk-bar").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 40 API Keys?")
    expect(page.get_by_test_id("bulk-matching")).to_contain_text("These are the first 40 keys that match")
    page.get_by_test_id("confirm-submit").click()
    while key_jobs.work(world.ctx, world.clock()):
        pass
    expect(page.get_by_test_id("batch-result")).to_have_text("40 deleted.")
    page.get_by_test_id("batch-back").click()
    expect(page.locator(".kt-name").first).to_have_text("Key 0040")


def test_a_change_that_was_stopped_says_what_was_not_done(console: Console) -> None:
    world = console.world
    fill(world, 601)
    page = console.signed_in()
    begin(console, page)
    key_jobs.work(world.ctx, world.clock())
    with world.ctx.database.transaction() as connection:
        connection.execute(update(Member).values(role="auditor"))
    key_jobs.work(world.ctx, world.clock())
    page.reload()
    expect(page.get_by_test_id("batch-result")).to_have_text("100 revoked.")
    expect(page.get_by_test_id("batch-stopped")).to_have_text(
        "Stopped: 501 keys were not touched. Whoever asked for it may not change keys any more."
    )
