"""Iceberg's types: from and to Trino's, and the schema by which DuckDB reads a data file.

The mapping is Trino's Iceberg connector's (Trino documentation, "Iceberg connector", "Type
mapping"); DuckDB's `read_parquet` takes a MAP from field id to name and type, nested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from pyiceberg import types as it
from pyiceberg.schema import Schema

from fsql.local.engine import literal
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["file_schema", "from_trino", "schema_of", "to_trino"]

_TO_TRINO: dict[type[it.IcebergType], tt.Type] = {
    it.BooleanType: tt.BOOLEAN,
    it.IntegerType: tt.INTEGER,
    it.LongType: tt.BIGINT,
    it.FloatType: tt.REAL,
    it.DoubleType: tt.DOUBLE,
    it.DateType: tt.DATE,
    it.TimeType: tt.time(6),
    it.TimestampType: tt.timestamp(6),
    it.TimestamptzType: tt.timestamp_tz(6),
    it.StringType: tt.VARCHAR,
    it.UUIDType: tt.UUID,
    it.FixedType: tt.VARBINARY,
    it.BinaryType: tt.VARBINARY,
}


def to_trino(type_: it.IcebergType) -> tt.Type:
    """The Trino type of an Iceberg type, in lower case as Athena shows names.

    Raises:
        TrinoError: NOT_SUPPORTED for a type that Athena can't read.
    """
    match type_:
        case it.StructType():
            return tt.row([(f.name.lower(), to_trino(f.field_type)) for f in type_.fields])
        case it.ListType():
            return tt.array(to_trino(type_.element_type))
        case it.MapType():
            return tt.map_of(to_trino(type_.key_type), to_trino(type_.value_type))
        case it.DecimalType():
            return tt.decimal(type_.precision, type_.scale)
    known = _TO_TRINO.get(type(type_))
    if known is None:
        raise TrinoError("NOT_SUPPORTED", f"Cannot convert from Iceberg type '{type_}' to Trino")
    return known


def schema_of(columns: Iterable[tuple[str, tt.Type, str | None]]) -> Schema:
    """An Iceberg schema of optional columns: names, types and comments; ids are provisional."""
    ids = count(1)
    fields = [
        it.NestedField(next(ids), name, from_trino(type_, lambda: next(ids)), False, doc)
        for name, type_, doc in columns
    ]
    return Schema(*fields)


_FROM_TRINO: dict[str, it.IcebergType] = {
    "boolean": it.BooleanType(),
    "integer": it.IntegerType(),
    "bigint": it.LongType(),
    "real": it.FloatType(),
    "double": it.DoubleType(),
    "date": it.DateType(),
    "timestamp": it.TimestampType(),
    tt.TIMESTAMP_TZ: it.TimestamptzType(),
    "varchar": it.StringType(),
    "uuid": it.UUIDType(),
    "varbinary": it.BinaryType(),
}


def from_trino(type_: tt.Type, next_id: Callable[[], int]) -> it.IcebergType:
    """The Iceberg type that stores a Trino type; TrinoError NOT_SUPPORTED if none does."""
    match type_.base:
        case "row":
            fields = zip(type_.field_names(), type_.items, strict=True)
            return it.StructType(
                *(
                    it.NestedField(next_id(), name, from_trino(item, next_id), False)
                    for name, item in fields
                )
            )
        case "array":
            element = next_id()
            return it.ListType(element, from_trino(type_.items[0], next_id), False)
        case "map":
            key, value = next_id(), next_id()
            key_type, value_type = (from_trino(item, next_id) for item in type_.items)
            return it.MapType(key, key_type, value, value_type, False)
        case "decimal":
            return it.DecimalType(type_.precision, type_.scale)
    known = _FROM_TRINO.get(type_.base)
    if known is None:
        raise TrinoError("NOT_SUPPORTED", f"Type not supported for Iceberg: {type_}")
    return known


def file_schema(schema: Schema, key: Callable[[int], str] = str) -> str:
    """The ``schema`` argument of DuckDB's read_parquet.

    Args:
        schema: the columns to read; those that a file lacks are NULL.
        key: what finds a field in the file, from its id: the id itself, or (quoted) its name.
    """
    return _fields(schema.fields, key)


def _fields(fields: Iterable[it.NestedField], key: Callable[[int], str]) -> str:
    entries = (f"{key(field.field_id)}: {_entry(field, key)}" for field in fields)
    return f"MAP {{{', '.join(entries)}}}"


def _entry(field: it.NestedField, key: Callable[[int], str]) -> str:
    type_ = tt.duckdb_type(to_trino(field.field_type))
    children = _children(field.field_type)
    nested = _fields(children, key) if children else "NULL"
    return (
        f"{{name: {literal(field.name.lower())}, type: {literal(type_)},"
        f" default_value: NULL, children: {nested}}}"
    )


def _children(type_: it.IcebergType) -> tuple[it.NestedField, ...]:
    match type_:
        case it.StructType():
            return type_.fields
        case it.ListType():
            return (type_.element_field,)
        case it.MapType():
            return (type_.key_field, type_.value_field)
    return ()
