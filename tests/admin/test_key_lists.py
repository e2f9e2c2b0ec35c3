"""The list of keys over HTTP: filters, search, order, pages."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.admin.client import Admin, group
from tests.world import World


def names(admin: Admin, **query: str) -> list[str]:
    return [item["name"] for item in admin.ok("GET", f"api-keys?{urlencode(query)}")["items"]]


def pages(admin: Admin, **query: str) -> list[list[str]]:
    """Every page, walked by `next`."""
    found, after = [], {}
    while True:
        page = admin.ok("GET", f"api-keys?{urlencode({**query, **after})}")
        found.append([item["name"] for item in page["items"]])
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def whole(admin: Admin, **query: str) -> list[str]:
    """All pages, one after the other."""
    return [name for page in pages(admin, **query) for name in page]


@pytest.mark.spec("S5-22")
def test_the_oldest_come_first_fifty_a_page_with_the_total(admin: Admin, world: World) -> None:
    for number in range(51):
        world.clock.advance(seconds=1)
        world.key(f"Key {number:02}")
    page = admin.ok("GET", "api-keys")
    assert page["total"] == 52
    assert [item["name"] for item in page["items"]] == ["Administration", *(f"Key {number:02}" for number in range(49))]
    answer = admin("GET", "api-keys?per=1")
    assert (
        answer.headers["Link"] == f'<https://keys.example/admin/api-keys?per=1&after={answer.json["next"]}>; rel="next"'
    )
    assert pages(admin)[1] == ["Key 49", "Key 50"]


def test_pages_neither_skip_nor_repeat_when_keys_come_and_go(admin: Admin, world: World) -> None:
    made = [world.key(f"Key {letter}") for letter in "bdfhjl"]  # created in one instant: the key ID decides
    for sort in ("name", "created", "expires", "status", "group"):
        first = admin.ok("GET", f"api-keys?per=2&sort={sort}")
        seen = [item["client_id"] for item in first["items"]]
        newcomer = world.key("Aaa", expires_at="2026-11-22")
        gone = next(key for key in made if key.id in seen)
        admin.ok("DELETE", f"api-keys/{gone.id}")
        made.remove(gone)
        rest = admin.ok("GET", f"api-keys?per=100&sort={sort}&after={first['next']}")["items"]
        seen += [item["client_id"] for item in rest]
        assert len(seen) == len(set(seen))
        assert {key.id for key in made} <= set(seen)
        admin.ok("DELETE", f"api-keys/{newcomer.id}")


@pytest.mark.spec("S5-18", "S5-19", "S5-20")
def test_every_order_and_its_mirror(admin: Admin, world: World) -> None:
    for name, end in [("Écho", None), ("alpha", "2027-01-01"), ("Bravo", "2026-12-01"), ("delta", None)]:
        world.clock.advance(seconds=1)
        world.key(name, expires_at=end)
    by_name = ["Administration", "alpha", "Bravo", "delta", "Écho"]
    for per in ("1", "2", "100"):
        asked = {sort: whole(admin, sort=sort, per=per) for sort in ("name", "created", "expires")}
        assert asked["name"] == by_name
        assert asked["created"] == ["Administration", "Écho", "alpha", "Bravo", "delta"]
        assert asked["expires"][:2] == ["Bravo", "alpha"]
        assert set(asked["expires"][2:]) == {"Administration", "Écho", "delta"}
        for sort, forwards in asked.items():
            assert whole(admin, sort=sort, per=per, dir="desc") == forwards[::-1]


def test_status_and_group_are_orders_too(admin: Admin, world: World) -> None:
    for name in ("Zebra", "archive", "Écho"):
        group(world, name, "contacts:read")
    made = [world.key(f"Key {number}", group="Zebra" if number % 3 else "archive") for number in range(8)]
    made += [world.key("Accented", group="Écho")]
    for key in made[:8:2]:
        admin.ok("POST", f"api-keys/{key.id}/revoke")
    every = admin.ok("GET", "api-keys")["items"]
    by_group = {"archive": 0, "Écho": 1, "Full access": 2, "Zebra": 3}
    by_status = [item["name"] for item in sorted(every, key=lambda item: (item["status"], item["client_id"]))]
    grouped = sorted(every, key=lambda item: (by_group[item["group"]["name"]], item["client_id"]))
    for sort, expected in (("status", by_status), ("group", [item["name"] for item in grouped])):
        for per in ("1", "3", "100"):
            assert whole(admin, sort=sort, per=per) == expected
            assert whole(admin, sort=sort, per=per, dir="desc") == expected[::-1]
        for narrow in ({"status": "revoked"}, {"status": "active"}, {"group": "zebra"}, {"q": "key"}):
            left = set(whole(admin, **narrow))
            assert whole(admin, sort=sort, per="2", **narrow) == [name for name in expected if name in left]


def test_search_sees_neither_case_nor_accents(admin: Admin, world: World) -> None:
    world.key("Crème Brûlée", description="ÀÉÎ 100% under_score")
    world.key("Straße")
    for q in ("creme", "BRÛLÉE", "aei", "100%", "under_score", " creme "):
        assert names(admin, q=q) == ["Crème Brûlée"], q
    assert names(admin, q="STRASSE") == ["Straße"]
    for q in ("%", "_", "\\", "'"):
        assert names(admin, q=q) in (["Crème Brûlée"], []), q
    assert names(admin, q="nothing like it") == []


def test_a_key_id_is_found_by_its_beginning_and_a_secret_by_its_key_id(admin: Admin, world: World) -> None:
    key = world.key("Wanted")
    world.key(f"Named like {key.secret[4:]}")  # a name is no way to find out about a secret
    for q in (key.id, key.id[:12], key.id.lower()):
        assert names(admin, q=q) == ["Wanted"], q
    for q in (key.secret, key.secret[:30], key.secret[:14], f" {key.secret} ", key.secret + "\nmore"):
        assert names(admin, q=q) == ["Wanted"], q


@pytest.mark.spec("S4-17", "S4-18", "S4-19")
def test_status_expiration_and_group_narrow_together(admin: Admin, world: World) -> None:
    mine = group(world, "Contacts", "contacts:read")
    world.key("Soon", group="Contacts", expires_at="2026-11-30")
    world.key("Later", group="Contacts", expires_at="2027-11-30")
    revoked = world.key("Revoked", group="Read only")
    admin.ok("POST", f"api-keys/{revoked.id}/revoke")
    world.key("Past", expires_at="2026-11-22")
    world.clock.advance(days=2)
    assert names(admin, status="revoked") == ["Revoked"]
    assert set(names(admin, status="active")) == {"Administration", "Soon", "Later", "Past"}
    assert names(admin, expiration="expired") == ["Past"]
    assert names(admin, expiration="expiring_soon") == ["Soon"]
    assert set(names(admin, expiration="valid")) == {"Administration", "Later", "Revoked"}
    assert set(names(admin, group="contacts")) == set(names(admin, group=mine["id"])) == {"Soon", "Later"}
    assert names(admin, group="Contacts", expiration="valid", q="lat", status="active") == ["Later"]
    assert admin.ok("GET", "api-keys?status=active")["total"] is None
    for state in ("valid", "expiring_soon", "expired"):
        items = admin.ok("GET", f"api-keys?expiration={state}")["items"]
        assert {item["expiration_state"] for item in items} == {state}


def test_a_list_shows_ones_own_tenant_alone(admin: Admin, world: World) -> None:
    other = world.new_tenant("Other")
    key = world.key("Theirs", tenant=other)
    assert names(admin) == ["Administration"]
    assert names(admin, q=key.id) == []
    theirs = group(world, "Hidden", "contacts:read", tenant=other)
    assert admin.fields("GET", f"api-keys?group={theirs['id']}") == {"group"}


def test_bad_parameters_are_named(admin: Admin, world: World) -> None:
    bad = "per=0&sort=colour&dir=up&status=gone&expiration=x&colour=red&q=" + "x" * 501
    assert admin.fields("GET", f"api-keys?{bad}") == {"per", "sort", "dir", "status", "expiration", "colour", "q"}
    said = admin.refused(422, "GET", "api-keys?sort=colour")["errors"][0]["message"]
    assert said == "Must be 'name', 'status', 'group', 'created', 'expires' or 'last_used'."
    assert admin.fields("GET", "api-keys?group=none+such") == {"group"}
    for unreadable in ("q=%00", "q=%FF", "q=%2", "per=5&per=6"):
        admin.refused(400, "GET", f"api-keys?{unreadable}")
    admin.ok("GET", "api-keys?q=&status=&after=")


def test_a_cursor_opens_for_its_own_list_only(admin: Admin, world: World) -> None:
    for letter in "abc":
        world.key(f"Key {letter}")
    cursor = admin.ok("GET", "api-keys?per=1")["next"]
    assert admin.ok("GET", f"api-keys?cursor={cursor}")["next"] is None
    other = Admin(world, world.key("Theirs", tenant=world.new_tenant("Other")).secret)
    assert other.fields("GET", f"api-keys?after={cursor}") == {"after"}
    flipped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for bad in (flipped, "x", "1", "%C3%A9", "A" * 5000, cursor + "A", cursor[::-1]):
        assert admin.fields("GET", f"api-keys?after={bad}") == {"after"}, bad
    for query in ("sort=name", "sort=created&dir=desc"):
        assert admin.fields("GET", f"api-keys?{query}&after={cursor}") == {"after"}
    assert admin.fields("GET", f"authorization-groups?after={cursor}") == {"after"}
    assert admin.fields("GET", f"audit-events?after={cursor}") == {"after"}
