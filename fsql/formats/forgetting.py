"""Rows made to vanish from an Iceberg table's past: its old snapshots end, and their files go.

The current snapshot must be rid of the rows already. Its manifests may still name the files that
held them, with the least and the greatest of their values, so they are written anew. Then every
snapshot up to the last one that knows the rows is expired, and what only those needed is deleted.

What is about to be deleted is first noted in an object beside the metadata. A process that is
killed on the way leaves the note, and the next one that forgets anything of the table finishes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from fsql.catalog import Catalog, Entry
from fsql.formats.choosing import Choice
from fsql.formats.commits import commit_once
from fsql.formats.erasure_notes import finish_notes, leave_note
from fsql.formats.history import History
from fsql.formats.iceberg import load
from fsql.formats.removing import Overtaken, patiently
from fsql.formats.silence import without_naming

__all__ = ["Forgotten", "check_forgettable", "forget"]


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten: snapshots that have ended, and objects that were deleted.

    Attributes:
        pending: files with such rows that a writer may be about to make part of the table.
    """

    snapshots: int = 0
    objects: int = 0
    pending: int = 0


def check_forgettable(catalog: Catalog, entry: Entry, choice: Choice) -> None:
    """Make sure that no branch or tag keeps rows that are to be erased.

    Raises:
        ConfigError: one does.
        TableNotFound: there is no such table.
    """
    table = load(catalog, entry.name, entry.database)
    if len(table.refs()) > 1:
        history = History(table)
        held = history.holding(choice, live=True)
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
        finished = self._finish(table)
        history = History(table)
        held = history.holding(self.choice, live=False)
        unwanted = history.unwanted(held) if held else frozenset()
        naming = history.naming(unwanted)
        if not naming:
            return Forgotten(0, finished)
        if naming[-1] in history.current:
            _clean(table, unwanted)
            table = self._loaded()
            history = History(table)
        ended = history.until(naming[-1])
        self._note(table, history, ended)
        self._expire(table, ended)
        return Forgotten(len(ended), finished + self._finish(self._loaded()))

    def _loaded(self) -> Table:
        return load(self.catalog, self.entry.name, self.entry.database)

    def _expire(self, table: Table, ended: Iterable[Snapshot]) -> None:
        ids = [snapshot.snapshot_id for snapshot in ended]
        try:
            table.maintenance.expire_snapshots().by_ids(ids).commit()
        except CommitFailedException as error:
            raise Overtaken from error

    def _note(self, table: Table, history: History, ended: list[Snapshot]) -> None:
        """Note what goes once the snapshots have ended."""
        ids = {snapshot.snapshot_id for snapshot in ended}
        staying = [each for each in history.snapshots if each.snapshot_id not in ids]
        going = history.files(ended, live=False) - history.files(staying, live=True)
        # Older metadata files describe the snapshots that end; no reader asks for them.
        earlier = {log.metadata_file for log in table.metadata.metadata_log}
        leave_note(self.catalog, _folder(table), going | earlier | {table.metadata_location})

    def _finish(self, table: Table) -> int:
        """Delete what notes say, as far as nothing needs it now; how many objects that were."""

        def needed() -> set[str]:
            history = History(table)
            return history.files(history.snapshots, live=True) | {table.metadata_location}

        return finish_notes(self.catalog, _folder(table), needed)


def _folder(table: Table) -> str:
    return table.location_provider().new_metadata_location("")


def _clean(table: Table, unwanted: frozenset[str]) -> None:
    """Have the current snapshot's manifests name none of the files that held the rows.

    Raises:
        Overtaken: others committed first.
    """
    commit_once(table)
    try:
        with table.transaction() as transaction, without_naming(transaction, unwanted):
            pass
    except (CommitFailedException, ValidationException) as error:
        raise Overtaken from error
