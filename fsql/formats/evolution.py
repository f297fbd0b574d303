"""Whether rows still fit a table whose columns have changed since they were made for it."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from pyiceberg.table import Table

from fsql.catalog import Entry
from fsql.definition import Definition
from fsql.errors import CommitConflict
from fsql.model import GROUP_PROPERTY, SCHEMA_PROPERTY, decode_schema

__all__ = ["check_files_fit", "check_same_columns"]


def check_same_columns(entry: Entry, table: Table) -> None:
    """Refuse a table that was migrated since the catalog's entry, by which rows are made, was read.

    Raises:
        CommitConflict: it was.
    """
    if table.metadata_location == entry.metadata_location:
        return
    known, now = entry.parameters, table.properties
    if SCHEMA_PROPERTY in known and SCHEMA_PROPERTY in now and _told(known) != _told(now):
        raise _conflict(entry.name, "its columns or keys were changed")


def _told(properties: Mapping[str, str]) -> tuple[str | None, ...]:
    group = properties.get(GROUP_PROPERTY)
    keys = None if group is None else repr(_roles(group))
    return properties[SCHEMA_PROPERTY], keys


def check_files_fit(name: str, before: Table, now: Table) -> None:
    """Refuse files that were begun for a table which has been migrated since.

    Files carry field ids, so that columns may have been added, dropped, renamed and moved. What
    their values mean must be the same, and which of them are keys and times.

    Raises:
        CommitConflict: it is not.
    """
    told = GROUP_PROPERTY, SCHEMA_PROPERTY
    if not set(told) <= before.properties.keys() & now.properties.keys():
        return
    if all(before.properties[name] == now.properties[name] for name in told):
        return
    known, present = _meanings(before), _meanings(now)
    changed = [id_ for id_, type_ in known.items() if present.get(id_, type_) != type_]
    if changed:
        column = before.schema().find_column_name(changed[0])
        raise _conflict(name, f"the type of its column {column!r} was changed")
    if _role_ids(before) != _role_ids(now):
        raise _conflict(name, "its keys or times were changed")


def _conflict(name: str, what: str) -> CommitConflict:
    return CommitConflict(
        f"Table {name!r} was migrated while its rows were written: {what}; nothing was written."
        " Write again."
    )


def _meanings(table: Table) -> dict[int, pa.DataType]:
    """The exact types of columns by field id."""
    exact = decode_schema(table.properties[SCHEMA_PROPERTY])
    columns = {column.name: column.field_id for column in table.schema().fields}
    return {columns[one.name]: one.type for one in exact if one.name in columns}


def _role_ids(table: Table) -> list[list[int | None]]:
    columns = {column.name: column.field_id for column in table.schema().fields}
    roles = _roles(table.properties[GROUP_PROPERTY])
    return [[columns.get(name) for name in names] for names in roles]


def _roles(group: str) -> list[tuple[str, ...]]:
    definition = Definition.from_json(group)
    times = (definition.event_time, definition.created_time)
    return [definition.keys, *((() if time is None else (time,)) for time in times)]
