"""What POST /token answers to a client that authenticates well.

Sources: RFC 6749 §1.6, RFC 6749 §3.2, RFC 6749 §3.3, RFC 6749 §4.4, RFC 6749 §4.4.2, RFC 6749 §5.1, RFC 6749 §5.2.
"""

from __future__ import annotations

import json

import jwt
import pytest

from app.actions import operator_keys
from app.domain.refusals import Unavailable
from tests.fixtures import WorldMaker
from tests.rfc.asking import FORM, GRANT, ask, assert_challenged, assert_error, impostor
from tests.world import OPERATOR, World, as_key


@pytest.mark.spec("T-6749-01", "T-6749-02", "T-6749-03", "T-6749-04", "T-6749-05", "T-6749-06", "T-6749-08")
def test_a_key_gets_a_bearer_token_that_no_cache_keeps(world: World) -> None:
    answer = ask(world, key=world.key())
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Pragma"] == "no-cache"
    body = json.loads(answer.data.decode("utf-8"))
    assert not answer.data.startswith(b"\xef\xbb\xbf")
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert body["token_type"] == "Bearer"
    claims = jwt.decode(body["access_token"], options={"verify_signature": False}, algorithms=["ES256"])
    assert type(body["expires_in"]) is int
    assert body["expires_in"] == claims["exp"] - claims["iat"] == 600
    assert None not in body.values()


@pytest.mark.spec("T-6749-07", "T-6749-35", "T-6749-25", "T-6749-26", "T-6749-27")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "invalid_request"),
        ("scope=contacts:read", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=authorization_code", "unsupported_grant_type"),
        ("grant_type=refresh_token", "unsupported_grant_type"),
        ("grant_type=urn:x:y", "unsupported_grant_type"),
        ("grant_type=CLIENT_CREDENTIALS", "unsupported_grant_type"),
    ],
)
def test_only_client_credentials_is_granted(world: World, body: str, code: str) -> None:
    assert_error(ask(world, body, world.key()), 400, code)


@pytest.mark.spec("T-6749-09", "T-6749-10", "T-6749-11")
def test_the_scope_granted_is_always_told(world: World) -> None:
    key = world.key(group="Read only")
    everything = ask(world, key=key).json["scope"].split()
    assert everything == sorted(scope for scope in everything if scope.endswith(":read"))
    assert ask(world, f"{GRANT}&scope=contacts:read", key).json["scope"] == "contacts:read"


@pytest.mark.spec("T-6749-12")
def test_a_key_without_any_scope_for_the_audience_gets_no_token(world: World) -> None:
    operator = as_key(operator_keys.create(world.ctx, OPERATOR, world.clock(), name="Operations"))
    assert_error(ask(world, key=operator), 400, "invalid_scope")


@pytest.mark.spec("T-6749-13", "T-6749-14", "T-6749-15", "T-6749-16")
@pytest.mark.parametrize(
    "scope",
    [
        "nosuch",
        "contacts:read+contacts:write",
        "contacts:read++messages:read",
        "+contacts:read",
        "contacts:read+",
        "contacts:read%09messages:read",
        "contacts:%22read",
        "contacts%5Cread",
        "%C3%A9",
        "CONTACTS:READ",
        "contacts:read%0A",
        "api_keys:read",
    ],
)
def test_a_scope_that_is_malformed_unknown_or_not_held_is_refused_whole(world: World, scope: str) -> None:
    assert_error(ask(world, f"{GRANT}&scope={scope}", world.key(group="Read only")), 400, "invalid_scope")


@pytest.mark.spec("T-6749-16")
def test_the_order_of_scopes_does_not_matter(world: World) -> None:
    key = world.key()
    one = ask(world, f"{GRANT}&scope=contacts:write+contacts:read", key).json["scope"]
    other = ask(world, f"{GRANT}&scope=contacts:read+contacts:write", key).json["scope"]
    assert one == other == "contacts:read contacts:write"


@pytest.mark.spec("T-6749-17", "T-6749-18")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_is_allowed(world: World, method: str) -> None:
    key = world.key()
    query = f"/token?{GRANT}&client_id={key.id}&client_secret={key.secret}"
    answer = world.client.open(query, method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert b"access_token" not in answer.data


@pytest.mark.spec("T-6749-19", "T-6749-20")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{"grant_type": "client_credentials"}'),
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--\r\n',
        ),
        ("text/plain", GRANT),
        ("", GRANT),
        (f"{FORM}; charset=ISO-8859-1", GRANT),
    ],
)
def test_a_body_that_is_no_form_is_refused(world: World, content_type: str, body: str) -> None:
    assert_error(ask(world, body, world.key(), content_type=content_type), 400, "invalid_request")


@pytest.mark.spec("T-6749-21")
def test_the_media_type_is_read_without_regard_to_case(world: World) -> None:
    assert (
        ask(world, key=world.key(), content_type="Application/X-WWW-Form-Urlencoded; charset=UTF-8").status_code == 200
    )


