"""Data files made part of an Iceberg table: one snapshot, whoever else commits meanwhile."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, TableProperties

from fsql.catalog import Catalog, Entry
from fsql.errors import CommitConflict, StorageError
from fsql.formats.certainty import is_final, without_interrupt
from fsql.formats.evolution import check_files_fit
from fsql.formats.iceberg import load
from fsql.formats.replacing import Replacement, Replaces, nothing, replacement
from fsql.formats.sources import appending

__all__ = ["Commit", "Made", "commit_once", "mark", "written_by"]

ATTEMPTS = 5  # each of them retries 4 times within pyiceberg, where that is allowed
_FAILURES = (BotoCoreError, ClientError, OSError, CommitConflict)
TOKEN = "fsql.write"  # in a snapshot's summary: the write that made it


def written_by(catalog: Catalog, entry: Entry, token: str) -> int | None:
    """The snapshot in a table's history that the write of this token made; None if there is none.

    Raises:
        TableNotFound: the table was dropped meanwhile.
    """
    return _made_by(token, load(catalog, entry.name, entry.database))


def _made_by(token: str, table: Table) -> int | None:
    for snapshot in table.snapshots():
        if snapshot.summary is not None and snapshot.summary.get(TOKEN) == token:
            return snapshot.snapshot_id
    return None


@dataclass(frozen=True)
class Made:
    """The snapshot that has the files.

    Attributes:
        replaced: the rows of the files whose place they took.
        repeated: whether an earlier commit of the same token made it, and this one none.
    """

    id: int
    replaced: int = 0
    repeated: bool = False


class Commit:
    """The one commit of a write.

    Args:
        table: as it was when the files were begun; they fit no other layout.
        replaces: the files whose place they take, see `fsql.formats.replacing`.
        token: names the write in the table's history, where it can be only once.
        keep: told whether the files may be part of the table from now on, or are surely not.
        out: makes the snapshot that takes files out.
    """

    def __init__(
        self,
        catalog: Catalog,
        entry: Entry,
        table: Table,
        replaces: Replaces = nothing,
        token: str | None = None,
        keep: Callable[[bool], None] = lambda keep: None,
        out: Replacement = replacement,
    ) -> None:
        self._catalog, self._entry, self._table = catalog, entry, table
        self._replaces, self._keep, self._out = replaces, keep, out
        # Both are decided by the snapshot that a commit builds on, so no other may slip between.
        self._exact = replaces is not nothing or token is not None
        self._token = token or str(uuid.uuid4())
        self._attempts: set[int] = set()

    def make(self, data_files: Sequence[DataFile]) -> Made:
        """Make the files part of the table, all of them or none.

        A Ctrl-C waits until it is known whether they are.

        Raises:
            CommitConflict: other writers were always quicker, or changed the table's layout.
            TableNotFound: it was dropped meanwhile.
            StorageError: AWS refused, or did not answer.
        """
        return without_interrupt(lambda: self._make(data_files))

    def _make(self, data_files: Sequence[DataFile]) -> Made:
        # From here on a file may be part of the table even if this process never learns it.
        self._keep(True)
        try:
            made = self._retried(data_files)
        except _FAILURES as error:
            return self._known(error)
        except BaseException:
            self._keep(False)
            raise
        self._keep(not made.repeated)
        return made

    def _retried(self, data_files: Sequence[DataFile]) -> Made:
        failure: Exception | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0.5, 1) * 0.1 * 2**attempt)
            try:
                return self._once(data_files)
            except (CommitFailedException, ValidationException) as error:
                failure = error
        raise CommitConflict(
            f"Other writers to {self._entry.name!r} were quicker {ATTEMPTS} times over; nothing"
            " was written. Write again, in fewer and larger batches."
        ) from failure

    def _once(self, data_files: Sequence[DataFile]) -> Made:
        table = load(self._catalog, self._entry.name, self._entry.database)
        self._check_layout(table)
        made = _made_by(self._token, table)
        if made is not None:
            # Of this very write, if a commit was reported to have failed that had not.
            return Made(made, repeated=made not in self._attempts)
        if self._exact:
            commit_once(table)
        replaced = list(self._replaces(table, data_files))
        note = {TOKEN: self._token}
        with table.transaction() as transaction:
            adding = None if replaced else appending(transaction, note)
            with adding or self._out(transaction, replaced, note) as snapshot:
                self._attempts.add(snapshot.snapshot_id)
                for data_file in data_files:
                    snapshot.append_data_file(data_file)
        return Made(snapshot.snapshot_id, sum(file.record_count for file in replaced))

    def _check_layout(self, table: Table) -> None:
        before, now = self._table.metadata, table.metadata
        if before.table_uuid != now.table_uuid or before.default_spec_id != now.default_spec_id:
            raise CommitConflict(
                f"Table {self._entry.name!r} was made anew or partitioned otherwise while its rows"
                " were written; nothing was written. Write again."
            )
        check_files_fit(self._entry.name, self._table, table)

    def _known(self, error: Exception) -> Made:
        """The snapshot, if the commit was made although it ended with an error."""
        try:
            table = load(self._catalog, self._entry.name, self._entry.database)
        except _FAILURES:
            raise self._unknown(error) from error
        made = _made_by(self._token, table)
        if made is not None and made in self._attempts:
            return Made(made, _deleted_rows(table, made))
        if not is_final(error):
            raise self._unknown(error) from error
        self._keep(False)
        if isinstance(error, CommitConflict):
            raise error
        name = self._entry.name
        message = f"The commit to {name!r} was not made; nothing was written: {error}"
        raise StorageError(message) from error

    def _unknown(self, error: Exception) -> StorageError:
        return StorageError(
            f"Nobody knows whether the commit to {self._entry.name!r} was made, and it is not"
            f" visible yet: {error}. Look whether a snapshot with {TOKEN}={self._token} appears"
            " before writing the same rows again."
        )


def mark(catalog: Catalog, entry: Entry, token: str) -> int:
    """Say in a table's history that the write of a token is in it; the snapshot that says so.

    Raises:
        CommitConflict, TableNotFound, StorageError: see `Commit.make`.
    """
    table = load(catalog, entry.name, entry.database)
    return Commit(catalog, entry, table, token=token).make([]).id


def commit_once(table: Table) -> None:
    """Keep pyiceberg from committing on top of a snapshot that was not looked at."""
    once = {**table.metadata.properties, TableProperties.COMMIT_NUM_RETRIES: "0"}
    table.metadata = table.metadata.model_copy(update={"properties": once})


def _deleted_rows(table: Table, snapshot_id: int) -> int:
    """How many rows the files held that a snapshot took out."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None or snapshot.summary is None:
        return 0
    return int(snapshot.summary.get("deleted-records") or 0)
