"""Rows of files from before a table's partitions were changed, told apart by its present ones.

Such a file may hold rows of any partition. One with rows of partitions that are replaced goes as a
whole, and its other rows are written anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from fsql.errors import CommitConflict
from fsql.formats.fields import stored_schema
from fsql.formats.file_rows import FileRows, planned
from fsql.formats.partitions import Partitioner, Values, comparable

__all__ = ["Outdated"]

READERS = 4  # files whose partitions are looked at side by side


@dataclass(frozen=True)
class Outdated:
    """A table's files of older partition specs.

    Attributes:
        touched: the partitions that are replaced, see `fsql.formats.partitions.comparable`.
        deletes: the delete files that apply to each of the files, by path.
        going: those files that have rows of partitions that are replaced.
    """

    table: Table
    partitioner: Partitioner
    touched: Collection[tuple[object, ...]]
    deletes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    going: tuple[FileScanTask, ...] = ()

    @classmethod
    def of(
        cls, table: Table, partitioner: Partitioner, touched: Collection[tuple[object, ...]]
    ) -> Outdated:
        """Those of a table as it is now; their rows are looked at.

        Raises:
            UnsupportedType: the table has equality deletes.
        """
        found, tasks = cls(table, partitioner, touched), _outdated(table)
        with ThreadPoolExecutor(READERS, "fsql-partitions") as pool:
            held = list(pool.map(found._is_touched, tasks))
        going = tuple(task for task, is_touched in zip(tasks, held, strict=True) if is_touched)
        return replace(found, deletes=_deletes(tasks), going=going)

    def staying(self) -> Iterator[tuple[Values, pa.Table]]:
        """The rows of the files that go which are in no partition that is replaced."""
        for task in self.going:
            for values, part in self._split(task, stored_schema(self.table.schema())):
                if comparable(values) not in self.touched:
                    yield values, part

    def _is_touched(self, task: FileScanTask) -> bool:
        sources = {part.source_id for part in self.table.spec().fields}
        names = [column.name for column in self.table.schema().fields if column.field_id in sources]
        stored = stored_schema(self.table.schema())
        parts = self._split(task, pa.schema([stored.field(name) for name in names]))
        return any(comparable(values) in self.touched for values, _ in parts)

    def _split(self, task: FileScanTask, schema: pa.Schema) -> Iterator[tuple[Values, pa.Table]]:
        for rows in FileRows(self.table, schema).live(task):
            if len(rows):
                yield from self.partitioner.split(rows)

    def unchanged(self, now: Table) -> list[DataFile]:
        """The files that go, if the table still is as it was.

        Raises:
            CommitConflict: somebody has changed a file of an older spec.
        """
        if _deletes(_outdated(now)) != self.deletes:
            raise CommitConflict(
                f"Others have changed files of {now.name()[-1]!r} from before its partitions were"
                " changed; nothing was written. Write again."
            )
        return [task.file for task in self.going]


def _outdated(table: Table) -> list[FileScanTask]:
    spec_id = table.spec().spec_id
    return [task for task in planned(table) if task.file.spec_id != spec_id]


def _deletes(tasks: Iterable[FileScanTask]) -> dict[str, frozenset[str]]:
    return {
        task.file.file_path: frozenset(file.file_path for file in task.delete_files)
        for task in tasks
    }
