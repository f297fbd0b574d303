"""Which of a table's data files the rows of a write take the place of."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TypeAlias

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _OverwriteFiles

from fsql.formats.partitions import comparable
from fsql.formats.sources import WithSources

__all__ = ["Replacement", "Replaces", "everything", "nothing", "of_partitions", "replacement"]

Replaces: TypeAlias = Callable[[Table, Sequence[DataFile]], Iterable[DataFile]]
"""Takes the table as it is and the files that come; gives those of the table's that go.

Files of position deletes stay: none of them says anything about a newer data file, see
https://iceberg.apache.org/spec/#scan-planning.
"""

Replacement: TypeAlias = Callable[
    [Transaction, Iterable[DataFile], dict[str, str]], _OverwriteFiles
]
"""Makes the snapshot that takes files out, as `replacement` does."""


def nothing(table: Table, added: Sequence[DataFile]) -> Iterator[DataFile]:
    """The rows join what is there."""
    return iter(())


def everything(table: Table, added: Sequence[DataFile]) -> Iterator[DataFile]:
    """Every data file of the current snapshot."""
    snapshot = table.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot is not None else ():
        if manifest.content == ManifestContent.DATA:
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                yield entry.data_file


def of_partitions(table: Table, touched: Container[tuple[object, ...]]) -> Iterator[DataFile]:
    """Every data file of some of the partitions that the table has now.

    Files from before they were changed are in none of them.

    Args:
        touched: the partitions, see `fsql.formats.partitions.comparable`.
    """
    spec_id = table.spec().spec_id
    for file in everything(table, ()):
        if file.spec_id == spec_id and _partition(file) in touched:
            yield file


def _partition(file: DataFile) -> tuple[object, ...]:
    return comparable(tuple(file.partition[place] for place in range(len(file.partition))))


class _Replacement(WithSources, _OverwriteFiles):
    """An overwrite that reads every manifest.

    pyiceberg would leave out those that hold none of the partitions, and fails where one of them is
    NaN, which it cannot compare. A test with such a partition pins this hook.
    """

    def _build_delete_files_partition_predicate(self) -> None:
        self.delete_by_predicate(AlwaysTrue())


def replacement(
    transaction: Transaction, replaced: Iterable[DataFile], note: dict[str, str]
) -> _OverwriteFiles:
    """The snapshot of a transaction that takes files out; others can be added to it.

    Args:
        note: what its summary says beside pyiceberg's own.
    """
    snapshot = _Replacement(
        Operation.OVERWRITE, transaction, transaction._table.io, snapshot_properties=note
    )
    for file in replaced:
        snapshot.delete_data_file(file)
    return snapshot
