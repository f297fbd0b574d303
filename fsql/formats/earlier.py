"""The columns that an Iceberg table had at an earlier snapshot, in their exact types."""

from __future__ import annotations

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import NestedField

from fsql.catalog import Catalog, Entry
from fsql.formats.snapshots import snapshots_of
from fsql.types import storage_type

__all__ = ["earlier_schema"]


def earlier_schema(
    catalog: Catalog, entry: Entry, snapshot: int | None = None, millis: int | None = None
) -> pa.Schema | None:
    """The columns of a feature group's table at a snapshot.

    A column that is still the same has its exact type, any other the type that it was stored in.

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
        return _exact(metadata.schema(), metadata, entry) if never_changed else None
    if millis is not None:
        snapshot = _current(metadata, millis)
    found = metadata.snapshot_by_id(snapshot) if snapshot is not None else None
    return None if found is None else _exact(_schema(metadata, found), metadata, entry)


def _current(metadata: TableMetadata, millis: int) -> int | None:
    """The snapshot that was current at a time."""
    made = [log for log in metadata.snapshot_log if log.timestamp_ms <= millis]
    return max(made, key=lambda log: log.timestamp_ms).snapshot_id if made else None


def _schema(metadata: TableMetadata, snapshot: Snapshot) -> Schema:
    schemas = {schema.schema_id: schema for schema in metadata.schemas}
    return schemas.get(snapshot.schema_id or 0, metadata.schema())


def _exact(schema: Schema, metadata: TableMetadata, entry: Entry) -> pa.Schema:
    stored = schema_to_pyarrow(schema, include_field_ids=False)
    exact, now = entry.arrow_schema, {field.name: field for field in metadata.schema().fields}
    fields = []
    for field, then in zip(stored, schema.fields, strict=True):
        same = then.name in exact.names and _is_same(then, now.get(then.name))
        fields.append(exact.field(then.name) if same else _plain(field))
    return pa.schema(fields)


def _is_same(then: NestedField, now: NestedField | None) -> bool:
    return now is not None and (then.field_id, then.field_type) == (now.field_id, now.field_type)


def _plain(field: pa.Field) -> pa.Field:
    return pa.field(field.name, storage_type(field.type))
