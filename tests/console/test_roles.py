"""Every page against every role: what is shown and opened, what a forged form does. New pages are in by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from playwright.sync_api import expect

from app.actions import audit, groups, key_jobs, members
from app.actions.people import sso_connections
from app.actions.people.sso_terms import Given
from app.domain import scopes
from app.domain.events import Actor
from app.domain.scopes import Role
from app.web.admin import openapi
from app.web.console.install import PARTS
from app.web.console.pages import Page
from tests.console.conftest import Console
from tests.console.people import Person, member, token
from tests.world import OPERATOR, World

EVERY = tuple(page for part in PARTS for page in part.every)
GUARDED = tuple(page for page in EVERY if page.permission is not None)
OWN = tuple(page for page in EVERY if page.permission is None and not page.public)
NAVIGATION = {
    "/settings/tenant": "tenant:read",
    "/tenant-api-keys": "api_keys:read",
    "/tenant-api-keys/health": "api_keys:read",
    "/audit-log": "audit:read",
    "/settings/authorization-groups": "groups:read",
    "/settings/members": "members:read",
    "/settings/sso": "tenant:read",
    "/settings/signing-keys": "signing_keys:read",
    "/settings/verifiers": "audit:read",
    "/help": None,
}
UNFIT = {400, 401, 403, 404, 415, 500, 503}  # what somebody who may do it never gets for a form that is merely empty
KEYS, GROUPS, MEMBERS = "/admin/api-keys", "/admin/authorization-groups", "/admin/members"
# What pages and the management API have in common: the page, and the operation that does the same.
TWINS = {
    ("GET", "/tenant-api-keys"): ("GET", KEYS),
    ("GET", "/tenant-api-keys/export.csv"): ("GET", KEYS),
    ("POST", "/tenant-api-keys/export.csv"): ("GET", KEYS),
    ("GET", "/tenant-api-keys/bulk/{batch_id}"): ("GET", KEYS),
    ("POST", "/tenant-api-keys"): ("POST", KEYS),
    ("POST", "/tenant-api-keys/bulk"): ("POST", f"{KEYS}:bulk"),
    ("GET", "/tenant-api-keys/health"): ("GET", f"{KEYS}/health"),
    ("GET", "/tenant-api-keys/{key_id}"): ("GET", f"{KEYS}/{{id}}"),
    ("GET", "/tenant-api-keys/{key_id}/usage.csv"): ("GET", f"{KEYS}/{{id}}/usage"),
    ("POST", "/tenant-api-keys/{key_id}/edit"): ("PATCH", f"{KEYS}/{{id}}"),
    ("POST", "/tenant-api-keys/{key_id}/rotate"): ("POST", f"{KEYS}/{{id}}/rotate"),
    ("POST", "/tenant-api-keys/{key_id}/overlap"): ("POST", f"{KEYS}/{{id}}/overlap"),
    ("POST", "/tenant-api-keys/{key_id}/overlap/extend"): ("POST", f"{KEYS}/{{id}}/overlap"),
    ("POST", "/tenant-api-keys/{key_id}/revoke"): ("POST", f"{KEYS}/{{id}}/revoke"),
    ("POST", "/tenant-api-keys/{key_id}/delete"): ("DELETE", f"{KEYS}/{{id}}"),
    ("GET", "/tenant-api-keys/{key_id}/propagation"): ("GET", f"{KEYS}/{{id}}/propagation"),
    ("GET", "/settings/verifiers"): ("GET", "/admin/verifiers"),
    ("GET", "/audit-log"): ("GET", "/admin/audit-events"),
    ("GET", "/settings/authorization-groups"): ("GET", GROUPS),
    ("POST", "/settings/authorization-groups"): ("POST", GROUPS),
    ("GET", "/settings/authorization-groups/{group_id}"): ("GET", f"{GROUPS}/{{id}}"),
    ("POST", "/settings/authorization-groups/{group_id}"): ("PATCH", f"{GROUPS}/{{id}}"),
    ("POST", "/settings/authorization-groups/{group_id}/delete"): ("DELETE", f"{GROUPS}/{{id}}"),
    ("GET", "/settings/members"): ("GET", MEMBERS),
    ("POST", "/settings/members/invite"): ("POST", MEMBERS),
    ("GET", "/settings/members/{member_id}"): ("GET", f"{MEMBERS}/{{id}}"),
    ("POST", "/settings/members/{member_id}"): ("PATCH", f"{MEMBERS}/{{id}}"),
    ("POST", "/settings/members/{member_id}/deactivate"): ("PATCH", f"{MEMBERS}/{{id}}"),
    ("POST", "/settings/members/{member_id}/activate"): ("PATCH", f"{MEMBERS}/{{id}}"),
    ("POST", "/settings/members/{member_id}/remove"): ("DELETE", f"{MEMBERS}/{{id}}"),
    ("POST", "/settings/members/{member_id}/reset"): ("POST", f"{MEMBERS}/{{id}}/reset"),
}


def objects(world: World, tenant: dict[str, Any], made: int, pages: Iterable[Page]) -> dict[str, str]:
    """One of everything that these pages' addresses name, fresh, so that one page cannot stand in another's way."""
    at = (world.ctx, OPERATOR, tenant["id"], world.clock())

    def connection() -> str:
        given = Given(f"Provider {made}", "https://login.example.com", "keyturn", "not a secret", "example.org")
        proposed = sso_connections.proposal(world.ctx, tenant["id"])
        return str(sso_connections.add(*at, proposed_id=proposed, given=given)["id"])

    def batch() -> str:
        who = members.create(*at, email=f"asking{made}@example.com", name="Asking", role="member")
        asking, key = Actor("member", who["id"], tenant["id"]), world.key(f"Asked {made}", tenant=tenant)
        return key_jobs.begin(world.ctx, asking, tenant["id"], "revoke", [key.id], world.clock())

    makers: dict[str, Callable[[], str]] = {
        "key_id": lambda: world.key(f"Key {made}", tenant=tenant).id,
        "group_id": lambda: groups.create(*at, name=f"Group {made}", scopes=["contacts:read"])["id"],
        "member_id": lambda: members.create(*at, email=f"subject{made}@example.com", name="Subject", role="member")[
            "id"
        ],
        "connection": connection,
        "batch_id": batch,
    }
    named = {name for page in pages for name in re.findall(r"{(\w+)}", page.path)}
    return {name: make() for name, make in makers.items() if name in named}


def address(page: Page, found: dict[str, str]) -> str:
    """The page's address for these objects; for those that the test does not know, one that no tenant has."""
    return re.sub(r"{(\w+)}", lambda match: found.get(match[1], "nothing_of_this_tenant"), page.path)


