"""information_schema: Glue's databases, tables and columns as tables to query."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from fsql.local.engine import literal
from fsql.local.tables.hive import types_of
from fsql.local.tables.iceberg import Source, empty_source
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.tables.views import View, is_view
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["INFORMATION_SCHEMA", "databases_in", "information_schema", "tables_in"]

INFORMATION_SCHEMA = "information_schema"
CATALOG = "awsdatacatalog"

Json = dict[str, Any]
Rows = Iterator[tuple[str | int | None, ...]]


def information_schema(glue: GlueCalls, name: str) -> Source | None:
    """One of its tables as DuckDB reads it; None if it has none of that name."""
    known = _TABLES.get(name)
    if known is None:
        return None
    columns, rows_of = known
    rows = [", ".join(_value(value) for value in row) for row in rows_of(glue)]
    names = ", ".join(map(tt.quoted, columns))
    types = dict(columns)
    if not rows:
        return Source(empty_source(types), types, "")
    casts = ", ".join(
        f"CAST({tt.quoted(n)} AS {tt.duckdb_type(t)}) AS {tt.quoted(n)}" for n, t in types.items()
    )
    values = ", ".join(f"({row})" for row in rows)
    sql = f"(SELECT {casts} FROM (VALUES {values}) AS listed({names}))"
    return Source(sql, types, hashlib.sha256(sql.encode()).hexdigest())


def databases_in(glue: GlueCalls) -> Iterator[Json]:
    """Glue's databases, by name."""
    yield from _pages(glue, "GetDatabases", {}, "DatabaseList")


def tables_in(glue: GlueCalls, database: str, expression: str | None = None) -> Iterator[Json]:
    """Glue's tables and views of a database, by name; those that match a regular expression."""
    request = {"DatabaseName": database, **({"Expression": expression} if expression else {})}
    yield from _pages(glue, "GetTables", request, "TableList")


def _pages(glue: GlueCalls, operation: str, request: Json, member: str) -> Iterator[Json]:
    token: str | None = None
    while True:
        page = glue.call(operation, {**request, **({"NextToken": token} if token else {})})
        yield from page[member]
        token = page.get("NextToken")
        if not token:
            return


def _schemata(glue: GlueCalls) -> Rows:
    yield CATALOG, INFORMATION_SCHEMA
    for database in databases_in(glue):
        yield CATALOG, database["Name"]


def _every_table(glue: GlueCalls) -> Iterator[Json]:
    for database in databases_in(glue):
        yield from tables_in(glue, database["Name"])


def _tables(glue: GlueCalls) -> Rows:
    for name in _TABLES:
        yield CATALOG, INFORMATION_SCHEMA, name, "BASE TABLE"
    for table in _every_table(glue):
        kind = "VIEW" if is_view(table) else "BASE TABLE"
        yield CATALOG, table["DatabaseName"], table["Name"], kind


def _views(glue: GlueCalls) -> Rows:
    for table in _every_table(glue):
        if is_view(table):
            yield CATALOG, table["DatabaseName"], table["Name"], View.of(table).sql


def _is_current(column: Json) -> bool:
    """Whether an Iceberg table's column was not dropped: the catalog goes on to list it."""
    return bool(column.get("Parameters", {}).get("iceberg.field.current") != "false")


def _columns(glue: GlueCalls) -> Rows:
    for table in _every_table(glue):
        keys = table.get("PartitionKeys", [])
        described = [*filter(_is_current, table.get("StorageDescriptor", {}).get("Columns", []))]
        described += keys
        try:
            types = types_of(described)
        except TrinoError:
            continue  # a table of a kind that Athena can't read is not listed there either
        for position, column in enumerate(described, 1):
            yield (
                *(CATALOG, table["DatabaseName"], table["Name"], column["Name"].lower()),
                *(position, None, "YES", str(types[column["Name"].lower()])),
                *(column.get("Comment"), "partition key" if column in keys else None),
            )


_Table = tuple[dict[str, tt.Type], Callable[[GlueCalls], Rows]]


def _texts(*names: str) -> dict[str, tt.Type]:
    return dict.fromkeys(names, tt.VARCHAR)


_TABLES: dict[str, _Table] = {
    "columns": (
        _texts("table_catalog", "table_schema", "table_name", "column_name")
        | {"ordinal_position": tt.BIGINT}
        | _texts("column_default", "is_nullable", "data_type", "comment", "extra_info"),
        _columns,
    ),
    "schemata": (_texts("catalog_name", "schema_name"), _schemata),
    "tables": (_texts("table_catalog", "table_schema", "table_name", "table_type"), _tables),
    "views": (_texts("table_catalog", "table_schema", "table_name", "view_definition"), _views),
}


def _value(value: str | int | None) -> str:
    return "NULL" if value is None else literal(value)
