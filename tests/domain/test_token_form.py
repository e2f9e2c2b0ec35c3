from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from app.domain import tokens
from tests.domain.tokens import (
    CLAIMS,
    ES256,
    b64,
    is_read,
    is_refused,
    read,
    signed,
    token,
)


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


def test_only_the_compact_form_without_padding_and_spacesis_read() -> None:
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
def test_no_other_spelling_of_a_tokenis_read(at: int, written: str) -> None:
    text = token()
    if text[at] != written:
        is_refused(text[:at] + written + text[at + 1 :])


def test_the_unused_bits_of_the_last_character_are_not_free() -> None:
    text = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert sum(is_read(text[:-1] + last) for last in alphabet) == 1


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
def test_any_value_of_any_claimis_read_or_refused_and_nothing_worse(value: Any, name: str) -> None:
    is_read(token(claims={name: value}))
