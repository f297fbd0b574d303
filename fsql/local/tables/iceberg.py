"""Iceberg tables as DuckDB reads them: pyiceberg plans a snapshot's files, by their field ids.

What is read from a metadata location never changes, so it is kept by location. Reading follows
the Iceberg spec: columns by field id ("Column Projection"), NULL where a file lacks one, position
deletes applied; what is not handled is refused, never ignored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import DataScan, FileScanTask
from pyiceberg.table.metadata import TableMetadata

from fsql.local.engine import literal
from fsql.local.objects import Objects
from fsql.local.tables.filters import Filter
from fsql.local.tables.hidden import PATH, Hidden, modified
from fsql.local.tables.iceberg_io import StoreFileIO
from fsql.local.tables.iceberg_pruning import pruned
from fsql.local.tables.iceberg_readings import Reading, Readings
from fsql.local.tables.iceberg_shapes import Footer
from fsql.local.tables.iceberg_types import to_trino
from fsql.local.tables.structs import restored
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt
from fsql.local.transpile.changes import ADDRESS

__all__ = ["Iceberg", "Rows", "Source", "empty_source", "union"]

_KEPT, _PLANS_KEPT, _FOOTERS_KEPT = 256, 32, 100_000
_Virtual = Mapping[str, tuple[str, tt.Type]]  # expressions over `rows_`, and their types
_ADDRESSED: _Virtual = {
    ADDRESS[0]: ("rows_.filename", tt.VARCHAR),
    ADDRESS[1]: ("rows_.file_row_number", tt.BIGINT),
}
_ADDRESS: Mapping[str, tt.Type] = {name: type_ for name, (_, type_) in _ADDRESSED.items()}


@dataclass(frozen=True)
class Source:
    """A table as DuckDB reads it.

    Attributes:
        sql: an item of FROM.
        columns: Trino's types by column name, in order.
        version: changes whenever the rows may have changed.
        size: bytes of its files.
        hidden: further columns, which ``*`` does not stand for.
    """

    sql: str
    columns: Mapping[str, tt.Type]
    version: str
    size: int = 0
    hidden: tuple[tuple[str, tt.Type], ...] = ()


@dataclass(frozen=True)
class Rows:
    """A snapshot's rows with their addresses: a data file's path here and a row's number in it.

    Attributes:
        source: the table with the columns `ADDRESS` after its own.
        files: the data files, by path.
        scans: an item of FROM for each file, by path, with the same columns as the source.
        joined: paths of the files whose scans join deletes, after which no order is left.
    """

    source: Source
    files: Mapping[str, DataFile]
    scans: Callable[[str], str]
    joined: frozenset[str]


class Iceberg:
    """Reads Iceberg tables of a store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.io = StoreFileIO(objects)
        self.metadata = lru_cache(_KEPT)(self._metadata)
        self.source = lru_cache(_KEPT)(self._source)
        self._tasks = lru_cache(_PLANS_KEPT)(self._planned)
        self._footer_of = lru_cache(_FOOTERS_KEPT)(self._footer)

    def _metadata(self, location: str) -> TableMetadata:
        """A table's metadata file."""
        return FromInputFile.table_metadata(self.io.new_input(location))

    def _source(
        self,
        location: str,
        snapshot: int | None = None,
        rows: Filter | None = None,
        hidden: Hidden = (),
    ) -> Source:
        """The table whose metadata file lies at `location`, as it is or was at a snapshot.

        Args:
            rows: which rows are wanted; files that have none of them are left out.
            hidden: which hidden columns are wanted.

        Raises:
            TrinoError: NOT_SUPPORTED for deletes or files that can't be read rightly here.
        """
        metadata = self.metadata(location)
        schema = _schema_at(metadata, snapshot)
        columns = _columns(schema)
        _check_defaults(schema)
        tasks = self._tasks(location, snapshot)
        if rows is not None and schema.schema_id == metadata.current_schema_id:
            tasks = pruned(metadata, tasks, rows)
        readings, virtual = (
            Readings(metadata, schema, self._footer_of),
            self._virtual(hidden, tasks),
        )
        scans = list(self._scans(readings, tasks, columns, virtual))
        sql = union(scans) if scans else empty_source({**columns, **dict(hidden)})
        size = sum(task.file.file_size_in_bytes for task in tasks)
        return Source(sql, columns, location, size, hidden)

    def _virtual(self, hidden: Hidden, tasks: Sequence[FileScanTask]) -> _Virtual:
        """The expressions of hidden columns, over a file's rows."""
        uri = self._objects.uri_sql("rows_.filename")
        found: dict[str, tuple[str, tt.Type]] = {}
        for name, type_ in hidden:
            expression = uri if name == PATH else self._modified(tasks)
            found[name] = (expression, type_)
        return found

    def _modified(self, tasks: Sequence[FileScanTask]) -> str:
        files = ((uri, self._objects.find(uri)) for uri in (t.file.file_path for t in tasks))
        times = {self._path(uri): modified(found) for uri, found in files if found is not None}
        entries = ", ".join(f"{literal(path)}: {time}" for path, time in times.items())
        return f"(MAP {{{entries}}})[rows_.filename]"

    def rows(self, location: str, wanted: Filter | None = None) -> Rows:
        """The current snapshot's rows with their addresses; TrinoError like `source`.

        Args:
            wanted: which rows; files that have none of them are left out.
        """
        metadata = self.metadata(location)
        schema = metadata.schema()
        _check_defaults(schema)
        planned = self._tasks(location, None)
        planned = planned if wanted is None else pruned(metadata, planned, wanted)
        tasks = {self._path(task.file.file_path): task for task in planned}
        columns = _columns(schema)
        readings = Readings(metadata, schema, self._footer_of)

        def scan(*paths: str) -> list[str]:
            chosen = [tasks[path] for path in paths]
            return list(self._scans(readings, chosen, columns, _ADDRESSED))

        addressed = {**columns, **_ADDRESS}
        sql = union(scan(*tasks)) if tasks else empty_source(addressed)
        size = sum(task.file.file_size_in_bytes for task in tasks.values())
        files = {path: task.file for path, task in tasks.items()}
        source = Source(sql, addressed, location, size)
        joined = frozenset(path for path, task in tasks.items() if task.delete_files)
        return Rows(source, files, lambda path: union(scan(path)), joined)

    def plan(self, metadata: TableMetadata) -> list[FileScanTask]:
        """The current snapshot's data files, each with the delete files that apply to it."""
        return self._plan(metadata, None)

    def scan(self, metadata: TableMetadata, tasks: Sequence[FileScanTask]) -> str:
        """An item of FROM with the rows of some files in their order; TrinoError like `source`."""
        schema = metadata.schema()
        _check_defaults(schema)
        columns, readings = _columns(schema), Readings(metadata, schema, self._footer_of)
        return union(list(self._scans(readings, tasks, columns)))

    def _planned(self, location: str, snapshot: int | None) -> Sequence[FileScanTask]:
        return _by_path(self._plan(self.metadata(location), snapshot))

    def _plan(self, metadata: TableMetadata, snapshot: int | None) -> list[FileScanTask]:
        try:
            return list(DataScan(metadata, self.io, snapshot_id=snapshot).plan_files())
        except ValueError as error:
            # pyiceberg refuses what it can't apply (equality deletes) with a ValueError.
            raise TrinoError("NOT_SUPPORTED", str(error)) from error

    def _scans(
        self,
        readings: Readings,
        tasks: Iterable[FileScanTask],
        columns: Mapping[str, tt.Type],
        virtual: _Virtual = MappingProxyType({}),
    ) -> Iterator[str]:
        """One scan for the files that are read by the same schema with the same deletes."""
        groups: dict[tuple[Reading, frozenset[str]], list[str]] = defaultdict(list)
        for task in tasks:
            path = self._path(task.file.file_path)
            _check_file(task.file)
            deletes = frozenset(map(self._delete_file, task.delete_files))
            groups[readings.of(task.file), deletes].append(path)
        for (reading, deletes), paths in groups.items():
            scan = f"read_parquet({literal(paths)}, {reading.found})"
            reduced = dict(reading.columns)
            extra = {name: type_ for name, (_, type_) in virtual.items()}
            if virtual or deletes or reading.values:
                values = reading.values or [f"rows_.{tt.quoted(name)}" for name in reduced]
                pairs = zip(values, reduced, strict=True)
                listed = [f"{value} AS {tt.quoted(name)}" for value, name in pairs]
                listed += [f"{sql} AS {tt.quoted(name)}" for name, (sql, _) in virtual.items()]
                scan = f"(SELECT {', '.join(listed)} FROM {scan} AS rows_{self._but(deletes)})"
            yield restored({**columns, **extra}, {**reduced, **extra}, scan)

    def _path(self, uri: str) -> str:
        return self._objects.place(uri)

    def _footer(self, uri: str) -> Footer:
        """What a data file, which never changes, says of itself."""
        with self._objects.open(uri) as file:
            return Footer(pq.read_schema(file))

    def _delete_file(self, delete: DataFile) -> str:
        if delete.file_format != FileFormat.PARQUET:
            raise TrinoError(
                "NOT_SUPPORTED",
                f"Deletes in {delete.file_format} files can't be read here; run OPTIMIZE on AWS",
            )
        return self._path(delete.file_path)

    def _but(self, deletes: frozenset[str]) -> str:
        """What leaves out the rows that position delete files name by file and row number."""
        if not deletes:
            return ""
        return (
            " ANTI JOIN (SELECT file_path AS file_, pos AS pos_ FROM"
            f" read_parquet({literal(sorted(deletes))})) AS deleted_"
            f" ON deleted_.pos_ = rows_.file_row_number"
            f" AND deleted_.file_ = {self._objects.uri_sql('rows_.filename')}"
        )


def _by_path(tasks: Iterable[FileScanTask]) -> list[FileScanTask]:
    return sorted(tasks, key=lambda task: task.file.file_path)


def _columns(schema: Schema) -> dict[str, tt.Type]:
    return {field.name.lower(): to_trino(field.field_type) for field in schema.fields}


def _schema_at(metadata: TableMetadata, snapshot: int | None) -> Schema:
    """The schema by which a snapshot is read: its own one, the table's for the current one."""
    found = None if snapshot is None else metadata.snapshot_by_id(snapshot)
    if found is None or found.schema_id is None:
        return metadata.schema()
    return next(s for s in metadata.schemas if s.schema_id == found.schema_id)


def empty_source(columns: Mapping[str, tt.Type]) -> str:
    """An item of FROM with these columns and no rows."""
    nulls = (f"CAST(NULL AS {tt.duckdb_type(t)}) AS {tt.quoted(n)}" for n, t in columns.items())
    return f"(SELECT {', '.join(nulls)} WHERE false)"


def union(scans: list[str]) -> str:
    """An item of FROM with the rows of them all."""
    if len(scans) == 1:
        return scans[0]
    return "(" + " UNION ALL ".join(f"SELECT * FROM {scan}" for scan in scans) + ")"


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
