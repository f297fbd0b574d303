"""Which of a table's data files the rows of a write take the place of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _OverwriteFiles

from fsql.errors import DefinitionError
from fsql.formats.sources import WithSources

__all__ = ["Replacement", "Replaces", "everything", "nothing", "replacement", "touched_partitions"]

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


def touched_partitions(table: Table, added: Sequence[DataFile]) -> Iterator[DataFile]:
    """Every data file of the partitions that have rows among those that come.

    Raises:
        DefinitionError: the table has files from before its partitions were changed, which may
            hold rows of any partition.
    """
    touched = {_partition(file) for file in added}
    spec_id = table.spec().spec_id
    for file in everything(table, added):
        if file.spec_id != spec_id:
            raise DefinitionError(
                f"{table.name()[-1]!r} was partitioned otherwise once and has files from then, so"
                " its partitions cannot be replaced; nothing was written. Use mode='upsert', or"
                " write all of its rows with mode='overwrite'."
            )
        if _partition(file) in touched:
            yield file


def _partition(file: DataFile) -> tuple[Any, ...]:
    """The partition's values; NaN is one value too, though it does not equal itself."""
    values = (file.partition[place] for place in range(len(file.partition)))
    return tuple("NaN" if value != value else (value,) for value in values)


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
