"""Reading a feature group's own Parquet files at a snapshot, with no engine between.

What cannot be read so, such as tables with deletes, raises `CannotScan`, and the caller asks the
engine instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyiceberg.expressions import BooleanExpression

from fsql.catalog import Catalog, Entry
from fsql.formats.hive.manifests import State
from fsql.formats.hive.scans import dataset as hive_dataset
from fsql.formats.parts import Part, Plain, filtered
from fsql.formats.snapshots import CannotScan, snapshots_of

__all__ = ["CannotScan", "FileScan", "Path", "scan"]

Path: TypeAlias = tuple[str, ...]
"""A stored column's name, then the names of fields inside it."""


def scan(
    catalog: Catalog,
    entry: Entry,
    columns: Sequence[tuple[str, Path]] | None = None,
    *,
    filter: pc.Expression | None = None,
    prune: BooleanExpression | None = None,
    limit: int | None = None,
    snapshot: int | None = None,
    state: State | None = None,
) -> FileScan:
    """Plan a scan; nothing but metadata is read until its rows are asked for.

    Args:
        entry: a feature group's table, as the catalog has it now.
        columns: pairs of output name and path; all columns if None.
        filter: which rows, over stored columns in their storage types.
        prune: what chooses files; it must hold for every row for which `filter` does.
        limit: how many rows at most.
        snapshot: an earlier snapshot's id; None is the current one.
        state: of a Hive-style table, if it is known already; see `fsql.formats.state_of`.

    Raises:
        CannotScan: only an engine can read this table.
    """
    if entry.is_hive_group:
        if snapshot is not None:
            raise CannotScan(f"{entry.name!r} has no snapshots")
        dataset = hive_dataset(catalog, entry, prune, state)
        return _scan(dataset.schema, [Plain(dataset)], columns, filter, limit)
    snapshots = snapshots_of(catalog)
    found = snapshots.state(entry, snapshot)
    touched = None if columns is None else {path[0] for _, path in columns}
    parts = snapshots.parts(found, prune, touched, filter)
    return _scan(found.stored, parts, columns, filter, limit)


def _scan(
    stored: pa.Schema,
    parts: Sequence[Part],
    columns: Sequence[tuple[str, Path]] | None,
    filter: pc.Expression | None,
    limit: int | None,
) -> FileScan:
    if columns is None:
        columns = [(name, (name,)) for name in stored.names]
    return FileScan(stored, parts, tuple(columns), filter, limit)


class FileScan:
    """The rows of some files.

    Attributes:
        schema: output names and storage types.

    Args:
        stored: the table's columns in their storage types.
        parts: the files.
    """

    def __init__(
        self,
        stored: pa.Schema,
        parts: Sequence[Part],
        columns: tuple[tuple[str, Path], ...],
        filter: pc.Expression | None,
        limit: int | None,
    ) -> None:
        self._stored, self._parts, self._columns = stored, parts, columns
        self._filter, self._limit = filter, limit
        self.schema = pa.schema([(name, self._type(path)) for name, path in columns])

    def _type(self, path: Path) -> pa.DataType:
        type_ = self._stored.field(path[0]).type
        for name in path[1:]:
            type_ = type_.field(name).type
        return type_

    def _scanners(self) -> Iterator[ds.Scanner]:
        # Output names may repeat, an expression's names may not.
        places = {str(place): pc.field(*path) for place, (_, path) in enumerate(self._columns)}
        for part in self._parts:
            yield part.scanner(places, self._filter)

    def to_table(self) -> pa.Table:
        """All rows, read in parallel, file by file; within a file they are sorted by key."""
        tables, left = [self.schema.empty_table()], self._limit
        for scanner in self._scanners():
            table = scanner.to_table() if left is None else scanner.head(left)
            tables.append(table.rename_columns(self.schema.names).cast(self.schema))
            if left is not None:
                left -= len(table)
            if left == 0:
                break
        return pa.concat_tables(tables[1:] or tables)

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as they come, in bounded memory, in the same order as `to_table`."""
        left = self._limit
        for scanner in self._scanners():
            for batch in scanner.to_reader():
                if left is not None:
                    batch = batch.slice(0, left)
                    left -= batch.num_rows
                yield batch.rename_columns(self.schema.names).cast(self.schema)
                if left == 0:
                    return

    @cached_property
    def bytes_scanned(self) -> int:
        """Compressed bytes of the columns that are read, in the row groups that may match."""
        needed = set(filtered(self._stored, self._filter))
        paths = {".".join(path) for _, path in self._columns} | needed
        return sum(part.sizes(paths, self._filter) for part in self._parts)
