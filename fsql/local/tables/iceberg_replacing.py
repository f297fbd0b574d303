"""Snapshots that put data files in the place of others.

They stand on pyiceberg's `_OverwriteFiles`, which is not public; tests of a table partitioned by
NaN and of one with position deletes pin what is used of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile, DataFileContent, ManifestContent, ManifestFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table, TableProperties, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Operation, Summary
from pyiceberg.table.update.snapshot import _OverwriteFiles
from pyiceberg.typedef import EMPTY_DICT

from fsql.local.tables.iceberg_sources import with_sources

__all__ = ["commit_once", "delete_manifests", "overwriting", "replacing"]


class _Overwrite(_OverwriteFiles):
    """An overwrite that reads every manifest.

    pyiceberg would leave out those that hold none of the partitions, and fails where one of them is
    NaN, which it cannot compare.
    """

    def _build_delete_files_partition_predicate(self) -> None:
        self.delete_by_predicate(AlwaysTrue())

    def schema(self) -> Schema:
        """The columns behind partition values that manifests tell, dropped ones among them."""
        return with_sources(self._transaction.table_metadata)


class _Replace(_Overwrite):
    """The same rows in other files; files of position deletes that no file needs any more go."""

    needless: frozenset[str] = frozenset()

    def _existing_manifests(self) -> list[ManifestFile]:
        kept = super()._existing_manifests()
        return [each for each in kept if each.manifest_path not in self.needless]

    def _summary(self, snapshot_properties: dict[str, str] = EMPTY_DICT) -> Summary:
        rewritten, snapshot = self._deleted_data_files, self._transaction.table_metadata
        gone = set(self._gone(snapshot))
        self._deleted_data_files = rewritten | gone
        try:
            summary = super()._summary(snapshot_properties)
        finally:
            self._deleted_data_files = rewritten
        # pyiceberg computes no totals for an operation that it does not have itself.
        return Summary(Operation.REPLACE, **summary.additional_properties)

    def _gone(self, metadata: TableMetadata) -> Iterator[DataFile]:
        for manifest, files in delete_manifests(metadata, self._io):
            if manifest.manifest_path in self.needless:
                yield from files


def delete_manifests(
    metadata: TableMetadata, io: FileIO
) -> Iterator[tuple[ManifestFile, list[DataFile]]]:
    """The manifests of delete files that the current snapshot has, and their files."""
    snapshot = metadata.current_snapshot()
    for manifest in snapshot.manifests(io) if snapshot is not None else ():
        if manifest.content == ManifestContent.DELETES:
            entries = manifest.fetch_manifest_entry(io, discard_deleted=True)
            yield manifest, [entry.data_file for entry in entries]


def overwriting(transaction: Transaction, removed: Iterable[DataFile]) -> _OverwriteFiles:
    """The snapshot of a change that takes files out; others can be added to it."""
    snapshot = _Overwrite(Operation.OVERWRITE, transaction, transaction._table.io)
    for file in removed:
        snapshot.delete_data_file(file)
    return snapshot


def replacing(
    transaction: Transaction, removed: Iterable[DataFile], needed: Collection[str]
) -> _OverwriteFiles:
    """The snapshot of a rewrite, whose operation is ``replace``.

    Args:
        needed: the delete files that apply to files which stay; manifests without any of them go.
    """
    io = transaction._table.io
    snapshot = _Replace(Operation.OVERWRITE, transaction, io)
    snapshot.needless = frozenset(
        manifest.manifest_path
        for manifest, files in delete_manifests(transaction.table_metadata, io)
        if all(_is_needless(file, needed) for file in files)
    )
    for file in removed:
        snapshot.delete_data_file(file)
    return snapshot


def _is_needless(file: DataFile, needed: Collection[str]) -> bool:
    return file.content == DataFileContent.POSITION_DELETES and file.file_path not in needed


def commit_once(table: Table) -> None:
    """Keep pyiceberg from committing again on top of a snapshot that was not looked at."""
    once = {**table.metadata.properties, TableProperties.COMMIT_NUM_RETRIES: "0"}
    table.metadata = table.metadata.model_copy(update={"properties": once})
