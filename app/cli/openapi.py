"""`keyturn openapi`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app.cli.documents import settle
from app.cli.output import json_flag
from app.factory import openapi_document

PATH = Path("docs/openapi.json")


@click.command("openapi")
@click.option("--check", is_flag=True, help="Only compare.")
@json_flag
def command(*, check: bool, as_json: bool) -> None:
    """Write docs/openapi.json, or check it."""
    text = json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n"
    settle(PATH, text, check=check, as_json=as_json)
