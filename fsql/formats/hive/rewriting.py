"""Partitions of a Hive-style table written anew, from what they are at one moment."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from types import TracebackType

import pyarrow as pa

from fsql.catalog import Catalog, Entry
from fsql.formats.certainty import without_interrupt
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.manifests import Manifest, Manifests
from fsql.formats.hive.publishing import Change, Outcome, publish
from fsql.formats.hive.unpublished import explain, surely_old
from fsql.formats.parquet import FileSet, WrittenFile
from fsql.formats.sorting import row_order

__all__ = ["Rewriting"]


class Rewriting:
    """New files for some partitions, each of which goes over if it is still what it was.

    Whatever the rows are made of has to be read between `__init__` and `commit`. Leaving the
    `with` block without `commit` deletes the files.

    Args:
        partitions: those that are to be written anew, all of them with all of their rows.
    """

    def __init__(self, catalog: Catalog, entry: Entry, partitions: Iterable[Texts]) -> None:
        self._catalog, self._entry = catalog, entry
        self._manifests = manifests = Manifests(catalog, entry)
        self._before = {texts: Manifest(texts) for texts in partitions}
        listed = [one for one in manifests.listed() if one.texts in self._before]
        self._before |= {manifest.texts: manifest for manifest in manifests.known(listed)}
        layout, id_ = manifests.layout, uuid.uuid4().hex
        self._files = FileSet(
            catalog.storage,
            layout.files,
            lambda texts, name: f"{manifests.root}{layout.folder(texts)}{id_}-{name}",
            row_order(entry.group),
        )

    def __enter__(self) -> Rewriting:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def write(self, texts: Texts, rows: pa.Table) -> None:
        """Add rows of a partition: all columns, in their storage types."""
        self._files.write(texts, rows.select(self._manifests.layout.files.names))

    def commit(self, changed: Iterable[Texts]) -> list[Texts]:
        """Let the new rows of some partitions be seen; the others stay as they are.

        Returns:
            The partitions that others have changed meanwhile; they are as those left them.

        Raises:
            CommitConflict, StorageError: some partitions are as before; which ones, is said.
            TableNotFound: the table was dropped meanwhile; nothing was written.
        """
        written: dict[Texts, list[WrittenFile]] = {texts: [] for texts in changed}
        for file in self._files.finish():
            if file.partition in written:
                written[file.partition].append(file)
            else:
                self._catalog.storage.delete([file.uri])
        return without_interrupt(lambda: self._publish(written))

    def _publish(self, written: dict[Texts, list[WrittenFile]]) -> list[Texts]:
        changes = {texts: self._replacing(texts, files) for texts, files in written.items()}
        keep = self._files.keep
        results = publish(self._catalog, self._entry, self._manifests, changes, keep)
        overtaken = []
        for texts, result in results.items():
            uris = [file.uri for file in written[texts]]
            if surely_old(result, uris):
                self._catalog.storage.delete(uris)
                if isinstance(result, Outcome):
                    overtaken.append(texts)
        explain(self._entry, self._manifests.layout, results)
        return overtaken

    def _replacing(self, texts: Texts, files: list[WrittenFile]) -> Change:
        before = self._before[texts].uris
        uris = [file.uri for file in files]
        rows, size = sum(f.footer.num_rows for f in files), sum(f.size for f in files)

        def change(manifest: Manifest) -> Manifest | None:
            return manifest.emptied().adding(uris, rows, size) if manifest.uris == before else None

        return change
