"""A change of an Iceberg table: its metadata and its entry in Glue go over in one UpdateTable.

The Iceberg schema, Glue's columns, the exact Arrow schema and the record of the change move
together or not at all: pyiceberg writes a metadata file that nobody knows yet, and one UpdateTable,
which names the version of the entry that was looked at, makes it the table's. Glue archives the
version before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from botocore.exceptions import ClientError
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.sorting import SortOrder
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSchemaUpdate,
    AddSortOrderUpdate,
    AssertTableUUID,
    RemovePropertiesUpdate,
    RemoveSnapshotRefUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSortOrderUpdate,
    SetDefaultSpecUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableUpdate,
)

from fsql.catalog import Catalog, Entry
from fsql.formats.iceberg import load, properties_of, sort_order
from fsql.formats.partitions import FIRST_ID, partition_spec
from fsql.migration.iceberg_schema import check_carries
from fsql.migration.state import State
from fsql.model import SCHEMA_PROPERTY, decode_schema, encode_schema

__all__ = ["EARLIER_PROPERTY", "Extras", "Overtaken", "change_table", "load_as", "set_properties"]

EARLIER_PROPERTY = f"{SCHEMA_PROPERTY}."
"""With the id of an Iceberg schema: the exact schema of the snapshots that have it."""

_CONFLICTS = frozenset({"ConcurrentModificationException", "VersionMismatchException"})


class Overtaken(Exception):
    """Somebody else has changed the table since it was looked at; nothing was written."""


@dataclass(frozen=True)
class Extras:
    """What a change writes beside the columns.

    Attributes:
        properties: to be set; those that are None are taken away.
        tags: snapshots that are to be kept, by the name of their tag.
        untagged: tags that go.
    """

    properties: Mapping[str, str | None] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    untagged: tuple[str, ...] = ()


def load_as(catalog: Catalog, entry: Entry) -> Table:
    """The table as an entry describes it.

    Raises:
        Overtaken: it is another one by now.
        TableNotFound: it is gone.
    """
    table = load(catalog, entry.name, entry.database)
    if table.metadata_location != entry.metadata_location:
        raise Overtaken
    return table


def change_table(
    catalog: Catalog,
    entry: Entry,
    table: Table,
    schema: Schema,
    before: State,
    after: State,
    extras: Extras,
) -> None:
    """Make a table that of another state.

    Args:
        entry: as it was looked at; it is changed only if it still is so.
        schema: the columns afterwards, with their field ids.

    Raises:
        Overtaken: it is not any more.
        MigrationError: the schema cannot hold the state's columns.
    """
    metadata = table.metadata
    check_carries(schema, after.group().storage_schema)
    schema = _numbered(metadata, schema, before, after)
    properties, removed = _properties(metadata, schema.schema_id, before, after, extras)
    updates = [
        *_schema(metadata, schema),
        *_spec(metadata, schema, after),
        *_order(metadata, schema, after),
        *_refs(extras),
    ]
    _commit(catalog, entry, table, updates, properties, removed)


def set_properties(catalog: Catalog, entry: Entry, table: Table, extras: Extras) -> None:
    """Change nothing but properties and tags.

    Raises:
        Overtaken: as `change_table`.
    """
    properties, removed = _sorted_out(table.metadata, extras.properties)
    _commit(catalog, entry, table, list(_refs(extras)), properties, removed)


def _commit(
    catalog: Catalog,
    entry: Entry,
    table: Table,
    updates: list[TableUpdate],
    properties: Mapping[str, str],
    removed: Iterable[str],
) -> None:
    gone = [name for name in removed if name in table.metadata.properties]
    if properties:
        updates.append(SetPropertiesUpdate(updates=dict(properties)))
    if gone:
        updates.append(RemovePropertiesUpdate(removals=gone))
    glue = _Pinned(catalog.glue, str(entry.version_id), frozenset(removed))
    requirements = (AssertTableUUID(uuid=table.metadata.table_uuid),)
    try:
        catalog.iceberg_over(glue).commit_table(table, requirements, tuple(updates))
    except CommitFailedException as error:
        raise Overtaken from error
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _CONFLICTS:
            raise Overtaken from error
        raise


class _Pinned:
    """A Glue client that updates one version of a table only, archives it, and forgets parameters.

    pyiceberg would name the version that it finds, archives none, and leaves parameters in Glue
    that are no properties of the table any more.
    """

    def __init__(self, glue: Any, version: str, removed: frozenset[str]) -> None:
        self._glue, self._version, self._removed = glue, version, removed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._glue, name)

    def update_table(self, **request: Any) -> Any:
        """UpdateTable with this version's VersionId."""
        given = request["TableInput"]
        kept = {k: v for k, v in given["Parameters"].items() if k not in self._removed}
        wanted = {**given, "Parameters": kept}
        exact = {"TableInput": wanted, "VersionId": self._version, "SkipArchive": False}
        return self._glue.update_table(**{**request, **exact})


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
        yield AddSchemaUpdate(schema=schema)
    if schema.schema_id != metadata.current_schema_id:
        yield SetCurrentSchemaUpdate(schema_id=schema.schema_id)


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
            yield SetDefaultSpecUpdate(spec_id=spec.spec_id)
            return
    new = max(spec.spec_id for spec in metadata.partition_specs) + 1
    yield AddPartitionSpecUpdate(spec=PartitionSpec(*fields, spec_id=new))
    yield SetDefaultSpecUpdate(spec_id=new)


