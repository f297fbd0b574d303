"""Changes in words, one line each: what follows "this revision"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import pyarrow as pa

from fsql.migration.model import paths
from fsql.migration.model.changes import (
    KEEP,
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
from fsql.migration.model.widening import narrows, widens

__all__ = ["words"]

_LONG = 60


def words(change: Change, before: State | None = None) -> str:
    """A change in words, such as "adds wind.gust double".

    Args:
        before: the group before it; then what was is said too, as in "widens seats from int32 to
            int64".
    """
    return _words(change, before)


@singledispatch
def _words(change: object, before: State | None) -> str:
    raise TypeError(f"{type(change).__name__} is no change of a migration.")


@_words.register
def _(change: CreateGroup, before: State | None) -> str:
    count = len(change.state.schema)
    hidden = "" if change.released else ", not released yet"
    return f"creates {change.group} with {count} column{'' if count == 1 else 's'}{hidden}"


@_words.register
def _(change: DropGroup, before: State | None) -> str:
    return f"drops {change.group}"


@_words.register
def _(change: AddColumn, before: State | None) -> str:
    needed = "" if change.field.nullable else " NOT NULL"
    default = "" if change.default is None else f", {change.default!r} in rows that are there"
    return f"adds {change.path} {change.field.type}{needed}{default}"


@_words.register
def _(change: DropColumn, before: State | None) -> str:
    return f"drops {change.path}"


@_words.register
def _(change: RenameColumn, before: State | None) -> str:
    return f"renames {change.path} to {change.to}"


@_words.register
def _(change: MoveColumn, before: State | None) -> str:
    place = "first" if change.after is None else f"behind {change.after}"
    return f"moves {change.path} {place}"


@_words.register
def _(change: AlterColumn, before: State | None) -> str:
    field = None if before is None else paths.find(before.schema, change.path)
    return " and ".join(_altered(change, field)) or f"leaves {change.path} as it is"


def _altered(change: AlterColumn, field: pa.Field | None) -> Iterator[str]:
    path = change.path
    if change.type is not KEEP:
        yield _retyped(path, change.type, field)
    if change.nullable is not KEEP:
        yield f"{'allows' if change.nullable else 'forbids'} NULL in {path}"
    if change.comment is not KEEP:
        said = f"says {_short(change.comment)!r} of {path}"
        yield said if change.comment else f"takes the comment of {path} away"
    if change.metadata is not KEEP:
        yield f"changes the notes of {path}"


def _retyped(path: str, type_: Any, field: pa.Field | None) -> str:
    if field is None:
        return f"changes {path} to {type_}"
    verb = "narrows" if narrows(field.type, type_) else "changes"
    if widens(field.type, type_) and not widens(type_, field.type):
        verb = "widens"
    return f"{verb} {path} from {field.type} to {type_}"


@_words.register
def _(change: AlterGroup, before: State | None) -> str:
    said = [_option(name, value, before) for name, value in change.options.items()]
    return " and ".join(said) or f"leaves {change.group} as it is"


def _option(name: str, value: Any, before: State | None) -> str:
    if name == "schema_metadata":
        return "changes the notes of pandas and of categories"
    old = None if before is None else getattr(before.definition, name, None)
    was = "" if before is None else f" from {_shown(old)}"
    return f"changes {name}{was} to {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key}={text}" for key, text in value.items()) or "nothing"
    return "nothing" if value is None else _short(str(value))


@_words.register
def _(change: SetPartitioning, before: State | None) -> str:
    was = "" if before is None else f" instead of {_shown(before.definition.partition_by)}"
    return f"partitions by {_shown(change.partition_by)}{was}"


@_words.register
def _(change: Backfill, before: State | None) -> str:
    return f"fills {change.group} by {_short(change.select)}"


@_words.register
def _(change: Release, before: State | None) -> str:
    return f"releases {change.group}"


@_words.register
def _(change: Execute, before: State | None) -> str:
    return f"runs {_short(change.sql)}"


def _short(text: Any) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"
