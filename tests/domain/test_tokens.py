from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given
from hypothesis import strategies as st

from app.domain import tokens
from app.domain.times import CLOCK_LEEWAY
from app.domain.tokens import Claims, Unreadable, VerifyingKey
from app.runtime.keypairs import KeyPair, generate

ISSUER, STATUS = "https://keys.example", "https://keys.example/status-lists/"
PAIRS = {alg: generate(alg) for alg in tokens.ALGORITHMS}
KEYS = {
    pair.kid: VerifyingKey(pair.kid, alg, jwt.PyJWK(json.loads(pair.public_jwk)).key) for alg, pair in PAIRS.items()
}
ES256 = PAIRS["ES256"]
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "kt_1",
    "client_id": "kt_1",
    "aud": "https://keys.example/api",
    "iat": 1000,
    "exp": 1600,
    "jti": "j1",
    "scope": "contacts:read contacts:write",
    "status": {"status_list": {"idx": 7, "uri": STATUS + "3"}},
    "tenant": "ten_1",
}
DROP = object()


def private_of(pair: KeyPair) -> Any:
    return load_der_private_key(pair.private_der, None)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(head: bytes | str, body: bytes | str, pair: KeyPair = ES256) -> str:
    """A compact JWS over any two texts, valid or not, under a real key of ours."""
    parts = ".".join(b64(part.encode() if isinstance(part, str) else part) for part in (head, body))
    signature = jwt.get_algorithm_by_name(pair.alg).sign(parts.encode(), private_of(pair))
    return f"{parts}.{b64(signature)}"


def token(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    head = {"alg": "ES256", "typ": "at+jwt", "kid": ES256.kid, **(header or {})}
    body = {**CLAIMS, **(claims or {})}
    kept = [{name: value for name, value in part.items() if value is not DROP} for part in (head, body)]
    return signed(json.dumps(kept[0]), json.dumps(kept[1]))


def read(text: str) -> Claims:
    return tokens.read(text, KEYS, ISSUER, STATUS)


def is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize("alg", tokens.ALGORITHMS)
def test_what_is_signed_is_read_back_under_every_algorithm(alg: str) -> None:
    pair = PAIRS[alg]
    text = tokens.sign(tokens.signer(pair.kid, alg, private_of(pair)), json.dumps(CLAIMS).encode())
    assert jwt.get_unverified_header(text) == {"alg": alg, "typ": "at+jwt", "kid": pair.kid}
    found = read(text)
    assert found == Claims(
        issuer=ISSUER,
        key_id="kt_1",
        audience="https://keys.example/api",
        issued_at=1000,
        expires_at=1600,
        jti="j1",
        scope=frozenset({"contacts:read", "contacts:write"}),
        status_list=3,
        status_index=7,
        tenant="ten_1",
        ip_restricted=False,
        kid=pair.kid,
    )


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_type_is_compared_as_a_media_type(typ: str) -> None:
    assert read(token({"typ": typ})).jti == "j1"


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": DROP},
        {"typ": "statuslist+jwt"},
        {"typ": 1},
        {"typ": None},
        {"typ": "application/application/at+jwt"},
        {"typ": "at+jwt "},
        {"kid": DROP},
        {"kid": "other"},
        {"kid": 1},
        {"kid": [ES256.kid]},
        {"kid": None},
        {"kid": "\ud800"},
        {"alg": DROP},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"alg": "es256"},
        {"alg": 1},
        {"alg": ["ES256"]},
        {"crit": []},
        {"crit": ["exp"]},
        {"crit": 5},
        {"crit": None},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
    ],
)
def test_a_header_that_is_not_exactly_ours_is_refused_even_under_our_key(header: dict[str, Any]) -> None:
    is_refused(token(header))


@pytest.mark.parametrize(
    "claims",
    [
        *[{name: DROP} for name in ("iss", "sub", "client_id", "jti", "aud", "iat", "exp", "status")],
        *[{name: 1} for name in ("iss", "sub", "client_id", "jti", "aud", "scope", "status")],
        {"iss": ISSUER + "/"},
        {"iss": ISSUER.upper()},
        {"iss": ISSUER[:-1]},
        {"iss": [ISSUER]},
        {"aud": ["https://keys.example/api"]},
        *[
            {name: value}
            for name in ("iat", "exp", "nbf")
            for value in ("1600", 1600.0, -1, True, None, [1600], 10**12, float("nan"), float("inf"))
        ],
        *[{"status": {"status_list": {"idx": idx, "uri": STATUS + "3"}}} for idx in ("7", 7.0, True, None)],
        *[
            {"status": {"status_list": {"idx": 7, "uri": uri}}}
            for uri in (
                3,
                STATUS,
                STATUS + "x",
                STATUS + "-1",
                STATUS + "\u0663",
                STATUS + "03",
                STATUS + "9" * 5000,
                "https://evil.example/status-lists/3",
            )
        ],
        {"status": {}},
        {"status": {"status_list": []}},
    ],
)
def test_claims_that_we_would_not_write_are_refused_even_under_our_key(claims: dict[str, Any]) -> None:
    is_refused(token(claims=claims))


