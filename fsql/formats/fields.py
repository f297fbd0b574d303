"""Columns in Iceberg's words, and Arrow types that carry Iceberg's field ids."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
)

from fsql.columns import holds
from fsql.errors import UnsupportedType
from fsql.model import FeatureGroup
from fsql.types import TypeVisitor, storage_type

__all__ = ["iceberg_columns", "iceberg_schema", "stored_schema", "widened", "with_ids"]

FIELD_ID = b"PARQUET:field_id"


def iceberg_schema(group: FeatureGroup) -> Schema:
    """The group's stored columns as an Iceberg schema, comments as docs, nothing required.

    Athena cannot say NOT NULL of an Iceberg column; fsql checks keys and times itself.
    """
    return iceberg_columns(group.storage_schema, {c.name: c.comment for c in group.columns})


def iceberg_columns(storage: pa.Schema, docs: Mapping[str, str | None]) -> Schema:
    """Columns in their storage types as an Iceberg schema, nothing required."""
    visitor = _Iceberg()
    return Schema(*(visitor.field(field, docs.get(field.name)) for field in storage))


class _Iceberg(TypeVisitor[IcebergType]):
    """Storage types as Iceberg's; ids are handed out in the order of the visit."""

    def __init__(self) -> None:
        self._ids = count(1)

    def field(self, field: pa.Field, doc: str | None = None) -> NestedField:
        """A field that may be NULL."""
        return NestedField(
            field_id=next(self._ids),
            name=field.name,
            field_type=self.visit(field.type),
            required=False,
            doc=doc,
        )

    def boolean(self, type_: pa.DataType) -> IcebergType:
        return BooleanType()

    def integer(self, type_: pa.DataType) -> IcebergType:
        return LongType() if type_.bit_width == 64 else IntegerType()

    def floating(self, type_: pa.DataType) -> IcebergType:
        return DoubleType() if type_.bit_width == 64 else FloatType()

    def decimal(self, type_: pa.DataType) -> IcebergType:
        return DecimalType(type_.precision, type_.scale)

    def text(self, type_: pa.DataType) -> IcebergType:
        return StringType()

    def binary(self, type_: pa.DataType) -> IcebergType:
        return BinaryType()

    def date(self, type_: pa.DataType) -> IcebergType:
        return DateType()

    def timestamp(self, type_: pa.DataType) -> IcebergType:
        return TimestampType()

    def list(self, type_: pa.DataType) -> IcebergType:
        return ListType(next(self._ids), self.visit(type_.value_type), element_required=False)

    def struct(self, type_: pa.DataType) -> IcebergType:
        return StructType(*(self.field(field) for field in type_))

    def map(self, type_: pa.DataType) -> IcebergType:
        key, value = next(self._ids), next(self._ids)
        return MapType(key, self.visit(type_.key_type), value, self.visit(type_.item_type), False)


def stored_schema(iceberg: Schema) -> pa.Schema:
    """The table's columns in the types that their data files have."""
    fields = schema_to_pyarrow(iceberg, include_field_ids=False)
    return pa.schema([(field.name, storage_type(field.type)) for field in fields])


def widened(schema: pa.Schema, iceberg: Schema) -> pa.Schema:
    """Columns in the table's types, where those have room for more than the columns' own."""
    stored = stored_schema(iceberg)
    return pa.schema([_widened(field, stored) for field in schema])


def _widened(field: pa.Field, stored: pa.Schema) -> pa.Field:
    place = stored.get_field_index(field.name)
    wider = place >= 0 and holds(stored.types[place], needed=field.type)
    return field.with_type(stored.types[place]) if wider else field


def with_ids(schema: pa.Schema, iceberg: Schema) -> pa.Schema:
    """Storage fields with the ids of the table's columns of the same names.

    Parquet files carry the ids, so that columns are found again under a new name
    (https://iceberg.apache.org/spec/#parquet).

    Raises:
        UnsupportedType: the table lacks a column, or has it with another shape.
    """
    known = {field.name: field for field in iceberg.fields}
    missing = [field.name for field in schema if field.name not in known]
    if missing:
        raise UnsupportedType(f"The table has no column {', '.join(map(repr, missing))}.")
    return pa.schema([_field(field, known[field.name]) for field in schema])


def _field(field: pa.Field, iceberg: NestedField) -> pa.Field:
    return _identified(field.name, field.type, iceberg.field_type, iceberg.field_id)


def _identified(name: str, type_: pa.DataType, iceberg: IcebergType, id_: int) -> pa.Field:
    return pa.field(name, _type(type_, iceberg), metadata={FIELD_ID: str(id_).encode()})


def _type(type_: pa.DataType, iceberg: IcebergType) -> pa.DataType:
    if isinstance(iceberg, StructType):
        known = {field.name: field for field in iceberg.fields}
        return pa.struct([_field(field, known[field.name]) for field in type_])
    if isinstance(iceberg, ListType):
        item = _identified("element", type_.value_type, iceberg.element_type, iceberg.element_id)
        return pa.list_(item)
    if isinstance(iceberg, MapType):
        key = _identified("key", type_.key_type, iceberg.key_type, iceberg.key_id)
        value = _identified("value", type_.item_type, iceberg.value_type, iceberg.value_id)
        return pa.map_(key.with_nullable(False), value)
    return type_
