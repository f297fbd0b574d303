"""Data files that others wrote below a Hive-style table, made visible."""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.manifest import DataFile

from fsql.catalog import Catalog, Entry
from fsql.formats.certainty import without_interrupt
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.manifests import Manifest, Manifests
from fsql.formats.hive.publishing import Change, publish
from fsql.formats.hive.unpublished import explain
from fsql.formats.hive.write import note
from fsql.formats.table_write import Committed

__all__ = ["adopt"]


def adopt(catalog: Catalog, entry: Entry, files: Sequence[DataFile], token: str) -> Committed:
    """Put files into the manifests of their partitions; one that has them already is left alone.

    Args:
        files: with all of the group's columns, in the partitions that its definition says.
        token: is noted when all partitions have their files.

    Raises:
        CommitConflict, StorageError: some partitions are as before; which ones, is said.
        TableNotFound: the table was dropped meanwhile; nothing was written.
    """
    manifests = Manifests(catalog, entry)
    added: dict[Texts, list[DataFile]] = {}
    for file in files:
        values = tuple(file.partition[place] for place in range(len(file.partition)))
        added.setdefault(manifests.layout.texts(values), []).append(file)
    changes = {texts: _adding(added[texts]) for texts in added}

    def published() -> bool:
        results = publish(catalog, entry, manifests, changes)
        explain(entry, manifests.layout, results)
        return note(catalog, entry, token)

    if not without_interrupt(published):
        return Committed(0, 0, 0, None, repeated=True)
    rows = sum(file.record_count for file in files)
    return Committed(rows, len(files), sum(file.file_size_in_bytes for file in files), None)


def _adding(files: Sequence[DataFile]) -> Change:
    uris = [file.file_path for file in files]
    rows, size = sum(f.record_count for f in files), sum(f.file_size_in_bytes for f in files)

    def change(manifest: Manifest) -> Manifest | None:
        return None if set(uris) & set(manifest.uris) else manifest.adding(uris, rows, size)

    return change
