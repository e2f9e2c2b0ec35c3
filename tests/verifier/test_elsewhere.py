"""Readers of other hands agree with ours: entry by entry, and verdict by verdict."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from keyturn_verify import Refused, Verifier
from keyturn_verify.public_keys import ALGORITHMS, public_keys
from keyturn_verify.status_lists import status_list
from tests.verifier.elsewhere import entries, verdicts
from tests.verifier.issuer import AUDIENCE, CREDENTIALS, LIST, Clock, Issuer, Key
from tests.verifier.served import Server

COUNT = 1 << 14


@pytest.mark.spec("T-TSL-02", "T-TSL-04")
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_package_of_the_specification_reads_every_entry_as_we_do(tmp_path: Path, bits: int) -> None:
    entries_ = bytearray(random.Random(bits).choices(range(min(10, 1 << bits)), k=COUNT))
    issuer = Issuer(entries=entries_, bits=bits)
    jwks = {"keys": [issuer.keys[0].public]}
    text = issuer.list_token()
    theirs = entries(tmp_path, text, jwks, COUNT)
    keys = public_keys(jwks, ALGORITHMS, {})
    ours = status_list(text, issuer.url + LIST, keys, issuer.clock.wall, None)
    assert (theirs["typ"], theirs["bits"]) == ("statuslist+jwt", ours.width)
    assert theirs["found"] == "".join(str(ours.value(index)) for index in range(COUNT))
    assert theirs["found"] == "".join(map(str, entries_))


def ours(verifier: Verifier, use: dict[str, Any]) -> list[Any]:
    """Our verdict, in the form of the page's program."""
    try:
        token = verifier.verify(use["token"], use.get("scope", ()), use.get("clientAddress"))
    except Refused as refused:
        return [refused.status, refused.error]
    return [200, token.key_id, sorted(token.scope)]


def every_use(issuer: Issuer) -> list[dict[str, Any]]:
    """Good tokens and every kind of bad one."""
    now = int(issuer.clock.wall)
    elsewhere = {"status_list": {"idx": 0, "uri": issuer.url + "/other/0"}}
    return [
        *({"token": issuer.token(5, key=key), "scope": ["contacts:read"]} for key in issuer.keys),
        *({"token": issuer.token(index)} for index in range(6)),
        {"token": issuer.token(3), "scope": ["contacts:write"]},
        {"token": issuer.token(5), "scope": ["messages:send"]},
        {"token": issuer.token(5000)},
        {"token": issuer.token(3, ip_restricted=True)},
        {"token": issuer.token(3, ip_restricted=True), "clientAddress": "192.0.2.7"},
        *(
            {"token": issuer.token(0, **{name: None})}
            for name in ("iss", "sub", "client_id", "aud", "iat", "exp", "jti")
        ),
        {"token": issuer.token(0, status=None)},
        {"token": issuer.token(0, status=elsewhere)},
        {"token": issuer.token(0, exp=now - 1)},
        {"token": issuer.token(0, iat=now + 100)},
        {"token": issuer.token(0, aud="https://other.example")},
        {"token": issuer.token(0, aud=["x", AUDIENCE])},
        {"token": issuer.token(0, iss=issuer.url + "/")},
        {"token": issuer.token(0, cnf={"jkt": "x"})},
        {"token": issuer.token(0, typ="JWT")},
        {"token": issuer.token(0, typ="application/at+jwt")},
        {"token": issuer.token(0, header={"crit": ["x"]})},
        {"token": issuer.token(0, key=Key(kid=issuer.keys[0].kid))},
        {"token": issuer.token(0, key=Key())},
        {"token": issuer.token(0)[:-8] + "AAAAAAAA"},
        {"token": "a.b.c"},
        {"token": "x" * 9000},
    ]


@pytest.mark.parametrize("credentials", [None, CREDENTIALS])
def test_the_program_of_the_page_decides_as_we_do(tmp_path: Path, credentials: tuple[str, str] | None) -> None:
    issuer = Issuer(Clock(time.time()), keys=[Key("ES256"), Key("RS256"), Key("PS256"), Key("EdDSA")])
    issuer.entries[1:4] = bytes([1, 2, 3])
    server = Server(issuer)
    issuer.introspection = {"active": True, "scope": "contacts:read", "jti": "jti-3"}
    uses = every_use(issuer)
    environment = {"KEYTURN_ISSUER": issuer.url, "KEYTURN_AUDIENCE": AUDIENCE}
    if credentials:
        environment |= {"KEY_ID": credentials[0], "KEY_SECRET": credentials[1]}
    with Verifier(issuer.url, AUDIENCE, credentials) as verifier:
        expected = [ours(verifier, use) for use in uses]
    theirs = verdicts(tmp_path, uses, **environment)
    server.close()
    assert [said if said[0] == 200 else said[:2] for said in theirs] == expected
    assert {said[0] for said in expected} == {200, 401, 403, 503} - ({503} if credentials else set())
