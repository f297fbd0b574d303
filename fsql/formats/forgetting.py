"""Rows made to vanish from an Iceberg table's past: its old snapshots end, and their files go.

The current snapshot must be rid of the rows already. Its manifests may still name the files that
held them, with the least and the greatest of their values, so they are written anew. Then every
snapshot up to the last one that knows the rows is expired, and what only those needed is deleted.

What is about to be deleted is first noted in an object beside the metadata. A process that is
killed on the way leaves the note, and the next one that forgets anything of the table finishes it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.manifest import (
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriter,
    ManifestWriterV2,
)
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Operation, Snapshot
from pyiceberg.table.update.snapshot import _OverwriteFiles

from fsql.catalog import Catalog, Entry
from fsql.formats.choosing import Choice
from fsql.formats.commits import commit_once
from fsql.formats.history import History, is_live
from fsql.formats.iceberg import load
from fsql.formats.removing import Overtaken, patiently

__all__ = ["Forgotten", "check_forgettable", "forget"]

NOTE = "fsql-erasure-"  # what the names of the notes start with


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten: snapshots that have ended, and objects that were deleted."""

    snapshots: int = 0
    objects: int = 0


def check_forgettable(catalog: Catalog, entry: Entry, choice: Choice) -> None:
    """Make sure that no branch or tag keeps rows that are to be erased.

    Raises:
        ConfigError: one does.
        TableNotFound: there is no such table.
    """
    table = load(catalog, entry.name, entry.database)
    if len(table.refs()) > 1:
        history = History(table)
        held = history.holding(choice, entry.engine_schema, live=True)
        naming = history.naming(frozenset(file.file_path for file in held))
        if naming:
            history.until(naming[-1])


def forget(catalog: Catalog, entry: Entry, choice: Choice) -> Forgotten:
    """Erase the rows that are meant from all but the current snapshot's rows.

    Raises:
        CommitConflict: other writers were always quicker; the rows are still in the past.
        ConfigError: a branch or tag keeps them.
    """
    return patiently(entry.name, _Forgetting(catalog, entry, choice).once)


@dataclass(frozen=True)
class _Forgetting:
    catalog: Catalog
    entry: Entry
    choice: Choice

    def once(self) -> Forgotten:
        table = self._loaded()
        finished = self._finish(table, self._notes(table))
        history = History(table)
        held = history.holding(self.choice, self.entry.engine_schema, live=False)
        unwanted = history.unwanted(held) if held else frozenset()
        naming = history.naming(unwanted)
        if not naming:
            return Forgotten(0, finished)
        if naming[-1] in history.current:
            _clean(table, history, unwanted)
            table = self._loaded()
            history = History(table)
        ended = history.until(naming[-1])
        note = self._note(table, history, ended)
        self._expire(table, ended)
        return Forgotten(len(ended), finished + self._finish(self._loaded(), [note]))

    def _loaded(self) -> Table:
        return load(self.catalog, self.entry.name, self.entry.database)

    def _expire(self, table: Table, ended: Iterable[Snapshot]) -> None:
        ids = [snapshot.snapshot_id for snapshot in ended]
        try:
            table.maintenance.expire_snapshots().by_ids(ids).commit()
        except CommitFailedException as error:
            raise Overtaken from error

    def _note(self, table: Table, history: History, ended: list[Snapshot]) -> str:
        """Note what goes once the snapshots have ended; the note's URI."""
        ids = {snapshot.snapshot_id for snapshot in ended}
        staying = [each for each in history.snapshots if each.snapshot_id not in ids]
        going = history.files(ended, live=False) - history.files(staying, live=True)
        # Older metadata files describe the snapshots that end; no reader asks for them.
        earlier = {log.metadata_file for log in table.metadata.metadata_log}
        names = sorted(going | earlier | {table.metadata_location})
        uri = table.location_provider().new_metadata_location(f"{NOTE}{uuid.uuid4()}.json")
        with table.io.new_output(uri).create() as stream:
            stream.write(json.dumps(names).encode())
        return uri

    def _finish(self, table: Table, notes: list[str]) -> int:
        """Delete what notes say, as far as nothing needs it now; how many objects that were."""
        if not notes:
            return 0
        history, deleted = History(table), 0
        needed = history.files(history.snapshots, live=True) | {table.metadata_location}
        for uri in notes:
            with table.io.new_input(uri).open() as stream:
                going = [name for name in json.loads(stream.read()) if name not in needed]
            self.catalog.storage.delete(going)
            self.catalog.storage.delete([uri])
            deleted += len(going)
        return deleted

    def _notes(self, table: Table) -> list[str]:
        folder = table.location_provider().new_metadata_location("")
        found = (object.uri for object in self.catalog.storage.list(folder))
        return [uri for uri in found if uri.rpartition("/")[2].startswith(NOTE)]


def _clean(table: Table, history: History, unwanted: frozenset[str]) -> None:
    """Have the current snapshot's manifests name none of the files that held the rows.

    Raises:
        Overtaken: others committed first.
    """
    commit_once(table)
    try:
        with table.transaction() as transaction, _Cleaned(transaction, history, unwanted):
            pass
    except (CommitFailedException, ValidationException) as error:
        raise Overtaken from error


class _Cleaned(_OverwriteFiles):
    """A snapshot of the same rows whose manifests do not name some files.

    The specification lets a later snapshot drop entries of files that are gone, see
    https://iceberg.apache.org/spec/#manifest-entry-fields. pyiceberg has no call for it; a test
    pins the hooks.
    """

    def __init__(
        self, transaction: Transaction, history: History, unwanted: frozenset[str]
    ) -> None:
        self._history, self._unwanted = history, unwanted
        deletes = history.delete_files(unwanted)
        note = {
            "removed-delete-files": len(deletes),
            "removed-position-deletes": sum(file.record_count for file in deletes),
            "removed-files-size": sum(file.file_size_in_bytes for file in deletes),
        }
        super().__init__(
            Operation.OVERWRITE,
            transaction,
            transaction._table.io,
            snapshot_properties={name: str(count) for name, count in note.items() if count},
        )

    def _deleted_entries(self) -> list[ManifestEntry]:
        return []

    def _existing_manifests(self) -> list[ManifestFile]:
        manifests = [m for each in self._history.current for m in self._history.manifests(each)]
        written = (self._rewritten(m) if self._is_dirty(m) else m for m in manifests)
        return [manifest for manifest in written if manifest is not None]

    def _is_dirty(self, manifest: ManifestFile) -> bool:
        return any(
            entry.data_file.file_path in self._unwanted for entry in self._history.entries(manifest)
        )

    def _rewritten(self, manifest: ManifestFile) -> ManifestFile | None:
        rest = [
            entry
            for entry in self._history.entries(manifest)
            if is_live(entry) and entry.data_file.file_path not in self._unwanted
        ]
        if not rest:
            return None
        with self._writer(manifest) as writer:
            for entry in rest:
                writer.add_entry(_existing(entry))
        return writer.to_manifest_file()

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