@pytest.mark.spec("T-6749-22")
def test_a_grant_type_in_the_query_is_not_read(world: World) -> None:
    assert_error(ask(world, "", world.key(), query_string=GRANT), 400, "invalid_request")


@pytest.mark.spec("T-6749-23")
def test_credentials_in_the_query_count_as_none(world: World) -> None:
    key = world.key()
    assert_challenged(ask(world, query_string={"client_id": key.id, "client_secret": key.secret}))


@pytest.mark.spec("T-6749-24")
def test_the_body_alone_decides_the_scope(world: World) -> None:
    answer = ask(world, f"{GRANT}&scope=contacts:read", world.key(), query_string="scope=contacts:write")
    assert answer.json["scope"] == "contacts:read"


@pytest.mark.spec("T-6749-28")
def test_a_resource_server_gets_no_token(world: World) -> None:
    assert_error(ask(world, key=world.resource_server()), 400, "unauthorized_client")


@pytest.mark.spec("T-6749-29", "T-6749-30")
@pytest.mark.parametrize(
    "name", ["grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"]
)
@pytest.mark.parametrize("values", [("a", "a"), ("a", "b"), ("", "a")])
def test_a_parameter_given_twice_is_refused(world: World, name: str, values: tuple[str, str]) -> None:
    body = "&".join([*([] if name == "grant_type" else [GRANT]), *(f"{name}={value}" for value in values)])
    assert_error(ask(world, body, world.key()), 400, "invalid_request")


@pytest.mark.spec("T-6749-31", "T-6749-32")
@pytest.mark.parametrize("extra", ["foo=1", "foo=1&foo=2", "scope=", "client_secret=", "resource="])
def test_unknown_and_empty_parameters_do_not_matter(world: World, extra: str) -> None:
    answer = ask(world, f"{GRANT}&{extra}", world.key())
    assert answer.status_code == 200
    assert len(answer.json["scope"].split()) > 10


@pytest.mark.spec("T-6749-33")
@pytest.mark.parametrize("tail", [b"&x=%ZZ", b"&x=%", b"&x=%FF", b"&x=\xff", b"&x=%00", b"&x=\0", b"&" + b"x=1&" * 200])
def test_a_body_that_is_not_well_formed_is_refused(world: World, tail: bytes) -> None:
    assert_error(ask(world, GRANT.encode() + tail, world.key()), 400, "invalid_request")


@pytest.mark.spec("T-6749-34")
def test_a_body_over_the_limit_is_too_large(world: World) -> None:
    assert_error(ask(world, GRANT + "&x=" + "a" * 70_000, world.key()), 413, "invalid_request")


@pytest.mark.spec("T-6749-36")
@pytest.mark.parametrize(
    "body", [f"{GRANT}&scope=<script>sesame", "grant_type=<script>sesame", f"{GRANT}&resource=sesame"]
)
def test_the_input_does_not_come_back(world: World, body: str) -> None:
    answer = ask(world, body, world.key())
    assert answer.status_code == 400
    assert b"sesame" not in answer.data


@pytest.mark.spec("T-6749-37")
def test_plain_http_is_refused_without_a_redirect(world: World) -> None:
    key = world.key()
    plain = {"wsgi.url_scheme": "http"}
    assert_error(ask(world, key=key, environ_overrides=plain), 400, "invalid_request")
    forged = ask(world, key=key, environ_overrides=plain, headers={"X-Forwarded-Proto": "https"})
    assert_error(forged, 400, "invalid_request")


@pytest.mark.spec("T-6749-37")
def test_a_trusted_proxy_says_how_the_caller_came(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_TRUSTED_PROXIES="127.0.0.0/8")
    key = world.key()
    plain = {"wsgi.url_scheme": "http"}
    assert ask(world, key=key, environ_overrides=plain, headers={"X-Forwarded-Proto": "https"}).status_code == 200
    assert_error(ask(world, key=key, headers={"X-Forwarded-Proto": "http"}), 400, "invalid_request")


@pytest.mark.spec("T-6749-38")
def test_two_equal_calls_get_two_tokens(world: World) -> None:
    key = world.key()
    tokens = [world.token(key) for _ in range(2)]
    jtis = {jwt.decode(token, options={"verify_signature": False}, algorithms=["ES256"])["jti"] for token in tokens}
    assert len(set(tokens)) == len(jtis) == 2
    assert all(len(bytes.fromhex(jti)) * 8 >= 160 for jti in jtis)


@pytest.mark.spec("T-6749-39")
def test_authentication_comes_before_everything_asked_for(world: World) -> None:
    key = world.key()
    assert_challenged(ask(world, "grant_type=x&scope=nosuch", impostor(key)))
    assert_error(ask(world, "grant_type=x&scope=nosuch", key), 400, "unsupported_grant_type")


def test_what_cannot_be_answered_now_is_503_with_a_time_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.key()

    def gone(_question: object) -> object:
        raise Unavailable("The database does not answer.", retry_after=3)

    monkeypatch.setattr(world.ctx.database, "read", gone)
    answer = ask(world, key=key)
    assert_error(answer, 503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "3"
