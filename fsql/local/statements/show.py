"""SHOW and DESCRIBE: what Glue knows, in the rows that Athena returns.

Hive's rows are padded to 20 characters; Iceberg's and views' are not. DESCRIBE has three columns
and one value a row, the three joined by tabs: so does the real one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fsql.local.columns import ResultColumn
from fsql.local.patterns import NamePattern
from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.formats import escaped, shown_format
from fsql.local.statements.unload import partition_folder
from fsql.local.tables.hive_errors import hive_error, hive_table
from fsql.local.tables.hive_files import NULL_PARTITION, partitions_of, table_location
from fsql.local.tables.hive_types import to_hive
from fsql.local.tables.iceberg_types import to_trino
from fsql.local.tables.information_schema import databases_in, tables_in
from fsql.local.tables.resolver import is_iceberg, metadata_location
from fsql.local.tables.views import View, is_view
from fsql.local.transpile import TrinoError
from fsql.local.wire import AwsError

__all__ = [
    "describe",
    "show_columns",
    "show_create_table",
    "show_create_view",
    "show_databases",
    "show_partitions",
    "show_properties",
    "show_tables",
    "show_views",
]

Json = dict[str, Any]
_WIDTH = 20


def show_databases(context: Context, statement: st.ShowDatabases) -> Outcome:
    """SHOW DATABASES."""
    names = (database["Name"] for database in databases_in(context.glue))
    return _listing(["database_name"], _filtered(names, statement.pattern))


def show_tables(context: Context, statement: st.ShowTables) -> Outcome:
    """SHOW TABLES: tables and views."""
    names = (table["Name"] for table in _tables(context, statement.database))
    return _listing(["tab_name"], _filtered(names, statement.pattern))


def show_views(context: Context, statement: st.ShowViews) -> Outcome:
    """SHOW VIEWS."""
    tables = _tables(context, statement.database)
    names = (table["Name"] for table in tables if is_view(table))
    return _listing(["views"], _filtered(names, statement.pattern))


def _tables(context: Context, database: str | None) -> Iterable[Json]:
    name = database or context.database
    if name is None:
        raise hive_error("[Error 10072]: Database does not exist: no database is given")
    try:
        return list(tables_in(context.glue, name.lower()))
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise
        raise hive_error(f"[Error 10072]: Database does not exist: {name}") from error


def _filtered(names: Iterable[str], pattern: str | None) -> list[str]:
    """Names that match Hive's pattern: a regular expression in which ``*`` alone is ``.*``."""
    if pattern is None:
        return sorted(names)
    try:
        regex = NamePattern(re.sub(r"(?<![.\])])\*", ".*", pattern), any_case=True)
    except ValueError as error:
        raise hive_error(f"{pattern!r} is no regular expression: {error}") from error
    return sorted(name for name in names if regex.fullmatch(name))


def show_columns(context: Context, statement: st.ShowColumns) -> Outcome:
    """SHOW COLUMNS IN a table."""
    table = hive_table(context, statement.table)
    if is_view(table):
        return _view_columns(table)
    names = [name for name, _, _ in _columns(context, table)]
    padded = names if is_iceberg(table) else [name.ljust(_WIDTH) for name in names]
    return _listing(["field"], padded)


def describe(context: Context, statement: st.Describe) -> Outcome:
    """DESCRIBE [FORMATTED] a table or view."""
    table = hive_table(context, statement.table)
    if is_view(table):
        return _view_columns(table)
    names = ["col_name", "data_type", "comment"]
    if is_iceberg(table):
        return _listing(names, _describe_iceberg(context, table))
    lines = _describe_hive(context, table)
    if statement.detailed:
        lines += ["", *_details(table)]
    return _listing(names, lines, update_count=None)


