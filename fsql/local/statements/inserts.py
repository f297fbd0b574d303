"""INSERT INTO and CREATE TABLE AS: files first, then one commit that makes them count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.exceptions import NoSuchNamespaceError, TableAlreadyExistsError
from pyiceberg.table.metadata import TableMetadata

from fsql.local.columns import ResultColumn
from fsql.local.statements import nodes as st
from fsql.local.statements.context import ROWS, Context, Outcome
from fsql.local.statements.ddl import iceberg_properties
from fsql.local.statements.formats import PARQUET
from fsql.local.statements.select import Ready, Translations
from fsql.local.statements.unload import (
    check_empty,
    check_hive_columns,
    check_names,
    last_columns,
    manifest,
    named,
    partition_folder,
)
from fsql.local.tables import iceberg_write
from fsql.local.tables.hive import types_of
from fsql.local.tables.hive_files import NULL_PARTITION, partitions_of, table_location
from fsql.local.tables.hive_lines import Form
from fsql.local.tables.hive_projection import is_projected
from fsql.local.tables.hive_serdes import reader_of
from fsql.local.tables.hive_text_write import line_of, write_lines
from fsql.local.tables.hive_types import to_hive
from fsql.local.tables.iceberg_types import schema_of, to_trino
from fsql.local.tables.parquet import File, Options, check_new_partitions, publish, write_parquet
from fsql.local.tables.partitions import register_partitions
from fsql.local.tables.resolver import CATALOG, is_iceberg, metadata_location
from fsql.local.tables.views import is_view
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import can_coerce
from fsql.local.wire import AwsError

__all__ = ["create_table_as", "insert"]

Json = dict[str, Any]
_CLEAN = (
    " You may need to manually clean the data at location '{}' before retrying."
    " Athena will not delete data in your account."
)


def insert(context: Context, statement: st.Insert, translations: Translations) -> Outcome:
    """INSERT INTO a table; the old rows stay as they are whatever happens."""
    table = context.tables.get(statement.table, context.database)
    if is_view(table):
        raise TrinoError("NOT_SUPPORTED", "line 1:1: Inserting into views is not supported")
    if table["StorageDescriptor"].get("BucketColumns"):
        raise TrinoError("NOT_SUPPORTED", "Inserting into bucketed tables is not supported")
    types = _types(context, table)
    ready = translations.get(context, statement.query)
    select = _for_table(ready, types, statement.columns)
    if is_iceberg(table):
        name = table["DatabaseName"], table["Name"]
        metadata = _metadata(context, table)
        rows, uris = iceberg_write.append(context, name, metadata, select, single=ready.small)
    else:
        rows, uris = _insert_hive(context, table, select, single=ready.small)
    listed = manifest(context, uris)
    return Outcome(ROWS, [], update_count=rows, update="INSERT", manifest=listed)


def _types(context: Context, table: Json) -> dict[str, tt.Type]:
    """The table's columns in the order of its schema, partition columns of Hive last."""
    if is_iceberg(table):
        fields = _metadata(context, table).schema().fields
        return {field.name: to_trino(field.field_type) for field in fields}
    return types_of([*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])])


def _metadata(context: Context, table: Json) -> TableMetadata:
    """What an Iceberg table was when the statement looked it up."""
    return context.tables.iceberg.metadata(metadata_location(table))


def _for_table(ready: Ready, types: Mapping[str, tt.Type], columns: Sequence[str]) -> str:
    """The query with the table's columns, NULL for those that the statement leaves out."""
    targets = _targets(types, columns)
    given = list(ready.types)
    wanted = [types[target] for target in targets]
    fits = len(given) == len(wanted) and all(map(_fits, given, wanted))
    if not fits:
        raise TrinoError(
            "TYPE_MISMATCH",
            "line 1:1: Insert query has mismatched column types:"
            f" Table: [{', '.join(map(str, wanted))}], Query: [{', '.join(map(str, given))}]",
        )
    values = {
        target: cast_sql(f"c{i}", source, types[target])
        for i, (target, source) in enumerate(zip(targets, given, strict=True))
    }
    selected = ", ".join(
        f"CAST({values.get(name, 'NULL')} AS {tt.duckdb_type(type_)}) AS {tt.quoted(name)}"
        for name, type_ in types.items()
    )
    names = ", ".join(f"c{i}" for i in range(len(given)))
    return f"SELECT {selected} FROM ({ready.sql}) AS result_({names})"


def _fits(given: tt.Type, wanted: tt.Type) -> bool:
    """Whether Trino stores one type in a column of the other without being asked to cast."""
    texts = ("varchar", "char")
    return can_coerce(given, wanted) or (given.base in texts and wanted.base in texts)


