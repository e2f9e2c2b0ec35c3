"""Help: the repository's own pages, open to everybody, and a checker for one key."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from app.actions import keys, rotation
from app.domain import credentials
from app.web.console import handbook, rendering
from tests.console.conftest import Console
from tests.console.people import Person, member
from tests.console.test_key_use import used
from tests.usage.staging import call
from tests.world import OPERATOR, Key, World

DOCS = Path(__file__).parents[2] / "docs"


def test_every_error_leads_to_its_entry(console: Console) -> None:
    page = console.open()
    answer = console.world.client.get("/api/user", headers={"X-API-Key": "kts_nonsense"})
    page.goto(answer.json["help"])
    expect(page.locator(f"[id='{urlsplit(page.url).fragment}']")).to_have_text("invalid_api_key")
    headings = re.findall(r"(?m)^##+ (.+)$", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"))
    anchors = page.locator(".kt-handbook :is(h2, h3)").evaluate_all("found => found.map(one => one.id)")
    assert anchors == [handbook.anchor(heading) for heading in headings]
    assert "invalid-api-key" in anchors


@pytest.mark.spec("S2-37", "S2-38", "S2-39", "S2-41", "S2-42", "S5-2", "S2-28")
def test_help_is_read_without_signing_in(console: Console) -> None:
    page = console.open()
    page.goto("/help")
    expect(page.get_by_role("main")).to_contain_text("Bad: plain files, source code and git, e-mail and chat")
    page.get_by_role("link", name=re.compile("Open.*Troubleshooting")).click()
    expect(page.get_by_role("main")).to_contain_text("Check for extra spaces")
    expect(page.get_by_role("main")).to_contain_text(f"{console.world.settings.base}/api/user")
    expect(page.get_by_test_id("key-checker")).to_have_count(0)
    page.get_by_role("link", name="No-code tools (Zapier, Pabbly)").click()
    expect(page.locator("#no-code-tools-zapier-pabbly")).to_be_in_viewport()
    assert page.request.post(f"{console.base}/help/troubleshooting", max_redirects=0).status == 303


@pytest.mark.spec("S2-18", "S2-19", "S2-20", "S3-18", "S5-8")
def test_samples_are_for_ones_own_key_and_hold_no_secret(console: Console) -> None:
    key = console.world.key(name="Mobile App")
    console.world.new_tenant("Other")
    page = console.signed_in()
    page.goto("/help/quick-start")
    expect(page.get_by_test_id("samples")).to_contain_text("API_CLIENT_ID=kt_…")
    page.get_by_test_id("sample-key").select_option(key.id)
    expect(page.get_by_test_id("samples")).to_contain_text(f"API_CLIENT_ID={key.id}")
    page.get_by_text("Python", exact=True).click()
    expect(page.get_by_role("region", name="Python sample")).to_be_visible()
    expect(page.locator("#curl")).to_contain_text(f"export KEYTURN_URL={console.world.settings.base}")
    expect(page.locator("#javascript pre").first).to_contain_text("fetch(")
    for name in handbook.QUICK_STARTS:
        code = re.findall(
            r"```\w+\n(.+?)\n```", (DOCS / "quick-starts" / f"{name}.md").read_text(encoding="utf-8"), re.DOTALL
        )
        assert page.locator(f"#{name} pre code").all_inner_texts()[-1].strip() == code[-1].strip()
    assert not any(key.secret in body for body in console.bodies)


def test_the_checker_says_why_a_key_does_not_work(console: Console) -> None:
    world = console.world
    key = world.key(name="Mobile App", expires_at="2026-11-30", ip_allowlist=("203.0.113.0/24", "192.0.2.7"))
    used(console, key, 2, "198.51.100.9")
    page = console.signed_in("auditor")
    page.goto("/help/troubleshooting")
    page.get_by_test_id("check-key").fill(key.secret)
    page.get_by_test_id("check-address").fill("198.51.100.9")
    page.get_by_role("button", name="Check").click()
    found = page.get_by_test_id("checked")
    expect(found).to_contain_text("Mobile App")
    expect(found).to_contain_text("Mon 30 Nov 2026 23:59:59 UTC (in 9 days)")
    expect(found).to_contain_text("198.51.100.9 is not allowed by the IP allowlist.")
    expect(found).to_contain_text("2 calls with 403, last from 198.51.100.9 (python-requests/2.32)")
    expect(page.get_by_test_id("why")).to_have_text("The caller's address is not in the IP allowlist.")
    expect(page.get_by_test_id("check-key")).to_have_value(key.id)
    page.get_by_test_id("check-address").fill("192.0.2.7")
    page.get_by_role("button", name="Check").click()
    expect(found).to_contain_text("192.0.2.7 is allowed by line 2.")
    page.get_by_test_id("check-address").fill("nowhere")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("main")).to_contain_text("This is not an IP address.")
    theirs = world.key(name="Theirs", tenant=world.new_tenant("Other"))
    page.get_by_test_id("check-key").fill(theirs.id)
    page.get_by_test_id("check-address").fill("")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("main")).to_contain_text("There is no such key in this tenant.")
    assert not any(key.secret in body for body in console.bodies)


@pytest.mark.spec("S1-43", "S3-18", "S3-19", "S5-8", "S5-29")
def test_every_page_ends_with_the_same_ways_to_help(console: Console) -> None:
    page = console.signed_in()
    for place in ("/tenant-api-keys", "/help", "/tenant-api-keys/kt_nowhere"):
        page.goto(place)
        foot = page.get_by_role("contentinfo").get_by_role("link")
        assert foot.all_inner_texts() == ["Help", "API documentation", "Service status", "Contact support"]
        expect(foot.last).to_have_attribute("href", "mailto:help@example.com")


def test_every_entry_that_a_page_names_is_there() -> None:
    sources = Path(rendering.__file__).with_name("templates").glob("*.html")
    linked = r"/help/troubleshooting#([a-z0-9_-]+)"
    named = {name for path in sources for name in re.findall(linked, path.read_text(encoding="utf-8"))}
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    assert "sign-in" in named
    assert named <= {handbook.anchor(heading) for heading in re.findall(r"(?m)^##+ (.+)$", text)}


@pytest.mark.parametrize("scripts", [True, False])
def test_of_a_secret_the_checker_takes_the_key_id_alone_and_says_so(console: Console, scripts: bool) -> None:
    key = console.world.key(name="Mobile App")
    page = console.open(java_script_enabled=scripts)
    console.sign_in(page, console.member())
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto("/help/troubleshooting")
    expect(page.get_by_test_id("was-secret")).to_be_empty()
    page.get_by_test_id("check-key").fill(f" {key.secret}\n")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    if scripts:
        expect(page.get_by_test_id("check-key")).to_have_value(key.id)
        expect(page.get_by_test_id("was-secret")).to_contain_text("Only its key ID is used.")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_test_id("checked")).to_contain_text("Mobile App")
    expect(page.get_by_test_id("check-key")).to_have_value(key.id)
    expect(page.get_by_test_id("was-secret")).to_have_count(1)
    assert any(key.secret in one for one in sent) != scripts
    assert not any(key.secret in body for body in console.bodies)
    if not scripts:
        expect(page.get_by_test_id("was-secret")).to_contain_text("Do not paste secrets here.")


def test_the_checker_tells_the_reason_of_each_refusal(world: World) -> None:
    person = Person(world, member(world))

    def why(key: Key, **asked: str) -> list[str]:
        world.ctx.recorder.flush()
        page = person.signed_in().send("/help/troubleshooting", at="/help/troubleshooting", key=key.id, **asked).text
        return re.findall(r"<li>([^<]+)</li>", page.partition('data-testid="why"')[2].partition("</dd>")[0])

    key = world.key("Mobile App", expires_at="2026-11-23")
    assert why(key) == []
    assert call(world, credentials.new_secret(key.id, os.urandom).text) == 401
    assert why(key) == ["The secret was wrong: mistyped, cut short, or of another key."]
    world.clock.advance(days=1)
    rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    assert call(world, key.secret) == 401
    assert why(key) == ["An old secret was sent: the key has been rotated since."]
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    assert why(key) == ["The key has been revoked or deleted."]
    ended = world.key("Ended", expires_at="2026-11-23")
    world.clock.advance(days=3)
    assert call(world, ended.secret) == 401
    assert why(ended) == ["The key has expired."]
