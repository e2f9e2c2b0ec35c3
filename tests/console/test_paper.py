"""What a page is on paper, and for people who asked their system for more contrast or less movement."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Console

PAINTED = """one => getComputedStyle(one).visibility === 'visible' && one.checkVisibility()
    && parseFloat(getComputedStyle(one).fontSize) > 0"""


def printed(page: Page) -> str:
    """The text of a page that ink would be spent on, marks of style sheets included."""
    page.emulate_media(media="print")
    script = f"""() => {{
        const painted = {PAINTED};
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
        for (let node = walker.nextNode(); node; node = walker.nextNode())
            if (painted(node.parentElement)) found.push(node.data.trim());
        for (const one of document.querySelectorAll("[data-unprinted]"))
            if (one.checkVisibility()) found.push(getComputedStyle(one, "::after").content);
        return found.filter(Boolean).join("\\n");
    }}"""
    return str(page.evaluate(script))


def test_no_secret_is_printed(console: Console) -> None:
    page = console.signed_in()
    page.goto("/tenant-api-keys/new")
    page.get_by_test_id("field-name").fill("Mobile App")
    page.get_by_test_id("field-group").select_option("grp_ro")
    expect(page.get_by_test_id("group-says")).to_be_visible()
    page.get_by_test_id("submit").click()
    secret = page.get_by_test_id("secret-value").inner_text()
    assert "_" in secret
    paper = printed(page)
    assert '"Secret not printed"' in paper
    assert "Mobile App" in paper
    assert secret.split("_")[2] not in paper
    assert all(piece not in paper for piece in (secret[21:], "I have stored this secret", "Close"))
    page.emulate_media(media="screen")
    expect(page.get_by_test_id("secret-value")).to_have_text(secret)


def test_neither_recovery_codes_nor_the_secret_of_an_app_are_printed(console: Console) -> None:
    page = console.signed_in()
    page.goto("/account/authenticator")
    secret = page.get_by_test_id("totp-secret").inner_text()
    paper = printed(page)
    assert secret not in paper
    assert paper.count('"Secret not printed"') == 2
    expect(page.locator(".kt-qr")).to_be_hidden()


def test_lists_are_printed_without_what_leads_on(console: Console) -> None:
    console.world.key("Mobile App")
    page = console.signed_in()
    paper = printed(page)
    assert {"API Keys", "Mobile App", "Active"} <= set(paper.splitlines())
    for left_out in ("Skip to main content", "Sign out", "Generate API Key", "Contact support", "Audit log", "Rotate"):
        assert left_out not in paper
    page.goto("/audit-log")
    paper = printed(page)
    assert "Key generated" in paper
    assert "Export" not in paper
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_more_contrast_makes_faint_text_and_lines_strong(console: Console, theme: str) -> None:
    page = console.signed_in(color_scheme=theme)
    tokens = "name => getComputedStyle(document.querySelector('.kt-app')).getPropertyValue(name)"
    page.emulate_media(contrast="more")
    assert page.evaluate(tokens, "--kt-text-3") == page.evaluate(tokens, "--kt-text-2")
    assert page.evaluate(tokens, "--kt-line") == page.evaluate(tokens, "--kt-control")
