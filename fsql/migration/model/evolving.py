"""What becomes of a group by a change, or why it cannot take it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import singledispatch
from typing import Any

import pyarrow as pa

from fsql.definition import Definition, Partition
from fsql.errors import DefinitionError, MigrationError, UnsupportedType
from fsql.migration.model import column_notes, paths
from fsql.migration.model.bearing import NEW_VERSION, unbearable
from fsql.migration.model.changes import (
    KEEP,
    AddColumn,
    AlterColumn,
    AlterGroup,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    Execute,
    MoveColumn,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.state import State
from fsql.migration.model.widening import narrows, widens
from fsql.migration.model.wording import words
from fsql.types import plain_type, storage_type

__all__ = ["OPTIONS", "evolved", "must_fit"]

OPTIONS = (
    "keys",
    "event_time",
    "created_time",
    "ttl",
    "online",
    "truncate",
    "description",
    "owner",
    "tags",
    "compatibility",
    "sort_by",
    "table_properties",
)
"""The fields of a `Definition` that `AlterGroup` changes."""

_TUPLES, _MAPPINGS = ("keys", "sort_by"), ("tags", "table_properties")


class _Refused(Exception):
    """Why a change is refused, and what to do instead."""


def evolved(change: Change, before: State | None) -> State | None:
    """The group after a change; None once it is dropped.

    Whether the values that are stored fit a narrower type, or hold no NULL where none is to be
    any longer, only the data says; see `must_fit`.

    Raises:
        MigrationError: the group cannot take it; group, path, reason and remedy are named.
    """
    if isinstance(change, Execute):
        return before
    try:
        after = _applied(change, _standing(change, before))
        if after is not None:
            after.group()
    except (_Refused, paths.PathError, DefinitionError, UnsupportedType) as reason:
        path = getattr(change, "path", None)
        said = f"{change.group!r} cannot take a change that {words(change, before)}: {reason}"
        raise MigrationError(said, change.group, path) from reason
    return after


def must_fit(change: Change, before: State) -> bool:
    """Whether the values that are stored have to be looked at before a change.

    It is so if a type gets narrower, and if a column must not be NULL any longer.
    """
    if not isinstance(change, AlterColumn):
        return False
    field = paths.get(before.schema, change.path)
    stricter = change.nullable is False and field.nullable
    return stricter or (change.type is not KEEP and narrows(field.type, change.type))


def _standing(change: Any, before: State | None) -> Any:
    """The group that a change is made to, if it is the right one."""
    if isinstance(change, CreateGroup):
        if before is not None:
            raise _Refused("it is there already. Drop it first, or declare another version.")
        return change.state
    if before is None:
        raise _Refused("there is no such group. Create it first, or correct its name.")
    if before.table != change.group:
        raise _Refused(f"the group at hand is {before.table!r}. Name that one.")
    reason = unbearable(change, before) if before.definition.table_format == "hive" else None
    if reason is not None:
        raise _Refused(f"{reason} {NEW_VERSION}")
    return before


@singledispatch
def _applied(change: object, before: State) -> State | None:
    """What fills, releases or creates a group leaves its state as it is."""
    return before


@_applied.register
def _(change: DropGroup, before: State) -> State | None:
    return None


@_applied.register
def _(change: AddColumn, before: State) -> State:
    _check_added(change, before.schema)
    schema = paths.add(before.schema, change.path, change.field)
    if len(paths.parts(change.path)) == 1:
        schema = column_notes.welcoming(schema, change.field)
    after = replace(before, schema=schema)
    return after if change.comment is None else _commented(after, change.path, change.comment)


def _check_added(change: AddColumn, schema: pa.Schema) -> None:
    *above, name = paths.parts(change.path)
    if change.field.name != name:
        raise _Refused(f"the field is named {change.field.name!r}. Name it {name!r}.")
    _check_not_in_key(schema, paths.dotted(above))
    _check_commentable(change)
    if not change.field.nullable and change.default is None:
        raise _Refused(
            "rows that are there would read NULL in it. Say what they get by default=, or add it"
            " nullable, fill it, and alter it then."
        )
    if change.default is not None:
        _check_default(change, schema, above)


def _check_default(change: AddColumn, schema: pa.Schema, above: list[str]) -> None:
    steps = (paths.get(schema, paths.dotted(above[: end + 1])) for end in range(len(above)))
    if any(not paths.is_struct(field.type) for field in steps):
        raise _Refused("no UPDATE reaches into lists and maps. Add it without a default.")
    plain = plain_type(change.field.type)
    try:
        pa.array([change.default], plain)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _Refused(f"the default is no {plain}: {error}. Give one that is.") from error


@_applied.register
def _(change: DropColumn, before: State) -> State:
    path = paths.resolved(before.schema, change.path)
    _check_not_in_key(before.schema, path)
    for role, remedy in _roles(before.definition, path):
        raise _Refused(f"{path!r} is {role}. {remedy}")
    schema = column_notes.forgetting(paths.remove(before.schema, path), path)
    comments = {name: text for name, text in before.comments.items() if name != path}
    return replace(before, schema=schema, comments=comments)


def _roles(definition: Definition, column: str) -> Iterator[tuple[str, str]]:
    """What a column is needed for, and how that can be changed first."""
    alter = "with op.alter_feature_group"
    if column in definition.keys:
        yield "a key", f"Take it out of the keys first, {alter}, or declare a new version."
    if column == definition.event_time:
        yield "the event time", f"Name another one first, {alter}, or declare a new version."
    if column == definition.created_time:
        yield "the created time", f"Name another one, or none, first, {alter}."
    if column in definition.sort_by:
        yield "what rows are sorted by", f"Take it out of sort_by first, {alter}."
    if any(column == partition.column for partition in definition.partition_by):
        yield "what partitions are made of", "Partition otherwise first, with op.set_partitioning."


@_applied.register
def _(change: RenameColumn, before: State) -> State:
    path = paths.resolved(before.schema, change.path)
    _check_not_in_key(before.schema, path)
    if change.to in ("", "."):
        raise _Refused("that is no name. Give one.")
    schema = paths.rename(before.schema, path, change.to)
    if len(paths.parts(path)) > 1:
        return replace(before, schema=schema)
    comments = {_other(name, path, change.to): text for name, text in before.comments.items()}
    return State(
        column_notes.renaming(schema, path, change.to),
        _renamed(before.definition, path, change.to),
        comments,
    )


def _other(name: Any, old: str, new: str) -> Any:
    return new if name == old else name


def _renamed(definition: Definition, old: str, new: str) -> Definition:
    """The definition with a column under its new name wherever it is needed."""

    def partition(given: Partition) -> Partition:
        return replace(given, column=_other(given.column, old, new))

    return replace(
        definition,
        keys=tuple(_other(key, old, new) for key in definition.keys),
        event_time=_other(definition.event_time, old, new),
        created_time=_other(definition.created_time, old, new),
        sort_by=tuple(_other(column, old, new) for column in definition.sort_by),
        partition_by=tuple(map(partition, definition.partition_by)),
    )


@_applied.register
def _(change: MoveColumn, before: State) -> State:
    _check_not_in_key(before.schema, change.path)
    return replace(before, schema=paths.move(before.schema, change.path, change.after))


@_applied.register
def _(change: AlterColumn, before: State) -> State:
    path = paths.resolved(before.schema, change.path)
    old = paths.get(before.schema, path)
    _check_commentable(change)
    new = _altered(change, old)
    if storage_type(new.type) != storage_type(old.type) or new.nullable != old.nullable:
        _check_not_in_key(before.schema, path)
    schema = paths.replace(before.schema, path, new)
    if len(paths.parts(path)) == 1:
        schema = column_notes.retyping(schema, old, new)
    after = replace(before, schema=schema)
    return after if change.comment is KEEP else _commented(after, path, change.comment)


def _altered(change: AlterColumn, old: pa.Field) -> pa.Field:
    new = old
    if change.type is not KEEP:
        _check_type(old.type, change.type)
        new = new.with_type(change.type)
    if change.nullable is not KEEP:
        new = new.with_nullable(change.nullable)
    if change.metadata is not KEEP:
        new = new.with_metadata(change.metadata) if change.metadata else new.remove_metadata()
    return new


def _check_type(old: pa.DataType, new: pa.DataType) -> None:
    storage_type(new)
    if not (widens(old, new) or widens(new, old)):
        raise _Refused(
            f"values stored as {old} do not become {new}. Iceberg widens int to bigint, float to"
            f" double and decimals to more digits; a type that shows the same values may change"
            f" too, fields are added and dropped one by one. {NEW_VERSION}"
        )


def _commented(state: State, column: str, comment: Any) -> State:
    comments = {name: text for name, text in state.comments.items() if name != column}
    return replace(state, comments={**comments, column: comment} if comment else comments)


def _check_commentable(change: AddColumn | AlterColumn) -> None:
    said = change.comment not in (None, KEEP)
    if said and len(paths.parts(change.path)) > 1:
        raise _Refused("only columns have comments in Glue. Say it of the column.")


def _check_not_in_key(schema: pa.Schema, path: str) -> None:
    """Iceberg: a map's keys stay as they are, and so does what they are made of."""
    known = paths.parts(path) if path else ()
    for end in range(1, len(known)):
        above = paths.get(schema, paths.dotted(known[:end]))
        if pa.types.is_map(above.type) and known[end].lower() == "key":
            raise _Refused(f"the keys of a map cannot change. {NEW_VERSION}")


