"""Members over HTTP."""

from __future__ import annotations

from tests.admin.client import Admin
from tests.world import World

ADA = {"email": "Ada@example.com", "name": "Ada", "role": "global_admin"}


def test_a_member_is_added_looked_at_edited_and_removed(admin: Admin) -> None:
    answer = admin("POST", "members", ADA)
    made = answer.json
    assert answer.headers["Location"] == f"/admin/members/{made['id']}"
    assert (made["role"], made["active"], made["operator"]) == ("global_admin", True, False)
    assert admin.ok("GET", f"members/{made['id']}") == admin.ok("GET", "members/ada@example.com") == made
    bob = admin.ok("POST", "members", data={"email": "bob@example.com", "name": "Bob", "role": "auditor"})
    assert admin.ok("PATCH", f"members/{bob['id']}", data={"active": "false"})["active"] is False
    assert admin.ok("PATCH", f"members/{bob['id']}", {"role": "member", "name": "Robert"})["name"] == "Robert"
    assert admin.refused(409, "DELETE", f"members/{made['id']}")["error"] == "last_global_admin"
    admin.ok("DELETE", f"members/{bob['id']}")
    for method, path, body in [("GET", "", None), ("PATCH", "", {}), ("DELETE", "", None), ("POST", "/reset", None)]:
        admin.refused(404, method, f"members/{bob['id']}{path}", body)
    first = admin.ok("GET", "members?per=1")
    assert [item["id"] for item in first["items"]] == [made["id"]]
    assert first["next"] is None


def test_a_reset_answers_a_link_once(admin: Admin) -> None:
    made = admin.ok("POST", "members", ADA)
    link = admin.ok("POST", f"members/{made['id']}/reset")["reset_url"]
    assert link.startswith("https://keys.example/set-up/")
    assert link.rpartition("/")[2] not in admin("GET", "audit-events").text
    assert admin.fields("POST", f"members/{made['id']}/reset", {"email": "me@example.com"}) == {"email"}


def test_every_bad_member_is_named(admin: Admin) -> None:
    assert admin.fields("POST", "members", {}) == {"email", "name", "role"}
    assert admin.fields("POST", "members", {**ADA, "role": "root", "operator": True, "id": "mem_1"}) == {
        "role",
        "operator",
        "id",
    }
    assert admin.fields("POST", "members", {**ADA, "email": "nobody", "name": ""}) == {"email", "name"}
    made = admin.ok("POST", "members", ADA)
    assert admin.refused(409, "POST", "members", {**ADA, "email": "ada@EXAMPLE.com"})["error"] == "member_exists"
    fixed = {"email": "x@example.com", "operator": True, "tenant": "ten_1"}
    assert admin.fields("PATCH", f"members/{made['id']}", fixed) == set(fixed)
    assert admin.fields("PATCH", f"members/{made['id']}", {"active": "no", "role": 1}) == {"active", "role"}


def test_members_of_another_tenant_are_not_there(admin: Admin, world: World) -> None:
    made = admin.ok("POST", "members", ADA)
    other = Admin(world, world.key("Theirs", tenant=world.new_tenant("Other")).secret)
    assert other.ok("GET", "members")["items"] == []
    for named in (made["id"], "ada@example.com"):
        other.refused(404, "GET", f"members/{named}")


def test_the_last_global_admin_is_not_unmade(admin: Admin) -> None:
    made = admin.ok("POST", "members", ADA)
    for method, body in (("DELETE", None), ("PATCH", {"role": "member"}), ("PATCH", {"active": False})):
        assert admin.refused(409, method, f"members/{made['id']}", body)["error"] == "last_global_admin"
    assert admin.ok("GET", f"members/{made['id']}") == made