def _partition(field: PartitionField) -> tuple[int, str]:
    return field.source_id, str(field.transform)


def _order(metadata: TableMetadata, schema: Schema, after: State) -> Iterator[TableUpdate]:
    wanted = sort_order(after.definition.sort_by, schema)
    if list(wanted.fields) == list(metadata.sort_order().fields):
        return
    for order in metadata.sort_orders:
        if list(order.fields) == list(wanted.fields):
            yield SetDefaultSortOrderUpdate(sort_order_id=order.order_id)
            return
    # 0 is the id of no order: https://iceberg.apache.org/spec/#sorting
    taken = max(order.order_id for order in metadata.sort_orders)
    new = taken + 1 if wanted.fields else 0
    yield AddSortOrderUpdate(sort_order=SortOrder(*wanted.fields, order_id=new))
    yield SetDefaultSortOrderUpdate(sort_order_id=new)


def _refs(extras: Extras) -> Iterator[TableUpdate]:
    for name, snapshot in extras.tags.items():
        yield SetSnapshotRefUpdate(
            ref_name=name,
            type=SnapshotRefType.TAG,
            snapshot_id=snapshot,
            max_ref_age_ms=None,
            max_snapshot_age_ms=None,
            min_snapshots_to_keep=None,
        )
    for name in extras.untagged:
        yield RemoveSnapshotRefUpdate(ref_name=name)


def _properties(
    metadata: TableMetadata, schema_id: int, before: State, after: State, extras: Extras
) -> tuple[dict[str, str], frozenset[str]]:
    """What to set and what to take away."""
    old, new = properties_of(before.group()), properties_of(after.group())
    wanted: dict[str, str | None] = {**dict.fromkeys(old), **new, **extras.properties}
    live = {snapshot.schema_id for snapshot in metadata.snapshots}
    schemas = _earlier(metadata) | {metadata.current_schema_id: encode_schema(before.schema)}
    for id_, text in schemas.items():
        is_needed = id_ in live and id_ != schema_id
        wanted[f"{EARLIER_PROPERTY}{id_}"] = text if is_needed else None
    return _sorted_out(metadata, wanted)


def _sorted_out(
    metadata: TableMetadata, wanted: Mapping[str, str | None]
) -> tuple[dict[str, str], frozenset[str]]:
    there = metadata.properties
    setting = {k: v for k, v in wanted.items() if v is not None and there.get(k) != v}
    return setting, frozenset(name for name, value in wanted.items() if value is None)
