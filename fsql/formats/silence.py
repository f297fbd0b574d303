"""Snapshots that do not name the files they leave out.

A manifest has the least and the greatest values of a file, also where it only says that the file
is gone. The specification lets a snapshot be silent about what is gone, as every later one is, see
https://iceberg.apache.org/spec/#manifest-entry-fields.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyiceberg.manifest import (
    DataFile,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriter,
    ManifestWriterV2,
)
from pyiceberg.table import Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _OverwriteFiles

from fsql.formats.sources import WithSources

__all__ = ["is_live", "silent_replacement", "without_naming"]


def is_live(entry: ManifestEntry) -> bool:
    """Whether a snapshot with the entry's manifest has its file."""
    return entry.status != ManifestEntryStatus.DELETED


def silent_replacement(
    transaction: Transaction, replaced: Iterable[DataFile], note: dict[str, str]
) -> _OverwriteFiles:
    """As `fsql.formats.replacing.replacement`, without naming the files that are taken out."""
    snapshot = _Silent(transaction, frozenset(), note)
    for file in replaced:
        snapshot.delete_data_file(file)
    return snapshot


def without_naming(transaction: Transaction, paths: frozenset[str]) -> _OverwriteFiles:
    """A snapshot of the same rows that does not name some files.

    Args:
        paths: of data files that are gone, and of delete files that apply to none.
    """
    return _Silent(transaction, paths, {})


class _Silent(WithSources, _OverwriteFiles):
    """pyiceberg has no call for it; a test pins the hooks."""

    def __init__(
        self, transaction: Transaction, unwanted: frozenset[str], note: dict[str, str]
    ) -> None:
        self._unwanted = unwanted
        super().__init__(
            Operation.OVERWRITE, transaction, transaction._table.io, snapshot_properties=dict(note)
        )

    def _deleted_entries(self) -> list[ManifestEntry]:
        return []

    def _build_delete_files_partition_predicate(self) -> None:
        """Every manifest is looked at."""

    def _existing_manifests(self) -> list[ManifestFile]:
        current = self._transaction.table_metadata.current_snapshot()
        manifests = current.manifests(self._io) if current is not None else []
        unwanted = self._unwanted | {file.file_path for file in self._deleted_data_files}
        rest = (self._without(manifest, unwanted) for manifest in manifests)
        return [manifest for manifest in rest if manifest is not None]

    def _without(self, manifest: ManifestFile, unwanted: frozenset[str]) -> ManifestFile | None:
        """The manifest, or what is left of it."""
        entries = self.fetch_manifest_entry(manifest, discard_deleted=False)
        rest = [e for e in entries if is_live(e) and e.data_file.file_path not in unwanted]
        if len(rest) == len(entries):
            return manifest
        if manifest.content == ManifestContent.DELETES:
            self._note_removed([e.data_file for e in entries if is_live(e) and e not in rest])
        if not rest:
            return None
        with self._writer(manifest) as writer:
            for entry in rest:
                writer.add_entry(_existing(entry))
        return writer.to_manifest_file()

    def _note_removed(self, deletes: list[DataFile]) -> None:
        """Have the summary count delete files, which pyiceberg does not."""
        counts = {
            "removed-delete-files": len(deletes),
            "removed-position-deletes": sum(file.record_count for file in deletes),
            "removed-files-size": sum(file.file_size_in_bytes for file in deletes),
        }
        for name, count in counts.items():
            known = int(self.snapshot_properties.get(name, 0))
            self.snapshot_properties[name] = str(known + count)

    def _writer(self, manifest: ManifestFile) -> ManifestWriter:
        spec = self.spec(manifest.partition_spec_id)
        if manifest.content == ManifestContent.DATA:
            return self.new_manifest_writer(spec)
        place = self.new_manifest_output()
        return _DeleteManifest(spec, self.schema(), place, self._snapshot_id, self._compression)


class _DeleteManifest(ManifestWriterV2):
    """A manifest of delete files, which pyiceberg reads and does not write."""

    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def _existing(entry: ManifestEntry) -> ManifestEntry:
    return ManifestEntry.from_args(
        status=ManifestEntryStatus.EXISTING,
        snapshot_id=entry.snapshot_id,
        sequence_number=entry.sequence_number,
        file_sequence_number=entry.file_sequence_number,
        data_file=entry.data_file,
    )
