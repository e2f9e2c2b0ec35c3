"""RFC 8414 and RFC 8615: what the server says about itself."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.domain import scopes
from app.settings import SettingsError, load
from tests.fixtures import WorldMaker
from tests.signing import jwks, verified
from tests.world import ISSUER, Key, World

WELL_KNOWN = "/.well-known/oauth-authorization-server"
ENDPOINTS = ("token", "introspection", "revocation")
ISSUERS = {
    ISSUER: WELL_KNOWN,
    f"{ISSUER}/t1": f"{WELL_KNOWN}/t1",
    f"{ISSUER}/t1/": f"{WELL_KNOWN}/t1",
    f"{ISSUER}/a/b": f"{WELL_KNOWN}/a/b",
}


def metadata(world: World, address: str = WELL_KNOWN) -> dict[str, Any]:
    answer = world.client.get(address)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    return found


def path(address: str) -> str:
    return urlsplit(address).path


@pytest.mark.spec("T-8414-01")
def test_the_metadata_is_a_json_object_at_the_well_known_address(world: World) -> None:
    answer = world.client.get(WELL_KNOWN)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert isinstance(answer.json, dict)
    assert metadata(world, "/.well-known/openid-configuration") == answer.json, "for clients that know only this name"


@pytest.mark.spec("T-8414-01")
def test_head_answers_as_get_does_without_a_body(world: World) -> None:
    head, full = world.client.head(WELL_KNOWN), world.client.get(WELL_KNOWN)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(full.data))


@pytest.mark.spec("T-8414-02", "T-8414-03")
@pytest.mark.parametrize(("issuer", "address"), ISSUERS.items())
def test_an_issuers_path_stands_behind_the_well_known_part_and_the_issuer_is_kept_to_the_letter(
    make_world: WorldMaker, issuer: str, address: str
) -> None:
    world = make_world(KEYTURN_ISSUER=issuer)
    found = metadata(world, address)
    assert found["issuer"] == issuer
    key = world.key()
    asked = world.client.post(path(found["token_endpoint"]), data={"grant_type": "client_credentials"}, auth=key.auth)
    assert world.client.get(path(found["jwks_uri"])).json == world.client.get("/.well-known/jwks.json").json
    claims = verified(asked.json["access_token"], jwks(world.client))
    assert claims["iss"] == issuer
    told = world.client.post(
        path(found["introspection_endpoint"]), data={"token": asked.json["access_token"]}, auth=key.auth
    )
    assert (told.json["active"], told.json["iss"]) == (True, issuer)


@pytest.mark.spec("T-8414-02")
def test_openid_clients_find_the_metadata_behind_the_issuers_path(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_ISSUER=f"{ISSUER}/t1")
    assert metadata(world, "/t1/.well-known/openid-configuration") == metadata(world, f"{WELL_KNOWN}/t1")


@pytest.mark.spec("T-8414-04")
@pytest.mark.parametrize(
    "issuer",
    [
        "http://keys.example", "https://keys.example?a=b", "https://keys.example?", "https://keys.example#a",
        "https://keys.example/#", "keys.example",
        "ftp://keys.example", "https://", "https:///path", " https://keys.example", "https://keys.example ",
        "https://kéys.example", "http://127.0.0.1.evil.example",
        "http://localhost@evil.example", "http://keys.example:8000",
    ],
)  # fmt: skip
def test_an_issuer_that_is_no_https_address_without_query_and_fragment_stops_the_start(issuer: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"KEYTURN_ISSUER": issuer})
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["KEYTURN_ISSUER"]


@pytest.mark.spec("T-8414-04")
@pytest.mark.parametrize(
    "issuer", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000", "https://keys.example:8443/t1"]
)
def test_an_issuer_on_loopback_may_be_plain_http(issuer: str) -> None:
    assert load({"KEYTURN_ISSUER": issuer}).issuer == issuer


@pytest.mark.spec("T-8414-05")
@pytest.mark.parametrize("issuer", [ISSUER, f"{ISSUER}/t1/"])
def test_every_endpoint_is_an_absolute_https_address_that_answers(make_world: WorldMaker, issuer: str) -> None:
    world = make_world(KEYTURN_ISSUER=issuer)
    found = metadata(world, ISSUERS[issuer])
    addresses = {name: value for name, value in found.items() if name.endswith(("_endpoint", "_uri"))}
    assert addresses.keys() >= {"token_endpoint", "introspection_endpoint", "revocation_endpoint", "jwks_uri"}
    for name, address in addresses.items():
        assert address.startswith(issuer.rstrip("/") + "/")
        read = name in {"jwks_uri", "status_list_aggregation_endpoint"}
        asked = world.client.get(path(address)) if read else world.client.post(path(address))
        assert asked.status_code in {200, 400, 401}, name


@pytest.mark.spec("T-8414-06", "T-8414-12")
def test_the_one_grant_that_is_offered_works_and_no_other_does(world: World) -> None:
    assert metadata(world)["grant_types_supported"] == ["client_credentials"]
    key = world.key()
    assert world.token(key)
    others = ["authorization_code", "implicit", "password", "refresh_token",
    "urn:ietf:params:oauth:grant-type:jwt-bearer", "CLIENT_CREDENTIALS",
              "urn:ietf:params:oauth:grant-type:token-exchange",
              "urn:ietf:params:oauth:grant-type:device_code"]  # fmt: skip
    for grant in others:
        answer = world.client.post(
            "/token", data={"grant_type": grant, "code": "x", "username": "x", "password": "x"}, auth=key.auth
        )
        assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")


@pytest.mark.spec("T-8414-07")
def test_what_a_server_of_one_grant_has_not_is_left_out_unless_the_switch_is_on(make_world: WorldMaker) -> None:
    members = {"authorization_endpoint", "response_types_supported"}
    plain, compatible = metadata(make_world()), metadata(make_world(KEYTURN_METADATA_COMPAT="true"))
    assert not members & plain.keys()
    assert compatible.keys() - plain.keys() == members
    assert compatible["authorization_endpoint"].startswith(f"{ISSUER}/")
    assert compatible["response_types_supported"]
    assert {name: compatible[name] for name in plain} == plain


def authenticated(world: World, endpoint: str, key: Key, **request: Any) -> int:
    form = {"token": {"grant_type": "client_credentials"}}.get(endpoint, {"token": "unknown"})
    address = path(metadata(world)[f"{endpoint}_endpoint"])
    return world.client.post(address, data={**form, **request.pop("data", {})}, **request).status_code


@pytest.mark.spec("T-8414-08", "T-8414-12")
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_client_method_that_is_offered_works_and_no_other_does(world: World, endpoint: str) -> None:
    key = world.key()
    form = {"client_id": key.id, "client_secret": key.secret}
    assertion = {
        "client_id": key.id,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "e30.e30.e30",
    }
    works = {"client_secret_basic": {"auth": key.auth}, "client_secret_post": {"data": form}}
    assert metadata(world)[f"{endpoint}_endpoint_auth_methods_supported"] == list(works)
    for request in works.values():
        assert authenticated(world, endpoint, key, **request) == 200
    others: list[dict[str, Any]] = [
        {"data": {"client_id": key.id}}, {"data": assertion}, {}, {"query_string": form},
        {"headers": {"Authorization": f"Bearer {key.secret}"}},
        {"headers": {"Authorization": f'Digest username="{key.id}"'}}, {"headers": {"X-API-Key": key.secret}}
    ]  # fmt: skip
    for request in others:
        assert authenticated(world, endpoint, key, **request) in {400, 401}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_signing_algorithms_are_told_exactly_where_clients_may_sign(world: World, endpoint: str) -> None:
    found = metadata(world)
    algorithms = found.get(f"{endpoint}_endpoint_auth_signing_alg_values_supported")
    signs = {"private_key_jwt", "client_secret_jwt"} & set(found[f"{endpoint}_endpoint_auth_methods_supported"])
    assert bool(algorithms) == bool(signs)
    assert "none" not in (algorithms or [])


@pytest.mark.spec("T-8414-10")
@pytest.mark.parametrize("compatible", ["false", "true"])
def test_no_member_is_empty_null_or_repeated(make_world: WorldMaker, compatible: str) -> None:
    pairs = json.loads(
        make_world(KEYTURN_METADATA_COMPAT=compatible).client.get(WELL_KNOWN).data, object_pairs_hook=list
    )
    assert len({name for name, _ in pairs}) == len(pairs)
    assert all(value not in ([], None, "", {}) for _, value in pairs)


@pytest.mark.spec("T-8414-11")
@pytest.mark.parametrize(
    "address", [f"{WELL_KNOWN}/t2", f"{WELL_KNOWN}/", f"{WELL_KNOWN}/t1/t1", "/t2/.well-known/openid-configuration"]
)
def test_an_issuer_that_is_not_here_is_not_found(make_world: WorldMaker, address: str) -> None:
    assert make_world(KEYTURN_ISSUER=f"{ISSUER}/t1").client.get(address).status_code == 404
    assert make_world().client.get(address).status_code == 404


@pytest.mark.spec("T-8414-11")
@pytest.mark.parametrize("address", [WELL_KNOWN, "/.well-known/openid-configuration", "/.well-known/jwks.json"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_metadata_is_read_only(world: World, address: str, method: str) -> None:
    answer = world.client.open(address, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.spec("T-8414-12")
def test_every_scope_that_is_offered_can_be_had_at_its_audience(world: World) -> None:
    key, offered = world.key(), metadata(world)["scopes_supported"]
    assert offered == sorted(set(offered))
    assert not set(offered) & scopes.OPERATOR_ONLY
    for scope in offered:
        target = {"resource": f"{ISSUER}/admin"} if scope in scopes.MANAGEMENT else {}
        assert verified(world.token(key, scope=scope, **target), jwks(world.client))["scope"] == scope


def test_members_of_features_that_are_not_there_are_not_there_either(world: World) -> None:
    off = {"dpop_signing_alg_values_supported", "tls_client_certificate_bound_access_tokens", "mtls_endpoint_aliases",
           "authorization_details_types_supported", "registration_endpoint", "userinfo_endpoint"}  # fmt: skip
    assert not off & metadata(world).keys()


@pytest.mark.spec("T-8414-14")
@pytest.mark.parametrize("address", [WELL_KNOWN, "/.well-known/openid-configuration", "/.well-known/jwks.json"])
def test_metadata_may_be_cached_and_read_by_any_page(world: World, address: str) -> None:
    headers = world.client.get(address, headers={"Origin": "https://elsewhere.example"}).headers
    assert headers["Cache-Control"] == "public, max-age=300"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in headers


@pytest.mark.spec("T-8414-14")
@pytest.mark.parametrize("address", ["/token", "/introspect", "/revoke"])
def test_no_page_of_another_origin_may_read_what_clients_are_answered(world: World, address: str) -> None:
    for method in ("POST", "OPTIONS"):
        answer = world.client.open(
            address,
            method=method,
            headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"},
        )
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
