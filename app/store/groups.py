"""Authorization groups and the catalogue of scopes they draw on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from app.domain import scopes
from app.models import Group, Key, Scope
from app.store import status_changes

SAME_AS_CREATOR = "grp_creator"
COLUMNS = tuple(Group.__table__.c)


def find(connection: Connection, tenant_id: str | None, name_or_id: str, folded: str) -> Row[Any] | None:
    """A group by ID or name, of this tenant or built in; an ID wins over a name, the tenant's own over a built-in."""
    mine = or_(Group.tenant_id == tenant_id, Group.tenant_id.is_(None))
    question = select(*COLUMNS).where(mine, or_(Group.id == name_or_id, Group.name_folded == folded))
    rows = connection.execute(question).all()
    return min(rows, key=lambda row: (row.id != name_or_id, row.tenant_id is None), default=None)


def by_id(connection: Connection, group_id: str) -> Row[Any]:
    """A group that is known to exist."""
    return connection.execute(select(*COLUMNS).where(Group.id == group_id)).one()


def page(connection: Connection, tenant_id: str, after: tuple[str, str] | None, limit: int) -> Sequence[Row[Any]]:
    """A tenant's groups and the built-in ones offered for its keys, by name.

    after   the last row's folded name and ID, for the next page
    """
    offered = or_(Group.tenant_id == tenant_id, (Group.tenant_id.is_(None)) & (Group.type == "tenant_api_key"))
    question = select(*COLUMNS).where(offered)
    if after is not None:
        name, group_id = after
        question = question.where(or_(Group.name_folded > name, (Group.name_folded == name) & (Group.id > group_id)))
    return connection.execute(question.order_by(Group.name_folded, Group.id).limit(limit)).all()


def add(connection: Connection, **columns: Any) -> None:
    """Insert a group."""
    connection.execute(insert(Group).values(**columns))


def change(connection: Connection, group_id: str, version: int, **columns: Any) -> bool:
    """Change a group if it still has this version; whether it had."""
    done = connection.execute(
        update(Group).where(Group.id == group_id, Group.version == version).values(**columns, version=version + 1)
    )
    return done.rowcount == 1


def remove(connection: Connection, group_id: str) -> None:
    """Delete a group that no key refers to."""
    connection.execute(delete(Group).where(Group.id == group_id))


def key_counts(connection: Connection, tenant_id: str, group_ids: Sequence[str]) -> dict[str, int]:
    """How many keys of a tenant's list, revoked ones included, refer to each of some groups."""
    listed = (Key.tenant_id == tenant_id, Key.group_id.in_(group_ids), Key.deleted_at.is_(None))
    rows = connection.execute(select(Key.group_id, func.count()).where(*listed).group_by(Key.group_id)).all()
    return {**dict.fromkeys(group_ids, 0), **{row[0]: row[1] for row in rows}}


def working_keys(
    connection: Connection, tenant_id: str, group_id: str, now: datetime, limit: int
) -> tuple[int, Sequence[str]]:
    """How many keys of a tenant that work now have a group, and the first names among them."""
    live = or_(Key.expires_at.is_(None), Key.expires_at > now)
    where = (Key.tenant_id == tenant_id, Key.group_id == group_id, Key.revoked_at.is_(None), live)
    number = connection.execute(select(func.count()).select_from(Key).where(*where)).scalar_one()
    names = select(Key.name).where(*where).order_by(Key.name_folded, Key.key_id).limit(limit)
    return number, connection.execute(names).scalars().all() if number else ()


def move_keys(connection: Connection, from_id: str, to_id: str, now: datetime) -> int:
    """Give every key of one group to another; how many there were."""
    status_changes.ask_again_about_keys_of(connection, from_id, now)
    done = connection.execute(
        update(Key).where(Key.group_id == from_id).values(group_id=to_id, version=Key.version + 1)
    )
    return done.rowcount


def using_scope(connection: Connection, scope: str) -> Sequence[Row[Any]]:
    """Groups made by tenants that hold a scope."""
    rows = connection.execute(
        select(*COLUMNS).where(Group.built_in.is_(None), Group.scopes.contains(scope, autoescape=True))
    ).all()
    return [row for row in rows if scope in scopes.unpack(row.scopes)]


def catalogue(connection: Connection) -> Sequence[Row[Any]]:
    """Every product scope, by name."""
    return connection.execute(select(*Scope.__table__.c).order_by(Scope.name)).all()


def find_scope(connection: Connection, name: str) -> Row[Any] | None:
    """One product scope, or None."""
    return connection.execute(select(*Scope.__table__.c).where(Scope.name == name)).first()


def hold_scopes(connection: Connection, names: Sequence[str]) -> frozenset[str]:
    """Which of these product scopes there are; none of them can be deleted until the transaction ends."""
    return frozenset(
        connection.execute(select(Scope.name).where(Scope.name.in_(names)).with_for_update(read=True)).scalars()
    )


def insert_scope(connection: Connection, name: str, description: str, now: datetime) -> None:
    """Insert a product scope; `refresh_built_in` must follow."""
    connection.execute(insert(Scope).values(name=name, description=description, created_at=now))


def describe_scope(connection: Connection, name: str, description: str) -> None:
    """Change a product scope's description."""
    connection.execute(update(Scope).where(Scope.name == name).values(description=description))


def remove_scope(connection: Connection, name: str, now: datetime) -> None:
    """Delete a product scope; the built-in groups follow, and so do keys that act as their creator."""
    connection.execute(delete(Scope).where(Scope.name == name))
    status_changes.ask_again_about_group(connection, SAME_AS_CREATOR, now)
    refresh_built_in(connection, now)


def refresh_built_in(connection: Connection, now: datetime) -> None:
    """Write what the built-in groups hold now that the catalogue has changed."""
    product = frozenset(connection.execute(select(Scope.name)).scalars())
    for row in connection.execute(
        select(Group.id, Group.built_in, Group.scopes).where(Group.built_in.is_not(None))
    ).all():
        held = scopes.pack(scopes.of_built_in(row.built_in, product))
        if held != row.scopes:
            connection.execute(
                update(Group).where(Group.id == row.id).values(scopes=held, updated_at=now, version=Group.version + 1)
            )
            # What is added no token has yet; what is taken away they must not keep.
            if scopes.unpack(row.scopes) - scopes.unpack(held):
                status_changes.ask_again_about_group(connection, row.id, now)
