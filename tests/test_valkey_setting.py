from __future__ import annotations

import pytest

from app.settings import SettingsError, load


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("valkey://cache", "redis://cache"),
        (
            "valkeys://user:p@ss:word@cache.example:6380/1?ssl_cert_reqs=required",
            "rediss://user:p@ss:word@cache.example:6380/1?ssl_cert_reqs=required",
        ),
        ("rediss://[2001:db8::1]:6379", "rediss://[2001:db8::1]:6379"),
        ("unix:///run/valkey.sock?db=1", "unix:///run/valkey.sock?db=1"),
        ("", ""),
    ],
)
def test_an_address_of_valkey_is_given_in_its_client_s_words(given: str, known: str) -> None:
    assert load({"KEYTURN_REDIS_URL": given}).valkey == known


@pytest.mark.parametrize("bad", ["127.0.0.1:6379", "http://cache", "redis://cache:port", "redis://:pa/ss@cache:1:2 3"])
def test_what_is_no_address_of_valkey_is_told_without_its_password(bad: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"KEYTURN_REDIS_URL": bad})
    (problem,) = refused.value.problems
    assert problem.startswith("KEYTURN_REDIS_URL: must be a redis://")
    assert bad not in problem


@pytest.mark.parametrize("hosts", ["0", "1001", "many"])
def test_the_number_of_hosts_is_bounded(hosts: str) -> None:
    with pytest.raises(SettingsError, match="KEYTURN_HOSTS"):
        load({"KEYTURN_HOSTS": hosts})
