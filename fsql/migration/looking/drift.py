"""Drift: what a table was changed to by hand, beside what fsql says of it.

Glue's answer alone tells most of it, so that a page of GetTables does for a hundred groups. An
Iceberg table's metadata, where it is at hand, tells the rest: partitions, sort order and whether
Glue's columns are the table's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyiceberg.table.metadata import TableMetadata

from fsql.catalog import MANIFESTS, Entry
from fsql.definition import Definition
from fsql.errors import FsqlError
from fsql.hivekeys import hive_keys
from fsql.migration.looking.metadata_drift import Columns, metadata_columns, metadata_differences
from fsql.migration.looking.shapes import Column, among, shape
from fsql.migration.making.records import HISTORY_PROPERTY
from fsql.model import (
    CHECK_PROPERTY,
    COMMENTS_PROPERTY,
    GROUP_PROPERTY,
    SCHEMA_PROPERTY,
    FeatureGroup,
    check_of,
)
from fsql.typetext import hive_type

__all__ = ["WIDER_PROPERTY", "columns", "differences", "gone", "wider"]

WIDER_PROPERTY = "fsql.wider"
"""Columns that are stored in a wider type than their exact one needs: JSON, types by path."""


_TRACES = (GROUP_PROPERTY, SCHEMA_PROPERTY, COMMENTS_PROPERTY, CHECK_PROPERTY, HISTORY_PROPERTY)
_UNREADABLE = (FsqlError, ValueError, KeyError, TypeError, AttributeError)


def differences(
    entry: Entry, metadata: TableMetadata | None = None, *, expected: bool = False
) -> list[str]:
    """What was changed of a feature group's table by other means than fsql's, in words.

    Args:
        entry: the table as Glue has it.
        metadata: that of an Iceberg table, if it is to be looked at too.
        expected: whether a group of that name is declared, so that any other table there has
            taken its place.

    Returns:
        Nothing for a table that is as fsql left it, and for one that is no feature group.
    """
    if not entry.is_group:
        return list(_lost(entry, metadata, expected))
    try:
        group = entry.group
    except _UNREADABLE as error:
        said = f"what fsql says of it cannot be read: {_first_line(error)}"
        return ["parameters fsql.* were edited; " + said]
    assert group is not None
    found = [*_identity(entry, group), *_parameters(entry, group.definition)]
    found += _columns(entry, group, _glue_columns(entry))
    if metadata is not None:
        found += _columns(entry, group, metadata_columns(metadata))
        found += metadata_differences(metadata, group.definition, entry.parameters)
    if entry.is_hive_group:
        found += _folders(entry, group)
    return list(dict.fromkeys(found))


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def gone(entries: Iterable[Entry]) -> dict[str, str]:
    """The views of groups whose table somebody dropped by hand, and the tables' names.

    Args:
        entries: all of a database.
    """
    known = {entry.name: entry for entry in entries}
    found = {}
    for view in filter(lambda entry: entry.is_view, known.values()):
        missing = sorted(_versions(view) - known.keys())
        if missing:
            found[view.name] = missing[-1]
    return found


def _lost(entry: Entry, metadata: TableMetadata | None, expected: bool) -> Iterator[str]:
    """What a table lacks to be the feature group that it was."""
    if entry.is_view:
        if expected:
            yield "it is a view and no feature group"
        return
    noted = metadata.properties if metadata is not None else {}
    traces = [name for name in _TRACES if name in entry.parameters or name in noted]
    missing = [n for n in (GROUP_PROPERTY, SCHEMA_PROPERTY) if n not in entry.parameters]
    if traces:
        yield f"{_listed('parameter', missing)} removed"
    elif expected:
        yield f"it is no feature group: {_listed('parameter', missing)} missing"


def _listed(noun: str, names: list[str]) -> str:
    plural = len(names) > 1
    return f"{noun}{'s' if plural else ''} {' and '.join(names)} {'are' if plural else 'is'}"


def _identity(entry: Entry, group: FeatureGroup) -> Iterator[str]:
    """Whether it is the table that fsql made."""
    parameters, definition = entry.parameters, group.definition
    check = parameters.get(CHECK_PROPERTY)
    if check is not None and check != check_of(parameters):
        yield f"parameters {GROUP_PROPERTY}, {SCHEMA_PROPERTY} or {COMMENTS_PROPERTY} were edited"
    if definition.name.table != entry.name:
        yield f"parameter {GROUP_PROPERTY} is that of {definition.name.table}"
    made = "iceberg" if entry.is_iceberg else "hive"
    if made != definition.table_format:
        yield f"it is a table of format {made} where {definition.table_format} is expected"
    version = _last_made(parameters)
    if version is not None and int(entry.version_id or version) < version:
        yield (
            f"it was dropped and made anew: it is at Glue version {entry.version_id}, and the"
            f" last migration made version {version}"
        )


def _last_made(parameters: Mapping[str, str]) -> int | None:
    try:
        records = json.loads(parameters.get(HISTORY_PROPERTY, "[]"))
        return int(records[-1]["made"]) if records else None
    except _UNREADABLE:
        return None


def _parameters(entry: Entry, definition: Definition) -> Iterator[str]:
    found, words = entry.parameters.get("comment") or "", definition.description or ""
    if found != words:
        yield f"the table's comment is {found!r} where {words!r} is expected"
    declared: Mapping[str, str] = getattr(definition, "table_properties", None) or {}
    for name, value in declared.items():
        if (given := entry.parameters.get(name)) is None:
            yield f"table property {name} is gone"
        elif given != str(value):
            yield f"table property {name} is {given!r} where {str(value)!r} is expected"


def columns(
    entry: Entry, metadata: TableMetadata | None
) -> tuple[tuple[Column, ...], tuple[Column, ...], Mapping[str, str]]:
    """The columns that a group's table should have, those it has, and these ones' comments."""
    group = entry.group
    assert group is not None, "only asked of groups"
    found, said, ids = _glue_columns(entry) if metadata is None else metadata_columns(metadata)
    return _expected(group, entry.is_hive_group, ids), found, said


def _columns(entry: Entry, group: FeatureGroup, columns: Columns) -> Iterator[str]:
    found, comments, ids = columns
    yield from among(_expected(group, entry.is_hive_group, ids), found, wider(entry))
    for column in group.columns:
        said, given = column.comment or "", comments.get(column.name)
        if given is not None and given != said:
            yield f"the comment of column {column.name} is {given!r} where {said!r} is expected"


def _glue_columns(entry: Entry) -> Columns:
    descriptor = entry.glue.get("StorageDescriptor", {})
    listed = [*descriptor.get("Columns", ()), *entry.glue.get("PartitionKeys", ())]
    old = [column for column in listed if _note(column, "current") == "false"]
    current = [column for column in listed if column not in old]
    columns = (Column(c["Name"], shape(c["Type"]), _note(c, "id")) for c in current)
    comments = {column["Name"].lower(): column.get("Comment") or "" for column in current}
    ids = {column["Name"].lower(): _note(column, "id") for column in old}
    return tuple(columns), comments, {name: id_ for name, id_ in ids.items() if id_ is not None}


def _note(column: Mapping[str, Any], name: str) -> str | None:
    """What pyiceberg notes of a column beside it."""
    noted: str | None = (column.get("Parameters") or {}).get(f"iceberg.field.{name}")
    return noted


def _expected(group: FeatureGroup, is_hive: bool, ids: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns that a group's table should have, in Glue's order.

    Args:
        ids: of columns that the table no longer has, by name.
    """
    stored = group.storage_schema
    keys = hive_keys(group.definition.partition_by, stored) if is_hive else ()
    names = {key.name for key in keys}
    fields = [
        *(f for f in stored if f.name not in names),
        *(pa.field(k.name, k.type) for k in keys),
    ]
    return tuple(Column(f.name, shape(hive_type(f.type)), ids.get(f.name)) for f in fields)


def _folders(entry: Entry, group: FeatureGroup) -> Iterator[str]:
    """Whether a Hive-style table is partitioned as declared, and reads its manifests."""
    said = [key.name for key in hive_keys(group.definition.partition_by, group.storage_schema)]
    found = [key["Name"] for key in entry.glue.get("PartitionKeys", ())]
    if said != found:
        words = (", ".join(names) or "nothing" for names in (found, said))
        yield "it is partitioned by {} where {} is expected".format(*words)
    location = str(entry.glue.get("StorageDescriptor", {}).get("Location") or "")
    if not location.endswith(MANIFESTS):
        yield f"its location is {location!r}, which is not that of its manifests"


def wider(entry: Entry) -> Mapping[str, str]:
    """The columns that are known to be stored in a wider type, with it, by path."""
    try:
        found: Mapping[str, str] = json.loads(entry.parameters.get(WIDER_PROPERTY, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _versions(view: Entry) -> set[str]:
    """The tables that a view is on which fsql made."""
    table = rf'"{re.escape(view.database)}"\."({re.escape(view.name)}_v\d{{4}})"'
    return set(re.findall(table, view.view_sql or ""))
