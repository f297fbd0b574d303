"""How DuckDB reads a data file rightly: by its columns' names, or by their field ids.

By field ids, as the Iceberg spec has it ("Column Projection"), DuckDB plans joins badly, see
`fsql.local.tables.iceberg_shapes`; so files whose columns are those of one of the table's schemas
are read by the names of then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.name_mapping import MappedField
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import NestedField, StructType

from fsql.local.engine import literal
from fsql.local.tables.iceberg_shapes import Footer, Shape, table_shape
from fsql.local.tables.iceberg_types import file_schema, to_trino
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["Reading", "Readings"]

_BY_NAME = "hive_partitioning=false"


@dataclass(frozen=True)
class Reading:
    """How a file is read.

    Attributes:
        found: the argument that says where columns are.
        columns: those that come out.
        values: what they are made of, over `rows_`; empty if the file has just these columns.
    """

    found: str
    columns: tuple[tuple[str, tt.Type], ...]
    values: tuple[str, ...] = ()


class Readings:
    """How each file of a table is read: by name if that is as good as by field id, see `Footer`.

    Files of older schemas, too, where only whole columns were added, dropped, renamed or widened.
    """

    def __init__(
        self, metadata: TableMetadata, schema: Schema, footer_of: Callable[[str], Footer]
    ) -> None:
        self._metadata = metadata
        self._schema = schema
        self._footer_of = footer_of
        self._structs = _structs(self._schema.fields)
        self._usual = self._by_id(self._schema)
        self._named = dict(self._shapes())

    def of(self, file: DataFile) -> Reading:
        """How to read a file.

        Raises:
            TrinoError: NOT_SUPPORTED when a column's values stand in the metadata only.
        """
        counted = (file.value_counts or {}).keys()
        suspect = [ids for ids in self._structs if not ids & counted]
        mapping = self._metadata.name_mapping()
        if mapping is None and self._has_partition_columns(file, counted):
            named = self._named.get(self._footer_of(file.file_path).shape) if self._named else None
            if named is not None:
                return named
            if not suspect:
                return self._usual
        # The footer knows for sure what the statistics only leave open.
        found = self._footer_of(file.file_path).schema
        present = _ids(found)
        if not present and mapping is not None:
            names = _names(mapping.root, found)
            return self._reading(names.keys(), lambda id_: literal(names.get(id_, f"~{id_}")))
        if not self._has_partition_columns(file, present):
            raise TrinoError(
                "NOT_SUPPORTED",
                f"{file.file_path} holds the value of a partition column in its metadata only",
            )
        return self._reading(present, str)

    def _shapes(self) -> Iterator[tuple[Shape, Reading]]:
        """How files of the table's schemas, older ones too, are read by the names of then."""
        for schema in [*self._metadata.schemas, self._schema]:
            shape, values = table_shape(schema.fields), self._values(schema)
            if shape is not None and values is not None:
                plain = schema.schema_id == self._schema.schema_id
                columns = self._usual.columns
                yield shape, Reading(_BY_NAME, columns, () if plain else tuple(values))

    def _values(self, older: Schema) -> list[str] | None:
        """The columns over those of another schema; None if fields in them have changed."""
        known = {field.field_id: field for field in older.fields}
        values = []
        for field in self._schema.fields:
            was, type_ = known.get(field.field_id), tt.duckdb_type(to_trino(field.field_type))
            value = "NULL" if was is None else f"rows_.{tt.quoted(was.name.lower())}"
            if was is None or was.field_type != field.field_type:
                if was is not None and not was.field_type.is_primitive:
                    return None
                value = f"CAST({value} AS {type_})"
            values.append(value)
        return values

    def _reading(self, present: Collection[int], key: Callable[[int], str]) -> Reading:
        return self._by_id(Schema(*_reduced(self._schema.fields, present)), key)

    def _by_id(self, schema: Schema, key: Callable[[int], str] = str) -> Reading:
        columns = tuple((f.name.lower(), to_trino(f.field_type)) for f in schema.fields)
        return Reading(f"schema={file_schema(schema, key)}", columns)

    def _has_partition_columns(self, file: DataFile, present: Collection[int]) -> bool:
        spec = self._metadata.specs()[file.spec_id]
        identities = (f for f in spec.fields if isinstance(f.transform, IdentityTransform))
        return all(field.source_id in present for field in identities)


def _structs(fields: Iterable[NestedField]) -> list[frozenset[int]]:
    """The ids below each struct that is a column or lies in structs only."""
    found = []
    for field in fields:
        if isinstance(field.field_type, StructType):
            found.append(frozenset(Schema(*field.field_type.fields).field_ids))
            found += _structs(field.field_type.fields)
    return found


def _reduced(fields: Iterable[NestedField], present: Collection[int]) -> list[NestedField]:
    """The fields without the structs of which a file has nothing; see `structs`."""
    kept = []
    for field in fields:
        if isinstance(field.field_type, StructType):
            below = _reduced(field.field_type.fields, present)
            if not any(id_ in present for id_ in Schema(*below).field_ids):
                continue
            field = field.model_copy(update={"field_type": StructType(*below)})
        kept.append(field)
    return kept


def _ids(fields: Iterable[pa.Field]) -> set[int]:
    """All field ids in a file's schema."""
    found = set()
    for field in fields:
        id_ = (field.metadata or {}).get(b"PARQUET:field_id")
        if id_ is not None:
            found.add(int(id_))
        found |= _ids(_children(field.type))
    return found


def _children(type_: pa.DataType) -> list[pa.Field]:
    if pa.types.is_map(type_):
        return [type_.key_field, type_.item_field]
    return [type_.field(i) for i in range(type_.num_fields)]


def _names(mapping: Iterable[MappedField], file: Iterable[pa.Field]) -> dict[int, str]:
    """The names that a file's fields have, by the ids that a mapping gives them."""
    there = {field.name: field for field in file}
    names: dict[int, str] = {}
    for field in mapping:
        for name in field.names:
            if name in there and field.field_id is not None:
                names[field.field_id] = name
                names |= _names(field.fields, _children(there[name].type))
    return names
