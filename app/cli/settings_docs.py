"""`keyturn settings-docs`: the table of settings, out of the code that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.cli.documents import settle
from app.cli.output import json_flag
from app.settings import PREFIX, SECRETS, Settings

PATH = Path("docs/settings.md")
HEAD = """# Settings

Written by `keyturn settings-docs` out of `app/settings.py`; change it there.

Every setting is a variable of the environment. An unknown `KEYTURN_` name or a bad value stops the start with one
message that lists every problem; `keyturn config check` looks without starting. Settings marked *secret* can also be
given as the path of a file that holds them, under the same name with `_FILE` at its end.

| name | default | values | meaning |
|---|---|---|---|
"""


@click.command("settings-docs")
@click.option("--check", is_flag=True, help="Only compare.")
@json_flag
def command(*, check: bool, as_json: bool) -> None:
    """Write docs/settings.md, or check it."""
    settle(PATH, document(), check=check, as_json=as_json)


def document() -> str:
    """Write the page."""
    return HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    secret = " *Secret.*" if name in SECRETS else ""
    return (
        f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {_values(field)} | {field.description}{secret} |\n"
    )


def _default(value: Any) -> str:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if text is None or text == "":
        return "none"
    return f"`{str(text).lower() if isinstance(text, bool) else text}`"


def _values(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    least, most = (_bound(field, name) for name in ("ge", "le"))
    if least is not None:
        return f"{least} to {most}"
    if kind is bool:
        return "`true`, `false`"
    return "a path" if "Path" in str(kind) else "text"


def _bound(field: FieldInfo, name: str) -> Any:
    return next((getattr(rule, name) for rule in field.metadata if hasattr(rule, name)), None)
