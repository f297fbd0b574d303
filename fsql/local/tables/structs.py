"""Files that lack a whole struct column: read without it, NULL put in its place.

DuckDB 2.0 dies ("ExpressionExecutor::Execute called with a result vector of type …") when one
field is selected from a struct that `read_parquet(schema=…)` knows and the file lacks, at any
depth of structs in structs. Such a file is read by a schema without the struct.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from fsql.local.transpile import types as tt

__all__ = ["has_structs", "restored", "within"]

Columns = Mapping[str, tt.Type]


def has_structs(columns: Columns) -> bool:
    """Whether any column is a row."""
    return any(type_.base == "row" for type_ in columns.values())


def within(columns: Columns, file: Iterable[pa.Field]) -> dict[str, tt.Type]:
    """The columns, by name, without the structs that a file's schema lacks."""
    there = {field.name.lower(): field.type for field in file}
    reduced = {name: _reduced(type_, there.get(name)) for name, type_ in columns.items()}
    return {name: type_ for name, type_ in reduced.items() if type_ is not None}


def _reduced(type_: tt.Type, file: pa.DataType | None) -> tt.Type | None:
    if type_.base != "row":
        return type_
    if file is None:
        return None
    if not pa.types.is_struct(file):
        return type_
    fields = dict(zip(type_.field_names(), type_.items, strict=True))
    names = {field.name.lower() for field in file}
    kept = within(fields, file)
    return tt.row(list(kept.items())) if names & set(kept) else None


def restored(columns: Columns, reduced: Columns, scan: str) -> str:
    """The scan of the reduced columns with all columns, NULL where one was left out."""
    if dict(columns) == dict(reduced):
        return scan
    listed = ", ".join(
        f"{_restored(type_, reduced.get(name), tt.quoted(name))} AS {tt.quoted(name)}"
        for name, type_ in columns.items()
    )
    return f"(SELECT {listed} FROM {scan})"


def _restored(type_: tt.Type, reduced: tt.Type | None, value: str) -> str:
    if reduced is None:
        return f"CAST(NULL AS {tt.duckdb_type(type_)})"
    if type_ == reduced:
        return value
    there = dict(zip(reduced.field_names(), reduced.items, strict=True))
    fields = ", ".join(
        f"{tt.quoted(name)} := {_restored(item, there.get(name), f'({value}).{tt.quoted(name)}')}"
        for name, item in zip(type_.field_names(), type_.items, strict=True)
    )
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({fields}) END"