def test_optional_claims_have_harmless_defaults() -> None:
    found = read(token(claims={"tenant": DROP, "scope": DROP}))
    assert (found.tenant, found.scope, found.ip_restricted) == (None, frozenset(), False)
    assert read(token(claims={"tenant": 7})).tenant is None
    assert read(token(claims={"ip_restricted": True})).ip_restricted
    assert not read(token(claims={"ip_restricted": "yes"})).ip_restricted


@pytest.mark.parametrize(
    "head",
    ["", "[]", "null", '"at+jwt"', "{", "{}{}", "\ufeff{}", "[" * 5000, '{"a":' * 1000 + "1" + "}" * 1000, b"\xff\xfe"],
)
def test_a_header_that_is_no_object_is_refused(head: str | bytes) -> None:
    is_refused(signed(head, json.dumps(CLAIMS)) if head else ".".join(["", b64(b"{}"), b64(b"x")]))


@pytest.mark.parametrize(
    "body", ["[]", "null", "{", json.dumps(CLAIMS)[:-1] + ',"exp":' + "9" * 5000 + "}", "[" * 5000, b"\xff"]
)
def test_a_body_that_is_no_object_is_refused(body: str | bytes) -> None:
    is_refused(signed(json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": ES256.kid}), body))


def test_a_repeated_name_is_refused_wherever_it_stands() -> None:
    head, body = json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": ES256.kid}), json.dumps(CLAIMS)
    read(signed(head, body))
    is_refused(signed(head[:-1] + ',"alg":"ES256"}', body))
    is_refused(signed(head, body[:-1] + ',"exp":1600}'))
    is_refused(signed(head, body.replace('"idx": 7', '"idx": 7, "idx": 7')))


def test_only_the_compact_form_without_padding_and_spaces_is_read() -> None:
    text = token()
    head, body, signature = text.split(".")
    for wrong in (
        "",
        ".",
        "..",
        text + ".",
        "." + text,
        text + "=",
        " " + text,
        text + "\n",
        f"{head}.{body}",
        f"{text}.{body}.{body}",
        f"{head}.{body}.",
        text.replace(".", " . "),
        json.dumps({"payload": body, "protected": head, "signature": signature}),
        text + "é",
        head + "+" + text[len(head) :],
    ):
        is_refused(wrong)


def test_a_token_beyond_the_size_limit_is_refused_though_its_signature_is_right() -> None:
    room = tokens.LARGEST_TOKEN - len(token())
    assert read(token(claims={"pad": "x" * (room // 2)})).jti == "j1"
    is_refused(token(claims={"pad": "x" * room}))


@given(st.integers(0, len(token()) - 1), st.characters(codec="utf-8"))
def test_no_other_spelling_of_a_token_is_read(at: int, written: str) -> None:
    text = token()
    if text[at] != written:
        is_refused(text[:at] + written + text[at + 1 :])


def test_the_unused_bits_of_the_last_character_are_not_free() -> None:
    text = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert sum(_is_read(text[:-1] + last) for last in alphabet) == 1


def test_a_signature_of_another_length_or_of_zeros_is_refused() -> None:
    signed_part = token().rpartition(".")[0]
    for signature in (b"\0" * 64, b"\0" * 63, b"\xff" * 64, b"\0", b"0" * 200):
        is_refused(f"{signed_part}.{b64(signature)}")


def test_a_key_of_another_maker_is_refused() -> None:
    head = {"alg": "ES256", "typ": "at+jwt", "kid": ES256.kid}
    other = ec.generate_private_key(ec.SECP256R1())
    is_refused(jwt.encode(CLAIMS, other, algorithm="ES256", headers=head))


@given(
    st.text(max_size=300)
    | st.from_regex(r"[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{1,80}", fullmatch=True)
)
def test_any_text_is_refused_and_nothing_worse(text: str) -> None:
    is_refused(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    st.sampled_from([*CLAIMS, "nbf", "ip_restricted"]),
)
def test_any_value_of_any_claim_is_read_or_refused_and_nothing_worse(value: Any, name: str) -> None:
    _is_read(token(claims={name: value}))


def test_a_token_is_current_from_its_issue_until_just_before_its_end() -> None:
    found, start = read(token()), datetime.fromtimestamp(1000, UTC)
    end, instant = datetime.fromtimestamp(1600, UTC), timedelta(microseconds=1)
    assert found.current(start)
    assert found.current(end - instant)
    assert not found.current(end)
    assert found.current(start - CLOCK_LEEWAY), "another process, whose clock is ahead, has just issued it"
    assert not found.current(start - CLOCK_LEEWAY - instant)


def test_nbf_counts_when_a_token_has_one() -> None:
    found = read(token(claims={"nbf": 1300}))
    assert not found.current(datetime.fromtimestamp(1200, UTC))
    assert found.current(datetime.fromtimestamp(1300, UTC))


def _is_read(text: str) -> bool:
    try:
        read(text)
    except Unreadable:
        return False
    return True
