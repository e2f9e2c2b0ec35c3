"""Every address of the console that takes a form, with forms that no page of it sends: refused, and never a failure.

The table of pages is gone through, so that a new page is tested by being there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from app.actions import groups, members
from app.models import Passkey, Session
from app.web.console.install import PARTS
from app.web.console.pages import Page
from app.web.console.rendering import environment
from tests.console.people import Person, member, token
from tests.world import OPERATOR, World

FORM = "application/x-www-form-urlencoded"
POSTS = [page for part in PARTS for page in part.every if page.method == "POST"]
INSIDE = [page for page in POSTS if not page.public]
FORMS = [page for page in POSTS if page.path != "/csp-report"]  # which takes what browsers write by themselves
FAILURES = 500
VALUES = [
    *("", "0", "-1", "9" * 400, "[]", "\x7f", "\u202ename", "\ufdfa" * 120, "a" * 5000, "//evil.example", "custom"),
    *("\r\nSet-Cookie: a=b", "2027-01-01", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "grp_full"),
]


def named() -> frozenset[str]:
    """The fields that forms of the console have, as far as the templates tell."""
    loader = environment().loader
    assert loader is not None
    found: set[str] = {"description", "name", "email", "ip_allowlist"}
    for template in loader.list_templates():
        source, _, _ = loader.get_source(environment(), template)
        found |= set(re.findall(r'name="([a-z_]+)"', source))
    return frozenset(found - {"csrf"})


@dataclass
class Site:
    """A tenant with somebody signed in, and things in it and in another tenant to name in addresses."""

    world: World
    person: Person
    own: dict[str, str]
    foreign: dict[str, str]

    def address(self, page: Page, names: dict[str, str]) -> str:
        """A page's address."""
        return re.sub(r"{(\w+)}", lambda found: names.get(found[1], "no-such-thing"), page.path)

    def send(self, page: Page, body: bytes, kind: str = FORM, place: str | None = None, **headers: str) -> TestResponse:
        """Send a body to a page, however wrong."""
        place = place or self.address(page, self.own)
        return self.person.client.post(place, data=body, content_type=kind, headers=headers)

    def token(self) -> str:
        """What the forms of the session carry; it is another one when the form before ended the session."""
        answer = self.person.read("/account")
        if answer.status_code != 200:
            self.person.client.delete_cookie("__Host-session")
            answer = self.person.signed_in().read("/account")
        return token(answer.text)


@pytest.fixture
def site(world: World) -> Site:
    """Two tenants that have some of everything."""
    other = world.new_tenant("Other")
    own, foreign = (things(world, tenant) for tenant in (world.tenant, other))
    person = Person(world)
    # An operator: pages of the deployment's own are looked at as well.
    members.edit(world.ctx, OPERATOR, world.tenant["id"], person.email or "", world.clock(), operator=True)
    return Site(world, person.signed_in(), own, foreign)


def things(world: World, tenant: dict[str, Any]) -> dict[str, str]:
    """One of everything that an address may name."""
    email = member(world, name=f"Target{tenant['name']}", tenant=tenant["id"])
    Person(world, email).signed_in()
    found = members.show(world.ctx, tenant["id"], email)["id"]
    group = groups.create(
        world.ctx, OPERATOR, tenant["id"], world.clock(), name="Some", description="", scopes=[], type="tenant_api_key"
    )
    with world.ctx.database.transaction() as connection:
        session = connection.execute(select(Session.id).where(Session.member_id == found)).scalar_one()
        row = {"credential_id": found.encode(), "public_key": b"", "sign_count": 0, "name": "x"}
        connection.execute(insert(Passkey).values(id=f"psk_{found}", member_id=found, created_at=world.clock(), **row))
    return {
        "key_id": world.key(tenant=tenant).id,
        "group_id": group["id"],
        "member_id": found,
        "session_id": session,
        "passkey_id": f"psk_{found}",
    }


Wrong = list[tuple[Any, ...]]


