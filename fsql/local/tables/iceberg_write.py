"""Writing Iceberg tables: files by DuckDB, with field ids; metadata and commits by pyiceberg."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq
from pyiceberg import transforms as tr
from pyiceberg import types as it
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec, partition_record_value
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Record

from fsql.local.engine import Cancelled
from fsql.local.statements.context import Context
from fsql.local.tables.iceberg_io import EmbeddedCatalog
from fsql.local.tables.iceberg_overtaking import Overtaken, unless_overtaken
from fsql.local.tables.iceberg_replacing import commit_once
from fsql.local.tables.iceberg_types import to_trino
from fsql.local.tables.parquet import (
    Options,
    Written,
    check_new_partitions,
    discard,
    publish,
    write_parquet,
)
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = [
    "COMMITS",
    "New",
    "append",
    "create",
    "create_with_rows",
    "discarded_unless_done",
    "partition_spec",
    "rewrite_rows",
    "write_rows",
]

COMMITS = 20
_LONGEST_WAIT = 0.5  # seconds
_CODEC = "write.parquet.compression-codec"
_TRANSFORM = re.compile(r"(?P<name>\w+)\((?P<arguments>[^)]*)\)")


@dataclass(frozen=True)
class New:
    """A table to be made: database and name, schema, partitioning, place and properties."""

    name: tuple[str, str]
    schema: Schema
    spec: PartitionSpec
    location: str
    properties: Mapping[str, str]


def create(context: Context, new: New) -> None:
    """Create an empty table. TableAlreadyExistsError, NoSuchNamespaceError."""
    catalog = EmbeddedCatalog(context.objects, context.glue)
    catalog.create_table(
        new.name,
        new.schema,
        new.location.rstrip("/"),
        new.spec,
        properties=dict(new.properties),
    )


def create_with_rows(
    context: Context, new: New, select: str, single: bool
) -> tuple[int, list[str]]:
    """Create a table that holds the rows of a query, all in one commit; rows and files written."""
    catalog = EmbeddedCatalog(context.objects, context.glue)
    transaction = catalog.create_table_transaction(
        new.name,
        new.schema,
        new.location.rstrip("/"),
        new.spec,
        properties=dict(new.properties),
    )
    files = write_rows(context, transaction.table_metadata, select, single)
    if files:
        _add(transaction, files)
    with discarded_unless_done(context, files):
        context.session.check()
        transaction.commit_transaction()
    return _summary(files)


def append(
    context: Context, name: tuple[str, str], metadata: TableMetadata, select: str, single: bool
) -> tuple[int, list[str]]:
    """Append the rows of a query in one commit; rows and files written.

    Args:
        metadata: of the table that the query's columns were chosen for.

    Raises:
        TrinoError: ICEBERG_COMMIT_ERROR when other writers are always faster, or the table was
            made anew or partitioned otherwise meanwhile.
    """
    catalog = EmbeddedCatalog(context.objects, context.glue)
    files = write_rows(context, metadata, select, single)
    if files:
        with discarded_unless_done(context, files):
            _commit(context, catalog, name, metadata, files)
    return _summary(files)


def _commit(
    context: Context,
    catalog: EmbeddedCatalog,
    name: tuple[str, str],
    metadata: TableMetadata,
    files: Sequence[DataFile],
) -> None:
    """Append files to a table; again on top of what others committed meanwhile."""
    for attempt in range(COMMITS):
        context.session.check()
        try:
            _commit_on(catalog.load_table(name), catalog, metadata, files)
            return
        except NoSuchTableError as error:  # dropped while the rows were written
            raise TrinoError("NOT_FOUND", f"Table '{'.'.join(name)}' not found") from error
        except (CommitFailedException, Overtaken) as error:
            if attempt == COMMITS - 1:
                message = f"Failed to commit during write: {error}"
                raise TrinoError("ICEBERG_COMMIT_ERROR", message, retryable=True) from error
            time.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.02 * 2**attempt)))


def _commit_on(
    table: Table, catalog: EmbeddedCatalog, metadata: TableMetadata, files: Sequence[DataFile]
) -> None:
    """Append files to what a table holds by now."""
    _check_layout(metadata, table.metadata)
    commit_once(table)
    transaction = table.transaction()

    def current() -> str:
        return catalog.load_table(table.name()).metadata_location

    with unless_overtaken(table.metadata_location, current):
        _add(transaction, files)
    # Not again on any other error: it may have happened, and the rows would be there twice.
    transaction.commit_transaction()


def _check_layout(before: TableMetadata, now: TableMetadata) -> None:
    """Files belong to partitions of one spec; columns they find again by their ids."""
    if (before.table_uuid, before.default_spec_id) != (now.table_uuid, now.default_spec_id):
        message = "Failed to commit during write: the table was made anew or partitioned otherwise"
        raise TrinoError("ICEBERG_COMMIT_ERROR", message, retryable=True)


@contextmanager
def discarded_unless_done(context: Context, files: Sequence[DataFile]) -> Iterator[None]:
    """Delete the files when it is certain that nothing of them was committed."""
    try:
        yield
    except (Cancelled, TrinoError, TableAlreadyExistsError, NoSuchNamespaceError):
        discard(context, (file.file_path for file in files))
        raise


def partition_spec(schema: Schema, fields: Iterable[str]) -> PartitionSpec:
    """A spec from ``day(ts)``, ``bucket(16,id)``, ``truncate(4,s)`` or a column's name.

    Raises:
        TrinoError: no such column or transform.
    """
    made = []
    for position, text in enumerate(fields):
        column, transform, suffix = _transform(text.strip().lower())
        try:
            source = schema.find_field(column)
        except ValueError:
            raise TrinoError(
                "COLUMN_NOT_FOUND", f"line 1:1: Partition column {column!r} does not exist"
            ) from None
        made.append(PartitionField(source.field_id, 1000 + position, transform, column + suffix))
    return PartitionSpec(*made)


def _transform(text: str) -> tuple[str, tr.Transform[Any, Any], str]:
    """Column, transform and what is added to the column's name in the field's name."""
    match = _TRANSFORM.fullmatch(text)
    if match is None:
        return text, tr.IdentityTransform(), ""
    name = match["name"]
    *numbers, column = [part.strip() for part in match["arguments"].split(",")]
    match name, numbers:
        case (("year" | "years"), []):
            return column, tr.YearTransform(), "_year"
        case (("month" | "months"), []):
            return column, tr.MonthTransform(), "_month"
        case (("day" | "days"), []):
            return column, tr.DayTransform(), "_day"
        case (("hour" | "hours"), []):
            return column, tr.HourTransform(), "_hour"
        case "bucket", [number] if number.isdecimal():
            return column, tr.BucketTransform(int(number)), "_bucket"
        case "truncate", [number] if number.isdecimal():
            return column, tr.TruncateTransform(int(number)), "_trunc"
    raise TrinoError("INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: {text}")


def _summary(files: Sequence[DataFile]) -> tuple[int, list[str]]:
    return sum(file.record_count for file in files), [file.file_path for file in files]


def _add(transaction: Transaction, files: Sequence[DataFile]) -> None:
    with transaction.update_snapshot().fast_append() as update:
        for file in files:
            update.append_data_file(file)


def write_rows(
    context: Context, metadata: TableMetadata, select: str, single: bool
) -> list[DataFile]:
    """Write a query's rows, its columns in the schema's order, as data files of the table."""
    spec, schema = metadata.spec(), metadata.schema()
    codec = metadata.properties.get(_CODEC, "zstd")
    with ExitStack() as functions:
        keys: dict[str, str] = {}
        for position, field in enumerate(spec.fields):
            source = _source(field, schema)
            keys[f"partition_{position}_"] = _grouping(context, functions, field, source)
        if keys:
            computed = ", ".join(f"{sql} AS {name}" for name, sql in keys.items())
            select = f"SELECT *, {computed} FROM ({select}) AS rows_"
        options = Options(codec, tuple(keys), _field_ids(schema.fields), single)
        written = write_parquet(context.session, select, options)
    check_new_partitions(len({file.values for file in written}), "ICEBERG")
    partitions = [_partition(file, spec, schema) for file in written]
    folders = [_folder(metadata, spec, partition) for partition in partitions]
    return _published(context, metadata, written, folders, (spec.spec_id, partitions))


def rewrite_rows(
    context: Context,
    metadata: TableMetadata,
    select: str,
    old: DataFile,
    file_bytes: int | None = None,
) -> list[DataFile]:
    """Write rows of one partition, in their order, as files that take the place of old ones.

    Args:
        old: one of those; it belongs to the table's present partition spec.
        file_bytes: about how large a file may become; None makes one file.
    """
    codec = metadata.properties.get(_CODEC, "zstd")
    ids = _field_ids(metadata.schema().fields)
    options = Options(codec, (), ids, single=True, file_bytes=file_bytes)
    written = write_parquet(context.session, select, options)
    folders = [old.file_path.rpartition("/")[0] + "/"] * len(written)
    place = old.spec_id, [old.partition] * len(written)
    return _published(context, metadata, written, folders, place)


def _published(
    context: Context,
    metadata: TableMetadata,
    written: Sequence[Written],
    folders: Sequence[str],
    place: tuple[int, Sequence[Record]],
) -> list[DataFile]:
    """The files as data files of the table, by a spec's id in these partitions."""
    spec_id, partitions = place
    statistics = [_statistics(file, metadata) for file in written]
    uris = publish(context, written, folders)
    return [
        DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=uri,
            file_format=FileFormat.PARQUET,
            partition=partition,
            file_size_in_bytes=file.size,
            sort_order_id=None,
            spec_id=spec_id,
            equality_ids=None,
            key_metadata=None,
            **found,
        )
        for uri, partition, file, found in zip(uris, partitions, written, statistics, strict=True)
    ]


