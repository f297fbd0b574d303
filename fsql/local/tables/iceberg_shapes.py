"""Data files that have just the columns of their table: what DuckDB reads by name, and plans well.

``read_parquet(schema=…)`` finds columns by field id, as Iceberg wants it, but DuckDB 2.0 takes
such a scan for one of a single row: joins are then ordered badly and the build side of a hash
join is the larger one. Files whose names, ids and types are the table's own need no mapping.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from pyiceberg import types as it

__all__ = ["Footer", "Shape", "table_shape"]

Shape = tuple[object, ...]
"""Names, field ids and types of columns, in order; equal for what DuckDB reads alike."""

# Types that DuckDB takes from a file just as the table's schema would tell it to.
_ARROW: dict[type[it.IcebergType], pa.DataType] = {
    it.BooleanType: pa.bool_(),
    it.IntegerType: pa.int32(),
    it.LongType: pa.int64(),
    it.FloatType: pa.float32(),
    it.DoubleType: pa.float64(),
    it.DateType: pa.date32(),
    it.TimestampType: pa.timestamp("us"),
    it.TimestamptzType: pa.timestamp("us", "UTC"),
    it.StringType: pa.string(),
    it.BinaryType: pa.binary(),
}
_LARGE = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}


@dataclass(frozen=True)
class Footer:
    """What a data file says of itself."""

    schema: pa.Schema

    @cached_property
    def shape(self) -> Shape:
        """The shape of its columns."""
        return _shape(self.schema)


def table_shape(fields: Iterable[it.NestedField]) -> Shape | None:
    """The shape of files that may be read by name; None if no file may."""
    found = []
    for field in fields:
        type_ = _of_iceberg(field.field_type)
        if type_ is None:
            return None
        found.append((field.name.lower(), field.field_id, type_))
    return tuple(found)


def _shape(fields: Iterable[pa.Field]) -> Shape:
    return tuple((field.name, _id(field), _of_arrow(field.type)) for field in fields)


def _of_iceberg(type_: it.IcebergType) -> object:
    match type_:
        case it.StructType():
            return table_shape(type_.fields)
        case it.ListType():
            return _children("list", [type_.element_field])
        case it.MapType():
            return _children("map", [type_.key_field, type_.value_field])
        case it.DecimalType():
            return pa.decimal128(type_.precision, type_.scale)
    return _ARROW.get(type(type_))


def _children(kind: str, fields: Iterable[it.NestedField]) -> object:
    """A list's or a map's, whose fields have other names in files of other writers."""
    found = [(field.field_id, _of_iceberg(field.field_type)) for field in fields]
    return None if any(type_ is None for _, type_ in found) else (kind, *found)


def _of_arrow(type_: pa.DataType) -> object:
    if pa.types.is_struct(type_):
        return _shape(type_)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return "list", _child(type_.value_field)
    if pa.types.is_map(type_):
        return "map", _child(type_.key_field), _child(type_.item_field)
    return _LARGE.get(type_, type_)


def _child(field: pa.Field) -> object:
    return _id(field), _of_arrow(field.type)


def _id(field: pa.Field) -> int | None:
    id_ = (field.metadata or {}).get(b"PARQUET:field_id")
    return None if id_ is None else int(id_)
