"""How a client authenticates, and that failing teaches nothing: RFC 6749 §2.3, RFC 6749 §2.3.1, RFC 6749 §5.2."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import quote_plus

import pytest
from werkzeug.test import TestResponse

from app.actions import audit, keys, rotation, tenants
from app.domain import credentials
from app.web.request import basic_credentials
from tests.rfc.asking import GRANT, ask, assert_challenged, assert_error, impostor
from tests.world import OPERATOR, Key, World


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def with_header(world: World, value: str, body: str = GRANT) -> TestResponse:
    return ask(world, body, headers={"Authorization": value})


def told(answer: TestResponse) -> tuple[Any, ...]:
    """Everything an answer tells but its own number."""
    return (
        answer.status,
        answer.data,
        sorted((k, v) for k, v in answer.headers.items() if k not in {"X-Request-ID", "Date"}),
    )


@pytest.mark.spec("T-6749-40")
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_scheme_is_read_without_regard_to_case(world: World, scheme: str) -> None:
    assert with_header(world, world.key().basic.replace("Basic", scheme)).status_code == 200


@pytest.mark.spec("T-6749-41", "T-6749-42")
@pytest.mark.parametrize(
    "header", ["YSUzQWIrYzpwJTJCcSUyNXIlQzMlQTktXy5+", "YSUzQWIrYzpwJTJCcSUyNXIlQzMlQTklMkQlNUYlMkUlN0U="]
)
def test_basic_credentials_are_form_decoded(header: str) -> None:
    """RFC 6749 §2.3.1 and Appendix B: `+` is a space, `%XX` is UTF-8, escaping what needs none changes nothing."""
    assert basic_credentials(header) == ("a:b c", "p+q%ré-_.~")


@pytest.mark.spec("T-6749-41", "T-6749-42")
def test_clients_that_escape_everything_are_understood(world: World) -> None:
    key = world.key()
    for escape in (quote_plus, lambda text: "".join(f"%{byte:02X}" for byte in text.encode())):
        assert with_header(world, basic(escape(key.id), escape(key.secret))).status_code == 200


@pytest.mark.spec("T-6749-43")
def test_what_we_issue_needs_no_escaping(world: World) -> None:
    for number in range(20):
        key = world.key(f"Key {number}")
        assert re.fullmatch(r"[A-Za-z0-9_-]+", key.id)
        assert re.fullmatch(r"[A-Za-z0-9_-]+", key.secret)


@pytest.mark.spec("T-6749-44", "T-6749-45", "T-6749-46", "T-6749-50")
@pytest.mark.parametrize("by_form", [False, True])
def test_an_unknown_key_and_a_wrong_secret_get_the_same_bytes(world: World, by_form: bool) -> None:
    unknown = Key("kt_0000000000000000", credentials.new_secret("kt_0000000000000000", lambda count: b"x" * count).text)
    good, revoked, deleted, expired = (world.key(name) for name in ("Good", "Revoked", "Deleted", "Expired"))
    expiring = world.key("Expiring", expires_at="2026-11-22T00:00:00Z")
    tenant = world.tenant["id"]
    keys.revoke(world.ctx, OPERATOR, tenant, revoked.id, world.clock())
    keys.delete(world.ctx, OPERATOR, tenant, deleted.id, world.clock())
    rotation.rotate(world.ctx, OPERATOR, tenant, expired.id, world.clock())
    world.clock.advance(days=2)
    answers = set()
    for key in (
        impostor(good),
        unknown,
        revoked,
        deleted,
        expired,
        expiring,
        Key(good.id, unknown.secret),
        Key(good.id, "wrong"),
    ):
        form = f"{GRANT}&client_id={key.id}&client_secret={key.secret}"
        answer = ask(world, form) if by_form else ask(world, key=key)
        assert_challenged(answer)
        answers.add(repr(told(answer)))
    assert len(answers) == 1


@pytest.mark.spec("T-6749-47")
def test_an_unknown_key_costs_the_same_work_as_a_wrong_secret(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = world.key()
    unknown = Key("kt_0000000000000000", credentials.new_secret("kt_0000000000000000", lambda count: b"x" * count).text)
    work: list[str] = []
    first, same = world.ctx.database.first, credentials.same_fingerprint
    monkeypatch.setattr(world.ctx.database, "first", lambda *asked: (work.append("read"), first(*asked))[1])
    monkeypatch.setattr(credentials, "same_fingerprint", lambda *pair: (work.append("compare"), same(*pair))[1])
    done = []
    for guess in (unknown, impostor(key)):
        work.clear()
        assert_challenged(ask(world, key=guess))
        done.append(list(work))
    assert done == [["read", "compare"]] * 2


@pytest.mark.spec("T-6749-48")
@pytest.mark.parametrize(
    "payload",
    [
        "%%%",
        "",
        "a",
        "!!!!",
        base64.b64encode(b"nocolon").decode(),
        base64.b64encode(b"a%FF:b").decode(),
        base64.b64encode(b"\xff:\xff").decode(),
        base64.b64encode(b":secret").decode(),
        base64.b64encode(b"id:").decode(),
        base64.b64encode(b"a%Z:b").decode(),
        base64.b64encode("é:é".encode()).decode(),
        base64.b64encode(b"\0:\0").decode(),
        "YTpi YTpi",
        base64.b64encode(b"a:b").decode() + "\x0b",
    ],
)
def test_a_basic_header_that_cannot_be_read_is_a_failed_authentication(world: World, payload: str) -> None:
    assert_challenged(ask(world, environ_overrides={"HTTP_AUTHORIZATION": f"Basic {payload}"}))


@pytest.mark.spec("T-6749-48")
def test_bytes_that_are_no_ascii_are_a_failed_authentication(world: World) -> None:
    for value in ("Basic \xff", "\xff\xfe", "Basic é"):
        assert_challenged(ask(world, environ_overrides={"HTTP_AUTHORIZATION": value}))


@pytest.mark.spec("T-6749-49")
def test_every_key_may_authenticate_by_form(world: World) -> None:
    key = world.key()
    assert ask(world, f"{GRANT}&client_id={key.id}&client_secret={key.secret}").status_code == 200


@pytest.mark.spec("T-6749-51", "T-6749-52")
@pytest.mark.parametrize(
    "credentials_sent", ["", "&client_id={id}", "&client_secret={secret}", "&client_id={id}&client_secret="]
)
def test_there_are_no_public_clients(world: World, credentials_sent: str) -> None:
    key = world.key()
    assert_challenged(ask(world, GRANT + credentials_sent.format(id=key.id, secret=key.secret)))


@pytest.mark.spec("T-6749-53", "T-6749-54", "T-6749-55")
def test_one_method_a_request(world: World) -> None:
    """RFC 6749 §2.3."""
    key, other = world.key(), world.key("Other")
    assert_error(ask(world, f"{GRANT}&client_id={key.id}&client_secret={key.secret}", key), 400, "invalid_request")
    assert_error(ask(world, f"{GRANT}&client_secret={key.secret}", key), 400, "invalid_request")
    assert_error(ask(world, f"{GRANT}&client_id={other.id}", key), 400, "invalid_request")
    assert ask(world, f"{GRANT}&client_id={key.id}", key).status_code == 200


@pytest.mark.spec("T-6749-56")
@pytest.mark.parametrize("value", ["Bearer x", 'Digest username="a", realm="b"', "Basically x", "Negotiate"])
def test_another_scheme_is_a_failed_authentication_whatever_the_body_holds(world: World, value: str) -> None:
    key = world.key()
    assert_challenged(with_header(world, value, f"{GRANT}&client_id={key.id}&client_secret={key.secret}"))


@pytest.mark.spec("T-6749-57")
def test_two_authorization_fields_are_refused(world: World) -> None:
    basic_header = world.key().basic
    answer = ask(world, environ_overrides={"HTTP_AUTHORIZATION": f"{basic_header},{basic_header}"})
    assert_error(answer, 400, "invalid_request")


def test_a_client_assertion_is_a_failed_authentication(world: World) -> None:
    """RFC 7521 §4.2.1: invalid_client, also beside other credentials."""
    key = world.key()
    assertion = "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=a.b.c"
    assert_challenged(ask(world, GRANT + assertion))
    assert_challenged(ask(world, GRANT + assertion, key))


@pytest.mark.spec("T-6749-59")
def test_guessing_at_one_key_from_one_address_is_slowed_down(world: World) -> None:
    key, other = world.key(), world.key("Other")
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    for number in range(20):
        assert_challenged(ask(world, key=impostor(key, number)))
    slowed = ask(world, key=key)
    assert_error(slowed, 429, "temporarily_unavailable")
    assert 1 <= int(slowed.headers["Retry-After"]) <= 61
    assert ask(world, key=other).status_code == 200
    assert ask(world, key=key, environ_overrides=elsewhere).status_code == 200
    assert world.whoami(key.secret) == 429
    world.clock.advance(seconds=61)
    assert ask(world, key=key).status_code == 200


@pytest.mark.spec("T-6749-59")
def test_malformed_and_unknown_secrets_slow_nobody_down(world: World) -> None:
    key = world.key()
    for _ in range(30):
        assert_challenged(ask(world, key=Key(key.id, key.secret[:-1])))
        assert_challenged(
            ask(world, key=Key(key.id, credentials.new_secret("kt_0000000000000000", lambda count: b"x" * count).text))
        )
    assert ask(world, key=key).status_code == 200


@pytest.mark.spec("T-6749-61")
def test_no_secret_is_read_back_after_its_one_answer(world: World) -> None:
    key = world.key()
    again = rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    assert again.issued is not None
    read = [
        keys.show(world.ctx, world.tenant["id"], key.id, world.clock()),
        list(audit.export(world.ctx, None)),
        tenants.shown(world.ctx.database.read(lambda connection: tenants.found(connection, "Acme"))),
        world.client.get("/api/user", headers={"X-API-Key": again.issued.text}).json,
    ]
    for secret in (key.secret, again.issued.text):
        assert secret not in repr(read)
        assert secret.split("_")[2] not in repr(read)