def _statistics(file: Written, metadata: TableMetadata) -> dict[str, Any]:
    """Counts and bounds from the file's footer, which planning prunes by."""
    schema = metadata.schema()
    found = data_file_statistics_from_parquet_metadata(
        pq.read_metadata(file.path),
        compute_statistics_plan(schema, metadata.properties),
        _ids_by_path(schema),
    )
    return found.to_serialized_dict()


def _ids_by_path(schema: Schema) -> dict[str, int]:
    """Field ids by the columns' paths in a file, where names below the top are in lower case."""
    found: dict[str, int] = {}
    for path, id_ in parquet_path_to_id_mapping(schema).items():
        top, dot, below = path.partition(".")
        found[top + dot + below.lower()] = id_
    return found


def _folder(metadata: TableMetadata, spec: PartitionSpec, partition: Record) -> str:
    data = metadata.properties.get("write.data.path", f"{metadata.location.rstrip('/')}/data")
    if spec.is_unpartitioned():
        return f"{data}/"
    return f"{data}/{spec.partition_to_path(partition, metadata.schema())}/"


def _source(field: PartitionField, schema: Schema) -> it.NestedField:
    for column in schema.fields:
        if column.field_id == field.source_id:
            return column
    raise TrinoError(
        "NOT_SUPPORTED", f"Partitioning by nested field [{field.name}] is not supported"
    )