def happened(world: World, tenant: dict[str, Any]) -> list[str]:
    """What the log says, but for who signed in."""
    items = audit.page(world.ctx, tenant["id"], world.clock(), limit=100).items
    return [item["event"] for item in items if not item["event"].startswith("member.signed")]


def refused(answer: Any, page: Page) -> bool:
    """Whether an answer says that this very permission is missing."""
    return answer.status_code == 403 and f"You need the permission {page.permission}" in answer.text


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_its_permissions_say_and_no_forged_form_does_more(world: World, role: Role) -> None:
    person = Person(world, member(world, role)).signed_in()
    csrf = token(person.read("/account").text)
    held = scopes.of_role(role, frozenset())
    wrong: list[str] = []
    for number, page in enumerate(GUARDED):
        found = objects(world, world.tenant, number, [page])
        place, before = address(page, found), happened(world, world.tenant)
        answer = person.read(place) if page.method == "GET" else person.client.post(place, data={"csrf": csrf})
        if (page.permission not in held) is not refused(answer, page):
            wrong.append(f"{page.method} {page.path} answers {answer.status_code}")
        if page.permission in held and answer.status_code in UNFIT:
            wrong.append(f"{page.method} {page.path} fails with {answer.status_code}")
        if page.permission not in held and happened(world, world.tenant) != before:
            wrong.append(f"{page.method} {page.path} did something")
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_leads_to_what_a_role_may_open_and_to_nothing_else(world: World, role: Role) -> None:
    person = Person(world, member(world, role)).signed_in()
    navigation = re.search(r'<nav class="kt-nav".*?</nav>', person.read("/help").text, re.DOTALL)
    assert navigation is not None
    shown = re.findall(r'<a href="([^"]+)"', navigation[0])
    held, known = scopes.of_role(role, frozenset()), {page.path for page in EVERY if page.method == "GET"}
    assert shown == [
        place for place, needed in NAVIGATION.items() if place in known and (needed is None or needed in held)
    ]
    for place in shown:
        answer = person.read(place)
        assert answer.status_code == 200
        assert f'<a href="{place}" aria-current="page"' in answer.text


