"""One key, every door, one policy: each reason is answered alike wherever the key is shown (PRODUCT.md §7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.actions import tenants
from app.domain.credentials import new_secret
from tests.matrix.doors import ADMIN, INTROSPECTION, OAUTH, REVOKE, SECRET, TOKEN, Door, Said, Shown, said
from tests.matrix.situations import ACTIVE, GRANTED, ROWS, SCOPE, Answers, Row, act, well
from tests.world import Key, World


def heard(world: World, shown: Shown, doors: dict[str, Door]) -> dict[str, Said]:
    """What each of some doors says."""
    return {name: said(door(world, shown)) for name, door in doors.items()}


def wrong(answers: dict[str, Said], expected: Answers | None) -> dict[str, tuple[Answers, Answers | None]]:
    """The doors that say something else than expected."""
    return {
        name: ((answer.status, answer.error), expected)
        for name, answer in answers.items()
        if (answer.status, answer.error) != expected
    }


def assert_alike(answers: dict[str, Said]) -> None:
    """Refusals of one kind have the same bytes and the same headers at every door."""
    refused = [answer for answer in answers.values() if answer.status >= 400]
    assert len({answer.body for answer in refused}) <= 1, [answer.body for answer in refused]
    for answer in refused:
        assert answer.headers == refused[0].headers


def assert_told(row: Row, secret: dict[str, Said], token: dict[str, Said]) -> None:
    """Only who shows the secret itself hears the exact reason of its end."""
    for name, answer in secret.items():
        if answer.status == 401:
            assert '"message": "Invalid API Key"' in answer.body
        if row.hint is not None:
            assert any(row.hint in hint for hint in answer.hints), (name, answer)
            assert answer.reason == row.reason, name
    for name, answer in token.items():
        if answer.status == 401:
            assert answer.reason is None, name
            assert not any(row.reason and f"{row.reason} at" in hint for hint in answer.hints), name


@pytest.mark.spec("S1-2", "S2-23", "S2-36", "S2-38", "S2-42", "S2-43", "S2-45", "S3-9", "S4-16", "S4-42", "S5-27")
@pytest.mark.parametrize("reason", ROWS)
def test_every_door_gives_the_same_verdict(world: World, reason: str) -> None:
    row = ROWS[reason]
    shown = row.stage(world)
    secret, token = heard(world, shown, SECRET), heard(world, shown, TOKEN)
    oauth, introspection = heard(world, shown, OAUTH), heard(world, shown, INTROSPECTION)
    revoke = heard(world, shown, REVOKE)
    assert wrong(secret, row.secret) == wrong(token, row.token) == {}
    assert wrong(oauth, row.oauth) == wrong(introspection, row.introspection) == wrong(revoke, row.revoke) == {}
    assert_alike(secret)
    assert_alike(oauth | revoke)
    assert_told(row, secret, token)
    if reason == "guessing":
        assert all(0 < int(answer.headers["Retry-After"]) <= 61 for answer in (secret | oauth | revoke).values())


@pytest.mark.spec("S2-40", "S2-41", "S3-4", "S4-2")
def test_a_missing_scope_is_named_wherever_one_is_needed(world: World) -> None:
    shown = SCOPE.stage(world)
    assert wrong(heard(world, shown, OAUTH), SCOPE.oauth) == {}
    for doors in (SECRET, TOKEN):
        answers = heard(world, shown, {name: door for name, door in doors.items() if name.startswith("/admin")})
        assert wrong(answers, SCOPE.secret) == {}
        assert_alike(answers)
        for answer in answers.values():
            assert answer.hints == ("The key lacks: api_keys:read.",)
            assert 'scope="api_keys:read"' in answer.headers["WWW-Authenticate"]
            assert '"message": "Unauthorized"' in answer.body


def test_a_tenant_without_calls_left_hears_so_wherever_calls_are_spent(world: World) -> None:
    """And nowhere else: its keys are managed and its tokens taken back, and whoever asks about them is answered."""
    shown = well(world)
    act(tenants.change, world, rate_limit=1)
    doors = SECRET | TOKEN
    managing = {name: door for name, door in doors.items() if name.startswith("/admin")}
    spending = {name: door for name, door in doors.items() if name not in managing}
    told, asked = heard(world, shown, spending), heard(world, shown, OAUTH)
    assert wrong(told, (429, "rate_limited")) == wrong(asked, (429, "temporarily_unavailable")) == {}
    for answers in (told, asked):
        assert len({answer.body for answer in answers.values()}) == 1
        assert all(0 < int(answer.headers["Retry-After"]) <= 61 for answer in answers.values())
    assert {answer.reason for answer in told.values()} == {"rate_limited"}
    assert wrong(heard(world, shown, managing), GRANTED) == wrong(heard(world, shown, INTROSPECTION), ACTIVE) == {}
    assert wrong(heard(world, shown, REVOKE), GRANTED) == {}


def test_who_guesses_is_told_the_same_of_every_key_there_might_be(world: World) -> None:
    """Of a key that is revoked, expired, deleted, suspended or bound elsewhere, a guess hears what a stranger hears."""
    told: dict[str, Said] = {}
    # The last two move the clock and the tenant.
    for reason in ("unknown key", "nothing", "revoked", "deleted", "replaced", "address", "expired", "API access off"):
        shown = ROWS[reason].stage(world)
        guess = replace(shown, key=Key(shown.key.id, new_secret(shown.key.id, bytes).text))
        told |= {f"{reason} {name}": answer for name, answer in heard(world, guess, SECRET).items()}
    assert wrong(told, (401, "invalid_api_key")) == {}
    assert_alike(told)


@pytest.mark.spec("S2-43")
def test_a_caller_that_names_its_own_tenant_comes_in(world: World) -> None:
    tenant = world.new_tenant("\u00c4pfel & S\u00f6hne \u6771\u4eac")
    key = world.key(tenant=tenant)
    good = Shown(key, world.token(key), world.token(key, resource=ADMIN), world.resource_server())
    for named in (tenant["id"], tenant["name"].encode().decode("latin-1"), f" {tenant['id']} "):
        calling = replace(good, headers={"X-Tenant": named})
        for doors in (SECRET, TOKEN, OAUTH):
            assert {answer.status for answer in heard(world, calling, doors).values()} == {200}, named
    for named in (f"{tenant['id']},{tenant['id']}", tenant["name"][:-1].encode().decode("latin-1"), "\xff", ""):
        calling = replace(good, headers={"X-Tenant": named})
        assert {answer.status for answer in heard(world, calling, SECRET | TOKEN).values()} == {403}


@pytest.mark.spec("S3-3", "S4-40", "S5-2")
def test_two_credentials_that_differ_are_ambiguous_and_one_sent_twice_is_one(world: World) -> None:
    one, other = world.key("One"), world.key("Other")
    token = world.token(one)
    bearer, header = {"Authorization": f"Bearer {one.secret}"}, {"X-API-Key": one.secret}
    for authorization in (f"Bearer {one.secret}", one.basic, f"Bearer {token}"):
        answer = world.client.get("/api/user", headers={"Authorization": authorization, "X-API-Key": other.secret})
        assert (answer.status_code, answer.json["error"]) == (400, "ambiguous_credentials")
    for sent in ({**bearer, **header}, {"Authorization": one.basic, **header}, bearer, header):
        assert world.client.get("/api/user", headers=sent).json["key_id"] == one.id
    both = world.client.get("/api/user", headers=[("X-API-Key", one.secret), ("X-API-Key", one.secret)])
    assert (both.status_code, both.json["error"]) == (400, "ambiguous_credentials")
    mixed = world.client.get("/admin/api-keys", headers={**bearer, "X-API-Key": other.secret})
    assert (mixed.status_code, mixed.json["error"]) == (400, "ambiguous_credentials")
    form = {"grant_type": "client_credentials", "client_id": other.id, "client_secret": other.secret}
    twice = world.client.post("/token", data=form, auth=one.auth)
    assert (twice.status_code, twice.json["error"]) == (400, "invalid_request")


def test_a_gateway_is_told_of_a_missing_scope_and_never_400(world: World) -> None:
    shown, other = SCOPE.stage(world), world.key("Other")
    bearer, header = {"Authorization": f"Bearer {shown.key.secret}"}, {"X-API-Key": shown.key.secret}
    token = {"Authorization": f"Bearer {shown.token}"}
    for headers in (bearer, header, token, {"Authorization": shown.key.basic}):
        answer = world.client.get("/gateway/check?scope=contacts:read+contacts:write", headers=headers)
        assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")
        assert answer.json["hints"] == ["The key lacks: contacts:write."]
        assert world.client.get("/gateway/check?scope=contacts:read", headers=headers).status_code == 200
    for both in ({**bearer, "X-API-Key": other.secret}, {**token, **header}, {"Authorization": other.basic, **header}):
        answer = world.client.get("/gateway/check", headers=both)
        assert (answer.status_code, answer.json["error"]) == (401, "ambiguous_credentials")


@pytest.mark.parametrize("name", ["api_key", "access_token", "client_secret", "key", "token", "X-API-Key", "api-key"])
def test_a_key_in_the_query_is_never_read(world: World, name: str) -> None:
    """Alone it is refused with a hint; beside a good key it changes nothing, whosever it is."""
    key, other = world.key(), world.key("Other")
    for path in ("/api/user", "/admin/api-keys"):
        alone = world.client.get(f"{path}?{name}={key.secret}")
        assert alone.status_code == 400
        assert alone.json["error"] == "credentials_in_query"
        assert "a header" in alone.json["hints"][0]
    beside = world.client.get(f"/api/user?{name}={other.secret}", headers={"X-API-Key": key.secret})
    assert (beside.status_code, beside.json["key_id"]) == (200, key.id)
    form = {"grant_type": "client_credentials", "client_id": key.id}
    assert world.client.post(f"/token?{name}={key.secret}", data=form).status_code == 401


@pytest.mark.spec("S2-37", "S2-39")
@pytest.mark.parametrize("scheme", ["Token", "ApiKey", "Digest", "bearer:"])
def test_another_scheme_is_told_of_bearer(world: World, scheme: str) -> None:
    key = world.key()
    answer = world.client.get("/api/user", headers={"Authorization": f"{scheme} {key.secret}"})
    assert (answer.status_code, answer.json["message"]) == (401, "Invalid API Key")
    assert any("Bearer" in hint for hint in answer.json["hints"])
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    padded = world.client.get("/api/user", headers={"Authorization": f"Bearer   {key.secret}  "})
    assert padded.status_code == 200, "spaces around a key are no part of it"
