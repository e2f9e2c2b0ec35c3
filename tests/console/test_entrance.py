"""The way in: one-time link, sign-in, sessions, and what a form must carry."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.actions import members
from app.actions.people import passwords, sign_in
from tests.world import OPERATOR, World

PASSWORD = "four unrelated words here"
EMAIL = "ada@example.com"


def invited(world: World, role: str = "global_admin") -> str:
    """A member without a password yet; the path of their one-time link."""
    made = members.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), email=EMAIL, name="Ada Okafor", role=role
    )
    link = members.reset(world.ctx, OPERATOR, None, made["id"], world.clock())
    return "/set-up/" + link.rpartition("/")[2]


def member(world: World, role: str = "global_admin") -> None:
    """A member with a password."""
    way = sign_in.way(world.ctx, invited(world, role).rpartition("/")[2], world.clock())
    sign_in.set_up(world.ctx, way, world.clock(), email="", name="", password=PASSWORD, repeated=PASSWORD)


def enter(client: FlaskClient, email: str = EMAIL, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def token(page: Any) -> str:
    """What the forms of a page carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def test_a_member_signs_in_and_is_sent_on_by_see_other(world: World) -> None:
    member(world)
    answer = enter(world.client, next="/tenant-api-keys?status=active")
    # RFC 9110 §15.4.4: the answer to a form is another page, fetched with GET.
    assert (answer.status_code, answer.location) == (303, "/tenant-api-keys?status=active")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert world.client.get("/tenant-api-keys").status_code == 200


@pytest.mark.parametrize("place", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(world: World, place: str) -> None:
    member(world)
    assert enter(world.client, next=place).location == "/"


@pytest.mark.usefixtures("shipped_passwords")
def test_passwords_are_kept_as_argon2id(world: World) -> None:
    # RFC 9106 §4: Argon2id, 64 MiB, three passes, four lanes: the second recommended option.
    stored = passwords.hasher().hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(stored, PASSWORD)
    assert not passwords.matches(stored, PASSWORD + " ")
    assert not passwords.matches(None, "nobody has this password")


def test_a_wrong_password_and_an_unknown_address_look_the_same(world: World) -> None:
    member(world)
    answers = [enter(world.client, EMAIL, "wrong words"), enter(world.client, "nobody@example.com")]
    texts = [re.sub(r"[A-Za-z0-9+/=]{24}|value=\"[^\"]*@[^\"]*\"|[0-9a-f]{28}", "", answer.text) for answer in answers]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert texts[0] == texts[1]
    assert "E-mail or password is not correct." in answers[0].text


def test_failures_make_the_next_attempt_wait_and_success_begins_anew(world: World) -> None:
    member(world)
    for _ in range(5):
        assert "is not correct" in enter(world.client, password="wrong words").text
    held = enter(world.client)
    assert "Too many attempts. Try again at 12:00:01 UTC." in held.text
    # RFC 6585 §4: too many requests, and when the next one counts.
    assert (held.status_code, held.content_type, held.headers["Retry-After"]) == (429, "text/html; charset=utf-8", "1")
    world.clock.advance(minutes=1)
    assert enter(world.client).status_code == 303


def test_a_one_time_link_sets_a_password_once(world: World) -> None:
    path = invited(world)
    form = {"password": PASSWORD, "repeated": PASSWORD}
    assert world.client.get(path).status_code == 200
    assert world.client.post(path, data={**form, "repeated": "something else"}).status_code == 422
    assert world.client.post(path, data={"password": "short", "repeated": "short"}).status_code == 422
    assert world.client.post(path, data=form).location == "/tenant-api-keys"
    assert world.client.get(path).status_code == 404
    assert world.client.post(path, data=form).status_code == 404


def test_a_one_time_link_ends_after_a_day(world: World) -> None:
    path = invited(world)
    world.clock.advance(hours=24)
    assert world.client.get(path).status_code == 404


def test_a_session_ends_when_idle_and_in_any_case_after_half_a_day(world: World) -> None:
    member(world)
    enter(world.client)
    for _ in range(12 * 4 - 1):
        world.clock.advance(minutes=15)
        assert world.client.get("/tenant-api-keys").status_code == 200
    world.clock.advance(minutes=15)
    assert world.client.get("/tenant-api-keys").status_code == 303
    enter(world.client)
    world.clock.advance(minutes=31)
    assert world.client.get("/tenant-api-keys").location == "/sign-in?next=/tenant-api-keys"


def test_signing_out_ends_the_session_on_the_server(world: World) -> None:
    member(world)
    enter(world.client)
    cookie = world.client.get_cookie("__Host-session")
    assert cookie is not None
    answer = world.client.post("/sign-out", data={"csrf": token(world.client.get("/tenant-api-keys"))})
    assert answer.location == "/sign-in"
    world.client.set_cookie("__Host-session", cookie.value)
    assert world.client.get("/tenant-api-keys").status_code == 303


def test_a_form_without_its_token_or_from_another_site_does_nothing(world: World) -> None:
    member(world)
    enter(world.client)
    key = world.key(name="Mobile App")
    page = world.client.get(f"/tenant-api-keys/{key.id}/revoke")
    for form, headers in (
        ({"reason": "none"}, {}),
        ({"csrf": "0" * 64}, {}),
        ({"csrf": token(page)}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf": token(page)}, {"Sec-Fetch-Site": "same-site"}),
        ({"csrf": token(page)}, {"Origin": "https://evil.example"}),
    ):
        answer = world.client.post(f"/tenant-api-keys/{key.id}/revoke", data=form, headers=headers)
        assert answer.status_code == 400
        assert "out of date" in answer.text
    assert world.client.get("/api/user", headers={"X-API-Key": key.secret}).status_code == 200


def test_a_removed_or_inactive_member_is_out_at_once(world: World) -> None:
    member(world)
    members.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), email="b@example.com", name="Bea", role="global_admin"
    )
    enter(world.client)
    members.edit(world.ctx, OPERATOR, world.tenant["id"], EMAIL, world.clock(), active=False)
    assert world.client.get("/tenant-api-keys").status_code == 303
    assert enter(world.client).status_code == 422


def test_every_page_carries_the_headers_that_keep_it_safe(world: World) -> None:
    answer = world.client.get("/sign-in")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert part in policy
    assert "unsafe" not in policy


def test_strange_requests_get_an_answer(world: World) -> None:
    member(world)
    for path in ("/sign-in?next=%ff", "/tenant-api-keys?after=%00&sort=x&per=9999&group=nothing", "/set-up/%ff%00"):
        assert world.client.get(path).status_code in {200, 303, 404}
    enter(world.client)
    for path in ("/tenant-api-keys?after=nonsense&sort=x&per=9999&group=nothing", "/tenant-api-keys?q=%00%ff"):
        assert world.client.get(path).status_code == 200
    assert world.client.get("/tenant-api-keys/nothing").status_code == 404
    world.client.set_cookie("__Host-session", "é")
    assert world.client.get("/tenant-api-keys").status_code == 303
