"""ALTER TABLE ADD COLUMNS, REPLACE COLUMNS and SET LOCATION."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyiceberg.exceptions import CommitFailedException

from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context, Outcome
from fsql.local.store import split_uri
from fsql.local.tables.hive_errors import hive_error, hive_table, task_error
from fsql.local.tables.hive_types import from_hive
from fsql.local.tables.iceberg_io import EmbeddedCatalog
from fsql.local.tables.iceberg_types import schema_of
from fsql.local.tables.partitions import partition_of, update_partition
from fsql.local.tables.resolver import is_iceberg
from fsql.local.tables.views import is_view
from fsql.local.transpile import TrinoError

__all__ = [
    "add_columns",
    "altered_table",
    "columns_of",
    "committed",
    "set_location",
    "update_table",
]

Json = dict[str, Any]
_KEPT_BY_GLUE = (
    *("Name", "Description", "Owner", "Retention", "TableType"),
    *("StorageDescriptor", "PartitionKeys", "Parameters"),
)


def add_columns(context: Context, statement: st.AddColumns) -> Outcome:
    """Add columns after the others, or put them in the place of all.

    Files are not touched: what they lack is NULL. Partitions keep the columns they were made
    with, as on Athena.
    """
    table = altered_table(context, statement.table)
    names = [column.name for column in statement.columns]
    kept = [] if statement.replace else [c["Name"].lower() for c in columns_of(table)]
    keys = [key["Name"].lower() for key in table.get("PartitionKeys", [])]
    _check_names([*kept, *names, *keys])
    for column in statement.columns:
        from_hive(column.type)
    if is_iceberg(table):
        _add_to_iceberg(context, table, statement)
        return Outcome()
    new = [
        {
            "Name": column.name,
            "Type": column.type,
            **({"Comment": column.comment} if column.comment else {}),
        }
        for column in statement.columns
    ]
    columns = new if statement.replace else [*columns_of(table), *new]
    update_table(context, table, {"Columns": columns})
    return Outcome()


def set_location(context: Context, statement: st.SetLocation) -> Outcome:
    """Say that a table, or one partition of it, lies elsewhere; no file is moved."""
    table = altered_table(context, statement.table)
    if is_iceberg(table):
        raise hive_error("ALTER TABLE SET LOCATION is not supported for Iceberg tables")
    try:
        split_uri(statement.location)
    except ValueError as error:
        raise task_error(
            f"{statement.location} is not absolute or has no scheme ({error})"
        ) from error
    if statement.partition is None:
        update_table(context, table, {"Location": statement.location})
        return Outcome()
    partition = partition_of(context, table, statement.partition)
    storage = {**partition["StorageDescriptor"], "Location": statement.location}
    update_partition(context, table, partition, {**partition, "StorageDescriptor": storage})
    return Outcome()


def altered_table(context: Context, name: st.Name) -> Json:
    """The Glue table that an ALTER TABLE names; TrinoError for a view."""
    table = hive_table(context, name)
    if is_view(table):
        raise hive_error(f"[Error 10132]: {table['Name']} is a view, which ALTER TABLE can't alter")
    return table


def columns_of(table: Json) -> list[Json]:
    """A table's columns but for partition keys; the catalog lists dropped Iceberg ones too."""
    found: list[Json] = table["StorageDescriptor"]["Columns"]
    current = "iceberg.field.current"
    return [c for c in found if c.get("Parameters", {}).get(current) != "false"]


def _check_names(names: list[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise task_error(f"Duplicate column name: {name}")


def _add_to_iceberg(context: Context, table: Json, statement: st.AddColumns) -> None:
    if statement.replace:
        raise hive_error("ALTER TABLE REPLACE COLUMNS is not supported for Iceberg tables")
    new = schema_of([(c.name, from_hive(c.type), c.comment) for c in statement.columns])
    name = table["DatabaseName"], table["Name"]
    found = EmbeddedCatalog(context.objects, context.glue).load_table(name)

    def added() -> None:
        with found.update_schema() as update:
            for field in new.fields:
                update.add_column(field.name, field.field_type, field.doc)

    committed(added)


def committed(change: Callable[[], None]) -> None:
    """Commit a change of an Iceberg table; TrinoError if another one came first."""
    try:
        change()
    except CommitFailedException as error:
        raise TrinoError("ICEBERG_COMMIT_ERROR", str(error), retryable=True) from error


def update_table(context: Context, table: Json, storage: Json) -> None:
    """Change members of a Hive table's StorageDescriptor."""
    kept = {key: table[key] for key in _KEPT_BY_GLUE if key in table}
    changed = {**kept, "StorageDescriptor": {**table["StorageDescriptor"], **storage}}
    request = {"DatabaseName": table["DatabaseName"], "TableInput": changed}
    context.glue.call("UpdateTable", request)
