import re
import tomllib
from pathlib import PurePosixPath

import pytest

from tests.house.repository import (
    LONGEST_TARGET,
    ROOT,
    addressed_lock,
    commands,
    dependencies,
    files,
    foreign_address,
    targets,
    texts,
)

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.txt", "requirements-dev.txt", "package-lock.json")
PROMISED = {"help", "install", "run", "test", "check", "bench", "lock", "openapi", "settings-docs", "clean"}
PIN = "flask==3.1.3 \\\n    --hash=sha256:00\n"


def test_the_repository_knows_its_own_files() -> None:
    assert ROOT / "pyproject.toml" in set(files())


def test_no_file_names_a_machine_or_a_registry() -> None:
    assert [line for path, text in texts() for line in foreign_address(path, text)] == []


@pytest.mark.parametrize(
    "parts",
    [
        ("cd /", "work/main"),
        ("HOME=/", "root/x"),
        ("open('/", "tmp/x')"),
        ("/", "home/ann/keyturn"),
        ("https://", "pypi.", "org/simple"),
        ("https://files.", "pythonhosted.", "org/packages"),
        ("registry.", "npmjs.", "org"),
        ("http://deb.", "debian.", "org"),
    ],
    ids="".join,
)
def test_the_name_of_a_machine_or_a_registry_is_noticed(parts: tuple[str, ...]) -> None:
    assert len(list(foreign_address(PurePosixPath("x"), "".join(parts)))) == 1


@pytest.mark.parametrize(
    "text", ["$HOME/work/x", "/usr/lib/postgresql", "https://example.com/network/work/x", "a/tmp/x"]
)
def test_other_paths_and_hosts_are_left_alone(text: str) -> None:
    assert list(foreign_address(PurePosixPath("x"), text)) == []


def test_locks_pin_everything_by_hash_and_carry_no_addresses() -> None:
    found = dict(texts(*LOCKS))
    assert {str(path) for path in found} >= set(LOCKS[:2])
    assert [line for path, text in found.items() for line in addressed_lock(path, text)] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "--index-url https://example.com/simple\n"),
        ("requirements.txt", "flask @ https://example.com/flask.whl --hash=sha256:00\n"),
        ("requirements.txt", "flask==3.1.3\n"),
        ("requirements.txt", "flask>=3.1.3 --hash=sha256:00\n"),
        ("package-lock.json", '{"resolved": "https://example.com/x.tgz"}'),
    ],
)
def test_a_lock_with_an_address_or_without_a_pin_is_noticed(name: str, text: str) -> None:
    assert len(list(addressed_lock(PurePosixPath(name), text))) == 1
    assert list(addressed_lock(PurePosixPath("requirements.txt"), PIN)) == []


def test_the_development_lock_holds_every_dependency_and_agrees_with_the_other() -> None:
    pins = {
        name: set(re.findall(r"(?m)^[\w.-]+==\S+", (ROOT / name).read_text(encoding="utf-8"))) for name in LOCKS[:2]
    }
    assert pins["requirements.txt"] <= pins["requirements-dev.txt"]
    assert dependencies(PROJECT) <= {pin.partition("==")[0] for pin in pins["requirements-dev.txt"]}


def test_every_dependency_is_explained() -> None:
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    chosen = " ".join(row.split("|")[2] for row in decisions.splitlines() if row.startswith("| "))
    assert {name for name in dependencies(PROJECT) if not re.search(rf"(?<![\w-]){name}(?![\w-])", chosen)} == set()


def test_the_makefile_keeps_its_targets_and_keeps_them_short() -> None:
    lines = targets(MAKEFILE)
    assert set(lines) >= PROMISED
    assert {name: count for name, count in lines.items() if count > LONGEST_TARGET} == {}


def test_a_long_target_is_counted() -> None:
    assert targets("X := 1\na: b ## text\n\tone\n\ttwo\n\nb:\n\tone\n") == {"a": 2, "b": 1}


def test_what_the_pages_tell_the_reader_to_make_can_be_made() -> None:
    pages = texts("README.md", "docs", suffix=".md")
    assert {f"{path}: {name}" for path, text in pages for name in commands(text) - set(targets(MAKEFILE))} == set()


def test_a_command_on_a_page_is_found() -> None:
    assert commands("Do `make run`.\n```\n$ make test\nmake check T=x\n```\nWe make sure that it runs.") == {
        "run",
        "test",
        "check",
    }
