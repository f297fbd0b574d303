"""The columns that an Iceberg table had at an earlier snapshot, in their exact types."""

from __future__ import annotations

import functools

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import NestedField

from fsql.catalog import Catalog, Entry
from fsql.columns import Columns, real_columns
from fsql.formats.snapshots import snapshots_of
from fsql.model import SCHEMA_PROPERTY, decode_schema
from fsql.notes import noted
from fsql.types import storage_type
from fsql.typetext import hive_type

__all__ = ["earlier_columns", "earlier_rows"]


def earlier_columns(
    catalog: Catalog, entry: Entry, snapshot: int | None = None, millis: int | None = None
) -> Columns | None:
    """The columns of a feature group's table at a snapshot, and the types they were stored in.

    Their exact types are those that the table's properties keep of that schema. Where there is
    nothing of it, a column that is still the same has its exact type of now, any other the type
    that it was stored in.

    Args:
        snapshot: the snapshot's id.
        millis: the time when it was current, in milliseconds since 1970.

    Returns:
        None if nobody can tell. With neither argument any snapshot is meant, so that there is
        an answer only if the columns never changed.
    """
    location = entry.metadata_location
    if not entry.is_group or location is None:
        return None
    metadata = snapshots_of(catalog).metadata(location)
    if snapshot is None and millis is None:
        never_changed = len(metadata.schemas) == 1
        return _columns(metadata.schema(), metadata, entry) if never_changed else None
    found = _snapshot(metadata, snapshot, millis)
    return None if found is None else _columns(_schema(metadata, found), metadata, entry)


def earlier_rows(
    catalog: Catalog, entry: Entry, snapshot: int | None = None, millis: int | None = None
) -> int | None:
    """How many rows a table had at a snapshot at most; None where nothing says so.

    Args:
        snapshot, millis: as `earlier_columns`.
    """
    if entry.metadata_location is None:
        return None
    metadata = snapshots_of(catalog).metadata(entry.metadata_location)
    found = _snapshot(metadata, snapshot, millis)
    known = None if found is None or found.summary is None else found.summary["total-records"]
    return None if known is None else int(known)


def _snapshot(metadata: TableMetadata, snapshot: int | None, millis: int | None) -> Snapshot | None:
    if millis is not None:
        snapshot = _current(metadata, millis)
    return metadata.snapshot_by_id(snapshot) if snapshot is not None else None


def _current(metadata: TableMetadata, millis: int) -> int | None:
    """The snapshot that was current at a time."""
    made = [log for log in metadata.snapshot_log if log.timestamp_ms <= millis]
    return max(made, key=lambda log: log.timestamp_ms).snapshot_id if made else None


def _schema(metadata: TableMetadata, snapshot: Snapshot) -> Schema:
    schemas = {schema.schema_id: schema for schema in metadata.schemas}
    return schemas.get(snapshot.schema_id or 0, metadata.schema())


def _columns(schema: Schema, metadata: TableMetadata, entry: Entry) -> Columns:
    stored = [_plain(field) for field in schema_to_pyarrow(schema, include_field_ids=False)]
    kept = entry.parameters.get(f"{SCHEMA_PROPERTY}.{schema.schema_id}")
    if kept is not None and schema.schema_id != metadata.current_schema_id:
        exact = _kept(kept)
    else:
        now = {field.name: field for field in metadata.schema().fields}
        same = [field.name for field in schema.fields if _is_same(field, now.get(field.name))]
        exact = pa.schema([field for field in entry.arrow_schema if field.name in same])
    return real_columns(exact, tuple((field.name, hive_type(field.type)) for field in stored))


@functools.lru_cache(maxsize=256)
def _kept(text: str) -> pa.Schema:
    return noted(decode_schema(text))


def _is_same(then: NestedField, now: NestedField | None) -> bool:
    return now is not None and (then.field_id, then.field_type) == (now.field_id, now.field_type)


def _plain(field: pa.Field) -> pa.Field:
    return pa.field(field.name, storage_type(field.type))
