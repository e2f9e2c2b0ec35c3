"""The examples, started as programs: each adapter in front of an API, with an issuer on the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port
from tests.verifier.issuer import AUDIENCE, CREDENTIALS, LIST, Clock, Issuer
from tests.verifier.served import Server

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    "flask": ("wsgi", "flask_api:app"),
    "wsgi": ("wsgi", "wsgi_api:app"),
    "django": ("wsgi", "django_api:app"),
    "django-async": ("asginl", "django_api:asgi"),
    "fastapi": ("asginl", "fastapi_api:app"),
    "starlette": ("asginl", "starlette_api:app"),
}


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: dict[str, str]


class Program:
    """An example that serves a port."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        interface, target = EXAMPLES[name]
        self.port = free_port()
        command = [sys.executable, "-m", "granian", "--interface", interface, "--port", str(self.port), target]
        self._process = subprocess.Popen(
            # A worker that hangs at its end is killed: Granian's may (emmett-framework/granian issue 875).
            [*command, "--workers-kill-timeout", "5", "--no-access-log", "--log-level", "error"],
            cwd=ROOT / "verifier" / "examples",
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": os.pathsep.join([str(ROOT / "verifier"), str(ROOT / "verifier" / "examples")]),
                **environment,
            },
        )
        try:
            self._ready()
        except BaseException:
            self.stop()
            raise

    def _ready(self) -> None:
        pause, end = threading.Event(), time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError):
                self.call("/health")
                return
            pause.wait(0.05)
        raise AssertionError("the example did not start")

    def call(self, path: str, *authorization: str) -> Said:
        """Send a GET."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)) as connection:
            connection.putrequest("GET", path)
            for field in authorization:
                connection.putheader("Authorization", field)
            connection.endheaders()
            answer = connection.getresponse()
            body, headers = answer.read(), {name.lower(): value for name, value in answer.getheaders()}
            is_json = headers.get("content-type") == "application/json"  # plain Starlette refuses in plain text
            return Said(answer.status, headers, json.loads(body) if is_json else {})

    def until(self, path: str, authorization: str, status: int) -> Said:
        """Send a GET until it is answered so; the last answer."""
        pause = threading.Event()
        for _ in range(PATIENCE_SECONDS * 50):
            if (said := self.call(path, authorization)).status == status:
                return said
            pause.wait(0.02)
        return said

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        finally:
            self._process.kill()


@contextmanager
def running(name: str, environment: dict[str, str]) -> Iterator[Program]:
    """An example, started and stopped again."""
    program = Program(name, environment)
    try:
        yield program
    finally:
        program.stop()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """An issuer in the present: the examples are programs with clocks of their own."""
    made = Issuer(Clock(time.time()), ttl=1)
    server = Server(made)
    made.entries[2:5] = bytes([1, 2, 3])
    made.introspection = {"active": True, "scope": "contacts:read"}
    yield made
    server.close()


@pytest.fixture(scope="module", params=EXAMPLES)
def api(issuer: Issuer, request: pytest.FixtureRequest) -> Iterator[Program]:
    environment = {
        "KEYTURN_ISSUER": issuer.url,
        "KEYTURN_AUDIENCE": AUDIENCE,
        "KEY_ID": CREDENTIALS[0],
        "KEY_SECRET": CREDENTIALS[1],
    }
    with running(request.param, environment) as program:
        yield program


def test_a_good_token_reaches_the_view(api: Program, issuer: Issuer) -> None:
    said = api.call("/contacts", f"Bearer {issuer.token()}")
    assert (said.status, said.body) == (200, {"key": "kt_KEY", "tenant": "t_1"})


def test_what_is_public_needs_none(api: Program) -> None:
    assert api.call("/health").body == {"status": "ok"}


@pytest.mark.spec("T-6750-01", "T-6750-07")
def test_without_a_token_there_is_a_challenge(api: Program, issuer: Issuer) -> None:
    for said in (api.call("/contacts"), api.call(f"/contacts?access_token={issuer.token()}")):
        challenge = said.headers["www-authenticate"]
        assert (said.status, challenge) == (401, 'Bearer realm="api"')


@pytest.mark.spec("T-6750-03", "T-6750-04", "T-6750-05")
def test_each_refusal_has_its_status_and_its_code(api: Program, issuer: Issuer) -> None:
    expected = [
        (f"Bearer {issuer.token(2)}", 401, "invalid_token", "revoked"),
        (f"Bearer {issuer.token(3)}", 401, "invalid_token", "suspended"),
        (f"Bearer {issuer.token(exp=int(issuer.clock.wall) - 1)}", 401, "invalid_token", "expired"),
        (f"Bearer {issuer.token(aud='https://other.example')}", 401, "invalid_token", "audience"),
        (f"Bearer {issuer.token(scope='messages:read')}", 403, "insufficient_scope", "lacks a scope"),
        ("Bearer", 400, "invalid_request", "one Authorization header"),
    ]
    for field, status, code, words in expected:
        said = api.call("/contacts", field)
        challenge = said.headers["www-authenticate"]
        assert (said.status, f'error="{code}"' in challenge, words in challenge) == (status, True, True), challenge


def test_a_token_to_be_checked_again_is_asked_about_with_the_callers_address(api: Program, issuer: Issuer) -> None:
    assert api.call("/contacts", f"Bearer {issuer.token(4)}").status == 200
    assert api.call("/contacts", f"Bearer {issuer.token(5, ip_restricted=True)}").status == 200
    assert issuer.asked[-1].form.get("client_address") == "127.0.0.1"


def test_two_authorization_fields_are_never_taken_for_one(api: Program, issuer: Issuer) -> None:
    said = api.call("/contacts", f"Bearer {issuer.token()}", "Bearer x")
    assert said.status in {400, 401}


def test_an_issuer_that_is_gone_is_503(issuer: Issuer) -> None:
    issuer.replace[LIST] = None
    try:
        with running("flask", {"KEYTURN_ISSUER": issuer.url, "KEYTURN_AUDIENCE": AUDIENCE}) as program:
            said = program.call("/contacts", f"Bearer {issuer.token()}")
            assert (said.status, said.headers["retry-after"]) == (503, "5")
    finally:
        del issuer.replace[LIST]
