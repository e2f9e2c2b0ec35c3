"""`If-Match` and `Idempotency-Key`."""

from __future__ import annotations

import pytest

from tests.admin.client import Admin
from tests.together import at_once
from tests.world import World


def test_of_two_rotations_of_the_same_version_one_wins(admin: Admin, world: World) -> None:
    key = world.key()
    seen = {"If-Match": admin("GET", f"api-keys/{key.id}").headers["ETag"]}
    first = admin.ok("POST", f"api-keys/{key.id}/rotate", headers=seen)
    assert admin.refused(412, "POST", f"api-keys/{key.id}/rotate", headers=seen)["error"] == "precondition_failed"
    assert world.whoami(first["client_secret"]) == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *(
            ("PATCH", "", {"name": "New"}),
            ("DELETE", "", None),
            ("POST", "/rotate", None),
            ("POST", "/regenerate", None),
        ),
        *(("POST", "/revoke", None), ("POST", "/overlap", {"end": "now"})),
    ],
)
def test_another_version_of_a_key_is_left_alone(
    admin: Admin, world: World, method: str, path: str, body: object
) -> None:
    # RFC 9110 §8.8.3: a tag is opaque text in quotes; RFC 9110 §13.1.1: a weak one never matches.
    key = world.key()
    admin.ok("POST", f"api-keys/{key.id}/rotate", {"overlap": "1h"})
    for tag in ('"3"', '"x"', 'W/"2"', '""', '"99999999999999999999"'):
        admin.refused(412, method, f"api-keys/{key.id}{path}", body, headers={"If-Match": tag})
    assert world.whoami(key.secret) == 200
    admin.ok(method, f"api-keys/{key.id}{path}", body, headers={"If-Match": '"2"'})


def test_any_version_will_do_for_a_star(admin: Admin, world: World) -> None:
    admin.ok("PATCH", f"api-keys/{world.key().id}", {"name": "New"}, headers={"If-Match": "*"})


def test_what_is_no_entity_tag_is_told(admin: Admin, world: World) -> None:
    path = f"api-keys/{world.key().id}"
    for wrong in ("1", "", " "):  # an empty one may have held what the server could not hand on
        assert admin.fields("PATCH", path, {"name": "New"}, headers={"If-Match": wrong}) == {"If-Match"}
    admin.refused(400, "PATCH", path, {"name": "New"}, headers={"If-Match": '"1", "2"'})


def test_groups_members_and_tenants_know_their_versions(admin: Admin, operator: Admin, world: World) -> None:
    group = admin.ok("POST", "authorization-groups", {"name": "Contacts", "scopes": ["contacts:read"]})
    member = admin.ok("POST", "members", {"email": "ada@example.com", "name": "Ada", "role": "auditor"})
    cases = [
        (admin, f"authorization-groups/{group['id']}"),
        (admin, f"members/{member['id']}"),
        (admin, "tenant"),
        (operator, f"tenants/{world.new_tenant('Other')['id']}"),
    ]
    for caller, path in cases:
        tag = caller("GET", path).headers["ETag"]
        caller.ok("PATCH", path, {"name": f"Renamed {path}"}, headers={"If-Match": tag})
        caller.refused(412, "PATCH", path, {"name": "Again"}, headers={"If-Match": tag})
    admin.refused(412, "DELETE", cases[0][1], headers={"If-Match": '"1"'})
    admin.refused(412, "DELETE", cases[1][1], headers={"If-Match": '"1"'})
    operator.refused(412, "POST", f"{cases[3][1]}/close", headers={"If-Match": '"1"'})


def test_what_has_no_version_matches_no_tag(operator: Admin) -> None:
    operator.refused(412, "DELETE", "scopes/contacts:read", headers={"If-Match": '"1"'})


def test_a_repeated_create_makes_one_key_and_shows_no_secret_again(admin: Admin) -> None:
    once = {"Idempotency-Key": "order-4711"}
    body = {"name": "ERP", "group": "Read only"}
    first = admin("POST", "api-keys", body, headers=once)
    again = admin("POST", "api-keys", data=body, headers=once)  # the same request, however it is written
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Location"] == first.headers["Location"]
    assert again.json == {name: value for name, value in first.json.items() if name != "client_secret"}
    assert admin.ok("GET", "api-keys")["total"] == 2


@pytest.mark.parametrize("action", ["rotate", "regenerate"])
def test_a_repeated_rotation_burns_no_second_secret(admin: Admin, world: World, action: str) -> None:
    key = world.key()
    once = {"Idempotency-Key": "night-of-21", "If-Match": '"1"'}
    first = admin("POST", f"api-keys/{key.id}/{action}", headers=once)
    again = admin("POST", f"api-keys/{key.id}/{action}", headers=once)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert "client_secret" not in again.json
    assert world.whoami(first.json["client_secret"]) == 200


def test_an_idempotency_key_is_for_one_request_of_one_caller(admin: Admin, world: World) -> None:
    once = {"Idempotency-Key": "k"}
    body = {"name": "ERP", "group": "Read only"}
    first = admin.ok("POST", "api-keys", body, headers=once)
    other_body = admin.refused(422, "POST", "api-keys", {**body, "name": "CRM"}, headers=once)
    assert other_body["error"] == "idempotency_key_reused"
    admin.refused(422, "POST", f"api-keys/{first['client_id']}/rotate", headers=once)
    other = Admin(world, world.key("Second administration").secret)
    assert other.ok("POST", "api-keys", body, headers=once)["client_id"] != first["client_id"]
    world.clock.advance(hours=25)
    assert admin.ok("POST", "api-keys", body, headers=once)["client_id"] != first["client_id"]


def test_an_idempotency_key_is_short_and_visible(admin: Admin) -> None:
    body = {"name": "ERP", "group": "Read only"}
    for key in ("", "x" * 256, "two words", "tab\tbed"):
        assert admin.fields("POST", "api-keys", body, headers={"Idempotency-Key": key}) == {"Idempotency-Key"}


def test_many_equal_creates_at_once_make_one_key(admin: Admin, world: World) -> None:
    answers = []

    def create() -> None:
        client = world.client_of(world.app)
        headers = {"X-API-Key": admin.credential, "Idempotency-Key": "together"}
        answers.append(client.post("/admin/api-keys", json={"name": "ERP", "group": "Read only"}, headers=headers))

    assert at_once([create] * 6) == []
    assert {answer.status_code for answer in answers} == {201}
    assert sum("client_secret" in answer.json for answer in answers) == 1
    assert admin.ok("GET", "api-keys")["total"] == 2
