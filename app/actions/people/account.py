"""What people change about themselves: password, theme, shortcuts, the browsers they are signed in with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.actions.people import passwords, proofs, sessions
from app.actions.people.sessions import Signed
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.passwords import clean_password
from app.domain.refusals import Invalid, Problem
from app.domain.times import rfc3339
from app.store import second_factors
from app.store import sign_ins as store

THEMES = ("", "light", "dark")  # "" follows the system


def change_password(
    ctx: Context, signed: Signed, actor: Actor, now: datetime, *, current: str, password: str, repeated: str
) -> str:
    """Change the password and end every other session.

    current    the password so far; a wrong one counts like one at sign-in
    returns    the session's new cookie
    raises     Invalid, NotIn
    """
    row = signed.row
    problems: list[Problem] = []
    password = clean_password(password, (row.email, row.name, row.tenant_name), problems)
    if password != clean_password(repeated, (), []):
        problems.append(Problem("repeated", "different", "The two passwords differ."))
    if problems:
        raise Invalid(*problems)
    proofs.prove_password(ctx, row.member_id, current, now)
    hashed = passwords.hasher().hash(password)
    with ctx.database.transaction() as connection:
        store.keep(connection, row.member_id, password_hash=hashed, password_changed_at=now)
        store.end_sessions(connection, row.member_id, but=row.id)
        second_factors.end_halfways(connection, row.member_id)
        sessions.record(ctx, connection, Event.MEMBER_PASSWORD_SET, actor, now)
        return sessions.renew(ctx, connection, signed, now)


def choose_theme(ctx: Context, signed: Signed, theme: str) -> None:
    """Keep how pages look for a member: `light`, `dark`, or as their system does; Invalid for anything else."""
    if theme not in THEMES:
        raise Invalid(Problem("theme", "unknown", "Choose light, dark or the system's."))
    with ctx.database.transaction() as connection:
        store.keep(connection, signed.row.member_id, theme=theme)


def choose_shortcuts(ctx: Context, signed: Signed, *, on: bool) -> None:
    """Keep whether single keys search and lead to pages for a member (WCAG 2.2 §2.1.4: off unless asked for)."""
    with ctx.database.transaction() as connection:
        store.keep(connection, signed.row.member_id, shortcuts=on)


def own_sessions(ctx: Context, signed: Signed, now: datetime) -> list[dict[str, Any]]:
    """The browsers a member is signed in with, the one seen last first."""
    rows = ctx.database.read(lambda connection: store.sessions(connection, signed.row.member_id, now))
    return [
        {
            "id": row.id,
            "this": row.id == signed.row.id,
            "address": row.address,
            "client": row.client,
            "created_at": rfc3339(row.created_at),
            "seen_at": rfc3339(row.seen_at),
        }
        for row in rows
    ]


def end_others(ctx: Context, signed: Signed, actor: Actor, now: datetime) -> int:
    """End every session of a member but this one; how many there were."""
    with ctx.database.transaction() as connection:
        ended = store.end_sessions(connection, signed.row.member_id, but=signed.row.id)
        for _ in range(ended):
            sessions.record(ctx, connection, Event.SESSION_ENDED, actor, now)
        return ended
