"""Rows taken out of an Iceberg table: the files that hold them are written anew without them.

Copy-on-write, one file at a time, and one commit. Position deletes that other engines have written
are carried out on the way.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from fsql.catalog import Catalog, Entry
from fsql.errors import CommitConflict, StorageError
from fsql.formats.choosing import Choice
from fsql.formats.fields import stored_schema
from fsql.formats.file_rows import FileRows, planned
from fsql.formats.iceberg import load
from fsql.formats.replacing import replacement
from fsql.formats.silence import silent_replacement
from fsql.formats.table_write import TableWrite

__all__ = ["Overtaken", "Removed", "patiently", "remove_rows"]

T = TypeVar("T")

ATTEMPTS = 5


class Overtaken(Exception):
    """Others have changed the files since they were looked at; nothing was written."""


@dataclass(frozen=True)
class Removed:
    """What a removal did: rows that are gone, and the files that were written anew.

    Attributes:
        snapshot_id: the snapshot without the rows.
        repeated: whether an earlier one of the same token made it, and this one nothing.
    """

    rows: int = 0
    files: int = 0
    snapshot_id: int | None = None
    repeated: bool = False


def remove_rows(
    catalog: Catalog,
    entry: Entry,
    choice: Choice,
    token: str | None = None,
    *,
    buried: bool = False,
    show: Callable[[int], None] = lambda rows: None,
) -> Removed:
    """Take the rows that are meant out of the current snapshot.

    Args:
        token: names the removal, which can be in the table's history only once.
        buried: leave nothing of the rows in the new snapshot: write those files anew too that hold
            them only where position deletes hide them, and do not name any of the old ones.
        show: is told of rows that are done.

    Raises:
        CommitConflict: other writers were always quicker; nothing was written.
        TableNotFound: the table was dropped meanwhile.
        StorageError: files cannot be read or written; nothing was.
        UnsupportedType: the table has equality deletes, which only other engines can apply.
    """
    removal = _Removal(catalog, entry, choice, token, buried, show)
    return patiently(entry.name, removal.once)


def patiently(name: str, work: Callable[[], T]) -> T:
    """Do work again, a few times, if others were quicker.

    Raises:
        CommitConflict: they always were.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.5, 1) * 0.1 * 2**attempt)
        try:
            return work()
        except Overtaken:
            continue
    raise CommitConflict(
        f"Other writers changed {name!r} {ATTEMPTS} times while it was being rewritten. Do the same"
        " again when there are fewer of them."
    )


@dataclass(frozen=True)
class _Removal:
    catalog: Catalog
    entry: Entry
    choice: Choice
    token: str | None
    buried: bool
    show: Callable[[int], None]

    def once(self) -> Removed:
        table = load(self.catalog, self.entry.name, self.entry.database)
        held = self._held(table)
        if not held:
            return Removed(snapshot_id=table.metadata.current_snapshot_id)
        schema, replaces = stored_schema(table.schema()), _Held(held, self.choice)
        out = silent_replacement if self.buried else replacement
        with TableWrite(self.catalog, self.entry, schema, replaces, self.token, out) as write:
            rows = sum(self._rest(part, write) for part in self._parts(table, held))
            if not rows and not self.buried:
                return Removed(snapshot_id=table.metadata.current_snapshot_id)
            made = write.commit()
        return Removed(
            rows=0 if made.repeated else rows,
            files=0 if made.repeated else len(held),
            snapshot_id=made.snapshot_id,
            repeated=made.repeated,
        )

    def _held(self, table: Table) -> list[FileScanTask]:
        tasks = {task.file: task for task in planned(table, self.choice.predicate())}
        rows = FileRows(table, stored_schema(table.schema()))
        return [tasks[file] for file in rows.holding(tasks, self.choice, self._missing)]

    def _missing(self, file: DataFile) -> bool:
        raise StorageError(
            f"{file.file_path} is missing, which {self.entry.name!r} needs; nothing was written."
        )

    def _parts(self, table: Table, held: Sequence[FileScanTask]) -> Iterator[pa.Table]:
        rows = FileRows(table, stored_schema(table.schema()))
        for task in held:
            yield from rows.live(task)

    def _rest(self, part: pa.Table, write: TableWrite) -> int:
        """Write the rows that stay; how many do not."""
        rest = part.filter(pc.invert(self.choice.mask(part)))
        if len(rest):
            write.write(0, rest)
        self.show(len(part))
        return len(part) - len(rest)


@dataclass(frozen=True)
class _Held:
    """The files that are replaced, as long as nobody has touched them or the rows in them."""

    tasks: Sequence[FileScanTask]
    choice: Choice

    def __call__(self, table: Table, added: Sequence[DataFile]) -> list[DataFile]:
        now = {task.file: task.delete_files for task in planned(table, self.choice.predicate())}
        if any(now.get(task.file) != task.delete_files for task in self.tasks):
            raise Overtaken
        return [task.file for task in self.tasks]
