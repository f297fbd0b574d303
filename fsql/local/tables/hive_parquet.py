"""Parquet files of Hive tables: how each file's columns become the table's.

Columns are found by name. Which Parquet type may stand for which column, and what is done to its
values, is what Trino's reader does (`ColumnReaderFactory` of trino-parquet): narrower integers and
floats are widened, decimals rescaled, times of any unit and INT96 rounded to milliseconds, half
of one upwards. Another type fails when the column is read, in Athena's words.

DuckDB 2.0 dies ("ExpressionExecutor::Execute called with a result vector of type …") when one
field is selected from a struct that `read_parquet(schema=…)` knows and the file lacks, at any
depth of structs in structs. Such a struct is left out of what is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import pyarrow as pa
import pyarrow.parquet as pq

from fsql.local.engine import literal
from fsql.local.objects import Object
from fsql.local.tables.hive_leaves import Mismatch, leaf
from fsql.local.tables.hive_types import to_hive
from fsql.local.transpile import types as tt
from fsql.local.transpile.sqltext import raised

__all__ = ["BadFile", "Layout", "layout_of", "scanned", "unreadable"]

Columns = Mapping[str, tt.Type]
Value = Callable[[str], str]
"""From the expression of what is read to that of the table's value."""


class BadFile(Exception):
    """A file that is no Parquet; its text says why."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The columns of a file. Files that have the same ones share one.

    Attributes:
        fields: as Arrow reads them.
        int96: whether its timestamps are of the old kind, 96 bits wide.
    """

    fields: pa.Schema
    int96: bool


@dataclass(frozen=True)
class Column:
    """How a column is read from files of one layout.

    Attributes:
        entry: of DuckDB's schema argument; None if nothing is read for it.
        value: the expression of the table's value.
    """

    entry: str | None
    value: str


@dataclass(frozen=True)
class _Reading:
    """What DuckDB is to read, and what becomes of it: nothing if `value` is None."""

    type: str | None
    children: tuple[tuple[str, _Reading], ...] = ()
    value: Value | None = None


@lru_cache(100_000)
def layout_of(found: Object) -> Layout:
    """A file's layout; BadFile if it is no Parquet file."""
    try:
        with found.open() as file:
            schema = pq.read_metadata(file).schema
    except (OSError, pa.ArrowException) as error:
        raise BadFile(str(error)) from error
    leaves = (schema.column(i) for i in range(len(schema)))
    int96 = any(leaf.physical_type == "INT96" for leaf in leaves)
    return _shared(schema.to_arrow_schema().remove_metadata().serialize().to_pybytes(), int96)


@lru_cache(4096)
def _shared(schema: bytes, int96: bool) -> Layout:
    return Layout(pa.ipc.read_schema(pa.py_buffer(schema)), int96)


def scanned(
    paths: list[str], columns: Columns, layout: Layout, uri: str
) -> tuple[str, dict[str, str]]:
    """A FROM item over files of one layout, and the expressions of a table's columns in it.

    Args:
        uri: the expression of a file's URI, for errors.
    """
    there = _by_name(layout.fields)
    found = {name: _column(name, type_, there, layout, uri) for name, type_ in columns.items()}
    entries = [f"{literal(n)}: {c.entry}" for n, c in found.items() if c.entry is not None]
    values = {name: column.value for name, column in found.items()}
    if entries:
        scan = f"read_parquet({literal(paths)}, schema=MAP {{{', '.join(entries)}}})"
    else:
        scan = f"read_parquet({literal(paths)})"
    return scan, values


def unreadable(paths: list[str], uri: str) -> str:
    """A FROM item over files that are no Parquet: it fails when it is read."""
    message = f"'Not valid Parquet file: ' || {uri} || ' expected magic number: PAR1'"
    failing = raised("HIVE_BAD_DATA", message, "BOOLEAN")
    return f"(SELECT filename FROM (SELECT unnest({literal(paths)}) AS filename) WHERE {failing})"


def _column(
    name: str, type_: tt.Type, there: Mapping[str, pa.Field], layout: Layout, uri: str
) -> Column:
    try:
        reading = _field(type_, there.get(name), layout.int96)
    except Mismatch as mismatch:
        said = (
            f"Field {name}'s type {mismatch} in parquet file ",
            f" is incompatible with type {to_hive(type_)} defined in table schema",
        )
        message = f"{literal(said[0])} || {uri} || {literal(said[1])}"
        return Column(None, raised("HIVE_BAD_DATA", message, tt.duckdb_type(type_)))
    if reading.type is None:
        return Column(None, f"CAST(NULL AS {tt.duckdb_type(type_)})")
    value = reading.value or _as_read
    return Column(_entry(name, reading), value(tt.quoted(name)))


def _as_read(value: str) -> str:
    return value


def _by_name(fields: Iterable[pa.Field]) -> dict[str, pa.Field]:
    """Fields by their names in lower case; the first one of a name counts."""
    found: dict[str, pa.Field] = {}
    for field in fields:
        found.setdefault(field.name.lower(), field)
    return found


