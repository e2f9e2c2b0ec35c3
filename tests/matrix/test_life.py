"""The life of a key over HTTP: what edits, rotations, revocations and deletions do to it, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from app.actions import audit
from app.domain import credentials
from app.models import Base
from tests.admin.client import Admin
from tests.matrix.standing import dead, live
from tests.world import Key, World

UNCHANGED = ("client_id", "name", "description", "group", "scopes", "status", "created_at", "created_by", "expires_at")


def created(admin: Admin, **members: Any) -> Key:
    """A key made over HTTP."""
    made = admin.ok("POST", "api-keys", {"name": "Mobile App", "group": "Read only", **members})
    return Key(made["client_id"], made["client_secret"], made)


@pytest.mark.spec("S1-12", "S2-1", "S2-17", "S2-44", "S5-1")
def test_a_key_works_and_tells_who_it_is(admin: Admin, world: World) -> None:
    key = created(admin, expires_at="2027-06-30")
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 600)
    for headers, door in (
        ({"Authorization": f"Bearer {key.secret}"}, "bearer"),
        ({"X-API-Key": key.secret}, "x-api-key"),
        ({"Authorization": key.basic}, "basic"),
        ({"Authorization": f"Bearer {answer.json['access_token']}"}, "token"),
    ):
        assert world.client.get("/api/user", headers=headers).json == {
            "key_id": key.id,
            "name": "Mobile App",
            "tenant": {"id": world.tenant["id"], "name": "Acme"},
            "group": {"id": "grp_ro", "name": "Read only"},
            "scopes": sorted(scope for scope in key.object["scopes"] if door != "token" or "_" not in scope),
            "expires_at": "2027-06-30T23:59:59Z",
            "door": door,
        } | ({"scopes": sorted(answer.json["scope"].split())} if door == "token" else {})


@pytest.mark.spec("S1-8", "S1-15", "S1-16", "S1-19", "S4-51")
def test_an_edit_shows_everywhere_and_leaves_the_secret_alone(admin: Admin, world: World) -> None:
    key = created(admin, description="Phones")
    token = world.token(key)
    changes = {"name": "Field App", "description": "Tablets"}
    admin.ok("PATCH", f"api-keys/{key.id}", changes)
    assert live(world, key)
    assert world.client.get("/api/user", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    (listed,) = admin.ok("GET", "api-keys?q=Field")["items"]
    assert {name: listed[name] for name in changes} == changes
    told = admin.ok("GET", "audit-events?object=" + key.id)["items"][0]
    assert (told["event"], told["before"], told["after"]) == (
        "key.edited",
        {"name": "Mobile App", "description": "Phones"},
        changes,
    )


@pytest.mark.spec("S1-20", "S1-28", "S1-29", "S4-15", "S4-43", "S4-61", "S4-62")
@pytest.mark.parametrize("action", ["rotate", "regenerate"])
def test_a_rotation_kills_the_secret_and_its_tokens_and_changes_nothing_else(
    admin: Admin, world: World, action: str
) -> None:
    key, server = created(admin, description="Phones", ip_allowlist=["127.0.0.1"]), world.resource_server()
    before, token = admin.ok("GET", f"api-keys/{key.id}"), world.token(key)
    rotated = admin.ok("POST", f"api-keys/{key.id}/{action}")
    new = Key(key.id, rotated["client_secret"])
    assert dead(world, key, token, server)
    assert live(world, new)
    assert {name: rotated[name] for name in (*UNCHANGED, "ip_allowlist")} == {
        name: before[name] for name in (*UNCHANGED, "ip_allowlist")
    }
    for _ in range(2):  # whatever is done next, the old secret stays dead
        admin.ok("POST", f"api-keys/{key.id}/rotate", {"overlap": "24h"})
        assert dead(world, key, token, server)


@pytest.mark.spec("S1-33", "S1-34", "S1-41", "S3-20", "S5-27")
def test_a_deleted_key_is_dead_and_gone_and_the_others_live(admin: Admin, world: World) -> None:
    key, other, server = created(admin), created(admin, name="Other"), world.resource_server()
    token = world.token(key)
    admin.ok("DELETE", f"api-keys/{key.id}")
    assert dead(world, key, token, server)
    assert live(world, other)
    for query in ("", "?status=active", "?status=revoked", f"?q={key.id}"):
        assert key.id not in admin("GET", f"api-keys{query}").text
    for method, path in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/restore")]:
        admin.refused(404, method, f"api-keys/{key.id}{path}", {} if method != "GET" else None)
    told = [event["event"] for event in admin.ok("GET", "audit-events?object=" + key.id)["items"]]
    assert told == ["key.deleted", "key.created"]


@pytest.mark.spec("S2-23", "S2-24", "S2-25", "S2-29", "S3-9", "S4-16", "S4-42", "S4-67", "S4-68")
def test_a_revoked_key_is_dead_for_good_and_the_others_live(admin: Admin, world: World) -> None:
    key, other, server = created(admin), created(admin, name="Other"), world.resource_server()
    token = world.token(key)
    assert live(world, key)
    assert live(world, other)
    admin.ok("POST", f"api-keys/{key.id}/revoke")
    assert dead(world, key, token, server)
    assert live(world, other)
    for path in ("revoke", "rotate", "regenerate"):
        refused = admin.refused(409, "POST", f"api-keys/{key.id}/{path}")
        assert (refused["error"], refused["hints"]) == ("key_revoked", ["Generate a new key instead."])
    admin.refused(409, "PATCH", f"api-keys/{key.id}", {"name": "New"})
    for path in ("unrevoke", "restore", "activate", "reactivate"):
        admin.refused(404, "POST", f"api-keys/{key.id}/{path}")
    assert {"status": "revoked"}.items() <= admin.ok("GET", f"api-keys/{key.id}").items()
    assert [item["client_id"] for item in admin.ok("GET", "api-keys?status=revoked")["items"]] == [key.id]


@pytest.mark.spec("S1-39", "S2-16", "S2-27", "S4-41", "S4-73")
def test_a_secret_is_in_one_answer_and_nowhere_else(admin: Admin, world: World) -> None:
    key = created(admin)
    assert credentials.parse(key.secret).key_id == key.id
    rotated = admin.ok("POST", f"api-keys/{key.id}/rotate", {"overlap": "1h"})["client_secret"]
    answers = [
        admin("GET", path).text
        for path in ("api-keys", f"api-keys/{key.id}", "audit-events", f"api-keys?q={key.secret}", "tenant")
    ]
    answers += [admin("PATCH", f"api-keys/{key.id}", {"name": "New"}).text, str(list(audit.export(world.ctx, None)))]
    with world.ctx.database.reader.connect() as connection:
        answers += [str(connection.execute(text(f"SELECT * FROM {table}")).all()) for table in Base.metadata.tables]
    for secret in (key.secret, rotated):
        random = secret.split("_")[2]
        assert not [answer for answer in answers if random in answer]
        assert f"kts_{key.id[3:7]}\u2026{random[-4:]}" in answers[1], "the mask is all there is"


@pytest.mark.spec("S1-36")
def test_full_access_holds_every_scope_there_is(admin: Admin, operator: Admin, world: World) -> None:
    key = created(admin, group="Full access")
    catalogue = {scope["name"] for scope in operator.ok("GET", "scopes")["items"]}
    assert catalogue > {"contacts:read", "messages:send"}
    assert set(world.introspect(key, world.token(key))["scope"].split()) == catalogue


@pytest.mark.spec("S1-42")
def test_only_programs_are_served(world: World) -> None:
    key = world.key()
    for grant in ("password", "authorization_code", "implicit", "refresh_token"):
        answer = world.client.post("/token", data={"grant_type": grant}, auth=key.auth)
        assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")
    origin = {"Origin": "https://app.example"}
    for method, data in (("POST", {"grant_type": "client_credentials"}), ("OPTIONS", None)):
        answer = world.client.open("/token", method=method, data=data, auth=key.auth, headers=origin)
        assert not [name for name in dict(answer.headers) if name.startswith("Access-Control-")]


@pytest.mark.spec("S5-1")
def test_nothing_is_served_in_the_open(world: World) -> None:
    key = world.key()
    plain = {"wsgi.url_scheme": "http"}
    for path in ("/api/user", "/admin/api-keys"):
        answer = world.client.get(path, headers={"X-API-Key": key.secret}, environ_overrides=plain)
        assert (answer.status_code, answer.json["title"]) == (400, "Insecure transport")
    secure = world.client.get("/api/user", headers={"X-API-Key": key.secret})
    assert int(secure.headers["Strict-Transport-Security"].partition("=")[2]) >= 31536000
