"""The audit log: look through it, take it out, prove that nothing was changed or removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from typing import Any

from sqlalchemy import Row

from app.context import Context
from app.domain import chain as chaining
from app.domain.events import DEPLOYMENT
from app.domain.refusals import Invalid, NotFound, Problem
from app.domain.times import parse_duration, parse_instant
from app.store import audit as store

BATCH = 1000
Cursor = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, newest first. `next` (time, chain, number) asks for the page after; None when this is the last."""

    items: list[dict[str, Any]]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk through the log found.

    ok             nothing was changed, removed or put in
    rows           how many rows hold
    first_broken   chain and number of the first row that does not
    heads          each chain's count and newest link, to be kept outside
    """

    ok: bool
    rows: int
    first_broken: str | None
    heads: dict[str, dict[str, Any]] = field(default_factory=dict)


class _Broken(Exception):
    """A row does not hold; the text names it."""


def page(
    ctx: Context,
    tenant_id: str | None,
    now: datetime,
    *,
    after: Cursor | None = None,
    limit: int = 50,
    filters: Mapping[str, str] | None = None,
) -> Page:
    """Look at the log, newest events first.

    tenant_id   whose chain; None for all
    after       `next` of the page before
    filters     `event`, `object` and `actor` (IDs), `ip`, `since`, `until` (RFC 3339, or a duration back such as 24h)
    raises      Invalid
    """
    asked = _filters(filters or {}, now)
    try:
        place = (datetime.fromisoformat(after[0]), str(after[1]), int(after[2])) if after is not None else None
    except (ValueError, IndexError, TypeError) as error:
        raise Invalid(Problem("cursor", "format", "This is no cursor of the audit log.")) from error
    rows = ctx.database.read(
        lambda connection: store.page(connection, tenant_id, after=place, limit=limit + 1, filters=asked)
    )
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return Page(
        [store.shown(row) for row in shown],
        (last.at.isoformat(), last.chain, last.number) if last is not None else None,
    )


def found(
    ctx: Context, tenant_id: str | None, now: datetime, filters: Mapping[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Every event that filters find, newest first, read in bounded pieces; arguments as for `page`."""
    after: Cursor | None = None
    while True:
        some = page(ctx, tenant_id, now, after=after, limit=BATCH, filters=filters)
        yield from some.items
        after = some.next
        if after is None:
            return


def export(ctx: Context, tenant_id: str | None) -> Iterator[dict[str, Any]]:
    """Every event of one tenant, or of all chains one after the other, oldest first."""
    names = [tenant_id] if tenant_id is not None else ctx.database.read(store.chains)
    for name in names:
        for row in _rows(ctx, name):
            yield store.shown(row)


def verify(ctx: Context, tenant_id: str | None, head: Mapping[str, Mapping[str, Any]] | None = None) -> Verified:
    """Walk the chains and recompute every link.

    tenant_id   the chain to walk; None for all, and then that no tenant's chain is missing
    head        a copy kept outside, `{chain: {"count": N, "head": "hex"}}`: that row must still have that link
    returns     the first broken row as `chain number`: one changed, removed (the newest, a whole chain, too) or moved
    raises      NotFound for a tenant that never was
    """
    rows, heads = 0, {}
    try:
        for name in _expected(ctx, tenant_id, head or {}):
            count, newest = _walk(ctx, name, (head or {}).get(name))
            rows += count
            heads[name] = {"count": count, "head": newest.hex()}
    except _Broken as broken:
        return Verified(ok=False, rows=rows, first_broken=str(broken), heads=heads)
    return Verified(ok=True, rows=rows, first_broken=None, heads=heads)


def _expected(ctx: Context, tenant_id: str | None, head: Mapping[str, Any]) -> list[str]:
    known = ctx.database.read(store.tenants_ever) | {DEPLOYMENT}
    there = set(ctx.database.read(store.chains))
    if tenant_id is None:
        return sorted(known | there | set(head), key=lambda name: (name != DEPLOYMENT, name))
    if tenant_id not in known | there | set(head):
        raise NotFound("tenant")
    return [tenant_id]


def _walk(ctx: Context, name: str, kept: Mapping[str, Any] | None) -> tuple[int, bytes]:
    state = ctx.database.read(lambda connection: store.sealed(connection, name))
    if state is None:
        raise _Broken(f"{name} 1")
    key = ctx.vault.audit_key
    kept_count, kept_head = _kept(kept)
    number, link = 0, chaining.START
    for row in _rows(ctx, name):
        if number == state.length:  # more rows than the seal knows: newer ones, written meanwhile, or ones put in
            _refuse_unsealed(ctx, name, row)
            break
        number += 1
        link = chaining.link(key, link, store.as_linked(row._asdict()))
        if row.number != number or not compare_digest(link, row.link) or (number == kept_count and link != kept_head):
            raise _Broken(f"{name} {number}")
    if number < state.length or number < kept_count:
        raise _Broken(f"{name} {number + 1}")
    if not compare_digest(state.seal, chaining.seal(key, name, state.length, state.head)) or link != state.head:
        raise _Broken(f"{name} {max(number, 1)}")
    return number, link


def _kept(kept: Mapping[str, Any] | None) -> tuple[int, bytes]:
    if kept is None:
        return 0, b""
    try:
        return int(kept["count"]), bytes.fromhex(kept["head"])
    except (KeyError, ValueError, TypeError) as error:
        raise Invalid(Problem("head", "format", 'Must be {"<chain>": {"count": N, "head": "<hex>"}}.')) from error


def _refuse_unsealed(ctx: Context, name: str, row: Row[Any]) -> None:
    now = ctx.database.read(lambda connection: store.sealed(connection, name))
    if now is None or now.length < row.number:
        raise _Broken(f"{name} {row.number}")


def _rows(ctx: Context, name: str) -> Iterator[Row[Any]]:
    number = 0
    while True:
        after = number
        found = ctx.database.read(lambda connection: store.batch(connection, name, after, BATCH))  # noqa: B023 - asked at once
        yield from found
        if len(found) < BATCH:
            return
        number = found[-1].number


def _filters(asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    names = {"event": "event", "object": "object_id", "actor": "actor_id", "ip": "address"}
    filters: dict[str, Any] = {names[name]: value for name, value in asked.items() if name in names}
    problems = [
        Problem(name, "unknown", "The audit log has no such filter.")
        for name in asked.keys() - names.keys() - {"since", "until"}
    ]
    for name in ("since", "until"):
        if name in asked:
            filters[name] = _instant(name, asked[name], now, problems)
    if problems:
        raise Invalid(*problems)
    return filters


def _instant(name: str, text: str, now: datetime, problems: list[Problem]) -> datetime | None:
    try:
        return now - parse_duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        return parse_instant(text)
    except ValueError:
        problems.append(Problem(name, "format", "Must be an RFC 3339 time with an offset, or a duration such as 24h."))
        return None
