"""Hive's tables as DuckDB reads them: columns by name, a partition's values beside them.

Which files a table has is `hive_files`' affair. A partition's values belong to its files: they
are looked up by file name, which lets DuckDB leave out files by a WHERE on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fsql.local.engine import literal
from fsql.local.store import Store
from fsql.local.tables.hive_files import (
    NULL_PARTITION,
    HiveFile,
    files_of,
    parts_of,
    version_of,
)
from fsql.local.tables.hive_parquet import BadFile, Layout, layout_of, scanned, unreadable
from fsql.local.tables.hive_types import from_hive
from fsql.local.tables.iceberg import Source, empty_source, union
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["HIDDEN", "Hive", "types_of"]

HIDDEN: Mapping[str, tt.Type] = {"$path": tt.VARCHAR}
"""Columns that every table has and no ``*`` shows."""

Json = dict[str, Any]
Columns = Mapping[str, tt.Type]


class Hive:
    """Reads external tables of a store."""

    def __init__(self, store: Store, glue: GlueCalls) -> None:
        self._store = store
        self._glue = glue

    def source(self, table: Json) -> Source:
        """The files of a Glue table as they are now.

        Raises:
            TrinoError: NOT_SUPPORTED for another format than Parquet; see also `files_of`.
        """
        _check_format(table)
        columns = types_of(table["StorageDescriptor"]["Columns"])
        keys = types_of(table.get("PartitionKeys", []))
        files = [f for part in parts_of(self._glue, table) for f in files_of(self._store, part)]
        whole, version = {**columns, **keys}, version_of(files, table)
        shown = tuple(HIDDEN.items())
        if not files:
            return Source(empty_source({**whole, **HIDDEN}), whole, version, hidden=shown)
        scans = [
            self._scan(some, layout, columns, keys)
            for round_ in _rounds(files)
            for layout, some in _groups(round_)
        ]
        size = sum(file.found.size for file in files)
        return Source(union(scans), whole, version, size, shown)

    def _scan(
        self, files: list[HiveFile], layout: Layout | BadFile, columns: Columns, keys: Columns
    ) -> str:
        """The rows of files of one layout."""
        paths, uri = [file.path for file in files], self._uri(files)
        if isinstance(layout, BadFile):
            scan = unreadable(paths, uri)
            values = {name: f"CAST(NULL AS {tt.duckdb_type(t)})" for name, t in columns.items()}
        else:
            scan, values = scanned(paths, columns, layout, uri)
        for position, (name, type_) in enumerate(keys.items()):
            text = _by_file({f.path: _value(f.part.values[position]) for f in files})
            values[name] = f"CAST({text} AS {tt.duckdb_type(type_)})"
        values["$path"] = uri
        listed = ", ".join(f"{value} AS {tt.quoted(name)}" for name, value in values.items())
        return f"(SELECT {listed} FROM {scan})"

    def _uri(self, files: list[HiveFile]) -> str:
        """The expression of a file's URI: its path says it, but for odd keys."""
        folder = f"{self._store.buckets}/"
        usual = f"'s3://' || filename[{len(folder) + 1}:]"
        odd: dict[str, str] = {}
        for file in files:
            uri = self._store.path_to_uri(file.found.path)
            if uri != f"s3://{file.path.removeprefix(folder)}":
                odd[file.path] = literal(uri)
        return f"coalesce({_by_file(odd)}, {usual})" if odd else usual


def types_of(columns: list[Json]) -> dict[str, tt.Type]:
    """Trino's types of Glue's columns."""
    return {column["Name"].lower(): from_hive(column["Type"]) for column in columns}


def _rounds(files: list[HiveFile]) -> list[list[HiveFile]]:
    """The files so that none is twice in a round: symlinks may name one for two partitions."""
    rounds: list[dict[str, HiveFile]] = []
    for file in files:
        free = next((round_ for round_ in rounds if file.path not in round_), None)
        if free is None:
            rounds.append(free := {})
        free[file.path] = file
    return [list(round_.values()) for round_ in rounds]


def _groups(files: list[HiveFile]) -> list[tuple[Layout | BadFile, list[HiveFile]]]:
    """The files by their layouts; those that have none together."""
    groups: dict[int, tuple[Layout | BadFile, list[HiveFile]]] = {}
    for file in files:
        layout: Layout | BadFile
        try:
            layout = layout_of(file.found)
        except BadFile as error:
            layout = error
        groups.setdefault(id(layout), (layout, []))[1].append(file)
    return list(groups.values())


def _by_file(values: Mapping[str, str]) -> str:
    """The expression of what belongs to a file, from SQL literals by path."""
    entries = ", ".join(f"{literal(path)}: {value}" for path, value in values.items())
    return f"(MAP {{{entries}}})[filename]"


def _value(text: str) -> str:
    return "CAST(NULL AS VARCHAR)" if text == NULL_PARTITION else literal(text)


def _check_format(table: Json) -> None:
    storage = table["StorageDescriptor"]
    shown = f"{storage.get('InputFormat', '')} {storage.get('SerdeInfo', {})}"
    if "parquet" not in shown.lower():
        raise TrinoError(
            "NOT_SUPPORTED",
            f"Table {table['Name']!r} is stored as {storage.get('InputFormat') or 'unknown'};"
            " the embedded Athena reads Parquet and Iceberg",
        )
