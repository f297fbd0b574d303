"""Rows on their way into an Iceberg table: data files first, then one commit.

The data files are written here and not by pyiceberg, since they are written in parallel and taken
back when the write fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyarrow as pa
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from fsql.catalog import Catalog, Entry
from fsql.formats.commits import Commit
from fsql.formats.evolution import check_same_columns
from fsql.formats.fields import stored_schema, widened, with_ids
from fsql.formats.iceberg import load
from fsql.formats.parquet import FileSet, WrittenFile
from fsql.formats.partitions import Partitioner, comparable
from fsql.formats.repartitioning import Outdated
from fsql.formats.replacing import Replacement, Replaces, nothing, of_partitions, replacement
from fsql.formats.sorting import row_order

__all__ = ["Committed", "PartitionsWrite", "TableWrite"]


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
        self._storage, self._entry = catalog.storage, entry
        self._table = table = load(catalog, entry.name, entry.database)
        check_same_columns(entry, table)
        self._partitioner = Partitioner(table.spec(), table.schema())
        self._shared = not table.spec().is_unpartitioned()
        self._stored = widened(schema, table.schema())
        self._sets: list[FileSet] = []
        self._files = self._file_set(with_ids(self._stored, table.schema()))
        self._commit = Commit(catalog, entry, table, replaces, token, self._keep, out)

    def _file_set(self, schema: pa.Schema) -> FileSet:
        locations = self._table.location_provider()
        made = FileSet(
            self._storage,
            schema,
            lambda values, name: locations.new_data_location(
                self._partitioner.folder(values) + name
            ),
            row_order(self._entry.group),
        )
        self._sets.append(made)
        return made

    def _keep(self, keep: bool) -> None:
        for files in self._sets:
            files.keep(keep)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for files in self._sets:
            files.__exit__(kind, error, trace)

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
        if table.schema.types != self._stored.types:
            table = table.cast(self._stored)
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
        beside = self._rewritten(written)
        made = self._commit.make(list(self._described([*written, *beside])))
        if made.repeated:
            return Committed(0, 0, 0, made.id, repeated=True)
        size, replaced = sum(f.size for f in written), made.replaced - _rows(beside)
        return Committed(_rows(written), len(written), size, made.id, replaced)

    def _rewritten(self, written: Sequence[WrittenFile]) -> list[WrittenFile]:
        """Files of rows that the table has already, and that lie in files which are replaced."""
        return []

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


class PartitionsWrite(TableWrite):
    """Rows that take the place of the partitions that they belong to.

    Args: see `TableWrite`.
    """

    def __init__(
        self, catalog: Catalog, entry: Entry, schema: pa.Schema, token: str | None = None
    ) -> None:
        super().__init__(catalog, entry, schema, self._replaced, token)
        self._catalog = catalog
        self._touched: frozenset[tuple[object, ...]] = frozenset()
        self._outdated: Outdated | None = None

    def _rewritten(self, written: Sequence[WrittenFile]) -> list[WrittenFile]:
        table = load(self._catalog, self._entry.name, self._entry.database)
        self._touched = frozenset(comparable(file.partition) for file in written)
        self._outdated = Outdated.of(table, self._partitioner, self._touched)
        if not self._outdated.going:
            return []
        files = self._file_set(with_ids(stored_schema(table.schema()), table.schema()))
        for values, rows in self._outdated.staying():
            files.write(values, rows)
        return files.finish()

    def _replaced(self, table: Table, added: Sequence[DataFile]) -> list[DataFile]:
        assert self._outdated is not None
        return [*of_partitions(table, self._touched), *self._outdated.unchanged(table)]


def _rows(files: Iterable[WrittenFile]) -> int:
    return sum(file.footer.num_rows for file in files)
