"""Rows on their way into a feature group's table, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias

import pyarrow as pa

from fsql.catalog import Catalog, Entry
from fsql.formats import commits
from fsql.formats.hive import write as hive_write
from fsql.formats.hive.write import HiveWrite
from fsql.formats.replacing import Replaces, everything, nothing
from fsql.formats.table_write import Committed, PartitionsWrite, TableWrite

__all__ = ["Replacing", "Write", "open_write", "written_by"]

Replacing: TypeAlias = Literal["nothing", "partitions", "everything"]
"""Whose place the rows take: nobody's, that of the partitions they have rows of, or all."""

_ICEBERG: Mapping[Replacing, Replaces] = {"nothing": nothing, "everything": everything}


class Write(Protocol):
    """Files first, then a commit; leaving the `with` block without it takes the files back."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def entry(self) -> Entry:
        """The table."""

    @property
    def is_partitioned(self) -> bool:
        """Whether the table has partitions."""

    def write(self, lane: int, table: pa.Table) -> None:
        """Add rows in their storage types; several lanes may write at the same time."""

    def commit(self) -> Committed:
        """Make the rows part of the table."""


def open_write(
    catalog: Catalog,
    entry: Entry,
    schema: pa.Schema,
    replaces: Replacing = "nothing",
    token: str | None = None,
) -> Write:
    """Begin to write to a feature group's table.

    Args:
        schema: of the rows, in their storage types.
        token: names the write, which can be in the table only once.
    """
    if entry.is_hive_group:
        return HiveWrite(catalog, entry, replaces, token)
    if replaces == "partitions":
        return PartitionsWrite(catalog, entry, schema, token)
    return TableWrite(catalog, entry, schema, _ICEBERG[replaces], token)


def written_by(catalog: Catalog, entry: Entry, token: str) -> Committed | None:
    """What the write of this token did if it is in the table already, to its end.

    Raises:
        TableNotFound: the table was dropped meanwhile.
    """
    if entry.is_hive_group:
        done = hive_write.written_by(catalog, entry, token)
        return Committed(0, 0, 0, None, repeated=True) if done else None
    snapshot = commits.written_by(catalog, entry, token)
    return None if snapshot is None else Committed(0, 0, 0, snapshot, repeated=True)
