"""DDL: databases, tables and views in Glue."""

from __future__ import annotations

from typing import Any

from pyiceberg.exceptions import NoSuchNamespaceError, TableAlreadyExistsError

from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.formats import storage_format
from fsql.local.statements.select import Translations
from fsql.local.statements.unload import check_names
from fsql.local.store import split_uri
from fsql.local.tables import iceberg_write
from fsql.local.tables.hive_errors import (
    hive_error,
    hive_table,
    no_database,
    no_table,
    quietly,
    task_error,
)
from fsql.local.tables.hive_files import table_location
from fsql.local.tables.hive_types import from_hive
from fsql.local.tables.iceberg_types import schema_of
from fsql.local.tables.information_schema import tables_in
from fsql.local.tables.resolver import CATALOG, is_iceberg
from fsql.local.tables.views import View, is_view
from fsql.local.transpile import TrinoError
from fsql.local.wire import AwsError

__all__ = [
    "create_database",
    "create_table",
    "create_view",
    "drop_database",
    "drop_table",
    "drop_view",
    "iceberg_properties",
]

Json = dict[str, Any]

# What Athena's TBLPROPERTIES and WITH call what Iceberg calls otherwise.
_ICEBERG_NAMES = {
    "format": "write.format.default",
    "write_compression": "write.parquet.compression-codec",
    "compression_level": "write.parquet.compression-level",
}


# Databases


def create_database(context: Context, statement: st.CreateDatabase) -> Outcome:
    """CREATE DATABASE."""
    given = {
        "Name": statement.name,
        "Description": statement.comment,
        "LocationUri": statement.location,
        "Parameters": dict(statement.properties) or None,
    }
    request = {"DatabaseInput": {k: v for k, v in given.items() if v is not None}}
    exists = f"AlreadyExistsException(message:Database {statement.name} already exists)"
    quietly(
        lambda: context.glue.call("CreateDatabase", request),
        "AlreadyExistsException",
        None if statement.if_not_exists else task_error(exists),
    )
    return Outcome()


def drop_database(context: Context, statement: st.DropDatabase) -> Outcome:
    """DROP DATABASE; with CASCADE its tables go first, each as DROP TABLE would."""
    missing = hive_error(f"[Error 10072]: Database does not exist: {statement.name}")
    try:
        context.glue.call("GetDatabase", {"Name": statement.name})
    except AwsError as error:
        if error.code != "EntityNotFoundException" or not statement.if_exists:
            raise missing from error
        return Outcome()
    tables = list(tables_in(context.glue, statement.name))
    if tables and not statement.cascade:
        raise task_error(
            f"InvalidOperationException(message:Database {statement.name} is not empty."
            " One or more tables exist.)"
        )
    for table in tables:
        _drop(context, table)
    quietly(
        lambda: context.glue.call("DeleteDatabase", {"Name": statement.name}),
        "EntityNotFoundException",
        missing,
    )
    return Outcome()


# Tables


def create_table(context: Context, statement: st.CreateTable) -> Outcome:
    """CREATE EXTERNAL TABLE over files, or CREATE TABLE of an empty Iceberg table."""
    name = statement.table
    schema = context.schema(name)
    exists = task_error(f"AlreadyExistsException(message:Table {name.table} already exists)")
    try:
        if statement.external:
            table = _external_table(statement)
            context.glue.call("CreateTable", {"DatabaseName": schema, "TableInput": table})
        else:
            _create_iceberg(context, statement, schema)
    except (TableAlreadyExistsError, AwsError) as error:
        if isinstance(error, AwsError) and error.code == "EntityNotFoundException":
            raise no_database(schema) from error
        if isinstance(error, AwsError) and error.code != "AlreadyExistsException":
            raise
        if not statement.if_not_exists:
            raise exists from error
    except NoSuchNamespaceError as error:
        raise no_database(schema) from error
    return Outcome()


def _external_table(statement: st.CreateTable) -> Json:
    columns = [_glue_column(column) for column in statement.columns]
    return {
        "Name": statement.table.table,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            **({"comment": statement.comment} if statement.comment else {}),
            **statement.properties,
        },
        "PartitionKeys": [_glue_column(column) for column in statement.partitions],
        "StorageDescriptor": {
            "Columns": columns,
            "Location": str(statement.location).rstrip("/"),  # as Hive keeps folders
            "BucketColumns": list(statement.bucketed_by),
            "NumberOfBuckets": statement.buckets,
            **storage_format(statement),
        },
    }


