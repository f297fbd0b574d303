"""Rows on their way into an Iceberg table: data files first, then one commit.

The data files are written here and not by pyiceberg, since they are written in parallel and taken
back when the write fails.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table, TableProperties
from pyiceberg.typedef import Record

from fsql.catalog import Catalog, Entry
from fsql.errors import CommitConflict, StorageError
from fsql.formats.fields import with_ids
from fsql.formats.iceberg import load
from fsql.formats.parquet import FileSet, WrittenFile
from fsql.formats.partitions import Partitioner
from fsql.formats.replacing import Replaces, nothing, replacement

__all__ = ["Committed", "TableWrite", "written_by"]

T = TypeVar("T")

ATTEMPTS = 5  # each of them retries 4 times within pyiceberg, where that is allowed
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
class Committed:
    """What a commit added: rows, files, their bytes, and the snapshot that has them.

    Attributes:
        replaced: the rows of the files whose place they took.
        repeated: whether an earlier write of the same token made the snapshot, and this one none.
        passed_over: how many more rows there were, which those of the table or of the same data
            were preferred to.
    """

    rows: int
    files: int
    bytes: int
    snapshot_id: int | None
    replaced: int = 0
    repeated: bool = False
    passed_over: int = 0


@dataclass(frozen=True)
class _Snapshot:
    id: int
    replaced: int = 0
    repeated: bool = False


class TableWrite:
    """Rows on their way into a table: files first, then one commit.

    Until `commit` nobody sees anything. Leaving the `with` block without it deletes the
    files; a process that is killed leaves files behind that no table knows.

    Args:
        schema: of the rows, in their storage types.
        replaces: the files whose place the rows take, see `fsql.formats.replacing`.
        token: names the write in the table's history, where it can be only once.
    """

    def __init__(
        self,
        catalog: Catalog,
        entry: Entry,
        schema: pa.Schema,
        replaces: Replaces = nothing,
        token: str | None = None,
    ) -> None:
        self._catalog, self._entry, self._replaces = catalog, entry, replaces
        self._table = table = load(catalog, entry.name, entry.database)
        # Both are decided by the snapshot that a commit builds on, so no other may slip between.
        self._exact = replaces is not nothing or token is not None
        self._token = token or str(uuid.uuid4())
        self._attempts: set[int] = set()
        self._partitioner = Partitioner(table.spec(), table.schema())
        self._shared = not table.spec().is_unpartitioned()
        locations = table.location_provider()
        self._files = FileSet(
            catalog.storage,
            with_ids(schema, table.schema()),
            lambda values, name: locations.new_data_location(
                self._partitioner.folder(values) + name
            ),
        )

    def __enter__(self) -> TableWrite:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.__exit__(kind, error, trace)

    @property
    def entry(self) -> Entry:
        """The table."""
        return self._entry

    @property
    def is_partitioned(self) -> bool:
        """Whether the table has partitions."""
        return self._shared

    def write(self, lane: int, table: pa.Table) -> None:
        """Add rows in their storage types; several lanes may write at the same time."""
        for values, rows in self._partitioner.split(table):
            # Lanes share the files of a partition, or there would be too many small ones.
            self._files.write(0 if self._shared else lane, values, rows)

    def commit(self) -> Committed:
        """Make the rows part of the table, all of them or none.

        A Ctrl-C waits until it is known whether they are.

        Raises:
            CommitConflict: other writers were always quicker, or changed the table's layout.
            TableNotFound: it was dropped meanwhile.
            StorageError: the files cannot be written, or AWS refused. Where AWS did not
                answer they stay, for what it may have done.
        """
        written = self._files.finish()
        data_files = list(self._described(written))
        made = _without_interrupt(lambda: self._commit(data_files))
        if made.repeated:
            return Committed(0, 0, 0, made.id, repeated=True)
        rows, size = sum(f.footer.num_rows for f in written), sum(f.size for f in written)
        return Committed(rows, len(written), size, made.id, made.replaced)

    def _described(self, written: list[WrittenFile]) -> Iterator[DataFile]:
        schema = self._table.schema()
        plan = compute_statistics_plan(schema, self._table.properties)
        ids = parquet_path_to_id_mapping(schema)
        for file in written:
            statistics = data_file_statistics_from_parquet_metadata(file.footer, plan, ids)
            yield DataFile.from_args(
                content=DataFileContent.DATA,
                file_path=file.uri,
                file_format=FileFormat.PARQUET,
                partition=Record(*file.partition),
                file_size_in_bytes=file.size,
                sort_order_id=None,
                spec_id=self._table.spec().spec_id,
                equality_ids=None,
                key_metadata=None,
                **statistics.to_serialized_dict(),
            )

    def _commit(self, data_files: list[DataFile]) -> _Snapshot:
        # From here on a file may be part of the table even if this process never learns it.
        self._files.keep()
        try:
            made = self._retried(data_files)
        except (BotoCoreError, ClientError) as error:
            return self._known(error)
        except BaseException:
            self._files.keep(False)
            raise
        self._files.keep(not made.repeated)
        return made

    def _retried(self, data_files: list[DataFile]) -> _Snapshot:
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

    def _once(self, data_files: list[DataFile]) -> _Snapshot:
        table = load(self._catalog, self._entry.name, self._entry.database)
        self._check_layout(table)
        made = _made_by(self._token, table)
        if made is not None:
            # Of this very write, if a commit was reported to have failed that had not.
            return _Snapshot(made, repeated=made not in self._attempts)
        if self._exact:
            _commit_once(table)
        replaced = list(self._replaces(table, data_files))
        note = {TOKEN: self._token}
        with table.transaction() as transaction:
            append = transaction.update_snapshot(note).merge_append
            with replacement(transaction, replaced, note) if replaced else append() as snapshot:
                self._attempts.add(snapshot.snapshot_id)
                for data_file in data_files:
                    snapshot.append_data_file(data_file)
        return _Snapshot(snapshot.snapshot_id, sum(file.record_count for file in replaced))

    def _check_layout(self, table: Table) -> None:
        before, now = self._table.metadata, table.metadata
        if before.table_uuid != now.table_uuid or before.default_spec_id != now.default_spec_id:
            raise CommitConflict(
                f"Table {self._entry.name!r} was made anew or partitioned otherwise while its rows"
                " were written; nothing was written. Write again."
            )

    def _known(self, error: BotoCoreError | ClientError) -> _Snapshot:
        """The snapshot, if the commit was made although AWS answered with an error."""
        table = load(self._catalog, self._entry.name, self._entry.database)
        made = _made_by(self._token, table)
        if made is not None and made in self._attempts:
            return _Snapshot(made, _deleted_rows(table, made))
        if _is_refusal(error):
            self._files.keep(False)
            raise StorageError(f"AWS refused the commit; nothing was written: {error}") from error
        raise StorageError(
            f"AWS did not say whether the commit to {self._entry.name!r} was made, and it is not"
            f" visible yet: {error}. Look whether a snapshot with {TOKEN}={self._token} appears"
            " before writing the same rows again."
        ) from error


def _commit_once(table: Table) -> None:
    """Keep pyiceberg from committing on top of a snapshot that was not looked at."""
    once = {**table.metadata.properties, TableProperties.COMMIT_NUM_RETRIES: "0"}
    table.metadata = table.metadata.model_copy(update={"properties": once})


def _deleted_rows(table: Table, snapshot_id: int) -> int:
    """How many rows the files held that a snapshot took out."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None or snapshot.summary is None:
        return 0
    return int(snapshot.summary.get("deleted-records") or 0)


def _is_refusal(error: BotoCoreError | ClientError) -> bool:
    """Whether AWS has answered that it did not do it."""
    if not isinstance(error, ClientError):
        return False
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) < 500


def _without_interrupt(work: Callable[[], T]) -> T:
    """Run to the end what a Ctrl-C must not cut in two; it is raised afterwards."""
    with ThreadPoolExecutor(1, "fsql-commit") as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            wait([future])
            raise