def _grouping(
    context: Context, functions: ExitStack, field: PartitionField, source: it.NestedField
) -> str:
    """SQL that is equal for two rows just if they belong to the same partition."""
    column = tt.quoted(source.name)
    match field.transform:
        case tr.IdentityTransform():
            return column
        case tr.YearTransform() | tr.MonthTransform() | tr.DayTransform() | tr.HourTransform():
            return f"date_trunc('{field.transform}', {column})"
        case tr.TruncateTransform(width=width) if isinstance(source.field_type, it.StringType):
            return f"left({column}, {width})"
        case tr.TruncateTransform(width=width) if isinstance(
            source.field_type, it.IntegerType | it.LongType
        ):
            return f"{column} - (({column} % {width}) + {width}) % {width}"
        case tr.VoidTransform():
            return "NULL::INTEGER"
    name = functions.enter_context(
        context.session.function(
            lambda value: str(_value(field, source, value)),
            tt.duckdb_type(to_trino(source.field_type)),
        )
    )
    return f"{name}({column})"


def _partition(file: Written, spec: PartitionSpec, schema: Schema) -> Record:
    """The partition that a file belongs to, from its first row: all of them share it."""
    if spec.is_unpartitioned():
        return Record()
    sources = [_source(field, schema) for field in spec.fields]
    columns = sorted({source.name for source in sources})
    with pq.ParquetFile(file.path) as opened:
        (row,) = next(opened.iter_batches(1, columns=columns)).to_pylist()
    pairs = zip(spec.fields, sources, strict=True)
    return Record(*(_value(field, source, row[source.name]) for field, source in pairs))


def _value(field: PartitionField, source: it.NestedField, value: Any) -> Any:
    if value is None:
        return None
    internal = partition_record_value(field, value, Schema(source))
    return field.transform.transform(source.field_type)(internal)


def _field_ids(fields: Iterable[it.NestedField]) -> str:
    """DuckDB's FIELD_IDS of a schema, nested ones included."""
    return f"{{{', '.join(f'{tt.quoted(f.name)}: {_field_id(f)}' for f in fields)}}}"


def _field_id(field: it.NestedField) -> str:
    match field.field_type:
        case it.StructType(fields=fields):
            inner = _field_ids(fields)[1:-1]
        case it.ListType():
            inner = f"element: {_field_id(field.field_type.element_field)}"
        case it.MapType():
            key, value = field.field_type.key_field, field.field_type.value_field
            inner = f"key: {_field_id(key)}, value: {_field_id(value)}"
        case _:
            return str(field.field_id)
    return f"{{__duckdb_field_id: {field.field_id}, {inner}}}"
