from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.runtime import vault
from app.runtime.vault import Vault, VaultError

MASTER, OTHER = b"m" * 32, b"o" * 32
PLACE = "signing_keys/one"


def text(number: object = 1, body: bytes = MASTER, name: str = vault.FORMAT) -> str:
    return f"{name}:{number}:{base64.urlsafe_b64encode(body).decode()}"


@given(st.binary(max_size=500), st.text(max_size=50).filter(lambda t: t.isascii()))
def test_what_was_sealed_for_a_place_opens_at_that_place(plain: bytes, place: str) -> None:
    assert Vault(MASTER).open(Vault(MASTER).seal(plain, place), place) == plain


def test_two_seals_of_one_value_share_nothing_but_their_head() -> None:
    one, other = (Vault(MASTER).seal(b"secret", PLACE) for _ in range(2))
    assert one[:5] == other[:5]
    assert one[5:17] != other[5:17]
    assert b"secret" not in one


def test_a_sealed_value_does_not_open_at_another_place() -> None:
    blob = Vault(MASTER).seal(b"secret", PLACE)
    with pytest.raises(VaultError, match="changed or moved"):
        Vault(MASTER).open(blob, "signing_keys/two")


def test_a_sealed_value_does_not_open_under_another_master_key() -> None:
    blob = Vault(MASTER).seal(b"secret", PLACE)
    with pytest.raises(VaultError):
        Vault(OTHER).open(blob, PLACE)
    with pytest.raises(VaultError, match="another master key"):
        Vault(MASTER, 2).open(blob, PLACE)


@given(st.data())
def test_a_sealed_value_that_was_changed_or_cut_does_not_open(data: st.DataObject) -> None:
    blob = Vault(MASTER).seal(b"secret", PLACE)
    at = data.draw(st.integers(0, len(blob) - 1))
    flipped = bytes([blob[at] ^ data.draw(st.integers(1, 255))])
    for wrong in (blob[:at], blob[:at] + flipped + blob[at + 1 :], blob + b"\0"):
        with pytest.raises(VaultError):
            Vault(MASTER).open(wrong, PLACE)


def test_every_purpose_has_a_key_of_its_own_and_none_is_the_master_key() -> None:
    keys = Vault(MASTER)
    derived = [
        keys.pepper,
        keys.audit_key,
        keys.status_key,
        keys.fingerprint,
        keys.derive("one-time-link"),
        keys.derive("seal"),
    ]
    assert len({MASTER, *derived}) == len(derived) + 1
    assert all(len(key) == 32 for key in derived)
    assert Vault(OTHER).pepper != keys.pepper
    assert Vault(MASTER).pepper == keys.pepper


def test_a_master_key_shows_in_no_repr() -> None:
    assert repr(Vault(MASTER)) == "<Vault key 1>"


def test_a_new_master_key_is_its_owners_alone_and_is_found_again(tmp_path: Path) -> None:
    made = vault.create(tmp_path / "a" / "keys")
    path = tmp_path / "a" / "keys" / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert vault.load(path.parent).fingerprint == made.fingerprint
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_a_master_key_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        vault.create(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_a_master_key_is_never_written_over_another(tmp_path: Path) -> None:
    first = vault.create(tmp_path)
    with pytest.raises(FileExistsError):
        vault.create(tmp_path)
    assert vault.load(tmp_path).fingerprint == first.fingerprint
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]


def test_two_new_master_keys_differ(tmp_path: Path) -> None:
    assert vault.create(tmp_path / "a").fingerprint != vault.create(tmp_path / "b").fingerprint


def test_a_missing_master_key_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match=f"no master key at {tmp_path / 'master.key'}.*keyturn init"):
        vault.load(tmp_path)


def test_a_master_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    vault.create(tmp_path)
    (tmp_path / "master.key").chmod(0o640)
    with pytest.raises(VaultError, match="chmod 600"):
        vault.load(tmp_path)


def test_a_master_key_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "master.key").mkdir()
    with pytest.raises(VaultError, match="IsADirectoryError"):
        vault.load(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "master.key").write_bytes(b"\xff\xfe")
    with pytest.raises(VaultError, match="UnicodeDecodeError"):
        vault.load(tmp_path / "b")


def test_a_master_key_given_as_a_setting_comes_before_the_file(tmp_path: Path) -> None:
    vault.create(tmp_path)
    assert vault.load(tmp_path, text() + "\n").fingerprint == Vault(MASTER).fingerprint


WRONG = [
    "",
    "nonsense",
    text(name="other-format"),
    text(0),
    text(-1),
    text(2**32),
    text("x"),
    text("9" * 5000),
    text(body=b"short"),
    text(body=b"m" * 33),
    text() + ":more",
    text()[:-2],
    f"{vault.FORMAT}:1:!!!!",
    f"{vault.FORMAT}:1:",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_master_key_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(VaultError) as error:
        vault.decode(wrong, "KEYTURN_MASTER_KEY")
    assert str(error.value) == "KEYTURN_MASTER_KEY does not hold a Keyturn master key."
    assert error.value.__suppress_context__
