"""A change as text: the statements that Athena has for it, and else what Glue is told."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from fsql.catalog import Entry
from fsql.lifecycle.view_texts import LATEST
from fsql.migration.making.filling import default_sql
from fsql.migration.model import paths
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Backfill,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    Execute,
    MoveColumn,
    Release,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.state import State
from fsql.model import GROUP_PROPERTY
from fsql.naming import GroupName
from fsql.types import storage_type
from fsql.typetext import hive_type

__all__ = ["statements"]


def statements(
    change: Change, before: State | None, after: State | None, dialect: sa.Dialect
) -> Iterator[str]:
    """The lines that stand for a change.

    Args:
        change: its database is said.
        before, after: the group; None where it is not there, or nothing is known of it.
        dialect: compiles DDL.
    """
    if isinstance(change, CreateGroup):
        yield from _created(change, dialect)
        return
    yield from _sql(change, before, after)
    if not isinstance(change, Execute | Backfill | DropGroup | Release):
        yield _told(change, before, after)


def _created(change: CreateGroup, dialect: sa.Dialect) -> Iterator[str]:
    group = change.state.group(database=change.database)
    text = str(CreateTable(group).compile(dialect=dialect)).strip()
    yield (text.replace("%%", "%") if dialect.paramstyle == "pyformat" else text) + ";"
    yield _told(change, None, change.state)
    if change.released:
        yield _view(change, change.state)


@singledispatch
def _sql(change: Any, before: State | None, after: State | None) -> Iterator[str]:
    raise TypeError(f"{change!r} is no change.")


@_sql.register
def _(change: Execute, before: State | None, after: State | None) -> Iterator[str]:
    yield change.sql.strip().removesuffix(";") + ";"


@_sql.register
def _(change: Backfill, before: State | None, after: State | None) -> Iterator[str]:
    yield f"INSERT INTO {_name(change)}\n{change.select.strip().removesuffix(';')};"


@_sql.register
def _(change: DropGroup, before: State | None, after: State | None) -> Iterator[str]:
    # Athena's DROP TABLE would delete an Iceberg table's files.
    yield f"-- glue.delete_table({_addressed(change)}, Name={change.group!r})"


@_sql.register
def _(change: Release, before: State | None, after: State | None) -> Iterator[str]:
    yield _view(change, after)


@_sql.register
def _(change: AddColumn, before: State | None, after: State | None) -> Iterator[str]:
    top, *rest = paths.parts(change.path)
    type_ = hive_type(storage_type(change.field.type))
    if rest:
        yield _changed(change, top, after)
    else:
        yield f"{_alter(change)} ADD COLUMNS ({_quoted(top)} {type_}{_comment(change.comment)});"
    if change.default is not None:
        yield _filled(change, after)


@_sql.register
def _(change: DropColumn, before: State | None, after: State | None) -> Iterator[str]:
    top, *rest = paths.parts(change.path)
    yield _changed(change, top, after) if rest else f"{_alter(change)} DROP COLUMN {_quoted(top)};"


@_sql.register
def _(change: RenameColumn, before: State | None, after: State | None) -> Iterator[str]:
    if len(paths.parts(change.path)) > 1:  # Athena would take it for another field, without values
        yield f"-- no statement of Athena's renames a field: {change.path} to {change.to}"
    else:
        yield _changed(change, change.path, after, to=change.to)


@_sql.register
def _(change: AlterColumn, before: State | None, after: State | None) -> Iterator[str]:
    yield _changed(change, paths.parts(change.path)[0], after)


@_sql.register
def _(change: MoveColumn, before: State | None, after: State | None) -> Iterator[str]:
    if len(paths.parts(change.path)) > 1:
        yield f"-- no statement of Athena's moves a field: {change.path}"
        return
    place = "FIRST" if change.after is None else f"AFTER {_quoted(change.after)}"
    yield _changed(change, change.path, after, place=f" {place}")


@_sql.register
def _(change: AlterGroup, before: State | None, after: State | None) -> Iterator[str]:
    yield from ()


@_sql.register
def _(change: SetPartitioning, before: State | None, after: State | None) -> Iterator[str]:
    fields = ", ".join(map(str, change.partition_by)) or "nothing"
    yield f"-- no statement of Athena's partitions a table anew: by {fields}"


def _filled(change: AddColumn, after: State | None) -> str:
    entry = Entry({"Name": change.group, "DatabaseName": change.database})
    sql = None if after is None else default_sql(entry, after, change, change.path)
    return f"{sql};" if sql else f"-- an UPDATE fills {change.path} with {change.default!r}"


def _changed(
    change: Any, column: str, after: State | None, *, to: str | None = None, place: str = ""
) -> str:
    """CHANGE COLUMN, with the type that Athena wants to be told even if it stays."""
    to = to or column
    name = f"{_alter(change)} CHANGE COLUMN {_quoted(column)} {_quoted(to)}"
    if after is None or to not in after.schema.names:
        return f"-- {name} <its type>{place};"
    type_ = hive_type(storage_type(after.schema.field(to).type))
    return f"{name} {type_}{_comment(after.comments.get(to))}{place};"


def _told(change: Any, before: State | None, after: State | None) -> str:
    """The Glue call that goes with it; the group's definition in full where it changes."""
    known = ""
    if after is not None and (before is None or before.definition != after.definition):
        known = f"{GROUP_PROPERTY!r}: {after.definition.to_json()!r}, "
    return (
        f"-- glue.update_table({_addressed(change)}, TableInput={{'Name': {change.group!r},"
        f" 'Parameters': {{{known}'fsql.schema': …, 'fsql.history': …}}}})"
    )


def _addressed(change: Any) -> str:
    return f"DatabaseName={change.database!r}"


def _view(change: Any, state: State | None) -> str:
    view = GroupName.parse(change.group).view
    columns = "*" if state is None else ", ".join(f'"{name}"' for name in state.schema.names)
    name = f'"{change.database}"."{view}"'
    select = f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM {_dml_name(change)};"
    # As a statement it would lack the parameter by which fsql knows it again.
    return f"{select}\n-- `fsql views` makes the view {view + LATEST}"


def _alter(change: Any) -> str:
    return f"ALTER TABLE {_name(change)}"


def _name(change: Any) -> str:
    return f"{change.database}.{change.group}"


def _dml_name(change: Any) -> str:
    return f'"{change.database}"."{change.group}"'


def _quoted(name: str) -> str:
    return f"`{name}`" if name.startswith("_") else name


def _comment(comment: str | None) -> str:
    if not comment:
        return ""
    line = " ".join(comment.splitlines()).replace("\\", "\\\\").replace("'", "\\'")
    return f" COMMENT '{line}'"
