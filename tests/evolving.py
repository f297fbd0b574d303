"""A group's table brought to another declaration in one commit, as a migration does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg import types as it
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSchemaUpdate,
    AssertCurrentSchemaId,
    AssertDefaultSpecId,
    SetCurrentSchemaUpdate,
    SetDefaultSpecUpdate,
    SetPropertiesUpdate,
    TableUpdate,
)

import fsql
from fsql.formats.fields import iceberg_schema
from fsql.formats.partitions import partition_spec

SCHEMA = "fsql.schema"


def loaded(store: fsql.FeatureStore, table: str) -> Table:
    """The group's table, for pyiceberg."""
    return store.catalog.iceberg.load_table((store.catalog.aws.database, table))


def ids(store: fsql.FeatureStore, table: str) -> dict[str, int]:
    """Field ids of a table by dotted path; ``element``, ``key`` and ``value`` are path parts."""
    return dict(_paths(loaded(store, table).schema().fields))


def evolve(
    store: fsql.FeatureStore,
    after: fsql.FeatureGroup,
    renames: Mapping[str, str] | None = None,
    revived: Mapping[str, int] | None = None,
    wider: Mapping[str, it.IcebergType] | None = None,
    keep: bool = True,
) -> None:
    """Make the group's table that of `after`, files untouched.

    Args:
        renames: old dotted path to new one.
        revived: field ids of columns that are put back, by dotted path.
        wider: stored types of columns that are wider than those of the exact schema.
        keep: whether the exact schemas of earlier snapshots are kept.
    """
    table = loaded(store, after.name)
    metadata = table.metadata
    schema = _schema(metadata, after, renames or {}, revived or {}, wider or {})
    schema_id = metadata.current_schema_id
    updates: list[TableUpdate] = []
    if schema != metadata.schema():
        schema_id = 1 + max(known.schema_id for known in metadata.schemas)
        updates.append(AddSchemaUpdate(schema=Schema(*schema.fields, schema_id=schema_id)))
        updates.append(SetCurrentSchemaUpdate.model_validate({"schema-id": schema_id}))
    updates += _partitioned(metadata, after, schema)
    earlier = _earlier(metadata) if keep else ()
    told = {f"{SCHEMA}.{id_}": text for id_, text in earlier}
    updates.append(SetPropertiesUpdate(updates={**after.properties, **told}))
    requirements = (
        AssertCurrentSchemaId.model_validate({"current-schema-id": metadata.current_schema_id}),
        AssertDefaultSpecId.model_validate({"default-spec-id": metadata.default_spec_id}),
    )
    table.catalog.commit_table(table, requirements, tuple(updates))


def _earlier(metadata: TableMetadata) -> Iterator[tuple[int, str]]:
    """The exact schemas of then, of the schema ids that a snapshot has."""
    for snapshot in metadata.snapshots:
        id_, known = snapshot.schema_id, metadata.properties
        text = known.get(f"{SCHEMA}.{id_}", known[SCHEMA])
        if id_ is not None:
            yield id_, text


def _schema(
    metadata: TableMetadata,
    after: fsql.FeatureGroup,
    renames: Mapping[str, str],
    revived: Mapping[str, int],
    wider: Mapping[str, it.IcebergType],
) -> Schema:
    before = {_renamed(path, renames): id_ for path, id_ in _paths(metadata.schema().fields)}
    given = _Ids({**before, **revived}, metadata.last_column_id, wider)
    return Schema(*given.fields(iceberg_schema(after).fields, ""))


def _renamed(path: str, renames: Mapping[str, str]) -> str:
    for old, new in renames.items():
        if path == old or path.startswith(old + "."):
            return new + path[len(old) :]
    return path


@dataclass
class _Ids:
    known: Mapping[str, int]
    last: int
    wider: Mapping[str, it.IcebergType]

    def of(self, path: str) -> int:
        if path in self.known:
            return self.known[path]
        self.last += 1
        return self.last

    def fields(self, fields: tuple[it.NestedField, ...], above: str) -> list[it.NestedField]:
        return [self.field(field, above + field.name) for field in fields]

    def field(self, field: it.NestedField, path: str) -> it.NestedField:
        id_ = self.of(path)
        type_ = self.type(field.field_type, path)
        return it.NestedField(id_, field.name, type_, required=False, doc=field.doc)

    def type(self, type_: it.IcebergType, path: str) -> it.IcebergType:
        match type_:
            case it.StructType():
                return it.StructType(*self.fields(type_.fields, path + "."))
            case it.ListType():
                id_ = self.of(f"{path}.element")
                return it.ListType(id_, self.type(type_.element_type, f"{path}.element"), False)
            case it.MapType():
                key, value = self.of(f"{path}.key"), self.of(f"{path}.value")
                inner = self.type(type_.value_type, f"{path}.value")
                return it.MapType(
                    key, self.type(type_.key_type, f"{path}.key"), value, inner, False
                )
        return self.wider.get(path, type_)


def _paths(fields: tuple[it.NestedField, ...], above: str = "") -> Iterator[tuple[str, int]]:
    for field in fields:
        path = above + field.name
        yield path, field.field_id
        match field.field_type:
            case it.StructType():
                yield from _paths(field.field_type.fields, path + ".")
            case it.ListType():
                yield from _paths((field.field_type.element_field,), path + ".")
            case it.MapType():
                inner = field.field_type
                yield from _paths((inner.key_field, inner.value_field), path + ".")


def _partitioned(
    metadata: TableMetadata, after: fsql.FeatureGroup, schema: Schema
) -> list[TableUpdate]:
    wanted = partition_spec(after.definition.partition_by, schema)
    known = {
        (field.source_id, str(field.transform)): field.field_id
        for spec in metadata.partition_specs
        for field in spec.fields
    }
    last = max(metadata.last_partition_id or 0, 999)
    fields = []
    for field in wanted.fields:
        place = known.get((field.source_id, str(field.transform)))
        if place is None:
            last = place = last + 1
        fields.append(PartitionField(field.source_id, place, field.transform, field.name))
    if tuple(fields) == metadata.spec().fields:
        return []
    for spec in metadata.partition_specs:
        if spec.fields == tuple(fields):
            return [SetDefaultSpecUpdate.model_validate({"spec-id": spec.spec_id})]
    spec_id = 1 + max(spec.spec_id for spec in metadata.partition_specs)
    spec = PartitionSpec(*fields, spec_id=spec_id)
    return [
        AddPartitionSpecUpdate(spec=spec),
        SetDefaultSpecUpdate.model_validate({"spec-id": spec_id}),
    ]


def both(store: fsql.FeatureStore, sql: str) -> pa.Table:
    """What a statement gives: the same by the engine and by a scan, rows in their given order."""
    engine, scan = (
        fsql.read_arrow(sql, store.engine, transport=transport) for transport in ("engine", "scan")
    )
    assert engine.schema.equals(scan.schema, check_metadata=False), (engine.schema, scan.schema)
    assert _sorted(engine) == _sorted(scan), (_sorted(engine), _sorted(scan))
    return engine


def _sorted(table: pa.Table) -> list[str]:
    return sorted(map(repr, table.to_pylist(maps_as_pydicts="strict")))
