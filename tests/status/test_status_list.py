"""The status list on the wire: Token Status List, draft 21."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

import pytest

from app.actions import keys, members, rotation, signing_keys, tenants
from app.domain import status_list
from tests.fixtures import WorldMaker
from tests.status.reading import LIST_URI, fetch, index_of, read
from tests.world import OPERATOR, Key, World


def revoke(world: World, key: Key) -> None:
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())


@pytest.mark.spec("T-TSL-01", "T-TSL-02", "T-TSL-03")
def test_a_list_is_signed_and_says_where_it_is_and_how_long_it_is_good(world: World) -> None:
    index_of(world.token(world.key()))
    found = fetch(world)
    assert found.answer.headers["Content-Type"] == "application/statuslist+jwt"
    assert found.header["typ"] == "statuslist+jwt"
    assert set(found.claims) == {"sub", "iat", "exp", "ttl", "status_list"}
    assert found.claims["sub"] == LIST_URI
    assert found.claims["ttl"] == 5
    assert found.claims["iat"] <= world.clock().timestamp() < found.claims["exp"]
    assert found.claims["status_list"]["bits"] == 2
    assert len(found.data) == 2**20 // 4
    assert found.nonzero == {}
    assert found.answer.headers["Access-Control-Allow-Origin"] == "*"
    assert found.answer.headers["Cache-Control"] == "public, max-age=5"


@pytest.mark.spec("T-TSL-04")
def test_the_first_entry_is_in_the_least_significant_bits() -> None:
    bits = status_list.empty(12)
    for index, status in enumerate([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]):
        status_list.put(bits, index, 3)
        status_list.put(bits, index, status)
    assert bits == bytes.fromhex("c944f9")


@pytest.mark.spec("T-TSL-05")
def test_revoked_suspended_and_resumed_keys_show_at_once_in_every_process(world: World) -> None:
    far = world.client_of(world.another_process())
    gone, kept = world.key(), world.key("Kept")
    of_gone, of_kept = index_of(world.token(gone)), index_of(world.token(kept))
    assert fetch(world, far).nonzero == {}
    revoke(world, gone)
    assert fetch(world, far).nonzero == {of_gone: 1}
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=False)
    assert fetch(world, far).nonzero == {of_gone: 1, of_kept: 2}
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=True)
    assert fetch(world, far).nonzero == {of_gone: 1}


@pytest.mark.spec("T-TSL-06")
def test_every_secret_has_an_index_of_its_own(world: World) -> None:
    key, indexes = world.key(), set()
    for _ in range(20):
        indexes.add(index_of(world.token(key)))
        made = rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
        assert made.issued is not None
        key = Key(key.id, made.issued.text)
    assert len(indexes) == 20


def test_entries_return_to_zero_when_no_token_can_name_them_any_more(world: World) -> None:
    key = world.key()
    index = index_of(world.token(key))
    revoke(world, key)
    world.clock.advance(seconds=604)
    assert fetch(world).entry(index) == 1
    world.clock.advance(seconds=2)
    assert fetch(world).nonzero == {}


def test_a_replaced_secret_shows_when_its_overlap_ends_and_the_new_one_never(world: World) -> None:
    key = world.key()
    old = index_of(world.token(key))
    made = rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), overlap=timedelta(minutes=5))
    before = fetch(world)
    assert before.nonzero == {}
    world.clock.advance(minutes=5)
    after = fetch(world, **{"If-None-Match": before.etag})
    assert after.nonzero == {old: 1}
    assert after.claims["iat"] >= before.claims["iat"]
    assert made.issued is not None
    assert index_of(world.token(Key(key.id, made.issued.text))) != old


def test_a_deleted_key_is_invalid(world: World) -> None:
    key = world.key()
    index = index_of(world.token(key))
    keys.delete(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    assert fetch(world).nonzero == {index: 1}


def test_a_key_whose_end_is_moved_closer_is_invalid_from_then_on(world: World) -> None:
    key = world.key()
    index = index_of(world.token(key))
    end = world.clock() + timedelta(minutes=2)
    rotation.rotate(
        world.ctx,
        OPERATOR,
        world.tenant["id"],
        key.id,
        world.clock(),
        overlap=timedelta(hours=1),
        expires_at=end.isoformat(),
    )
    assert fetch(world).nonzero == {}
    world.clock.advance(minutes=2)
    assert fetch(world).entry(index) == 1


def test_keys_that_act_as_a_member_are_suspended_with_them(world: World) -> None:
    member = members.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), email="ada@example.com", name="Ada", role="super_user"
    )
    key = world.key(group="Same as the key's creator", created_by_member=member["id"])
    other = world.key("Other", created_by_member=member["id"])
    index = index_of(world.token(key))
    index_of(world.token(other))
    for active, said in ((False, {index: 2}), (True, {}), (False, {index: 2})):
        members.edit(world.ctx, OPERATOR, world.tenant["id"], member["id"], world.clock(), active=active)
        assert fetch(world).nonzero == said
    tenants.close(world.ctx, OPERATOR, world.tenant["id"], world.clock())
    assert set(fetch(world).nonzero.values()) == {2}
    assert len(fetch(world).nonzero) == 2


def test_the_same_list_is_the_same_bytes_and_tag_in_every_process(world: World) -> None:
    far = world.client_of(world.another_process())
    revoke(world, world.key())
    here, there = fetch(world), fetch(world, far)
    assert here.etag == there.etag
    assert here.answer.data == there.answer.data
    unchanged = far.get("/status-lists/0", headers={"If-None-Match": here.etag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == here.etag
    assert unchanged.headers["Cache-Control"] == "public, max-age=5"


def test_a_list_is_made_again_only_when_something_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    whole = status_list.claims
    monkeypatch.setattr(status_list, "claims", lambda *given: made.append(given) or whole(*given))
    for _ in range(5):
        fetch(world)
        world.key()
    assert len(made) == 1
    revoke(world, world.key())
    fetch(world)
    fetch(world)
    assert len(made) == 2


def test_a_list_is_signed_again_before_it_expires_and_is_never_older_than_before(world: World) -> None:
    first = fetch(world)
    for minutes in range(1, 121, 7):
        world.clock.advance(minutes=7)
        later = fetch(world)
        assert later.claims["iat"] >= first.claims["iat"], minutes
        assert later.claims["exp"] > world.clock().timestamp() + 1700
        first = later


def test_an_emergency_revocation_of_the_signing_key_signs_the_list_anew_at_once(world: World) -> None:
    far = world.client_of(world.another_process())
    before = fetch(world, far)
    signing_keys.revoke(world.ctx, OPERATOR, world.clock(), before.header["kid"])
    after = fetch(world, far, **{"If-None-Match": before.etag})
    assert after.header["kid"] != before.header["kid"]
    assert after.etag != before.etag
    assert after.claims["iat"] >= before.claims["iat"]


def test_gzip_comes_when_asked_for_under_a_tag_of_its_own(world: World) -> None:
    plain = fetch(world)
    for accepted, zipped in (("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("identity", False)):
        answer: Any = world.client.get("/status-lists/0", headers={"Accept-Encoding": accepted})
        assert (answer.headers.get("Content-Encoding") == "gzip") is zipped
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert (gzip.decompress(answer.data) if zipped else answer.data) == plain.answer.data
        assert (answer.headers["ETag"] != plain.etag) is zipped
        for tag in (plain.etag, answer.headers["ETag"], "*", f'W/{plain.etag}, "other"'):
            again = world.client.get("/status-lists/0", headers={"Accept-Encoding": accepted, "If-None-Match": tag})
            assert again.status_code == 304


@pytest.mark.parametrize("path", ["1", "01", "-1", "x", "", "0/", "0/1", "9" * 30, "0%00"])
def test_a_list_that_is_not_there_is_404(world: World, path: str) -> None:
    answer = world.client.get(f"/status-lists/{path}")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_other_methods_are_405(world: World) -> None:
    answer = world.client.post("/status-lists/0")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert world.client.head("/status-lists/0").status_code == 200


def test_all_lists_are_named_where_the_metadata_says(world: World) -> None:
    metadata = world.client.get("/.well-known/oauth-authorization-server").json
    address = metadata["status_list_aggregation_endpoint"]
    answer = world.client.get(address.removeprefix("https://keys.example"))
    assert answer.json == {"status_lists": [LIST_URI]}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_without_its_database_no_list_passes_for_a_new_one(world: World, tmp_path: Any, database: str) -> None:
    fetch(world)
    gone = f"sqlite:///{tmp_path / 'gone' / 'keyturn.db'}" if database == "sqlite" else f"{world.url}_gone"
    lost = world.client_of(world.another_process(KEYTURN_DATABASE_URL=gone))
    answer = lost.get("/status-lists/0")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_every_algorithm_that_signs_tokens_signs_lists(make_world: WorldMaker, alg: str) -> None:
    world = make_world(KEYTURN_SIGNING_ALG=alg)
    signing_keys.prepare(world.ctx, OPERATOR, world.clock(), alg)
    prepared = [key for key in signing_keys.all_keys(world.ctx, world.clock()) if key["alg"] == alg]
    world.clock.advance(minutes=6)
    active = prepared[0] if prepared[0]["state"] == "active" else None
    if active is None:
        signing_keys.activate(world.ctx, OPERATOR, world.clock(), prepared[0]["kid"])
    far = world.client_of(world.another_process())
    assert fetch(world).header["alg"] == alg
    assert fetch(world).answer.data == fetch(world, far).answer.data


def test_the_time_that_lists_are_used_is_a_setting(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_STATUS_TTL="30")
    answer = world.client.get("/status-lists/0")
    assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert read(answer, world.client.get("/.well-known/jwks.json").json).claims["ttl"] == 30