def test_who_is_not_signed_in_is_sent_to_the_door_from_every_page(world: World) -> None:
    stranger = Person(world, "nobody@example.com")
    found, before = objects(world, world.tenant, 0, EVERY), happened(world, world.tenant)
    for page in GUARDED + OWN:
        place = address(page, found)
        answer = stranger.read(place) if page.method == "GET" else stranger.client.post(place)
        wanted = place if page.method == "GET" else "/"
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={wanted}"), page
    assert happened(world, world.tenant) == before


def test_a_form_without_its_sessions_own_token_does_nothing(world: World) -> None:
    person, other = (Person(world, member(world, name=name)).signed_in() for name in ("Ada Okafor", "Bo Lin"))
    theirs = token(other.read("/account").text)
    found, before = objects(world, world.tenant, 0, EVERY), happened(world, world.tenant)
    for page in GUARDED + OWN:
        if page.method == "POST":
            for sent in ({"name": "x"}, {"csrf": "0" * 64}, {"csrf": theirs}):
                answer = person.client.post(address(page, found), data=sent)
                assert (answer.status_code, "This form is out of date" in answer.text) == (400, True), page
    assert happened(world, world.tenant) == before


def test_what_another_tenant_has_is_not_there_for_anybody(world: World) -> None:
    stranger = Person(world, member(world, tenant=world.new_tenant("Other")["id"])).signed_in()
    csrf = token(stranger.read("/account").text)
    found = objects(world, world.tenant, 0, EVERY)
    before = happened(world, world.tenant)
    held = scopes.of_role(Role.GLOBAL_ADMIN, frozenset())
    for page in GUARDED:
        if "{" in page.path and page.permission in held:
            place = address(page, found)
            answer = stranger.read(place) if page.method == "GET" else stranger.client.post(place, data={"csrf": csrf})
            assert answer.status_code == 404, page
    assert happened(world, world.tenant) == before


def test_pages_ask_for_the_permissions_that_the_management_api_asks_for() -> None:
    operations = {(operation.method, operation.path): operation.scope for operation in openapi.EVERY}
    pages = {(page.method, page.path): page.permission for page in EVERY}
    assert {page: pages[page] for page in TWINS} == {page: operations[twin] for page, twin in TWINS.items()}
    assert {page.permission for page in GUARDED} <= set(operations.values())


def test_a_page_that_changes_something_asks_for_more_than_looking() -> None:
    # What is pasted stays in no address, and thousands of keys fit in none.
    looks = {"/help/troubleshooting", "/tenant-api-keys/export.csv"}
    asked = {page.path: page.permission or "" for page in GUARDED if page.method == "POST" and page.path not in looks}
    assert [path for path, permission in asked.items() if not permission.endswith(":write")] == []


def test_credentials_change_only_after_a_fresh_proof() -> None:
    # CONSOLE.md §3.21. Stopping a leaked key must be fast, so a single revocation or deletion needs none.
    fresh = {(page.method, page.path) for page in EVERY if page.proof}
    stops = {f"/tenant-api-keys/{{key_id}}/{what}" for what in ("edit", "revoke", "delete", "impact", "overlap")}
    free = {*stops, "/tenant-api-keys/{key_id}/overlap/extend", "/tenant-api-keys/preview"}
    free |= {"/settings/tenant", "/settings/tenant/policy"}  # neither makes nor changes credentials
    for page in GUARDED:
        if page.method == "POST" and (page.permission or "").endswith(":write"):
            shown_only = page.path in free or page.path.endswith(("/effect", "/test"))
            assert ((page.method, page.path) in fresh) is not shown_only, page


@pytest.mark.spec("S4-77")
@pytest.mark.parametrize("signed_in", [True, False])
def test_the_first_stop_of_every_page_leads_past_its_navigation(console: Console, signed_in: bool) -> None:
    page = console.signed_in() if signed_in else console.open()
    found = objects(console.world, console.world.tenant, 0, EVERY)
    for known in EVERY:
        document = not re.search(r"\.(csv|jsonl)$|first-use|propagation|still-here|activity", known.path)
        wanted = known.public and "{" not in known.path and known.path != "/" if not signed_in else not known.public
        if known.method == "GET" and document and wanted and not known.path.startswith("/account/passkeys"):
            page.goto(address(known, found))
            page.keyboard.press("Tab")
            link = page.get_by_role("link", name="Skip to main content")
            if page.locator(":focus").count() and not page.locator("[autofocus]").count():
                expect(link, known.path).to_be_focused()
                link.press("Enter")
                expect(page.locator("main"), known.path).to_be_focused()
            expect(link, known.path).to_have_count(1)
