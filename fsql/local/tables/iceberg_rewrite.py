"""OPTIMIZE: small data files of a partition made into large ones, and deleted rows left out.

Which files, and how large the new ones: Athena user guide, "Optimize Iceberg tables" and the table
properties of "Create Iceberg tables" and "CREATE TABLE AS". Athena works on 100 partitions at a
time and fails with ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED when there are more; so does this.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import FileScanTask, Table, Transaction
from pyiceberg.table.metadata import TableMetadata

from fsql.local.engine import Cancelled
from fsql.local.statements.context import Context
from fsql.local.tables.iceberg_changes import Base
from fsql.local.tables.iceberg_io import EmbeddedCatalog
from fsql.local.tables.iceberg_overtaking import Overtaken, unless_overtaken
from fsql.local.tables.iceberg_replacing import commit_once, replacing
from fsql.local.tables.iceberg_write import COMMITS, rewrite_rows, write_rows
from fsql.local.tables.parquet import MAX_PARTITIONS, discard
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["rewrite"]

_TARGET = 512 << 20
_LONGEST_WAIT = 0.5  # seconds


@dataclass(frozen=True)
class _Wishes:
    """What a table's properties say of its files.

    Attributes:
        target: bytes of a new file, about.
        smallest, largest: a file of another size is rewritten.
        files: so many files of a partition are rewritten, fewer wait for more.
        deletes: a file to which so many delete files apply is rewritten.
    """

    target: int
    smallest: int
    largest: int
    files: int
    deletes: int

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> _Wishes:
        """The properties' values, by the names that Athena has for them."""

        def number(name: str, default: int) -> int:
            text = properties.get(name, "")
            return int(text) if text.isdecimal() else default

        iceberg = number("write.target-file-size-bytes", _TARGET)
        target = max(1, number("write_target_data_file_size_bytes", iceberg))
        return cls(
            target=target,
            smallest=number("optimize_rewrite_min_data_file_size_bytes", target * 3 // 4),
            largest=number("optimize_rewrite_max_data_file_size_bytes", target * 9 // 5),
            files=number("optimize_rewrite_data_file_threshold", 5),
            deletes=number("optimize_rewrite_delete_file_threshold", 2),
        )

    def chosen(self, partition: Iterable[FileScanTask]) -> list[list[FileScanTask]]:
        """The files of a partition to rewrite, those together that become one."""
        candidates = [task for task in partition if self._is_candidate(task)]
        if len(candidates) < self.files and not any(map(self._must_change, candidates)):
            return []
        packs = self._packed(candidates)
        return [pack for pack in packs if len(pack) > 1 or self._must_change(pack[0])]

    def _is_candidate(self, task: FileScanTask) -> bool:
        return task.file.file_size_in_bytes < self.smallest or self._must_change(task)

    def _must_change(self, task: FileScanTask) -> bool:
        return 0 < self.deletes <= len(task.delete_files) or self.is_large(task)

    def is_large(self, task: FileScanTask) -> bool:
        """Whether a file is to be split."""
        return task.file.file_size_in_bytes > self.largest

    def _packed(self, tasks: Iterable[FileScanTask]) -> list[list[FileScanTask]]:
        packs: list[list[FileScanTask]] = []
        room = 0
        for task in tasks:
            room -= task.file.file_size_in_bytes
            if room < 0 or not packs:
                packs.append([])
                room = self.target - task.file.file_size_in_bytes
            packs[-1].append(task)
        return packs


def rewrite(context: Context, base: Base, only: frozenset[str] | None) -> bool:
    """Rewrite the files of a table that are worth it, in one commit of operation ``replace``.

    Args:
        only: paths of the files that may be rewritten; None is all.

    Returns:
        Whether more is left to do.

    Raises:
        Overtaken: another writer has changed one of the files meanwhile.
        TrinoError: ICEBERG_COMMIT_ERROR when other writers are always faster.
    """
    wishes = _Wishes.of(base.metadata.properties)
    partitions = [wishes.chosen(tasks) for tasks in _partitions(context, base, only)]
    due = [packs for packs in partitions if packs]
    packs = [pack for packs in due[:MAX_PARTITIONS] for pack in packs]
    added: list[DataFile] = []
    written = False
    try:
        for pack in packs:
            added += _rewritten(context, base, pack, wishes)
        written = True
        if packs:
            _commit(context, base, [task for pack in packs for task in pack], added)
    except BaseException as error:
        # Whatever else a commit raises, it may have happened.
        if not written or isinstance(error, (Cancelled, TrinoError, Overtaken)):
            discard(context, (file.file_path for file in added))
        raise
    return len(due) > MAX_PARTITIONS


def _partitions(
    context: Context, base: Base, only: frozenset[str] | None
) -> Iterator[list[FileScanTask]]:
    """The files of each partition in the order in which they were written."""
    numbers = _sequence_numbers(base.metadata, base.iceberg.io)
    found: dict[Any, list[FileScanTask]] = defaultdict(list)
    for task in base.iceberg.plan(base.metadata):
        file = task.file
        if only is None or context.objects.place(file.file_path) in only:
            found[file.spec_id, _values(file)].append(task)
    for _, tasks in sorted(found.items(), key=lambda entry: str(entry[0])):
        yield sorted(tasks, key=lambda task: (numbers[task.file.file_path], task.file.file_path))


def _values(file: DataFile) -> tuple[str, ...]:
    """The partition's values; as text, for NaN does not equal itself."""
    return tuple(repr(file.partition[place]) for place in range(len(file.partition)))


def _sequence_numbers(metadata: TableMetadata, io: Any) -> dict[str, int]:
    snapshot = metadata.current_snapshot()
    manifests = snapshot.manifests(io) if snapshot is not None else []
    return {
        entry.data_file.file_path: entry.sequence_number or 0
        for manifest in manifests
        if manifest.content == ManifestContent.DATA
        for entry in manifest.fetch_manifest_entry(io, discard_deleted=True)
    }


def _rewritten(
    context: Context, base: Base, pack: Sequence[FileScanTask], wishes: _Wishes
) -> list[DataFile]:
    """The rows of some files of one partition in new ones; none if all of them are deleted."""
    metadata = base.metadata
    listed = ", ".join(
        f"rows_.{tt.quoted(field.name.lower())} AS {tt.quoted(field.name)}"
        for field in metadata.schema().fields
    )
    select = f"SELECT {listed} FROM {base.iceberg.scan(metadata, pack)} AS rows_"
    first = pack[0].file
    if first.spec_id != metadata.default_spec_id:
        # pyiceberg adds files by the table's present partition spec only.
        return write_rows(context, metadata, select, single=True)
    split = wishes.target if any(map(wishes.is_large, pack)) else None
    return rewrite_rows(context, metadata, select, first, split)


def _commit(
    context: Context, base: Base, rewritten: Sequence[FileScanTask], added: Sequence[DataFile]
) -> None:
    """Put the new files in the place of the old ones, on top of whatever else was added."""
    catalog = EmbeddedCatalog(context.objects, context.glue)
    for attempt in range(COMMITS):
        context.session.check()
        try:
            transaction = _replaced(catalog, base, rewritten, added)
            transaction.commit_transaction()
            return
        except (CommitFailedException, ValidationException) as error:
            if attempt == COMMITS - 1:
                message = f"Failed to commit during OPTIMIZE: {error}"
                raise TrinoError("ICEBERG_COMMIT_ERROR", message, retryable=True) from error
        time.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.02 * 2**attempt)))


