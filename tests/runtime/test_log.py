from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from app.runtime import log

EVIL = 'a\nb\r\n{"event":"forged"}\x1b[31mred\x00\u2028\x85'


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """What is logged, parsed; everything is put back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    # After another test configured the log, pytest put the hook for warnings back, and the library does not know it.
    logging.captureWarnings(capture=False)
    log.configure("debug")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def asked(**members: Any) -> Any:
    return SimpleNamespace(**{"id": "r1", "method": "GET", "address": None, **members})


def test_no_input_can_forge_a_line(capsys: pytest.CaptureFixture[str], lines: Any) -> None:
    log.told(EVIL, member=EVIL)
    logging.getLogger("library").warning("%s", EVIL)
    log.refused(asked(method=EVIL, id=EVIL), EVIL, SimpleNamespace(status=404, reason=EVIL))
    raw = capsys.readouterr().err
    assert raw.count("\n") == 3
    assert not any(ord(c) < 32 for c in raw.replace("\n", ""))
    assert all(json.loads(line)["event"] != "forged" for line in raw.split("\n") if line)


def test_half_a_character_is_still_a_line(lines: Any) -> None:
    log.told("odd", text="\ud800", number=2**70)
    assert lines()[0]["text"] == "\ud800"


def test_what_libraries_log_has_our_form_and_no_values(lines: Any) -> None:
    try:
        raise ValueError("kts_secret")
    except ValueError:
        logging.getLogger("sqlalchemy.engine").exception("It failed.")
    line = lines()[0]
    assert (line["event"], line["logger"], line["level"], line["error"]) == (
        "It failed.",
        "sqlalchemy.engine",
        "error",
        "ValueError",
    )
    assert "kts_secret" not in json.dumps(line)
    assert line["where"]


def test_libraries_never_tell_what_they_work_with(lines: Any) -> None:
    logging.getLogger("authlib").debug("token %s", "eyJ")
    logging.getLogger("sqlalchemy.engine").info("INSERT")
    assert lines() == []


def test_warnings_are_lines_too(lines: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("old", DeprecationWarning, "file", 1)
    assert lines()[0]["logger"] == "py.warnings"


def test_a_crash_names_its_place_and_not_its_values(lines: Any) -> None:
    try:
        raise KeyError("kts_secret")
    except KeyError as error:
        log.crashed(asked(), error)
    line = lines()[0]
    assert line["error"] == "KeyError"
    assert sys._getframe().f_code.co_name in line["where"][-1]
    assert "kts_secret" not in json.dumps(line)
