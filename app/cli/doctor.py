"""`keyturn doctor`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from app.actions import checkup
from app.actions.checkup import Check
from app.cli import session
from app.cli.failures import Failed, described
from app.cli.output import json_flag, tell
from app.runtime.vault import VaultError
from app.settings import SettingsError


@click.command("doctor")
@json_flag
def command(*, as_json: bool) -> None:
    """Say what is not as it should be."""
    checks = list(_examined())
    broken = [check.name for check in checks if not check.ok]
    width = max(len(check.name) for check in checks)
    lines = [f"{'ok ' if check.ok else 'NOT'}  {check.name:<{width}}  {check.detail}" for check in checks]
    listed = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]
    tell({"ok": not broken, "checks": listed}, as_json, "\n".join(lines))
    if broken:
        raise Failed(f"Not as it should be: {', '.join(broken)}.")


def _examined() -> Iterator[Check]:
    try:
        settings = session.settings()
    except SettingsError as error:
        yield Check("settings", ok=False, detail=described(error))
        return
    yield Check("settings", ok=True, detail=f"issuer {settings.issuer}")
    try:
        with session.begin(settings) as here:
            yield Check("master key", ok=True, detail=f"key {here.ctx.vault.number}")
            yield from checkup.examine(here.ctx, here.now)
    except VaultError as error:
        yield Check("master key", ok=False, detail=described(error))
