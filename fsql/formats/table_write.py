"""Rows on their way into an Iceberg table: data files first, then one commit.

The data files are written here and not by pyiceberg, since they are written in parallel and taken
back when the write fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

import pyarrow as pa
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.typedef import Record

from fsql.catalog import Catalog, Entry
from fsql.formats.commits import Commit
from fsql.formats.fields import with_ids
from fsql.formats.iceberg import load
from fsql.formats.parquet import FileSet, WrittenFile
from fsql.formats.partitions import Partitioner
from fsql.formats.replacing import Replacement, Replaces, nothing, replacement
from fsql.formats.sorting import row_order

__all__ = ["Committed", "TableWrite"]


@dataclass(frozen=True)
class Committed:
    """What a commit added: rows, files, their bytes, and the snapshot that has them.

    Attributes:
        replaced: the rows of the files whose place they took.
        repeated: whether an earlier write of the same token made the snapshot, and this one none.
        passed_over: how many more rows there were, which those of the table or of the same data
            were preferred to.
    """

    rows: int
    files: int
    bytes: int
    snapshot_id: int | None
    replaced: int = 0
    repeated: bool = False
    passed_over: int = 0


class TableWrite:
    """Rows on their way into a table: files first, then one commit.

    Until `commit` nobody sees anything. Leaving the `with` block without it deletes the
    files; a process that is killed leaves files behind that no table knows.

    Args:
        schema: of the rows, in their storage types.
        replaces: the files whose place the rows take, see `fsql.formats.replacing`.
        token: names the write in the table's history, where it can be only once.
        out: makes the snapshot that takes files out.
    """

    def __init__(
        self,
        catalog: Catalog,
        entry: Entry,
        schema: pa.Schema,
        replaces: Replaces = nothing,
        token: str | None = None,
        out: Replacement = replacement,
    ) -> None:
        self._entry = entry
        self._table = table = load(catalog, entry.name, entry.database)
        self._partitioner = Partitioner(table.spec(), table.schema())
        self._shared = not table.spec().is_unpartitioned()
        locations = table.location_provider()
        self._files = FileSet(
            catalog.storage,
            with_ids(schema, table.schema()),
            lambda values, name: locations.new_data_location(
                self._partitioner.folder(values) + name
            ),
            row_order(entry.group),
        )
        self._commit = Commit(catalog, entry, table, replaces, token, self._files.keep, out)

    def __enter__(self) -> TableWrite:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.__exit__(kind, error, trace)

    @property
    def entry(self) -> Entry:
        """The table."""
        return self._entry

    @property
    def is_partitioned(self) -> bool:
        """Whether the table has partitions."""
        return self._shared

    def write(self, lane: int, table: pa.Table) -> None:
        """Add rows in their storage types; several lanes may write at the same time."""
        for values, rows in self._partitioner.split(table):
            self._files.write(values, rows)

    def commit(self) -> Committed:
        """Make the rows part of the table, all of them or none.

        A Ctrl-C waits until it is known whether they are.

        Raises:
            CommitConflict: other writers were always quicker, or changed the table's layout.
            TableNotFound: it was dropped meanwhile.
            StorageError: the files cannot be written, or AWS refused. Where AWS did not
                answer they stay, for what it may have done.
        """
        written = self._files.finish()
        made = self._commit.make(list(self._described(written)))
        if made.repeated:
            return Committed(0, 0, 0, made.id, repeated=True)
        rows, size = sum(f.footer.num_rows for f in written), sum(f.size for f in written)
        return Committed(rows, len(written), size, made.id, made.replaced)

    def _described(self, written: list[WrittenFile]) -> Iterator[DataFile]:
        schema = self._table.schema()
        plan = compute_statistics_plan(schema, self._table.properties)
        ids = parquet_path_to_id_mapping(schema)
        for file in written:
            statistics = data_file_statistics_from_parquet_metadata(file.footer, plan, ids)
            yield DataFile.from_args(
                content=DataFileContent.DATA,
                file_path=file.uri,
                file_format=FileFormat.PARQUET,
                partition=Record(*file.partition),
                file_size_in_bytes=file.size,
                sort_order_id=None,
                spec_id=self._table.spec().spec_id,
                equality_ids=None,
                key_metadata=None,
                **statistics.to_serialized_dict(),
            )