def _replaced(
    catalog: EmbeddedCatalog,
    base: Base,
    rewritten: Sequence[FileScanTask],
    added: Sequence[DataFile],
) -> Transaction:
    table = catalog.load_table(base.name)

    def current() -> str:
        return catalog.load_table(base.name).metadata_location

    with unless_overtaken(table.metadata_location, current):
        return _replaced_in(table, base, rewritten, added)


def _replaced_in(
    table: Table, base: Base, rewritten: Sequence[FileScanTask], added: Sequence[DataFile]
) -> Transaction:
    before, tasks = _applying(rewritten), base.iceberg.plan(table.metadata)
    _check_same(base, table.metadata, before, _applying(tasks))
    commit_once(table)
    transaction = table.transaction()
    staying = (task for task in tasks if task.file.file_path not in before)
    needed = {file.file_path for task in staying for file in task.delete_files}
    with replacing(transaction, [task.file for task in rewritten], needed) as snapshot:
        for file in added:
            snapshot.append_data_file(file)
    return transaction


def _applying(tasks: Iterable[FileScanTask]) -> dict[str, frozenset[str]]:
    """The delete files that apply to each data file, by path."""
    return {
        task.file.file_path: frozenset(file.file_path for file in task.delete_files)
        for task in tasks
    }


def _check_same(
    base: Base,
    now: TableMetadata,
    before: Mapping[str, frozenset[str]],
    after: Mapping[str, frozenset[str]],
) -> None:
    """Raise Overtaken unless the files still hold just the rows that were read from them."""
    same = now.table_uuid == base.metadata.table_uuid
    same &= now.default_spec_id == base.metadata.default_spec_id
    if not same or any(after.get(path) != deletes for path, deletes in before.items()):
        raise Overtaken(f"Files of {'.'.join(base.name)} were changed while they were rewritten")