def _view_columns(table: Json) -> Outcome:
    columns = [ResultColumn(name, "varchar") for name in ("column", "type")]
    rows = [(f"{name}\t{type_}",) for name, type_ in View.of(table).columns]
    return Outcome(columns, list(rows), update_count=0, subtype="DESC_VIEW")


def _describe_hive(context: Context, table: Json) -> list[str]:
    lines = [_padded(*column) for column in _columns(context, table)]
    keys = table.get("PartitionKeys", [])
    if keys:
        lines += ["\t \t ", "# Partition Information\t \t "]
        lines += [_padded("# col_name", "data_type", "comment"), "\t \t "]
        lines += [_padded(key["Name"], key["Type"], key.get("Comment", "")) for key in keys]
    return lines


def _describe_iceberg(context: Context, table: Json) -> list[str]:
    metadata = context.tables.iceberg.metadata(metadata_location(table))
    schema = metadata.schema()
    lines = ["# Table schema:\t\t", "# col_name\tdata_type\tcomment"]
    lines += ["\t".join(column) for column in _columns(context, table)]
    lines += ["\t\t", "# Partition spec:\t\t", "# field_name\tfield_transform\tcolumn_name"]
    lines += [
        f"{field.name}\t{field.transform}\t{schema.find_column_name(field.source_id)}"
        for field in metadata.spec().fields
    ]
    return lines


def _columns(context: Context, table: Json) -> list[tuple[str, str, str]]:
    """Names, Hive types and comments; an Iceberg table's are those of its metadata."""
    if is_iceberg(table):
        metadata = context.tables.iceberg.metadata(metadata_location(table))
        return [
            (field.name.lower(), _hive_name(field.field_type), field.doc or "")
            for field in metadata.schema().fields
        ]
    described = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
    return [(c["Name"], c["Type"], c.get("Comment", "")) for c in described]


def _hive_name(type_: Any) -> str:
    try:
        return to_hive(to_trino(type_))
    except TrinoError:
        return str(type_)


def _padded(*fields: str) -> str:
    return "\t".join(field.ljust(_WIDTH) for field in fields)


def _details(table: Json) -> list[str]:
    storage = table["StorageDescriptor"]
    facts = {
        "Database:": table["DatabaseName"],
        "Location:": storage.get("Location", ""),
        "Table Type:": table.get("TableType", ""),
        "SerDe Library:": storage.get("SerdeInfo", {}).get("SerializationLibrary", ""),
        "InputFormat:": storage.get("InputFormat", ""),
        "OutputFormat:": storage.get("OutputFormat", ""),
    }
    lines = [_padded("# Detailed Table Information", " ", " ")]
    lines += [_padded(name, value, " ") for name, value in facts.items()]
    parameters = table.get("Parameters", {}).items()
    return [*lines, _padded("Table Parameters:", " ", " "), *(_padded("", *p) for p in parameters)]


def show_partitions(context: Context, statement: st.ShowPartitions) -> Outcome:
    """SHOW PARTITIONS of a Hive table."""
    table = hive_table(context, statement.table)
    keys = [key["Name"] for key in table.get("PartitionKeys", [])]
    if not keys:
        raise hive_error(f"[Error 10241]: Table {table['Name']} is not a partitioned table")
    names = []
    for partition in partitions_of(context.glue, table):
        values = [None if v == NULL_PARTITION else v for v in partition["Values"]]
        names.append(partition_folder(keys, values).rstrip("/"))
    return _listing(["partition"], sorted(names))


def show_properties(context: Context, statement: st.ShowProperties) -> Outcome:
    """SHOW TBLPROPERTIES, of all keys or of one."""
    table = hive_table(context, statement.table)
    parameters: dict[str, str] = table.get("Parameters", {})
    columns = ["prpt_name", "prpt_value"]
    if statement.key is None:
        return _listing(columns, [f"{k}\t{v}" for k, v in sorted(parameters.items())])
    missing = f"Table {table['Name']} does not have property: {statement.key}"
    return _listing(columns, [parameters.get(statement.key, missing)])


