"""Hive's tables as DuckDB reads them: the Parquet files under a location, columns by name.

A table without partitions has the files under its location, a partitioned one those under the
locations of the partitions that Glue knows. Names that start with ``_`` or ``.`` are no data
(Athena user guide, "Create tables in Athena", "Considerations"). A partition's values belong to
its files: they are looked up by file name, which lets DuckDB leave out files by a WHERE on them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fsql.local.engine import literal
from fsql.local.store import Store, split_uri
from fsql.local.store.listing import Found
from fsql.local.tables.hive_types import from_hive
from fsql.local.tables.iceberg import Source, empty_source, union
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.tables.structs import has_structs, restored, within
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["NULL_PARTITION", "Hive", "data_files", "partitions_of", "table_location"]

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name for the partition of NULL."""

Json = dict[str, Any]
Columns = Mapping[str, tt.Type]
_Values = Mapping[str, tuple[str, ...]]
"""Partition values by file."""


class Hive:
    """Reads external tables of a store."""

    def __init__(self, store: Store, glue: GlueCalls) -> None:
        self._store = store
        self._glue = glue

    def source(self, table: Json) -> Source:
        """The files of a Glue table as they are now.

        Raises:
            TrinoError: NOT_SUPPORTED for another format than Parquet.
        """
        _check_format(table)
        columns = types_of(table["StorageDescriptor"]["Columns"])
        keys = types_of(table.get("PartitionKeys", []))
        parts = list(self._parts(table, list(keys)))
        files = [
            (found, values)
            for location, values in parts
            for found in data_files(self._store, location)
        ]
        if not files:
            return Source(empty_source(columns | keys), columns | keys, _version([], table))
        values = {str(found.path): value for found, value in files}
        scans = [
            restored(columns | keys, {**reduced, **keys}, _scan(paths, reduced, keys, values))
            for reduced, paths in _groups([found for found, _ in files], columns)
        ]
        sql = union(scans)
        size = sum(found.size for found, _ in files)
        return Source(sql, columns | keys, _version(files, table), size)

    def _parts(self, table: Json, keys: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Locations and the partition values of the files there."""
        if not keys:
            yield table_location(table), ()
            return
        for partition in partitions_of(self._glue, table):
            yield partition["StorageDescriptor"]["Location"], tuple(partition["Values"])


def data_files(store: Store, location: str) -> Iterator[Found]:
    """The data files under a location, in the order of their keys."""
    bucket, prefix = split_uri(location)
    prefix = prefix and prefix.rstrip("/") + "/"
    for found in store.list(bucket, prefix):
        below = found.key[len(prefix) :]
        hidden = any(part[:1] in ("_", ".") for part in below.split("/"))
        if found.size and not hidden:
            yield found


def partitions_of(glue: GlueCalls, table: Json) -> Iterator[Json]:
    """The partitions that Glue knows of a table."""
    request = {"DatabaseName": table["DatabaseName"], "TableName": table["Name"]}
    token: str | None = None
    while True:
        page = glue.call("GetPartitions", {**request, **({"NextToken": token} if token else {})})
        yield from page["Partitions"]
        token = page.get("NextToken")
        if not token:
            return


def table_location(table: Json) -> str:
    """Where a Glue table's data lies; TrinoError if it says nowhere."""
    location = table["StorageDescriptor"].get("Location")
    if not location:
        raise TrinoError(
            "HIVE_INVALID_METADATA", f"Table {table['Name']!r} has no location in the catalog"
        )
    return str(location)


def types_of(columns: list[Json]) -> dict[str, tt.Type]:
    """Trino's types of Glue's columns."""
    return {column["Name"].lower(): from_hive(column["Type"]) for column in columns}


def _groups(files: list[Found], columns: Columns) -> list[tuple[Columns, list[str]]]:
    """The files by the columns that they are read with."""
    if not has_structs(columns):
        return [(columns, [str(found.path) for found in files])]
    groups: dict[str, tuple[Columns, list[str]]] = {}
    for found in files:
        schema = _schema_of_file(str(found.path), found.size, found.mtime_ns)
        reduced = within(columns, schema)
        groups.setdefault(str(reduced), (reduced, []))[1].append(str(found.path))
    return list(groups.values())


@lru_cache(100_000)
def _schema_of_file(path: str, size: int, mtime_ns: int) -> pa.Schema:
    """A file's schema; size and time are there to notice another file under the same name."""
    return pq.read_schema(path)


def _scan(paths: list[str], columns: Columns, keys: Columns, values: _Values) -> str:
    fields = ", ".join(f"{literal(n)}: {_entry(n, t)}" for n, t in columns.items())
    scan = f"read_parquet({literal(paths)}, schema=MAP {{{fields}}})"
    if not keys:
        return scan
    selected = [tt.quoted(name) for name in columns]
    for position, (name, type_) in enumerate(keys.items()):
        entries = ", ".join(
            f"{literal(path)}: {_partition_literal(values[path][position])}" for path in paths
        )
        value = f"CAST((MAP {{{entries}}})[filename] AS {tt.duckdb_type(type_)})"
        selected.append(f"{value} AS {tt.quoted(name)}")
    return f"(SELECT {', '.join(selected)} FROM {scan})"


def _entry(name: str, type_: tt.Type) -> str:
    children = _children(type_)
    nested = ", ".join(f"{literal(n)}: {_entry(n, t)}" for n, t in children.items())
    return (
        f"{{name: {literal(name)}, type: {literal(tt.duckdb_type(type_))}, default_value: NULL,"
        f" children: {f'MAP {{{nested}}}' if nested else 'NULL'}}}"
    )


def _children(type_: tt.Type) -> dict[str, tt.Type]:
    """The fields of a row, to be found by name.

    What is in arrays and maps DuckDB finds by itself; told their children by name, it looks for
    other names than files have and reads NULL.
    """
    if type_.base != "row":
        return {}
    return dict(zip(type_.field_names(), type_.items, strict=True))


def _partition_literal(value: str) -> str:
    return "CAST(NULL AS VARCHAR)" if value == NULL_PARTITION else literal(value)


def _version(files: list[tuple[Found, tuple[str, ...]]], table: Json) -> str:
    digest = hashlib.sha256(f"{table.get('VersionId')} {table.get('CreateTime')}".encode())
    for found, values in files:
        digest.update(f"{found.path}{values}{found.size}{found.mtime_ns}".encode())
    return digest.hexdigest()


def _check_format(table: Json) -> None:
    storage = table["StorageDescriptor"]
    shown = f"{storage.get('InputFormat', '')} {storage.get('SerdeInfo', {})}"
    if "parquet" not in shown.lower():
        raise TrinoError(
            "NOT_SUPPORTED",
            f"Table {table['Name']!r} is stored as {storage.get('InputFormat') or 'unknown'};"
            " the embedded Athena reads Parquet and Iceberg",
        )