def _glue_column(column: st.ColumnDef) -> Json:
    from_hive(column.type)
    comment = {"Comment": column.comment} if column.comment else {}
    return {"Name": column.name, "Type": column.type, **comment}


def _create_iceberg(context: Context, statement: st.CreateTable, schema: str) -> None:
    if statement.properties.get("table_type", "").upper() != "ICEBERG":
        raise hive_error(
            "CREATE TABLE without EXTERNAL makes an Iceberg table: it needs"
            " TBLPROPERTIES ('table_type'='ICEBERG')"
        )
    columns = [(c.name, from_hive(c.type), c.comment) for c in statement.columns]
    iceberg = schema_of(columns)
    new = iceberg_write.New(
        (schema, statement.table.table),
        iceberg,
        iceberg_write.partition_spec(iceberg, statement.transforms),
        str(statement.location),
        iceberg_properties(statement.properties)
        | ({"comment": statement.comment} if statement.comment else {}),
    )
    iceberg_write.create(context, new)


def iceberg_properties(given: Any) -> dict[str, str]:
    """Iceberg's table properties from Athena's."""
    kept = {k: str(v) for k, v in given.items() if k != "table_type"}
    renamed = {_ICEBERG_NAMES.get(k, k): v for k, v in kept.items()}
    return {k: v.lower() if k in _ICEBERG_NAMES.values() else v for k, v in renamed.items()}


def drop_table(context: Context, statement: st.DropTable) -> Outcome:
    """DROP TABLE: an external table's files stay, an Iceberg table's go too."""
    try:
        table = hive_table(context, statement.table)
    except TrinoError:
        if statement.if_exists:
            return Outcome()
        raise
    if is_view(table):
        raise hive_error("Cannot drop a view with DROP TABLE")
    _drop(context, table)
    return Outcome()


def _drop(context: Context, table: Json) -> None:
    request = {"DatabaseName": table["DatabaseName"], "Name": table["Name"]}
    quietly(
        lambda: context.glue.call("DeleteTable", request),
        "EntityNotFoundException",
        no_table(table["Name"]),
    )
    if is_iceberg(table):
        _purge(context, table_location(table))


def _purge(context: Context, location: str) -> None:
    bucket, _ = split_uri(location)
    for folder in ("data/", "metadata/"):
        found = context.objects.list(f"{location.rstrip('/')}/{folder}")
        context.objects.delete(f"s3://{bucket}/{each.key}" for each in found)


# Views


def create_view(context: Context, statement: st.CreateView, translations: Translations) -> Outcome:
    """CREATE [OR REPLACE] VIEW; the query must be valid now."""
    schema, name = context.schema(statement.view), statement.view.table
    ready = translations.get(context, statement.query)
    check_names(ready.columns)
    columns = [(c.name.lower(), t) for c, t in zip(ready.columns, ready.types, strict=True)]
    view = View(statement.query.text.strip(), context.database or schema, columns)
    request = {"DatabaseName": schema, "TableInput": view.table_input(name)}
    try:
        context.glue.call("CreateTable", request)
    except AwsError as error:
        if error.code == "EntityNotFoundException":
            message = f"{statement.view.where}: Schema '{schema}' does not exist"
            raise TrinoError("SCHEMA_NOT_FOUND", message) from error
        if error.code != "AlreadyExistsException":
            raise
        _replace_view(context, statement, request)
    return Outcome()


def _replace_view(context: Context, statement: st.CreateView, request: Json) -> None:
    there = context.tables.get(statement.view, context.database)
    full = f"{CATALOG}.{there['DatabaseName']}.{there['Name']}"
    if not is_view(there):
        raise TrinoError("TABLE_ALREADY_EXISTS", f"line 1:1: Table already exists: '{full}'")
    if not statement.replace:
        raise TrinoError("TABLE_ALREADY_EXISTS", f"line 1:1: View already exists: '{full}'")
    context.glue.call("UpdateTable", request)


def drop_view(context: Context, statement: st.DropView) -> Outcome:
    """DROP VIEW."""
    try:
        there = context.tables.get(statement.view, context.database)
    except TrinoError as error:
        if statement.if_exists and error.name in ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND"):
            return Outcome()
        raise
    if not is_view(there):
        full = f"{CATALOG}.{there['DatabaseName']}.{there['Name']}"
        raise TrinoError(
            "TABLE_NOT_FOUND",
            f"line 1:1: View '{full}' does not exist, but a table with that name exists."
            " Did you mean DROP TABLE?",
        )
    _drop(context, there)
    return Outcome()