def show_create_table(context: Context, statement: st.ShowCreateTable) -> Outcome:
    """SHOW CREATE TABLE: the statement that would make the table again, a line a row."""
    table = hive_table(context, statement.table)
    if is_view(table):
        raise hive_error(f"{table['Name']} is a view; use SHOW CREATE VIEW")
    iceberg = is_iceberg(table)
    lines = _create_iceberg(context, table) if iceberg else _create_hive(context, table)
    return _listing(["createtab_stmt"], lines, update_count=0 if iceberg else None)


def show_create_view(context: Context, statement: st.ShowCreateView) -> Outcome:
    """SHOW CREATE VIEW."""
    table = context.tables.get(statement.view, context.database)
    if not is_view(table):
        raise TrinoError(
            "NOT_SUPPORTED", f"line 1:1: Relation '{statement.view}' is a table, not a view"
        )
    view = View.of(table)
    text = f'CREATE VIEW "{table["DatabaseName"]}"."{table["Name"]}" AS\n{view.sql}'
    column = ResultColumn("create view", "string")
    return Outcome([column], [(line,) for line in text.split("\n")], update_count=0)


def _create_hive(context: Context, table: Json) -> list[str]:
    keys, storage = table.get("PartitionKeys", []), table["StorageDescriptor"]
    lines = [f"CREATE EXTERNAL TABLE `{table['DatabaseName']}.{table['Name']}`("]
    lines += _declared(storage["Columns"], "`")
    if keys:
        lines += ["PARTITIONED BY ( ", *_declared(keys, "`")]
    lines += [
        *shown_format(storage),
        "LOCATION",
        f"  '{table_location(table)}'",
    ]
    kept = {k: v for k, v in table.get("Parameters", {}).items() if k != "EXTERNAL"}
    return [*lines, *_properties(kept)]


def _create_iceberg(context: Context, table: Json) -> list[str]:
    metadata = context.tables.iceberg.metadata(metadata_location(table))
    columns = [
        {"Name": name, "Type": type_, "Comment": comment}
        for name, type_, comment in _columns(context, table)
    ]
    lines = [f"CREATE TABLE {table['DatabaseName']}.{table['Name']} (", *_declared(columns, "")]
    fields = [_declared_field(metadata.schema(), field) for field in metadata.spec().fields]
    if fields:
        lines.append(f"PARTITIONED BY ({', '.join(fields)})")
    lines.append(f"LOCATION '{metadata.location}'")
    properties = {"table_type": "iceberg", **metadata.properties}
    return [*lines, *_properties(properties)]


def _declared_field(schema: Any, field: Any) -> str:
    column = schema.find_column_name(field.source_id)
    name, _, argument = str(field.transform).partition("[")
    if name == "identity":
        return f"`{column}`"
    return f"`{name}({argument.rstrip(']')}, {column})`" if argument else f"`{name}({column})`"


def _declared(columns: list[Json], quote: str) -> list[str]:
    lines = []
    for position, column in enumerate(columns):
        comment = f" COMMENT '{escaped(column['Comment'])}'" if column.get("Comment") else ""
        end = ", " if position < len(columns) - 1 else ")"
        lines.append(f"  {quote}{column['Name']}{quote} {column['Type']}{comment}{end}")
    return lines


def _properties(properties: dict[str, str]) -> list[str]:
    pairs = sorted(properties.items())
    entries = [f"  '{escaped(key)}'='{escaped(value)}'" for key, value in pairs]
    if not entries:
        return []
    return ["TBLPROPERTIES (", *(f"{entry}, " for entry in entries[:-1]), f"{entries[-1]})"]


def _listing(names: list[str], lines: Iterable[str], update_count: int | None = 0) -> Outcome:
    columns = [ResultColumn(name, "string") for name in names]
    return Outcome(columns, [(line,) for line in lines], update_count=update_count)
