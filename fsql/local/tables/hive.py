"""Hive's tables as DuckDB reads them: columns by name, a partition's values beside them.

Which files a table has is `hive_files`' affair. A partition's values belong to its files: they
are looked up by file name, which lets DuckDB leave out files by a WHERE on them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from fsql.local.engine import literal
from fsql.local.objects import Objects
from fsql.local.tables.hidden import PATH, SIZE, Hidden, modified
from fsql.local.tables.hive_files import (
    NULL_PARTITION,
    HiveFile,
    Part,
    files_of,
    parts_of,
    version_of,
)
from fsql.local.tables.hive_lines import Form, Scanned
from fsql.local.tables.hive_parquet import BadFile, Layout, layout_of, scanned, unreadable
from fsql.local.tables.hive_projection import is_projected, projected_parts
from fsql.local.tables.hive_serdes import PARQUET, reader_of
from fsql.local.tables.hive_types import from_hive
from fsql.local.tables.iceberg import Source, empty_source, union
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["Hive", "types_of"]

_KEPT = 64
Json = dict[str, Any]
Columns = Mapping[str, tt.Type]


class Hive:
    """Reads external tables of a store."""

    def __init__(self, objects: Objects, glue: GlueCalls) -> None:
        self._objects = objects
        self._glue = glue
        self._kept: dict[tuple[str, Hidden], Source] = {}

    def source(self, table: Json, hidden: Hidden = ()) -> Source:
        """The files of a Glue table as they are now.

        Args:
            hidden: which hidden columns are wanted.

        Raises:
            TrinoError: NOT_SUPPORTED for a format that is not read here; see also `files_of`.
        """
        files = [f for part in self._parts(table) for f in files_of(self._objects, part)]
        version = version_of(files, table)
        key = version, hidden
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = self._source(table, files, version, hidden)
            for old in list(self._kept)[:-_KEPT]:
                self._kept.pop(old, None)
        return kept

    def _source(self, table: Json, files: list[HiveFile], version: str, hidden: Hidden) -> Source:
        _check_format(table["StorageDescriptor"], table)
        columns = types_of(table["StorageDescriptor"]["Columns"])
        keys = types_of(table.get("PartitionKeys", []))
        whole = {**columns, **keys}
        if not files:
            return Source(empty_source({**whole, **dict(hidden)}), whole, version, hidden=hidden)
        scans = [
            self._scan(some, scan, keys, hidden)
            for alike in _alike(files)
            for some, scan in self._read(alike, columns, table)
        ]
        size = sum(file.found.size for file in files)
        return Source(union(scans), whole, version, size, hidden)

    def _parts(self, table: Json) -> Iterator[Part]:
        if table.get("PartitionKeys") and is_projected(table):
            return projected_parts(self._objects, table)
        return parts_of(self._glue, table)

    def _read(
        self, files: list[HiveFile], columns: Columns, table: Json
    ) -> Iterator[tuple[list[HiveFile], Scanned]]:
        """The files of one format, and how they are read."""
        storage = files[0].part.storage
        _check_format(storage, table)
        reader = reader_of(_serde(storage))
        if reader is None:
            for layout, some in _layouts(files):
                yield some, self._parquet(some, layout, columns)
            return
        parameters = storage["SerdeInfo"].get("Parameters", {})
        form = Form(parameters, table.get("Parameters", {}), table["Name"])
        yield files, reader([file.path for file in files], columns, form, self._uri(files))

    def _parquet(
        self, files: list[HiveFile], layout: Layout | BadFile, columns: Columns
    ) -> Scanned:
        paths, uri = [file.path for file in files], self._uri(files)
        if not isinstance(layout, BadFile):
            return scanned(paths, columns, layout, uri)
        values = {name: f"CAST(NULL AS {tt.duckdb_type(t)})" for name, t in columns.items()}
        return unreadable(paths, uri), values

    def _scan(self, files: list[HiveFile], scan: Scanned, keys: Columns, hidden: Hidden) -> str:
        """A scan with the columns that belong to a file as a whole."""
        values = dict(scan[1])
        for position, (name, type_) in enumerate(keys.items()):
            text = _by_file({f.path: _value(f.part.values[position]) for f in files})
            values[name] = f"CAST({text} AS {tt.duckdb_type(type_)})"
        for name, _ in hidden:
            values[name] = self._hidden(files, name)
        listed = ", ".join(f"{value} AS {tt.quoted(name)}" for name, value in values.items())
        return f"(SELECT {listed} FROM {scan[0]})"

    def _hidden(self, files: list[HiveFile], name: str) -> str:
        """The expression of a hidden column."""
        if name == PATH:
            return self._uri(files)
        if name == SIZE:
            return _by_file({file.path: str(file.found.size) for file in files})
        return _by_file({file.path: modified(file.found) for file in files})

    def _uri(self, files: list[HiveFile]) -> str:
        """The expression of a file's URI: its path says it, but for odd keys."""
        usual = self._objects.uri_sql("filename")
        odd = {
            file.path: literal(file.uri)
            for file in files
            if file.uri != self._objects.uri(file.path)
        }
        return f"coalesce({_by_file(odd)}, {usual})" if odd else usual


def types_of(columns: list[Json]) -> dict[str, tt.Type]:
    """Trino's types of Glue's columns."""
    return {column["Name"].lower(): from_hive(column["Type"]) for column in columns}


def _alike(files: list[HiveFile]) -> list[list[HiveFile]]:
    """The files by their formats, and none twice: symlinks may name one for two partitions."""
    groups: dict[tuple[str, int], dict[str, HiveFile]] = {}
    seen: Counter[str] = Counter()
    for file in files:
        format_ = json.dumps(file.part.storage.get("SerdeInfo"), sort_keys=True)
        groups.setdefault((format_, seen[file.path]), {})[file.path] = file
        seen[file.path] += 1
    return [list(group.values()) for group in groups.values()]


def _layouts(files: list[HiveFile]) -> list[tuple[Layout | BadFile, list[HiveFile]]]:
    """Parquet files by their layouts; each that has none alone."""
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


def _serde(storage: Json) -> str:
    return str(storage.get("SerdeInfo", {}).get("SerializationLibrary") or "")


def _check_format(storage: Json, table: Json) -> None:
    serde = _serde(storage)
    if serde != PARQUET and reader_of(serde) is None:
        raise TrinoError(
            "NOT_SUPPORTED",
            f"Table {table['Name']!r} has SerDe {serde or 'unknown'}; the embedded Athena reads"
            " Iceberg, Parquet, and text with LazySimpleSerDe, OpenCSVSerde and the JSON SerDes",
        )