def _targets(types: Mapping[str, tt.Type], columns: Sequence[str]) -> list[str]:
    """The table's names of the columns that the statement lists, all of them if it lists none."""
    if not columns:
        return list(types)
    exact = {name.lower(): name for name in types}
    for column in columns:
        if column not in exact:
            raise TrinoError(
                "COLUMN_NOT_FOUND",
                f"line 1:1: Insert column name does not exist in target table: {column}",
            )
        if columns.count(column) > 1:
            raise TrinoError(
                "DUPLICATE_COLUMN_NAME",
                f"line 1:1: Insert column name is specified more than once: {column}",
            )
    return [exact[column] for column in columns]


def _insert_hive(context: Context, table: Json, select: str, single: bool) -> tuple[int, list[str]]:
    """New files in the table's folder or its partitions' ones, then the new partitions."""
    if is_projected(table):
        raise TrinoError(
            "NOT_SUPPORTED", "INSERT INTO tables with partition projection runs on AWS only"
        )
    keys = [key["Name"].lower() for key in table.get("PartitionKeys", [])]
    rows, files = _hive_rows(context, table, select, keys, single)
    known = {}
    if keys:
        for partition in partitions_of(context.glue, table):
            known[tuple(partition["Values"])] = partition["StorageDescriptor"]["Location"]
    base = table_location(table).rstrip("/")
    new = {_values(file) for file in files} - set(known)
    if keys:
        check_new_partitions(len({file.values for file in files}), "HIVE")
    folders = [
        f"{known.get(_values(f), f'{base}/{partition_folder(keys, f.values)}').rstrip('/')}/"
        for f in files
    ]
    uris = publish(context, files, folders)
    if keys:
        register_partitions(context, table, ((list(values), None) for values in sorted(new)))
    return rows, uris


def _hive_rows(
    context: Context, table: Json, select: str, keys: Sequence[str], single: bool
) -> tuple[int, Sequence[File]]:
    """The query's rows as files of the table's format, not published yet."""
    storage, properties = table["StorageDescriptor"], table.get("Parameters", {})
    info = storage.get("SerdeInfo", {})
    form = Form(info.get("Parameters", {}), properties, table["Name"])
    serde = str(info.get("SerializationLibrary"))
    line = line_of(serde, form, types_of(storage["Columns"]))
    if line is not None:
        return write_lines(context.session, select, line, keys, properties)
    _check_writable(storage, serde)
    codec = properties.get("write.compression", "SNAPPY")
    files = write_parquet(context.session, select, Options(codec, partition_by=keys, single=single))
    return sum(file.rows for file in files), files


def _check_writable(storage: Json, serde: str) -> None:
    """Refuse a pair of output format and SerDe that Trino does not know as one format."""
    known = PARQUET["OutputFormat"], PARQUET["SerdeInfo"]["SerializationLibrary"]
    if reader_of(serde) is not None:
        raise TrinoError(
            "NOT_SUPPORTED",
            f"INSERT INTO tables with the SerDe {serde} runs on AWS only; use Parquet, Iceberg,"
            " LazySimpleSerDe or JSON",
        )
    if (storage.get("OutputFormat"), serde) != known:
        raise TrinoError(
            "HIVE_UNSUPPORTED_FORMAT",
            f"Output format {storage.get('OutputFormat')} with SerDe {serde} is not supported",
        )


def _values(file: File) -> tuple[str, ...]:
    return tuple(NULL_PARTITION if value is None else value for value in file.values)


def create_table_as(
    context: Context, statement: st.CreateTableAs, translations: Translations
) -> Outcome:
    """CREATE TABLE AS: the table exists with all its rows, or not at all."""
    schema, name = context.schema(statement.table), statement.table.table
    if _exists(context, schema, name):
        if statement.if_not_exists:
            return Outcome(ROWS, [], update_count=0, update="CREATE TABLE")
        raise TrinoError(
            "TABLE_ALREADY_EXISTS",
            f"line 1:1: Destination table '{CATALOG}.{schema}.{name}' already exists",
        )
    ready = translations.get(context, statement.query)
    check_names(ready.columns)
    select = named(ready) + ("" if statement.with_data else " WHERE false")
    kind = str(statement.properties.get("table_type", "HIVE")).upper()
    make = _iceberg_from if kind == "ICEBERG" else _hive_from
    try:
        rows, uris = make(context, statement, (schema, name), ready, select)
    except TableAlreadyExistsError as error:
        message = f"line 1:1: Destination table '{CATALOG}.{schema}.{name}' already exists"
        raise TrinoError("TABLE_ALREADY_EXISTS", message) from error
    except NoSuchNamespaceError as error:
        message = f"{statement.table.where}: Schema '{schema}' does not exist"
        raise TrinoError("SCHEMA_NOT_FOUND", message) from error
    listed = manifest(context, uris)
    return Outcome(ROWS, [], update_count=rows, update="CREATE TABLE", manifest=listed)


