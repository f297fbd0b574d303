"""What an Iceberg table's own metadata says, which Glue's columns do not or not surely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pyiceberg import types as it
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.transforms import VoidTransform

from fsql.definition import Definition
from fsql.formats.partitions import partition_spec
from fsql.migration.looking.shapes import Column, Shape

__all__ = ["Columns", "metadata_columns", "metadata_differences"]

Columns = tuple[tuple[Column, ...], Mapping[str, str], Mapping[str, str]]
"""Columns, their comments, and the ids of columns that a table no longer has; both by name."""

_WORDS: Mapping[type[it.IcebergType], str] = {
    it.IntegerType: "int",
    it.LongType: "bigint",
    it.TimestampType: "timestamp",
}


def metadata_columns(metadata: TableMetadata) -> Columns:
    """The columns of the current schema."""
    fields = metadata.schema().fields
    return tuple(_columns(fields)), {f.name.lower(): f.doc or "" for f in fields}, _ids(metadata)


def _columns(fields: Iterable[it.NestedField]) -> Iterator[Column]:
    for field in fields:
        yield Column(field.name, _shape(field.field_type), str(field.field_id))


def _shape(type_: it.IcebergType) -> Shape:
    match type_:
        case it.StructType():
            fields = tuple(_columns(type_.fields))
            inner = ",".join(f"{field.name}:{field.shape.text}" for field in fields)
            return Shape("struct", f"struct<{inner}>", fields)
        case it.ListType():
            (element,) = _columns([type_.element_field])
            return Shape("array", f"array<{element.shape.text}>", (element,))
        case it.MapType():
            key, value = _columns([type_.key_field, type_.value_field])
            text = f"map<{key.shape.text},{value.shape.text}>"
            return Shape("map", text, (key, value))
        case it.DecimalType():
            text = f"decimal({type_.precision},{type_.scale})"
            return Shape(text, text)
    text = _WORDS.get(type(type_), str(type_))
    return Shape(text, text)


def _ids(metadata: TableMetadata) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for schema in sorted(metadata.schemas, key=lambda schema: schema.schema_id):
        found |= {field.name.lower(): str(field.field_id) for field in schema.fields}
    return found


def metadata_differences(
    metadata: TableMetadata, definition: Definition, parameters: Mapping[str, str]
) -> Iterator[str]:
    """What is otherwise than fsql says beside the columns, in words.

    Args:
        parameters: those of the Glue table.
    """
    yield from _partitions(metadata, definition)
    for name, value in parameters.items():
        if name.startswith("fsql.") and metadata.properties.get(name, value) != value:
            yield f"parameter {name} of the Glue table was edited"


def _partitions(metadata: TableMetadata, definition: Definition) -> Iterator[str]:
    schema = metadata.schema()
    names = {field.name for field in schema.fields}
    if any(partition.column not in names for partition in definition.partition_by):
        return  # a column that is gone is told of already
    said = _words(partition_spec(definition.partition_by, schema), schema)
    found = _words(metadata.spec(), schema)
    if said != found:
        yield f"it is partitioned by {found} where {said} is expected"


def _words(spec: PartitionSpec, schema: Schema) -> str:
    """A partition spec as text, without the fields that it has no longer."""
    live = [field for field in spec.fields if not isinstance(field.transform, VoidTransform)]
    parts = (
        f"{field.transform}({schema.find_column_name(field.source_id) or field.source_id})"
        for field in live
    )
    return ", ".join(parts) or "nothing"
