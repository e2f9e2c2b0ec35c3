"""A verifier and a Keyturn that serves: what happens there is what is refused here."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from app.domain.status import LIST_SIZE
from keyturn_verify import Verifier
from tests.patience import PATIENCE_SECONDS
from tests.verifier.elsewhere import entries, verdicts
from tests.verifier.live import Live, outcome, until
from tests.verifier.test_examples import EXAMPLES, running


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    made = Live(tmp_path_factory.mktemp("live"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def stranger(live: Live) -> Iterator[Verifier]:
    """A verifier without credentials."""
    with live.verifier() as made:
        yield made


@pytest.fixture(scope="module")
def known(live: Live) -> Iterator[Verifier]:
    """A verifier with the key of a resource server."""
    with live.verifier(known=True, instance="contacts-1") as made:
        yield made


def test_a_token_of_keyturn_is_verified_offline(live: Live, stranger: Verifier) -> None:
    key = live.key("Reader")
    token = stranger.verify(live.token(key), "contacts:read")
    assert (token.key_id, token.tenant, token.status_checked) == (key.id, live.deployment.tenant, True)


@pytest.mark.spec("T-TSL-05")
@pytest.mark.parametrize("act", ["revoke", "rotate", "delete"])
def test_what_kills_a_secret_kills_its_tokens_at_every_verifier(
    live: Live, stranger: Verifier, known: Verifier, act: str
) -> None:
    key, other = live.key(f"To {act}"), live.token(live.key(f"Beside {act}"))
    token = live.token(key)
    assert [outcome(stranger, token), outcome(known, token)] == ["ok", "ok"]
    path = f"/admin/api-keys/{key.id}"
    live.call("DELETE", path) if act == "delete" else live.call("POST", f"{path}/{act}", {})
    assert [until("TokenRevoked", stranger, token), until("TokenRevoked", known, token)] == ["TokenRevoked"] * 2
    assert [outcome(stranger, other), outcome(known, other)] == ["ok", "ok"]


def test_an_edit_reaches_tokens_that_are_out(live: Live, stranger: Verifier, known: Verifier) -> None:
    key = live.key("Narrowed")
    token = live.token(key)
    assert outcome(known, token, scope="contacts:write") == "ok"
    live.call("PATCH", f"/admin/api-keys/{key.id}", {"group": "Read only"})
    assert until("InsufficientScope", known, token, scope="contacts:write") == "InsufficientScope"
    assert outcome(known, token, scope="contacts:read") == "ok"
    assert until("RecheckUnavailable", stranger, token) == "RecheckUnavailable"


def test_one_token_taken_back_leaves_the_others_of_its_key(live: Live, known: Verifier) -> None:
    key = live.key("One of two")
    one, two = live.token(key), live.token(key)
    live.form("/revoke", key, token=one)
    assert until("TokenInactive", known, one) == "TokenInactive"
    assert outcome(known, two) == "ok"


def test_a_key_bound_to_addresses_is_checked_with_the_callers(live: Live, stranger: Verifier, known: Verifier) -> None:
    token = live.token(live.key("Bound", ip_allowlist=("127.0.0.0/8",)))
    assert outcome(known, token, client_address="127.0.0.9") == "ok"
    assert outcome(known, token, client_address="192.0.2.7") == "TokenInactive"
    assert outcome(known, token) == outcome(stranger, token, client_address="127.0.0.9") == "AddressRequired"


def test_an_address_list_that_came_later_binds_tokens_that_are_out(live: Live, known: Verifier) -> None:
    key = live.key("Bound later")
    token = live.token(key)
    live.call("PATCH", f"/admin/api-keys/{key.id}", {"ip_allowlist": ["127.0.0.0/8"]})
    assert until("AddressRequired", known, token) == "AddressRequired"
    assert outcome(known, token, client_address="127.0.0.9") == "ok"
    assert outcome(known, token, client_address="192.0.2.7") == "TokenInactive"


def test_a_tenant_without_api_access_is_suspended_and_comes_back(live: Live, stranger: Verifier) -> None:
    token = live.token(live.key("Of a tenant"))
    live.api_access(False)
    try:
        assert until("TokenSuspended", stranger, token) == "TokenSuspended"
    finally:
        live.api_access(True)
    assert until("ok", stranger, token) == "ok"


def test_keyturn_shows_that_the_verifier_enforces_a_revocation(live: Live) -> None:
    own, key = live.another_resource_server("Watched API"), live.key("Watched")
    token, pause = live.token(key), threading.Event()
    with Verifier(live.url, live.audience, own.auth, instance="watched-1") as verifier:
        assert outcome(verifier, token) == "ok"
        told = live.call("POST", f"/admin/api-keys/{key.id}/revoke", {})["status_list"]
        assert until("TokenRevoked", verifier, token) == "TokenRevoked"
        for _ in range(PATIENCE_SECONDS):
            seen = [one for one in live.call("GET", "/admin/verifiers")["items"] if one["client_id"] == own.id]
            if seen and seen[0]["version"] is not None and seen[0]["version"] >= told["version"]:
                break
            pause.wait(1)  # the management API admits 120 calls a minute
    (shown,) = seen
    assert shown["version"] >= told["version"]
    assert (shown["client"], shown["status_list"]) == ("keyturn-verify/0.1", told["uri"])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_serves_the_callers_of_keyturn_and_refuses_the_revoked(live: Live, name: str) -> None:
    key = live.key(f"Caller of {name}")
    token = live.token(key)
    environment = {"KEYTURN_ISSUER": live.url, "KEYTURN_AUDIENCE": live.audience}
    server = {"KEY_ID": live.resource_server.id, "KEY_SECRET": live.resource_server.secret}
    with running(name, environment | server) as program:
        said = program.call("/contacts", f"Bearer {token}")
        assert (said.status, said.body) == (200, {"key": key.id, "tenant": live.deployment.tenant})
        live.call("POST", f"/admin/api-keys/{key.id}/revoke", {})
        assert program.until("/contacts", f"Bearer {token}", 401).status == 401


def test_other_hands_read_our_list_and_tokens_as_we_do(live: Live, tmp_path: Path) -> None:
    revoked, edited, bound = live.key("Gone"), live.key("Cut"), live.key("Near", ip_allowlist=("127.0.0.0/8",))
    tokens = [live.token(key) for key in (revoked, edited, bound, live.key("Valid"))]
    live.call("POST", f"/admin/api-keys/{revoked.id}/revoke", {})
    live.call("PATCH", f"/admin/api-keys/{edited.id}", {"group": "Read only"})
    place = jwt.decode(tokens[0], options={"verify_signature": False})["status"]["status_list"]
    jwks, text = fetched(f"{live.url}/.well-known/jwks.json"), fetched(place["uri"])
    theirs = entries(tmp_path, text.decode(), json.loads(jwks), LIST_SIZE)
    with live.verifier(known=True) as ours:
        outcomes = [outcome(ours, token, client_address="127.0.0.9") for token in tokens]
        held = ours._core.lists.all()[0].list
    assert held is not None
    assert theirs["found"] == "".join(str(held.value(index)) for index in range(LIST_SIZE))
    assert theirs["found"][place["idx"]] == "1"
    assert outcomes == ["TokenRevoked", "ok", "ok", "ok"]
    environment = {"KEYTURN_ISSUER": live.url, "KEYTURN_AUDIENCE": live.audience}
    server = {"KEY_ID": live.resource_server.id, "KEY_SECRET": live.resource_server.secret}
    uses = [{"token": token, "clientAddress": "127.0.0.9"} for token in tokens]
    assert [said[0] for said in verdicts(tmp_path, uses, **environment, **server)] == [401, 200, 200, 200]


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        found: bytes = answer.read()
        return found
