"""Resource servers, signing keys and the audit log over HTTP."""

from __future__ import annotations

from app.actions.key_steps import KeyWithSecret
from app.domain.credentials import Issued
from tests.admin.client import Admin
from tests.world import World, as_key


def test_a_resource_server_is_created_introspects_and_is_deleted(operator: Admin, world: World) -> None:
    answer = operator("POST", "resource-servers", {"name": "Contacts API"})
    made = answer.json
    assert answer.headers["Location"] == f"/admin/resource-servers/{made['client_id']}"
    assert (made["audience"], made["tenant"]) == ("https://keys.example/api", None)
    server = as_key(KeyWithSecret(made, Issued(made["client_id"], made["client_secret"])))
    assert world.introspect(server, world.token(world.key()))["active"] is True
    shown = operator.ok("GET", f"resource-servers/{made['client_id']}")
    assert shown == {name: value for name, value in made.items() if name != "client_secret"}
    assert [item["client_id"] for item in operator.ok("GET", "resource-servers")["items"]] == [made["client_id"]]
    operator.refused(412, "DELETE", f"resource-servers/{made['client_id']}", headers={"If-Match": '"2"'})
    operator.ok("DELETE", f"resource-servers/{made['client_id']}", headers={"If-Match": '"1"'})
    assert world.whoami(made["client_secret"]) == 401
    for method in ("GET", "DELETE"):
        operator.refused(404, method, f"resource-servers/{made['client_id']}")


def test_a_resource_server_may_be_bound_to_a_tenant(operator: Admin, world: World) -> None:
    body = {"name": "Contacts API", "audience": "https://api.example.com", "tenant": world.tenant["name"]}
    made = operator.ok("POST", "resource-servers", body)
    assert (made["audience"], made["tenant"]["id"]) == (body["audience"], world.tenant["id"])
    for bad in ("", "contacts", "https://x/#f", "https://keys.example", "https://keys.example/admin", "http://[x"):
        assert operator.fields("POST", "resource-servers", {**body, "audience": bad}) == {"audience"}
    assert operator.fields("POST", "resource-servers", {**body, "tenant": "nobody"}) == {"tenant"}
    assert operator.fields("POST", "resource-servers", {"audience": 5, "group": "grp_full"}) == {
        "name",
        "audience",
        "group",
    }
    assert operator.refused(404, "GET", f"resource-servers/{world.key().id}")["error"] == "not_found"


def test_the_operator_prepares_activates_and_revokes_signing_keys(operator: Admin, world: World) -> None:
    answer = operator("POST", "signing-keys", {"alg": "EdDSA"})
    made = answer.json
    assert (made["alg"], made["state"]) == ("EdDSA", "next")
    assert answer.headers["Location"] == f"/admin/signing-keys/{made['kid']}"
    activate = f"signing-keys/{made['kid']}/activate"
    assert operator.refused(409, "POST", activate)["error"] == "signing_key_too_young"
    world.clock.advance(minutes=10)
    assert operator.ok("POST", activate)["state"] == "active"
    assert operator.refused(409, "POST", activate)["error"] == "signing_key_not_prepared"
    revoke = f"signing-keys/{made['kid']}/revoke"
    assert operator.ok("POST", revoke)["state"] == "revoked"
    assert operator.refused(409, "POST", revoke)["error"] == "signing_key_ended"
    listed = operator.ok("GET", "signing-keys")
    assert listed["total"] == len(listed["items"])
    assert [key["state"] for key in listed["items"]].count("active") == 1
    for action in ("activate", "revoke"):
        operator.refused(404, "POST", f"signing-keys/nobody/{action}")
    assert operator.fields("POST", "signing-keys", {"alg": "none", "pem": "x"}) == {"alg", "pem"}


def test_a_tenant_sees_signing_keys_and_changes_none(admin: Admin) -> None:
    kid = admin.ok("GET", "signing-keys")["items"][0]["kid"]
    for path in ("signing-keys", f"signing-keys/{kid}/activate", f"signing-keys/{kid}/revoke"):
        assert admin.refused(403, "POST", path)["error"] == "insufficient_scope"


def test_events_come_newest_first_by_filter_and_page(admin: Admin, world: World) -> None:
    made = admin.ok("POST", "api-keys", {"name": "ERP", "group": "Read only"})
    world.clock.advance(hours=2)
    admin.ok("POST", f"api-keys/{made['client_id']}/rotate", headers={"X-Request-ID": "mine-1"})
    newest = admin.ok("GET", "audit-events?per=1")
    event = newest["items"][0]
    assert (event["event"], event["object"]["id"], event["request_id"]) == ("key.rotated", made["client_id"], "mine-1")
    assert event["actor"]["kind"] == "key"
    rest = admin.ok("GET", f"audit-events?per=100&after={newest['next']}")
    numbers = [event["number"], *(item["number"] for item in rest["items"])]
    assert numbers == list(range(len(numbers), 0, -1))
    assert rest["next"] is None
    for query, count in [
        *(
            ("event=key.rotated", 1),
            (f"object={made['client_id']}", 2),
            ("since=1h", 1),
            ("until=1h&event=key.created", 2),
        ),
        *((f"actor={event['actor']['id']}", 2), ("since=2026-11-21T13:00:00Z", 1), ("actor=nobody", 0)),
    ]:
        assert len(admin.ok("GET", f"audit-events?{query}")["items"]) == count, query
    assert admin.fields("GET", "audit-events?since=yesterday&until=2026-11-21") == {"since", "until"}
    assert admin("GET", "audit-events?since=999999d").status_code in {200, 422}


def test_a_tenant_sees_its_own_events_and_the_operator_all(admin: Admin, operator: Admin, world: World) -> None:
    world.key("Theirs", tenant=world.new_tenant("Other"))
    assert {item["chain"] for item in admin.ok("GET", "audit-events")["items"]} == {world.tenant["id"]}
    seen, after = [], ""
    while True:
        page = operator.ok("GET", f"audit-events?per=3{after}")
        seen += [(item["chain"], item["number"]) for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len({chain for chain, _ in seen}) == 3
    assert len(seen) == len(set(seen))
