"""Files that lack a whole struct column: read without it, NULL put in its place.

DuckDB 2.0 dies ("ExpressionExecutor::Execute called with a result vector of type …") when one
field is selected from a struct that `read_parquet(schema=…)` knows and the file lacks, at any
depth of structs in structs. Such a file is read by a schema without the struct.
"""

from __future__ import annotations

from collections.abc import Mapping

from fsql.local.transpile import types as tt

__all__ = ["restored"]

Columns = Mapping[str, tt.Type]


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
