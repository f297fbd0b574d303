"""Iceberg tables as DuckDB reads them: pyiceberg plans a snapshot's files, by their field ids.

What is read from a metadata location never changes, so it is kept by location. Reading follows
the Iceberg spec: columns by field id ("Column Projection"), NULL where a file lacks one, position
deletes applied; what is not handled is refused, never ignored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import DataScan, FileScanTask
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.name_mapping import MappedField
from pyiceberg.transforms import IdentityTransform

from .engine import literal
from .iceberg_io import StoreFileIO
from .iceberg_types import file_schema, to_trino
from .store import Store
from .transpile import TrinoError
from .transpile import types as tt

__all__ = ["Iceberg", "Source", "empty_source"]

_KEPT = 256


@dataclass(frozen=True)
class Source:
    """A table as DuckDB reads it.

    Attributes:
        sql: an item of FROM.
        columns: Trino's types by column name, in order.
        version: changes whenever the rows may have changed.
        size: bytes of its files.
    """

    sql: str
    columns: Mapping[str, tt.Type]
    version: str
    size: int = 0


class Iceberg:
    """Reads Iceberg tables of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.io = StoreFileIO(store)
        self.metadata = lru_cache(_KEPT)(self._metadata)
        self.source = lru_cache(_KEPT)(self._source)

    def _metadata(self, location: str) -> TableMetadata:
        """A table's metadata file."""
        return FromInputFile.table_metadata(self.io.new_input(location))

    def _source(self, location: str) -> Source:
        """The current snapshot of the table whose metadata file lies at `location`.

        Raises:
            TrinoError: NOT_SUPPORTED for deletes or files that can't be read rightly here.
        """
        metadata = self.metadata(location)
        schema = metadata.schema()
        columns = {f.name.lower(): to_trino(f.field_type) for f in schema.fields}
        _check_defaults(schema)
        tasks = self._plan(metadata)
        scans = list(self._scans(metadata, tasks, columns))
        sql = _union(scans) if scans else empty_source(columns)
        size = sum(task.file.file_size_in_bytes for task in tasks)
        return Source(sql, columns, location, size)

    def _plan(self, metadata: TableMetadata) -> list[FileScanTask]:
        try:
            return list(DataScan(metadata, self.io).plan_files())
        except ValueError as error:
            # pyiceberg refuses what it can't apply (equality deletes) with a ValueError.
            raise TrinoError("NOT_SUPPORTED", str(error)) from error

    def _scans(
        self, metadata: TableMetadata, tasks: list[FileScanTask], columns: Iterable[str]
    ) -> Iterator[str]:
        """One scan for the files that are read by the same schema with the same deletes."""
        groups: dict[tuple[str, frozenset[str]], list[str]] = defaultdict(list)
        by_id = file_schema(metadata.schema())
        for task in tasks:
            _check_file(task.file)
            self._check_partition_columns(metadata, task.file)
            deletes = frozenset(map(self._delete_file, task.delete_files))
            schema = self._by_name(metadata, task.file) or by_id
            groups[schema, deletes].append(self._path(task.file.file_path))
        for (schema, deletes), paths in groups.items():
            scan = f"read_parquet({literal(sorted(paths))}, schema={schema})"
            yield self._without_deleted(scan, deletes, columns) if deletes else scan

    def _path(self, uri: str) -> str:
        return str(self._store.uri_to_path(uri))

    def _by_name(self, metadata: TableMetadata, file: DataFile) -> str | None:
        """For a file without field ids, the schema by the table's name mapping, as in the spec."""
        mapping = metadata.name_mapping()
        if mapping is None or self._columns_in(file)[0]:
            return None
        names = _names(mapping.root, self._columns_in(file)[1])
        return file_schema(metadata.schema(), lambda id_: literal(names.get(id_, f"~{id_}")))

    def _columns_in(self, file: DataFile) -> tuple[frozenset[int], frozenset[str]]:
        return _columns_of_file(self._path(file.file_path))

    def _delete_file(self, delete: DataFile) -> str:
        if delete.file_format != FileFormat.PARQUET:
            raise TrinoError(
                "NOT_SUPPORTED",
                f"Deletes in {delete.file_format} files can't be read here; run OPTIMIZE on AWS",
            )
        return self._path(delete.file_path)

    def _without_deleted(self, scan: str, deletes: frozenset[str], columns: Iterable[str]) -> str:
        """The scan without the rows that position delete files name by file and row number."""
        listed = ", ".join(map(tt.quoted, columns))
        prefix = literal(f"{self._store.buckets}/")
        return (
            f"(SELECT {listed} FROM {scan} AS rows_ ANTI JOIN"
            f" (SELECT file_path AS file_, pos AS pos_ FROM"
            f" read_parquet({literal(sorted(deletes))})) AS deleted_"
            f" ON deleted_.pos_ = rows_.file_row_number"
            f" AND deleted_.file_ = 's3://' || rows_.filename[length({prefix}) + 1:])"
        )

    def _check_partition_columns(self, metadata: TableMetadata, file: DataFile) -> None:
        """Refuse a file that holds an identity partition's value in its metadata only."""
        for field in metadata.specs()[file.spec_id].fields:
            if not isinstance(field.transform, IdentityTransform):
                continue
            counted = file.value_counts or {}
            if field.source_id in counted or metadata.name_mapping() is not None:
                continue
            if field.source_id not in self._columns_in(file)[0]:
                raise TrinoError(
                    "NOT_SUPPORTED",
                    f"{file.file_path} lacks its partition column {field.name!r}",
                )


def empty_source(columns: Mapping[str, tt.Type]) -> str:
    """An item of FROM with these columns and no rows."""
    nulls = (f"CAST(NULL AS {tt.duckdb_type(t)}) AS {tt.quoted(n)}" for n, t in columns.items())
    return f"(SELECT {', '.join(nulls)} WHERE false)"


def _union(scans: list[str]) -> str:
    if len(scans) == 1:
        return scans[0]
    return "(" + " UNION ALL ".join(f"SELECT * FROM {scan}" for scan in scans) + ")"


@lru_cache(100_000)
def _columns_of_file(path: str) -> tuple[frozenset[int], frozenset[str]]:
    """The field ids and the column names in a data file, which never changes."""
    schema = pq.read_schema(path)
    ids = (field.metadata or {} for field in schema)
    found = (metadata.get(b"PARQUET:field_id") for metadata in ids)
    return frozenset(int(id_) for id_ in found if id_), frozenset(schema.names)


def _names(mapping: Iterable[MappedField], present: frozenset[str]) -> dict[int, str]:
    """The names that a mapping has for field ids, preferring those that the file has."""
    names: dict[int, str] = {}
    for field in mapping:
        if field.field_id is not None and field.names:
            known = [name for name in field.names if name in present]
            names[field.field_id] = (known or field.names)[0]
        names |= _names(field.fields, present)
    return names


def _check_file(file: DataFile) -> None:
    if file.file_format != FileFormat.PARQUET:
        raise TrinoError(
            "NOT_SUPPORTED", f"{file.file_path} is {file.file_format}; only Parquet is read here"
        )


def _check_defaults(schema: Schema) -> None:
    """Refuse columns whose default stands in old files, which DuckDB would read as NULL."""
    for id_ in schema.field_ids:
        field = schema.find_field(id_)
        if getattr(field, "initial_default", None) is not None:
            raise TrinoError(
                "NOT_SUPPORTED", f"Column {field.name!r} has an initial default, read on AWS only"
            )
