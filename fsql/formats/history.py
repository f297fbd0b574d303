"""What all snapshots of an Iceberg table consist of, down to files that are in none any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

import pyarrow as pa
from pyiceberg.manifest import DataFile, DataFileContent, ManifestEntry, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Snapshot

from fsql.errors import ConfigError
from fsql.formats.choosing import Choice, may_hold
from fsql.formats.file_rows import FileRows
from fsql.formats.silence import is_live

__all__ = ["History"]


class History:
    """A table's snapshots as they were when it was loaded.

    Manifests never change, and snapshots share most of them, so each is read once.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self.snapshots = sorted(table.snapshots(), key=lambda s: s.sequence_number or 0)
        self._entries: dict[str, list[ManifestEntry]] = {}

    def manifests(self, snapshot: Snapshot) -> list[ManifestFile]:
        """The manifests of a snapshot."""
        return snapshot.manifests(self._table.io)

    def entries(self, manifest: ManifestFile) -> list[ManifestEntry]:
        """What a manifest lists, files that the snapshot took out among them."""
        path = manifest.manifest_path
        if path not in self._entries:
            self._entries[path] = manifest.fetch_manifest_entry(
                self._table.io, discard_deleted=False
            )
        return self._entries[path]

    def _listed(self, snapshots: Iterable[Snapshot]) -> Iterator[ManifestEntry]:
        manifests = {m.manifest_path: m for each in snapshots for m in self.manifests(each)}
        for manifest in manifests.values():
            yield from self.entries(manifest)

    @cached_property
    def current(self) -> list[Snapshot]:
        """The current snapshot; none if the table never had one."""
        snapshot = self._table.current_snapshot()
        return [] if snapshot is None else [snapshot]

    def holding(self, choice: Choice, schema: pa.Schema, *, live: bool) -> list[DataFile]:
        """Data files of any snapshot that hold rows that are meant, or cannot be read any more.

        Args:
            schema: the table's columns in storage types.
            live: the current snapshot's files count too.
        """
        found = {
            entry.data_file.file_path: entry.data_file
            for entry in self._listed(self.snapshots)
            if entry.data_file.content == DataFileContent.DATA
        }
        for entry in () if live else self._listed(self.current):
            if is_live(entry):
                found.pop(entry.data_file.file_path, None)
        maybe = filter(may_hold(self._table.metadata, choice.predicate()), found.values())
        return FileRows(self._table, schema).holding(maybe, choice, lambda file: True)

    def unwanted(self, held: Collection[DataFile]) -> frozenset[str]:
        """The paths of files, and of those delete files beside them that apply to nothing now."""
        # All there is, so that a delete file that is needed is known to be.
        needed = {
            d.file_path for task in self._table.scan().plan_files() for d in task.delete_files
        }
        places = {(file.spec_id, tuple(_values(file))) for file in held}
        idle = (
            entry.data_file.file_path
            for entry in self._listed(self.snapshots)
            if entry.data_file.content == DataFileContent.POSITION_DELETES
            and (entry.data_file.spec_id, tuple(_values(entry.data_file))) in places
        )
        return frozenset(file.file_path for file in held) | (frozenset(idle) - needed)

    def naming(self, paths: frozenset[str]) -> list[Snapshot]:
        """The snapshots with a manifest that names any of the files, oldest first."""
        return [
            snapshot
            for snapshot in self.snapshots
            if any(self._names(manifest, paths) for manifest in self.manifests(snapshot))
        ]

    def _names(self, manifest: ManifestFile, paths: frozenset[str]) -> bool:
        return any(entry.data_file.file_path in paths for entry in self.entries(manifest))

    def until(self, newest: Snapshot) -> list[Snapshot]:
        """A snapshot and all before it, for without gaps time travel finds what was true then.

        Raises:
            ConfigError: a branch or tag keeps one of them.
        """
        ended = [s for s in self.snapshots if _number(s) <= _number(newest)]
        ids = {snapshot.snapshot_id for snapshot in ended}
        kept = [
            name
            for name, ref in self._table.refs().items()
            if name != MAIN_BRANCH and ref.snapshot_id in ids
        ]
        if kept:
            raise ConfigError(
                f"{', '.join(map(repr, kept))} of {self._table.name()[-1]!r} keeps a snapshot that"
                " has the rows, so they cannot be erased. Remove the tag or branch first, with"
                " pyiceberg's Table.manage_snapshots()."
            )
        return ended

    def files(self, snapshots: Iterable[Snapshot], *, live: bool) -> set[str]:
        """Every file that snapshots need, or name.

        Args:
            live: leave out data and delete files that the snapshots only say are gone.
        """
        listed = list(snapshots)
        manifests = {m.manifest_path for each in listed for m in self.manifests(each)}
        files = {e.data_file.file_path for e in self._listed(listed) if is_live(e) or not live}
        return (
            {each.manifest_list for each in listed} | manifests | files | self._statistics(listed)
        )

    def _statistics(self, snapshots: Iterable[Snapshot]) -> set[str]:
        ids = {snapshot.snapshot_id for snapshot in snapshots}
        metadata = self._table.metadata
        known = [*metadata.statistics, *metadata.partition_statistics]
        return {file.statistics_path for file in known if file.snapshot_id in ids}


def _values(file: DataFile) -> Iterator[str]:
    """A partition's values, comparable; NaN does not equal itself."""
    return (repr(file.partition[place]) for place in range(len(file.partition)))


def _number(snapshot: Snapshot) -> int:
    return snapshot.sequence_number or 0