def _exists(context: Context, schema: str, name: str) -> bool:
    try:
        context.glue.call("GetTable", {"DatabaseName": schema, "Name": name})
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise
        return False
    return True


_ICEBERG_OPTIONS = {"table_type", "location", "is_external", "partitioning"}


def _iceberg_from(
    context: Context, statement: st.CreateTableAs, name: tuple[str, str], ready: Ready, select: str
) -> tuple[int, list[str]]:
    options = dict(statement.properties)
    location = options.get("location")
    if not isinstance(location, str):
        raise TrinoError(
            "INVALID_TABLE_PROPERTY",
            "Table location can not be null: an Iceberg table needs WITH (location = 's3://…')",
        )
    _check_new(context, location, name)
    partitioning = options.get("partitioning", [])
    fields = [partitioning] if isinstance(partitioning, str) else partitioning
    columns = zip(ready.columns, ready.types, strict=True)
    schema = schema_of([(column.name.lower(), type_, None) for column, type_ in columns])
    spec = iceberg_write.partition_spec(schema, fields)
    kept = {key: value for key, value in options.items() if key not in _ICEBERG_OPTIONS}
    properties = iceberg_properties(kept)
    new = iceberg_write.New(name, schema, spec, location, properties)
    return iceberg_write.create_with_rows(context, new, select, single=ready.small)


_HIVE_OPTIONS = {
    "table_type",
    "format",
    "external_location",
    "is_external",
    "write_compression",
    "parquet_compression",
    "partitioned_by",
}


def _hive_from(
    context: Context, statement: st.CreateTableAs, name: tuple[str, str], ready: Ready, select: str
) -> tuple[int, list[str]]:
    options = statement.properties
    _check_hive_options(options)
    check_hive_columns(ready.columns)
    keys = last_columns(ready, options.get("partitioned_by", []))
    location = str(options.get("external_location", context.output)).rstrip("/") + "/"
    _check_new(context, location, name)
    _check_database(context, statement, name[0])
    codec = options.get("write_compression", options.get("parquet_compression", "GZIP"))
    options_ = Options(str(codec), partition_by=keys, single=ready.small)
    files = write_parquet(context.session, select, options_)
    if keys:
        check_new_partitions(len({file.values for file in files}), "HIVE")
    uris = publish(context, files, (location + partition_folder(keys, f.values) for f in files))
    table = _hive_table(name[1], ready, keys, location)
    context.glue.call("CreateTable", {"DatabaseName": name[0], "TableInput": table})
    if keys:
        made = {**table, "DatabaseName": name[0]}
        values = sorted({_values(file) for file in files})
        register_partitions(context, made, ((list(value), None) for value in values))
    return sum(file.rows for file in files), uris


def _check_hive_options(options: Mapping[str, str | list[str]]) -> None:
    unknown = sorted(set(options) - _HIVE_OPTIONS)
    if unknown:
        raise TrinoError("NOT_SUPPORTED", f"CREATE TABLE AS with {unknown[0]!r} runs on AWS only")
    format_ = str(options.get("format", "PARQUET")).upper()
    if format_ != "PARQUET":
        raise TrinoError("NOT_SUPPORTED", f"Tables in format {format_} are made on AWS only")


def _check_database(context: Context, statement: st.CreateTableAs, schema: str) -> None:
    try:
        context.glue.call("GetDatabase", {"Name": schema})
    except AwsError as error:
        message = f"{statement.table.where}: Schema '{schema}' does not exist"
        raise TrinoError("SCHEMA_NOT_FOUND", message) from error


def _check_new(context: Context, location: str, name: tuple[str, str]) -> None:
    folder = location.rstrip("/") + "/"
    message = f"Target directory for table '{'.'.join(name)}' already exists: {folder}."
    check_empty(context, folder, message + _CLEAN.format(folder))


def _hive_table(name: str, ready: Ready, keys: Sequence[str], location: str) -> Json:
    def glue(column: ResultColumn, type_: tt.Type) -> Json:
        return {"Name": column.name.lower(), "Type": to_hive(type_)}

    columns = [glue(c, t) for c, t in zip(ready.columns, ready.types, strict=True)]
    split = len(columns) - len(keys)
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "has_encrypted_data": "false"},
        "PartitionKeys": columns[split:],
        "StorageDescriptor": {
            "Columns": columns[:split],
            "Location": location.rstrip("/"),
            **PARQUET,
        },
    }
