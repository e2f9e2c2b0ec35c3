"""What is kept of a User-Agent (RFC 9110 §10.1.5) and of an Origin, whatever was sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clients import LONGEST_CLIENT, LONGEST_ORIGIN, OTHERS, client_name, origin_name

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("python-requests/2.32.3", "python-requests/2.32"),
        ("curl/8.5.0", "curl/8.5"),
        ("Go-http-client/1.1", "Go-http-client/1.1"),
        ("  axios/1.7.9 extra", "axios/1.7"),
        ("MyApp", "MyApp"),
        ("MyApp/beta", "MyApp"),
        ("MyApp/v2.1.0-rc1 (build 7)", "MyApp/v2.1"),
        (CHROME, "Chrome/131.0"),
        (CHROME + " Edg/131.0.2903.86", "Edg/131.0"),
        ("Mozilla/5.0 (X11; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox/133.0"),
        ("Mozilla/5.0", "Mozilla/5.0"),
        ("<script>alert(1)</script>", ""),
        ("\x00\x1b[31m", ""),
        ("", ""),
        ("x" * 10_000, ""),
        ("x" * 40 + "/1", "x" * 40 + "/1"),
        ("kts_7Q2M9XK4T1V8B0CD_" + "x" * 43 + "_0aB3xY", ""),
        ("MyApp/9.kts_7Q2M9XK4T1V8B0CD_" + "x" * 43 + "_0aB3xY", "MyApp/9"),
        ("=cmd|' /C calc'!A0", ""),
    ],
)
def test_9110_10_1_5_a_user_agent_becomes_product_and_version(sent: str, kept: str) -> None:
    assert client_name(sent) == kept


@given(st.text(max_size=700))
def test_whatever_was_sent_what_is_kept_is_short_and_harmless(sent: str) -> None:
    client, origin = client_name(sent), origin_name(sent)
    assert len(client) <= LONGEST_CLIENT
    assert len(origin) <= LONGEST_ORIGIN
    for kept in (client, origin):
        assert all("!" <= letter <= "~" for letter in kept)
    assert not set('<>"(),:;=@[]{}\\ ') & set(client)
    assert client != OTHERS
