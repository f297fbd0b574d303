"""An upsert that a token names: however often it is repeated, its rows are merged once.

Whatever is killed, the staged rows are found again by the token. Athena runs what comes with one
ClientRequestToken once and tells a repetition how that went, so a statement of which nobody knows
whether it ran is sent again as it was. At the end a snapshot without rows has the token.
Source: Amazon Athena API Reference, StartQueryExecution.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.errors import (
    CommitConflict,
    InvalidQuery,
    PartlyWritten,
    QueryError,
    QueryFailed,
    ServiceError,
    StorageError,
    TableNotFound,
)
from fsql.formats.iceberg import load

__all__ = [
    "ATTEMPTS",
    "OVERTAKEN",
    "Execute",
    "Staged",
    "UpsertOnce",
    "in_turn",
    "overtaken",
    "pause",
]

ATTEMPTS = 4  # Athena itself tries several times before it gives up
OVERTAKEN = "ICEBERG_COMMIT_ERROR"
_RECORD = "fsql.upsert"  # a property of the staged table

Execute = Callable[[str, str], int | None]
"""Runs a statement with a ClientRequestToken; how many rows it changed, if Athena says so."""


@dataclass(frozen=True)
class Staged:
    """What is staged, and how far its statements came.

    Attributes:
        partitions: how many of the target's the rows belong to.
        attempts: how often each statement was sent.
    """

    rows: int
    files: int
    bytes: int
    partitions: int
    attempts: tuple[int, ...] = ()

    def tried(self, statement: int) -> int:
        """How often a statement was sent."""
        return self.attempts[statement] if statement < len(self.attempts) else 0

    def trying(self, statement: int) -> Staged:
        """The same when it is sent once more."""
        size = max(len(self.attempts), statement + 1)
        counts = [self.tried(number) + (number == statement) for number in range(size)]
        return replace(self, attempts=tuple(counts))


class UpsertOnce:
    """One upsert, from the beginning or from where another process left it.

    Args:
        entry: the table that gets the rows.
        token: names the upsert in the table's history, where it can be only once.
    """

    def __init__(self, catalog: Catalog, entry: Entry, token: str) -> None:
        self._catalog, self._entry, self._token = catalog, entry, token
        target = load(catalog, entry.name, entry.database).metadata.table_uuid
        self.stage = formats.stage_name(f"{target}\0{token}")

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Go on behind the block if another process has done the same upsert meanwhile.

        Raises:
            CommitConflict: what was staged is gone, and the rows are not in the table.
        """
        try:
            yield
        except (TableNotFound, InvalidQuery) as error:
            if self.stage not in str(error):
                raise
            if formats.written_by(self._catalog, self._entry, self._token) is None:
                raise CommitConflict(
                    f"Another process had the same token for {self._entry.name!r} and has deleted"
                    " what was staged; nothing was written. Write again."
                ) from error

    def found(self) -> Staged | None:
        """What another process has staged to its end; what it began only is deleted."""
        try:
            staged = _recorded(self._table())
        except TableNotFound:
            return None
        if staged is None:
            self.discard()
        return staged

    def keep(self, staged: Staged) -> None:
        """Remember what is staged: from now on it is found again."""
        _record(self._table(), staged)

    def discard(self) -> None:
        """Delete what is staged."""
        entry = self._catalog.find(self.stage, self._entry.database)
        if entry is not None:
            formats.drop(self._catalog, entry, purge=True)

    def merge(self, statements: Sequence[str], execute: Execute) -> list[int | None]:
        """Run the statements, those that ran already left out; how many rows each changed.

        Raises:
            CommitConflict: other writers were always quicker; nothing was written.
            PartlyWritten: of several statements the first ones were done.
            QueryFailed, InvalidQuery, QueryCancelled: Athena did not do it; nothing was written.
            ServiceError, StorageError: AWS refused or did not answer; what is staged is kept.
        """

        def told(done: int, error: Exception) -> str:
            return (
                f"The rows for {self._entry.name!r} take {len(statements)} statements."
                f" {done} of them were done and the next one was not: {error} What is"
                " staged is kept: repeat the upsert with the same token, and it goes on."
            )

        try:
            return in_turn(statements, lambda number, sql: self._once(number, sql, execute), told)
        except (QueryError, CommitConflict):
            self.discard()  # of other errors nobody knows whether the first statement ran
            raise

    def mark(self) -> int:
        """Say in the table's history that the rows are in it, and let go of what is staged."""
        made = formats.mark(self._catalog, self._entry, self._token)
        self.discard()
        return made

    def _once(self, number: int, sql: str, execute: Execute) -> int | None:
        """Send a statement until it succeeds; of earlier processes' attempts it is seen how."""
        attempt = failures = 0
        while True:
            known, request = self._sent(number, attempt)
            try:
                return execute(sql, request)
            except QueryError as error:
                if not known:
                    failures += 1
                    overtaken(error, failures, self._entry)
                    pause(failures)
            attempt += 1

    def _sent(self, number: int, attempt: int) -> tuple[bool, str]:
        """Whether an attempt was made before, else take note that it is made now; and its name."""
        while True:
            table = self._table()
            staged = _recorded(table)
            if staged is None:
                raise TableNotFound(self.stage, self._entry.database)
            work = f"{table.metadata.table_uuid} {number} {attempt}"
            request = hashlib.sha256(work.encode()).hexdigest()
            if attempt < staged.tried(number):
                return True, request
            try:
                _record(table, staged.trying(number))
            except CommitFailedException:
                continue  # another process has the same token: what it sends is the same
            return False, request

    def _table(self) -> Table:
        return load(self._catalog, self.stage, self._entry.database)


def _recorded(table: Table) -> Staged | None:
    text = table.properties.get(_RECORD)
    if text is None:
        return None
    plain = json.loads(text)
    return Staged(**{**plain, "attempts": tuple(plain["attempts"])})


def _record(table: Table, staged: Staged) -> None:
    with table.transaction() as transaction:
        transaction.set_properties({_RECORD: json.dumps(asdict(staged))})


def in_turn(
    statements: Sequence[str],
    run: Callable[[int, str], int | None],
    told: Callable[[int, Exception], str],
) -> list[int | None]:
    """Run statements one after the other; how many rows each changed, if Athena says so.

    Args:
        run: takes a statement's place and the statement.
        told: what to say when so many were done and the next one was not.

    Raises:
        PartlyWritten: the first ones were done.
        CommitConflict, QueryError, ServiceError, StorageError: the first one was not done.
    """
    counts: list[int | None] = []
    for number, sql in enumerate(statements):
        try:
            counts.append(run(number, sql))
        except (QueryError, CommitConflict, ServiceError, StorageError) as error:
            if not counts:
                raise
            raise PartlyWritten(told(len(counts), error)) from error
    return counts


def overtaken(error: QueryError, failures: int, entry: Entry) -> None:
    """Raise what a failed statement means, unless it is worth sending again.

    Raises:
        CommitConflict: other writers were quicker once too often; nothing was written.
        QueryError: it failed for another reason.
    """
    if not isinstance(error, QueryFailed) or OVERTAKEN not in str(error):
        raise error
    if failures == ATTEMPTS:
        raise CommitConflict(
            f"Other writers to {entry.name!r} were quicker {ATTEMPTS} times over; nothing was"
            " written. Write again, in fewer and larger batches."
        ) from error


def pause(failures: int) -> None:
    """Wait for others to be done."""
    time.sleep(random.uniform(0.5, 1) * 0.2 * 2**failures)
