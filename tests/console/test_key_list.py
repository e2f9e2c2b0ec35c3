"""The list of API keys: what it filters and orders by, its pages, what it warns of, what is taken out of it."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.actions import rotation, tenants
from tests.console.conftest import Console
from tests.console.test_keys import close, generate
from tests.usage.staging import call
from tests.world import OPERATOR


def shows(page: Page, *names: str) -> None:
    """The names that the list comes to show, from top to bottom."""
    expect(page.get_by_test_id("keys-table").locator("tbody .kt-name")).to_have_text(names)


@pytest.mark.spec("S2-14", "S4-9", "S4-5", "S4-7", "S4-8", "S2-12", "S2-13", "S2-15", "S3-10", "S3-12")
def test_the_list_tells_when_and_from_where_keys_were_last_used_and_is_ordered_by_it(console: Console) -> None:
    world = console.world
    for name in ("Alpha", "Beta", "Gamma"):
        key = world.key(name=name)
        if name != "Beta":
            call(world, key.secret, "203.0.113.7")
        world.clock.advance(minutes=5)
    world.ctx.recorder.flush()
    page = console.signed_in()
    row = page.get_by_role("row", name=re.compile("Alpha"))
    expect(row.locator(".c-used")).to_contain_text("15 minutes ago")
    expect(row.locator(".c-used")).to_contain_text("203.0.113.7")
    expect(row).to_contain_text("kt_")
    expect(page.get_by_role("row", name=re.compile("Beta")).locator(".c-used")).to_have_text("Never")
    page.get_by_role("columnheader", name="Last used").get_by_role("link").click()
    shows(page, "Beta", "Alpha", "Gamma")
    page.get_by_role("columnheader", name=re.compile("Last used")).get_by_role("link").click()
    shows(page, "Gamma", "Alpha", "Beta")
    page.get_by_test_id("filter-used").select_option("never")
    expect(page).to_have_url(re.compile("used=never"))
    shows(page, "Beta")
    world.clock.advance(days=31)
    page = console.open()
    console.sign_in(page, console.member("auditor", "Eve Auditor"))
    page.goto("/tenant-api-keys?used=idle30")
    shows(page, "Alpha", "Gamma")


def test_the_presets_show_keys_never_used_and_ones_own(console: Console) -> None:
    console.world.key(name="Of the command line")
    console.world.clock.advance(minutes=1)
    page = console.signed_in()
    generate(page, "My own")
    close(page)
    page.get_by_role("link", name="Mine", exact=True).click()
    shows(page, "My own")
    expect(page.get_by_test_id("keys-table")).to_contain_text("by Ada Okafor")
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_role("link", name="Never used").click()
    shows(page, "Of the command line", "My own")


@pytest.mark.spec("S4-18", "S4-19", "S4-70", "S4-71", "S4-6")
def test_filters_combine_and_their_address_can_be_kept(console: Console) -> None:
    world = console.world
    today = world.clock().date()
    world.key(name="Expired", expires_at=(today + timedelta(days=1)).isoformat())
    world.clock.advance(days=3)
    for name, days in (("Soon", 7), ("Later", 90)):
        world.key(name=name, expires_at=(today + timedelta(days=days)).isoformat())
    page = console.signed_in()
    for chosen, shown in (("valid", ["Later"]), ("expiring_soon", ["Soon"]), ("expired", ["Expired"])):
        page.get_by_test_id("filter-expiration").select_option(chosen)
        expect(page).to_have_url(re.compile(f"expiration={chosen}"))
        shows(page, *shown)
    expect(page.locator("tbody")).to_contain_text("Expired")
    page.goto("/tenant-api-keys?status=active&expiration=expiring_soon&nonsense=1&sort=secret")
    shows(page, "Soon")
    expect(page.locator("tbody .is-expiring")).to_have_text("Expiring soon")
    page.goto("/tenant-api-keys?status=revoked&expiration=expired")
    expect(page.get_by_test_id("result-line")).to_have_text("No keys match these filters.")
    page.get_by_role("link", name="Clear filters").first.click()
    expect(page.get_by_test_id("result-line")).to_have_text("1\u20133 of 3 keys")


def test_pages_lead_forwards_and_backwards_and_to_both_ends(console: Console) -> None:
    for number in range(60):
        console.world.key(name=f"Key {number:02}")
        console.world.clock.advance(seconds=1)
    page = console.signed_in()
    page.goto("/tenant-api-keys?per=25")
    line, pages = page.get_by_test_id("result-line"), page.get_by_role("navigation", name="Pages")
    expect(line).to_have_text("1\u201325 of 60 keys")
    pages.get_by_role("link", name="Next").click()
    expect(line).to_have_text("26\u201350 of 60 keys")
    expect(page.locator(".kt-name").first).to_have_text("Key 25")
    pages.get_by_role("link", name="Last").click()
    expect(line).to_have_text("36\u201360 of 60 keys")
    expect(page.locator(".kt-name").last).to_have_text("Key 59")
    expect(pages.get_by_role("link", name="Next")).to_have_count(0)
    pages.get_by_role("link", name="Previous").click()
    expect(line).to_have_text("11\u201335 of 60 keys")
    shows(page, *(f"Key {number:02}" for number in range(10, 35)))
    pages.get_by_role("link", name="Previous").click()
    expect(line).to_have_text("1\u201310 of 60 keys")
    expect(pages.get_by_role("link", name="Previous")).to_have_count(0)
    page.goto("/tenant-api-keys?per=25&q=key+0")
    expect(line).to_have_text("10 keys match")
    page.goto("/tenant-api-keys?per=25&after=forged")
    expect(line).to_have_text("1\u201325 of 60 keys")


def test_a_pasted_secret_is_searched_for_by_its_key_id_and_stays_nowhere(console: Console) -> None:
    key = console.world.key(name="Mobile App")
    console.world.key(name="Another")
    page = console.signed_in(java_script_enabled=False)
    page.goto("/tenant-api-keys")
    page.get_by_test_id("search").fill(key.secret)
    page.get_by_test_id("search").press("Enter")
    expect(page).to_have_url(re.compile(rf"\?q={key.id}$"))
    expect(page.get_by_test_id("status")).to_contain_text("That looked like a secret. We searched for its key ID only.")
    shows(page, "Mobile App")
    assert not any(key.secret in body for body in console.bodies)


def test_with_a_script_a_pasted_secret_does_not_even_leave_the_browser(console: Console) -> None:
    key = console.world.key(name="Mobile App")
    page = console.signed_in()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_test_id("search").fill(key.secret)
    page.get_by_test_id("search").press("Enter")
    expect(page).to_have_url(re.compile(rf"\?q={key.id}$"))
    assert not any(key.secret[-20:] in url for url in asked)


@pytest.mark.spec("S4-71")
def test_what_cannot_wait_is_said_first_and_at_most_two_things(console: Console) -> None:
    world, tenant = console.world, console.world.tenant["id"]
    today = world.clock().date()
    audit = world.key(name="Audit", expires_at=(today + timedelta(days=1)).isoformat())
    erp, app = world.key(name="ERP", expires_at=(today + timedelta(days=5)).isoformat()), world.key(name="App")
    widget = world.key(name="Widget")
    world.clock.advance(days=2)
    assert call(world, audit.secret, "192.0.2.201") == 401
    call(world, widget.secret, Origin="https://shop.example.com")
    rotation.rotate(world.ctx, OPERATOR, tenant, app.id, world.clock(), overlap=timedelta(hours=20))
    call(world, app.secret, "198.51.100.4")
    world.ctx.recorder.flush()
    page = console.signed_in()
    notices = page.locator(".kt-notices li")
    expect(notices).to_have_count(2)
    expect(notices.nth(0)).to_contain_text(
        "Audit expired on 22 Nov 2026 and was called once since, last from 192.0.2.201."
    )
    expect(notices.nth(1)).to_contain_text("1 key expires within 14 days: ERP, on 26 Nov 2026 at 23:59.")
    for key in (audit, erp):
        rotation.rotate(world.ctx, OPERATOR, tenant, key.id, world.clock(), expires_at=None)
    page.reload()
    expect(page.get_by_test_id("banner-overlap")).to_contain_text(
        "The old secret of App stops working in 20 h 0 min. It was used 0 seconds ago by 198.51.100.4."
    )
    expect(page.get_by_test_id("banner-browser")).to_contain_text(
        "was used from a web browser (https://shop.example.com)."
    )
    tenants.change(world.ctx, OPERATOR, tenant, world.clock(), key_limit=4)
    page.reload()
    expect(notices.nth(0)).to_contain_text("You have 4 of 4 keys.")
    expect(notices).to_have_count(2)


@pytest.mark.spec("S2-16", "S3-11")
def test_the_export_holds_what_the_list_says_but_no_secret_and_no_formula(console: Console) -> None:
    key = console.world.key(name="=1+1", description="+49 30 1234")
    console.world.key(name="Other", ip_allowlist=("203.0.113.0/24",))
    page = console.signed_in()
    with page.expect_download() as found:
        page.get_by_test_id("export").click()
    assert found.value.suggested_filename == "api-keys.csv"
    answer = page.request.get(f"{console.base}/tenant-api-keys/export.csv?sort=name")
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    assert [row["name"] for row in rows] == ["'=1+1", "Other"]
    assert rows[0]["description"] == "'+49 30 1234"
    assert rows[1]["ip_allowlist"] == "203.0.113.0/24"
    assert rows[0]["secret_hint"].endswith(key.secret.split("_")[2][-4:])
    assert key.secret not in answer.text()
    assert answer.headers["content-type"].startswith("text/csv")


@pytest.mark.spec("S2-30", "S3-8")
def test_several_keys_are_revoked_at_once_by_typing_how_many(console: Console) -> None:
    world = console.world
    made = [world.key(name=f"Key {number}") for number in range(3)]
    call(world, made[0].secret)
    world.ctx.recorder.flush()
    page = console.signed_in()
    bar = page.get_by_test_id("bulk-bar")
    expect(bar).to_be_hidden()
    for name in ("Key 0", "Key 1"):
        page.get_by_label(f"Select {name}").check()
    bar.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke 2 API Keys?")
    expect(page.get_by_role("main")).to_contain_text(
        "1 was used in the last 7 days, most recently Key 0 0 seconds ago."
    )
    page.get_by_test_id("confirm-text").fill("3")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("The text does not match.")
    page.get_by_test_id("confirm-text").fill("2")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("batch-result")).to_have_text("2 revoked.")
    assert [world.whoami(key.secret) for key in made] == [401, 401, 200]
    page.get_by_test_id("batch-back").click()
    page.get_by_label("Select all on this page").check()
    bar.get_by_role("button", name="Revoke").click()
    page.get_by_test_id("confirm-submit").click()
    kept = r"Key [01] \(already revoked\)"
    expect(page.get_by_test_id("batch-result")).to_have_text(re.compile(f"1 revoked. 2 not changed: {kept}, {kept}."))


@pytest.mark.parametrize("script", [True, False])
def test_several_keys_get_another_group_and_what_that_means_is_said(console: Console, script: bool) -> None:
    for number in range(100):
        console.world.key(name=f"Key {number:03}")
    page = console.signed_in(java_script_enabled=script)
    page.goto("/tenant-api-keys?per=100")
    boxes = page.get_by_role("checkbox", name=re.compile("Select Key"))
    if script:
        page.get_by_label("Select all on this page").check()
    else:
        boxes.nth(0).check()
    page.get_by_test_id("bulk-bar").get_by_role("button", name="Change group").click()
    page.get_by_test_id("field-group").select_option("grp_ro")
    if not script:
        page.get_by_test_id("check-impact").click()
    expect(page.get_by_test_id("bulk-impact")).to_contain_text("of Full access: gains nothing, loses api_keys:write")
    page.get_by_test_id("confirm-submit").click()
    said = "100 moved to the group." if script else "1 moved to the group."
    expect(page.get_by_test_id("batch-result")).to_have_text(said)
    page.get_by_test_id("batch-back").click()
    expect(page).to_have_url(re.compile(r"/tenant-api-keys\?per=100$"))
