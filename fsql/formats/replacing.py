"""Which of a table's data files the rows of a write take the place of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import Table

__all__ = ["Replaces", "everything", "nothing"]

Replaces: TypeAlias = Callable[[Table, Sequence[DataFile]], Iterable[DataFile]]
"""Takes the table as it is and the files that come; gives those of the table's that go.

Files of position deletes stay: none of them says anything about a newer data file, see
https://iceberg.apache.org/spec/#scan-planning.
"""


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
