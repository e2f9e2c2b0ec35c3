"""Reports of pages that violate their policy: taken, cut to size, written down without what people type."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.web.console.violations import LARGEST, MOST_A_MINUTE, Budget
from tests.console.conftest import Console
from tests.world import World

REPORT = {
    "csp-report": {
        "document-uri": "https://keys.example/set-up/a-one-time-link?x=kts_7Q2M9XK4T1V8B0CD_secret",
        "violated-directive": "script-src-elem 'self'",
        "blocked-uri": "https://evil.example/kts_7Q2M9XK4T1V8B0CD_secret",
        "source-file": "kts_7Q2M9XK4T1V8B0CD_secret",
        "line-number": 7,
    }
}
OLD, NEW = "application/csp-report", "application/reports+json"


def reported(world: World, body: bytes, kind: str = OLD) -> int:
    """Send a report; the status."""
    return world.client.post("/csp-report", data=body, content_type=kind).status_code


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (REPORT, OLD),
        ([{"type": "csp-violation", "body": {"effectiveDirective": "script-src-elem", "blockedURL": "inline"}}], NEW),
        ([], NEW),
        ({}, OLD),
    ],
)
def test_a_report_is_taken_in_both_forms(world: World, body: object, kind: str) -> None:
    assert reported(world, json.dumps(body).encode(), kind) == 204


def test_a_report_is_one_line_without_what_was_in_the_address(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert reported(world, json.dumps(REPORT).encode()) == 204
    out = "".join(capsys.readouterr())
    assert "csp.violated" in out
    assert "script-src-elem" in out
    assert "/set-up" in out
    assert "evil.example" in out
    assert "one-time-link" not in out
    assert "kts_" not in out


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * (LARGEST + 1), OLD, 413),
        (b"{", OLD, 400),
        (b"\xff", OLD, 400),
        (b"[" * LARGEST, OLD, 400),
        (b"{}", "text/plain", 415),
    ],
)
def test_what_is_no_report_is_refused(world: World, body: bytes, kind: str, status: int) -> None:
    assert reported(world, body, kind) == status


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["csp-report", "body", "document-uri", "blockedURL"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=ANYTHING.map(lambda found: json.dumps(found).encode()) | st.binary(max_size=80))
def test_no_report_makes_the_server_fail(world: World, body: bytes) -> None:
    assert reported(world, body) in {204, 400}


def test_a_flood_of_reports_does_not_fill_the_log() -> None:
    budget = Budget()
    assert sum(budget.allows(1) for _ in range(1000)) == MOST_A_MINUTE
    assert budget.allows(2)


def test_a_browser_reports_what_a_page_may_not_do(console: Console) -> None:
    """And so the fixture hears it: no other test's page does."""
    page = console.signed_in()
    page.evaluate("document.head.append(Object.assign(document.createElement('style'), {textContent: 'a {}'}))")
    assert console.reported.wait(20)
    assert "a page violated its policy and the browser reported it" in console.complaints
    console.complaints.clear()


@pytest.mark.parametrize(
    "path", ["/account", "/account/authenticator", "/account/passkeys/new", "/re-auth", "/sign-in"]
)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_of_the_account_violates_its_policy(console: Console, path: str, theme: str) -> None:
    page = console.signed_in(color_scheme=theme)
    page.goto(path)
    assert not console.reported.is_set()
