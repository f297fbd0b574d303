"""What all snapshots of an Iceberg table consist of, down to files that are in none any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from pyiceberg.manifest import DataFile, DataFileContent, ManifestEntry, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Snapshot

from fsql.errors import ConfigError
from fsql.formats.choosing import Choice, may_hold
from fsql.formats.fields import stored_schema
from fsql.formats.file_rows import FileRows
from fsql.formats.silence import is_live

__all__ = ["History"]

REQUESTS = 16  # at the same time


class History:
    """A table's snapshots as they were when it was loaded.

    Manifests never change, and snapshots share most of them, so each is read once, several at a
    time.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self.snapshots = sorted(table.snapshots(), key=lambda s: s.sequence_number or 0)

    @cached_property
    def _manifests(self) -> dict[int, list[ManifestFile]]:
        """The manifests of each snapshot."""
        with ThreadPoolExecutor(REQUESTS, "fsql-history") as pool:
            found = pool.map(lambda s: s.manifests(self._table.io), self.snapshots)
            ids = [snapshot.snapshot_id for snapshot in self.snapshots]
            return dict(zip(ids, found, strict=True))

    @cached_property
    def _entries(self) -> dict[str, list[ManifestEntry]]:
        """What each manifest lists, files that its snapshot took out among them."""
        manifests = {m.manifest_path: m for each in self._manifests.values() for m in each}
        with ThreadPoolExecutor(REQUESTS, "fsql-history") as pool:
            found = pool.map(self._read, manifests.values())
            return dict(zip(manifests, found, strict=True))

    def _read(self, manifest: ManifestFile) -> list[ManifestEntry]:
        return manifest.fetch_manifest_entry(self._table.io, discard_deleted=False)

    def _paths(self, snapshots: Iterable[Snapshot]) -> set[str]:
        """The manifests of some snapshots."""
        return {m.manifest_path for each in snapshots for m in self._manifests[each.snapshot_id]}

    def _listed(self, snapshots: Iterable[Snapshot]) -> Iterator[ManifestEntry]:
        for path in self._paths(snapshots):
            yield from self._entries[path]

    @cached_property
    def current(self) -> list[Snapshot]:
        """The current snapshot; none if the table never had one."""
        snapshot = self._table.current_snapshot()
        return [] if snapshot is None else [snapshot]

    def holding(self, choice: Choice, *, live: bool) -> list[DataFile]:
        """Data files of any snapshot that hold rows that are meant, or cannot be read any more.

        Args:
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
        rows = FileRows(self._table, stored_schema(self._table.schema()))
        return rows.holding(maybe, choice, lambda file: True)

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
            if any(entry.data_file.file_path in paths for entry in self._listed([snapshot]))
        ]

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
        files = {e.data_file.file_path for e in self._listed(listed) if is_live(e) or not live}
        lists = {each.manifest_list for each in listed}
        return lists | self._paths(listed) | files | self._statistics(listed)

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
