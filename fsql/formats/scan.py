"""Reading a feature group's own Parquet files at a snapshot, with no engine between.

What cannot be read so, such as tables with deletes or renamed columns, raises
`CannotScan`, and the caller asks the engine instead.
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
    else:
        snapshots = snapshots_of(catalog)
        dataset = snapshots.dataset(snapshots.state(entry, snapshot), prune)
    if columns is None:
        columns = [(name, (name,)) for name in dataset.schema.names]
    return FileScan(dataset, tuple(columns), filter, limit)


class FileScan:
    """The rows of some files.

    Attributes:
        schema: output names and storage types.
    """

    def __init__(
        self,
        dataset: ds.FileSystemDataset,
        columns: tuple[tuple[str, Path], ...],
        filter: pc.Expression | None,
        limit: int | None,
    ) -> None:
        self._dataset, self._columns = dataset, columns
        self._filter, self._limit = filter, limit
        self.schema = pa.schema([(name, self._type(path)) for name, path in columns])

    def _type(self, path: Path) -> pa.DataType:
        type_ = self._dataset.schema.field(path[0]).type
        for name in path[1:]:
            type_ = type_.field(name).type
        return type_

    @cached_property
    def _scanner(self) -> ds.Scanner:
        # Output names may repeat, an expression's names may not.
        places = {str(place): pc.field(*path) for place, (_, path) in enumerate(self._columns)}
        return self._dataset.scanner(columns=places, filter=self._filter)

    def to_table(self) -> pa.Table:
        """All rows, read in parallel, file by file; within a file they are sorted by key."""
        scanner = self._scanner
        table = scanner.to_table() if self._limit is None else scanner.head(self._limit)
        return table.rename_columns(self.schema.names)

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as they come, in bounded memory, in the same order as `to_table`."""
        left = self._limit
        for batch in self._scanner.to_reader():
            if left is not None:
                batch = batch.slice(0, left)
                left -= batch.num_rows
            yield batch.rename_columns(self.schema.names)
            if left == 0:
                return

    @cached_property
    def bytes_scanned(self) -> int:
        """Compressed bytes of the columns that are read, in the row groups that may match."""
        paths = {".".join(path) for _, path in self._columns} | set(self._filtered())
        fragments, schema = self._dataset.get_fragments(self._filter), self._dataset.schema
        return sum(_size(fragment, paths, self._filter, schema) for fragment in fragments)

    def _filtered(self) -> Iterator[str]:
        """The columns that the filter needs: those without which it cannot be bound."""
        if self._filter is None:
            return
        schema = self._dataset.schema
        for place, name in enumerate(schema.names):
            try:
                ds.dataset([], schema=schema.remove(place)).scanner(filter=self._filter)
            except pa.ArrowInvalid:
                yield name


def _size(
    fragment: ds.ParquetFileFragment,
    paths: set[str],
    filter: pc.Expression | None,
    schema: pa.Schema,
) -> int:
    groups = fragment.row_groups if filter is None else fragment.subset(filter, schema).row_groups
    footer = fragment.metadata
    columns = [
        place
        for place in range(footer.num_columns)
        if _is_within(footer.schema.column(place).path, paths)
    ]
    return sum(
        footer.row_group(group.id).column(place).total_compressed_size
        for group in groups
        for place in columns
    )


def _is_within(leaf: str, paths: set[str]) -> bool:
    return any(leaf == path or leaf.startswith(path + ".") for path in paths)