@_applied.register
def _(change: AlterGroup, before: State) -> State:
    options = dict(change.options)
    schema = before.schema
    if "schema_metadata" in options:
        schema = schema.with_metadata(options.pop("schema_metadata") or {})
    unknown = [name for name in options if name not in OPTIONS]
    if unknown:
        raise _Refused(
            f"{', '.join(map(repr, unknown))} is no option that changes. Known: "
            f"{', '.join(OPTIONS)}; op.set_partitioning changes partitions, a new version the rest."
        )
    given = {name: _as_declared(name, value) for name, value in options.items()}
    return replace(before, schema=schema, definition=replace(before.definition, **given))


def _as_declared(name: str, value: Any) -> Any:
    if name == "ttl" and not isinstance(value, dt.timedelta | None):
        raise _Refused(f"ttl is {value!r}. Expected a datetime.timedelta, or None for ever.")
    if name in _TUPLES:
        return (value,) if isinstance(value, str) else tuple(value or ())
    return dict(value or {}) if name in _MAPPINGS else value


@_applied.register
def _(change: SetPartitioning, before: State) -> State:
    partitions = tuple(change.partition_by)
    for partition in partitions:
        if partition.column in before.schema.names:
            _check_partition(partition, before.schema.field(partition.column).type)
    return replace(before, definition=replace(before.definition, partition_by=partitions))


def _check_partition(partition: Partition, exact: pa.DataType) -> None:
    """Whether Iceberg's transform takes the type: https://iceberg.apache.org/spec/#partitioning."""
    accepted = _TAKES.get(partition.transform)
    if accepted is not None and not any(is_kind(storage_type(exact)) for is_kind in accepted):
        raise _Refused(f"{partition}: no {partition.transform} of {exact}. Choose another one.")


_DATES = (pa.types.is_date, pa.types.is_timestamp)
_NUMBERS = (pa.types.is_integer, pa.types.is_decimal)
_BYTES = (pa.types.is_string, pa.types.is_binary)
_TAKES: dict[str, tuple[Any, ...]] = {
    "identity": (lambda type_: not pa.types.is_nested(type_),),
    "year": _DATES,
    "month": _DATES,
    "day": _DATES,
    "hour": (pa.types.is_timestamp,),
    "bucket": (*_DATES, *_NUMBERS, *_BYTES),
    "truncate": (*_NUMBERS, *_BYTES),
}