def test_no_form_counts_without_its_session_and_its_token(site: Site) -> None:
    csrf, wrong = site.token(), []
    stranger = Site(site.world, Person(site.world, "nobody@example.com"), site.own, site.foreign)
    for page in INSIDE:
        for body in (b"", b"csrf=" + b"0" * 64, f"csrf={csrf[:-1]}".encode(), "csrf=é".encode()):
            wrong += unless(400, site.send(page, body), page, body)
        answer = stranger.send(page, f"csrf={csrf}".encode())
        wrong += unless(303, answer, page, "without a session")
        wrong += [(page.path, answer.location)] if answer.location != "/sign-in?next=/" else []
    assert wrong == []


def test_no_form_of_another_site_counts(site: Site) -> None:
    csrf, wrong = site.token(), []
    for page in POSTS:
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://a.example"},
        ):
            wrong += unless(400, site.send(page, f"csrf={csrf}".encode(), **headers), page, headers)
    assert wrong == []


def test_what_another_tenant_has_is_not_there(site: Site) -> None:
    csrf, wrong = site.token(), []
    naming = [page for page in INSIDE if "{" in page.path]
    for page in naming:
        for names in (site.foreign, {}):
            place = site.address(page, names)
            wrong += unless(404, site.send(page, f"csrf={csrf}&name=Some&version=1".encode(), place=place), page, place)
    assert wrong == []
    assert len(naming) > len(site.own)


def test_what_is_no_form_is_refused(site: Site) -> None:
    csrf = site.token().encode()
    name, wrong = b"csrf=" + csrf + b"&name=", []
    for page in FORMS:
        held = {} if page.public else {"X-CSRF-Token": csrf.decode()}
        for what, status in ((b"%00", 400), (b"\0", 400), (b"\xff", 400), (b"%ff", 400), (b"%", 400)):
            wrong += unless(status, site.send(page, name + what, **held), page, what)
        wrong += unless(413, site.send(page, name + b"x" * 70_000, **held), page, "huge")
        wrong += unless(400, site.send(page, name + b"&x=1" * 3000, **held), page, "many fields")
        for kind in ("application/json", "multipart/form-data; boundary=x", f"{FORM}; charset=utf-16", ""):
            wrong += unless(415, site.send(page, name + b"x", kind, **held), page, kind)
    assert wrong == []


def test_a_field_comes_once(site: Site) -> None:
    wrong = []
    for page in FORMS:
        csrf = site.token()
        held = {} if page.public else {"X-CSRF-Token": csrf}
        for body in (b"name=One&name=Two", f"csrf={csrf}&csrf={csrf}".encode()):
            wrong += unless(400, site.send(page, body, **held), page, body)
    assert wrong == []


@pytest.mark.timeout(300)
def test_no_value_makes_a_page_fail(site: Site) -> None:
    fields, wrong = sorted(named()), []
    for page in POSTS:
        csrf = site.token()
        for value in VALUES:
            form = {**dict.fromkeys(fields, value), "csrf": csrf, "nobody_knows": value}
            answer = site.person.client.post(site.address(page, site.own), data=form)
            wrong += [(page.path, value, answer.status_code)] if answer.status_code >= FAILURES else []
            wrong += [(page.path, value, "header")] if "Set-Cookie: a=b" in str(answer.headers) else []
            away = (answer.location or "/").startswith(("//", "/\\", "http"))
            wrong += [(page.path, value, answer.location)] if away else []
            if answer.status_code == 303:
                csrf = site.token()
    assert wrong == []


def test_no_other_method_is_known(world: World) -> None:
    pages = [page for part in PARTS for page in part.every]
    read = [re.sub(r"{\w+}", "[^/]+", page.path) for page in pages if page.method == "GET"]
    wrong = []
    for page in POSTS:
        both = any(re.fullmatch(path, page.path) for path in read)
        for method in ("PUT", "DELETE", "PATCH", "PROPFIND", *(() if both else ("GET",))):
            answer = world.client.open(re.sub(r"{\w+}", "x", page.path), method=method)
            wrong += unless(405, answer, page, method)
            wrong += [] if "POST" in answer.headers.get("Allow", "") else [(page.path, method, "Allow")]
    assert wrong == []


def unless(status: int, answer: TestResponse, page: Page, what: object) -> Wrong:
    """What is wrong with an answer that should have this status."""
    return [] if answer.status_code == status else [(page.path, what, answer.status_code)]