def _field(type_: tt.Type, file: pa.Field | None, int96: bool) -> _Reading:
    if file is not None:
        return _reading(type_, file.type, int96)
    return _Reading(None if type_.base == "row" else tt.duckdb_type(type_))


def _reading(type_: tt.Type, file: pa.DataType, int96: bool, depth: int = 0) -> _Reading:
    """How a value of a type is read; Mismatch if the file's type can't stand for it."""
    file = _stored(file)
    if pa.types.is_null(file):
        return _Reading(None)
    kind = next(
        (kind for kind, is_kind in _KINDS.items() if any(is_(file) for is_ in is_kind)), None
    )
    if (kind or type_.base) != type_.base or (kind is None and type_.items):
        raise Mismatch.of(file)
    if kind is None:
        read, value = leaf(type_, file, int96)
        return _Reading(read, value=value)
    return _NESTED[kind](type_, file, int96, depth)


def _stored(file: pa.DataType) -> pa.DataType:
    """A type as Parquet stores it: Arrow remembers more of what it wrote itself."""
    if isinstance(file, pa.BaseExtensionType):
        return _stored(file.storage_type)
    return _stored(file.value_type) if pa.types.is_dictionary(file) else file


_KINDS: dict[str, tuple[Callable[[pa.DataType], bool], ...]] = {
    "row": (pa.types.is_struct,),
    "map": (pa.types.is_map,),
    "array": (
        pa.types.is_list,
        pa.types.is_large_list,
        pa.types.is_fixed_size_list,
        pa.types.is_list_view,
        pa.types.is_large_list_view,
    ),
}


def _row(type_: tt.Type, file: pa.DataType, int96: bool, depth: int) -> _Reading:
    there = _by_name(file)
    fields = dict(zip(type_.field_names(), type_.items, strict=True))
    if not any(name in there for name in fields):
        return _Reading(None)
    children = {
        name: _reading(item, there[name].type, int96, depth)
        if name in there
        else _field(item, None, int96)
        for name, item in fields.items()
    }
    kept = tuple((name, child) for name, child in children.items() if child.type is not None)
    if not kept:
        return _Reading(None)
    read = f"STRUCT({', '.join(f'{tt.quoted(name)} {child.type}' for name, child in kept)})"
    plain = len(kept) == len(children) and not any(child.value for _, child in kept)
    return _Reading(read, kept, None if plain else partial(_packed, fields, children))


def _packed(fields: Columns, children: Mapping[str, _Reading], value: str) -> str:
    packed = []
    for name, child in children.items():
        inner = f"({value}).{tt.quoted(name)}"
        if child.type is None:
            inner = f"CAST(NULL AS {tt.duckdb_type(fields[name])})"
        elif child.value is not None:
            inner = child.value(inner)
        packed.append(f"{tt.quoted(name)} := {inner}")
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(packed)}) END"


def _array(type_: tt.Type, file: pa.DataType, int96: bool, depth: int) -> _Reading:
    item = _item(type_.items[0], file.value_type, int96, depth)
    if item.value is None:
        return _Reading(f"{item.type}[]")
    each, name = item.value, f"fsql_item_{depth}"
    return _Reading(
        f"{item.type}[]",
        value=lambda value: f"list_transform({value}, lambda {name}: {each(name)})",
    )


def _map(type_: tt.Type, file: pa.DataType, int96: bool, depth: int) -> _Reading:
    key = _item(type_.items[0], file.key_type, int96, depth)
    item = _item(type_.items[1], file.item_type, int96, depth)
    read = f"MAP({key.type}, {item.type})"
    if key.value is None and item.value is None:
        return _Reading(read)
    name = f"fsql_entry_{depth}"
    pair = f"key := {(key.value or _as_read)(f'{name}.key')}"
    pair += f", value := {(item.value or _as_read)(f'{name}.value')}"
    each = f"lambda {name}: struct_pack({pair})"
    return _Reading(
        read,
        value=lambda value: (
            f"CASE WHEN {value} IS NOT NULL"
            f" THEN map_from_entries(list_transform(map_entries({value}), {each})) END"
        ),
    )


_NESTED = {"row": _row, "array": _array, "map": _map}


def _item(type_: tt.Type, file: pa.DataType, int96: bool, depth: int) -> _Reading:
    """What stands in an array or a map: all of it is read, NULL for what the file lacks."""
    found = _reading(type_, file, int96, depth + 1)
    return found if found.type is not None else _Reading(tt.duckdb_type(type_))


def _entry(name: str, reading: _Reading) -> str:
    """An entry of the schema argument of read_parquet.

    Only fields of structs are told: what is in arrays and maps DuckDB finds by itself; told
    their children by name, it looks for other names than files have and reads NULL.
    """
    nested = ", ".join(f"{literal(n)}: {_entry(n, child)}" for n, child in reading.children)
    return (
        f"{{name: {literal(name)}, type: {literal(reading.type or '')}, default_value: NULL,"
        f" children: {f'MAP {{{nested}}}' if nested else 'NULL'}}}"
    )
