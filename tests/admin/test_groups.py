"""Authorization groups and the catalogue of scopes over HTTP."""

from __future__ import annotations

from tests.admin.client import Admin
from tests.world import World

CONTACTS = {"name": "Contacts", "scopes": ["contacts:read"], "description": "People"}


def test_a_group_is_created_looked_at_edited_and_deleted(admin: Admin, world: World) -> None:
    answer = admin("POST", "authorization-groups", CONTACTS)
    made = answer.json
    assert answer.headers["Location"] == f"/admin/authorization-groups/{made['id']}"
    assert (made["name"], made["scopes"], made["keys"], made["built_in"]) == ("Contacts", ["contacts:read"], 0, False)
    for named in (made["id"], "Contacts", "contacts"):
        assert admin.ok("GET", f"authorization-groups/{named}") == made
    key = world.key("Reader", group="Contacts")
    both = ["contacts:read", "contacts:write"]
    assert admin.ok("PATCH", "authorization-groups/Contacts", {"scopes": both})["scopes"] == both
    assert admin.ok("GET", f"api-keys/{key.id}")["scopes"] == both
    assert admin.refused(409, "DELETE", "authorization-groups/Contacts")["error"] == "group_in_use"
    assert admin.fields("DELETE", "authorization-groups/Contacts?move_to=nowhere") == {"move_to"}
    admin.ok("DELETE", "authorization-groups/Contacts?move_to=grp_ro")
    assert admin.ok("GET", f"api-keys/{key.id}")["group"]["id"] == "grp_ro"
    admin.refused(404, "GET", f"authorization-groups/{made['id']}")


def test_a_form_names_scopes_one_a_line_or_one_a_member(admin: Admin) -> None:
    form = {"name": "Contacts", "scopes": ["contacts:read\r\ncontacts:write\n", "boards:read"]}
    made = admin.ok("POST", "authorization-groups", data=form)
    assert made["scopes"] == ["boards:read", "contacts:read", "contacts:write"]
    assert admin.ok("PATCH", f"authorization-groups/{made['id']}", data={"scopes": ""})["scopes"] == []


def test_every_bad_member_of_a_group_is_named(admin: Admin) -> None:
    assert admin.fields("POST", "authorization-groups", {}) == {"name", "scopes"}
    bad = {"name": "x", "scopes": ["contacts:fly"], "description": "d" * 1001}
    assert admin.fields("POST", "authorization-groups", bad) == set(bad)
    wrong = {"name": None, "scopes": "contacts:read", "type": "operator", "built_in": True, "keys": 3}
    assert admin.fields("POST", "authorization-groups", wrong) == set(wrong)
    admin.ok("POST", "authorization-groups", CONTACTS)
    assert admin.refused(409, "POST", "authorization-groups", CONTACTS)["error"] == "group_exists"
    assert admin.fields("PATCH", "authorization-groups/Contacts", {"type": "user"}) == {"type"}


def test_a_built_in_group_is_looked_at_only(admin: Admin) -> None:
    assert admin.ok("GET", "authorization-groups/grp_full")["built_in"] is True
    assert admin.refused(409, "PATCH", "authorization-groups/grp_full", {"name": "Mine"})["error"] == "group_built_in"
    assert admin.refused(409, "DELETE", "authorization-groups/grp_full")["error"] == "group_built_in"
    admin.refused(404, "GET", "authorization-groups/grp_operator")


def test_groups_come_by_name_in_pages(admin: Admin) -> None:
    for name in ("Zebra", "Élan", "apple"):
        admin.ok("POST", "authorization-groups", {**CONTACTS, "name": name})
    names, after = [], ""
    while True:
        page = admin.ok("GET", f"authorization-groups?per=2{after}")
        names += [item["name"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert names == ["apple", "Élan", "Full access", "Read only", "Same as the key's creator", "Zebra"]


def test_the_operator_keeps_the_catalogue_of_scopes(operator: Admin, admin: Admin) -> None:
    answer = operator("POST", "scopes", {"name": "invoices:read", "description": "Look at invoices"})
    assert answer.headers["Location"] == "/admin/scopes/invoices:read"
    assert operator.ok("GET", "scopes/invoices:read") == answer.json
    assert "invoices:read" in admin.ok("GET", "authorization-groups/grp_ro")["scopes"]
    assert operator.ok("PATCH", "scopes/invoices:read", {"description": "Bills"})["description"] == "Bills"
    listed = operator.ok("GET", "scopes")
    assert listed["total"] == len(listed["items"]) == 17
    assert operator.fields("PATCH", "scopes/invoices:read", {"name": "bills:read", "description": ""}) == {"name"}
    assert operator.refused(409, "POST", "scopes", {"name": "invoices:read"})["error"] == "scope_exists"
    for reserved in ("api_keys:read", "tenants:write", "Invoices", ""):
        assert operator.fields("POST", "scopes", {"name": reserved}) == {"name"}
    admin.ok("POST", "authorization-groups", {"name": "Bills", "scopes": ["invoices:read"]})
    assert operator.refused(409, "DELETE", "scopes/invoices:read")["error"] == "scope_in_use"
    admin.ok("DELETE", "authorization-groups/Bills")
    operator.ok("DELETE", "scopes/invoices:read")
    for method, body in [("GET", None), ("PATCH", {"description": ""}), ("DELETE", None)]:
        operator.refused(404, method, "scopes/invoices:read", body)
