"""A change of an Iceberg table: its metadata and its entry in Glue go over in one UpdateTable.

The Iceberg schema, Glue's columns, the exact Arrow schema and the record of the change move
together or not at all: pyiceberg writes a metadata file that nobody knows yet, and one UpdateTable,
which names the version of the entry that was looked at, makes it the table's. Glue archives the
version before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.sorting import SortOrder
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSchemaUpdate,
    AddSortOrderUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSortOrderUpdate,
    SetDefaultSpecUpdate,
    TableUpdate,
)

from fsql.catalog import Catalog, Entry
from fsql.formats.iceberg import properties_of, sort_order
from fsql.formats.partitions import FIRST_ID, partition_spec
from fsql.migration.making.iceberg_commits import Extras, commit, refs, sorted_out
from fsql.migration.making.iceberg_schema import check_carries
from fsql.migration.model.state import State
from fsql.model import SCHEMA_PROPERTY, decode_schema, encode_schema

__all__ = ["EARLIER_PROPERTY", "change_table"]

EARLIER_PROPERTY = f"{SCHEMA_PROPERTY}."
"""With the id of an Iceberg schema: the exact schema of the snapshots that have it."""


FORMAT_VERSION = "format-version"


def change_table(
    catalog: Catalog,
    entry: Entry,
    table: Table,
    schema: Schema,
    before: State,
    after: State,
    extras: Extras,
    noted: Callable[[int], Mapping[str, str]],
) -> None:
    """Make a table that of another state.

    Args:
        entry: as it was looked at; it is changed only if it still is so.
        schema: the columns afterwards, with their field ids.
        noted: gives further properties, told the id of the schema that becomes current.

    Raises:
        Overtaken: it is not any more.
        MigrationError: the schema cannot hold the state's columns.
    """
    metadata = table.metadata
    check_carries(schema, after.group().storage_schema, loosely=extras.loosely)
    schema = _numbered(metadata, schema, before, after)
    extras = replace(extras, properties={**extras.properties, **noted(schema.schema_id)})
    properties, removed = _properties(metadata, schema.schema_id, before, after, extras)
    updates = [
        *_schema(metadata, schema),
        *_spec(metadata, schema, after),
        *_order(metadata, schema, after),
        *refs(extras),
    ]
    commit(catalog, entry, table, updates, properties, removed)


def _numbered(metadata: TableMetadata, schema: Schema, before: State, after: State) -> Schema:
    """The schema under its id: of an earlier one if that meant the same, else a new one.

    Each exact Arrow schema has an id of its own, so that a snapshot's id tells in which exact types
    its rows are read.
    """
    texts = _earlier(metadata) | {metadata.current_schema_id: encode_schema(before.schema)}
    wanted = after.schema
    for known in metadata.schemas:
        text = texts.get(known.schema_id)
        if known == schema and (text is None or _same(text, wanted)):
            return known
    new = max(known.schema_id for known in metadata.schemas) + 1
    return schema.model_copy(update={"schema_id": new})


def _same(text: str, wanted: pa.Schema) -> bool:
    return bool(decode_schema(text).equals(wanted))


def _earlier(metadata: TableMetadata) -> dict[int, str]:
    """The exact schemas of earlier snapshots, by the ids of their Iceberg schemas."""
    start = len(EARLIER_PROPERTY)
    return {
        int(name[start:]): text
        for name, text in metadata.properties.items()
        if name.startswith(EARLIER_PROPERTY) and name[start:].isdigit()
    }


def _schema(metadata: TableMetadata, schema: Schema) -> Iterator[TableUpdate]:
    if schema.schema_id not in {known.schema_id for known in metadata.schemas}:
        yield AddSchemaUpdate.model_validate({"schema": schema})
    if schema.schema_id != metadata.current_schema_id:
        yield SetCurrentSchemaUpdate.model_validate({"schema-id": schema.schema_id})


def _spec(metadata: TableMetadata, schema: Schema, after: State) -> Iterator[TableUpdate]:
    """A spec's fields keep their ids wherever they come up again, as the specification has it."""
    known = {
        (field.source_id, str(field.transform)): field
        for spec in metadata.partition_specs
        for field in spec.fields
    }
    last = max(metadata.last_partition_id or 0, FIRST_ID - 1)
    fields: list[PartitionField] = []
    for wanted in partition_spec(after.definition.partition_by, schema).fields:
        same = known.get((wanted.source_id, str(wanted.transform)))
        if same is None:
            last += 1
        id_ = last if same is None else same.field_id
        fields.append(wanted.model_copy(update={"field_id": id_}))
    if [_partition(field) for field in fields] == [_partition(f) for f in metadata.spec().fields]:
        return  # a rename of the column leaves the names of folders
    for spec in metadata.partition_specs:
        if list(spec.fields) == fields:
            yield SetDefaultSpecUpdate.model_validate({"spec-id": spec.spec_id})
            return
    new = max(spec.spec_id for spec in metadata.partition_specs) + 1
    yield AddPartitionSpecUpdate(spec=PartitionSpec(*fields, spec_id=new))
    yield SetDefaultSpecUpdate.model_validate({"spec-id": new})


def _partition(field: PartitionField) -> tuple[int, str]:
    return field.source_id, str(field.transform)


def _order(metadata: TableMetadata, schema: Schema, after: State) -> Iterator[TableUpdate]:
    wanted = sort_order(after.definition.sort_by, schema)
    if list(wanted.fields) == list(metadata.sort_order().fields):
        return
    for order in metadata.sort_orders:
        if list(order.fields) == list(wanted.fields):
            yield SetDefaultSortOrderUpdate.model_validate({"sort-order-id": order.order_id})
            return
    # 0 is the id of no order: https://iceberg.apache.org/spec/#sorting
    taken = max(order.order_id for order in metadata.sort_orders)
    new = taken + 1 if wanted.fields else 0
    yield AddSortOrderUpdate.model_validate({"sort-order": SortOrder(*wanted.fields, order_id=new)})
    yield SetDefaultSortOrderUpdate.model_validate({"sort-order-id": new})


def _properties(
    metadata: TableMetadata, schema_id: int, before: State, after: State, extras: Extras
) -> tuple[dict[str, str], frozenset[str]]:
    """What to set and what to take away."""
    old, new = _said(before), _said(after)
    wanted: dict[str, str | None] = {**dict.fromkeys(old), **new, **extras.properties}
    live = {snapshot.schema_id for snapshot in metadata.snapshots}
    schemas = _earlier(metadata) | {metadata.current_schema_id: encode_schema(before.schema)}
    for id_, text in schemas.items():
        is_needed = id_ in live and id_ != schema_id
        wanted[f"{EARLIER_PROPERTY}{id_}"] = text if is_needed else None
    return sorted_out(metadata, wanted)


def _said(state: State) -> dict[str, str]:
    """A table's properties; its format's version is none but when the table is made."""
    properties = properties_of(state.group())
    return {name: text for name, text in properties.items() if name != FORMAT_VERSION}
