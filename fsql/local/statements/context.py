"""What the handler of a statement works with, and what it hands back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from fsql.local.athena.results import Row
from fsql.local.columns import ResultColumn
from fsql.local.engine import Session
from fsql.local.objects import Objects
from fsql.local.statements.nodes import Name
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.tables.resolver import Tables

__all__ = ["ROWS", "Context", "Outcome"]

ROWS = (ResultColumn("rows", "bigint"),)
"""The only column of the result of INSERT, CTAS and UNLOAD."""


@dataclass(frozen=True)
class Context:
    """One running query.

    Attributes:
        id: the QueryExecutionId.
        database: what a name without a database means; None if the request says none.
        output: the S3 URI of the result file.
        work_group: the query's work group.
    """

    id: str
    database: str | None
    output: str
    work_group: str
    session: Session
    objects: Objects
    tables: Tables

    @property
    def glue(self) -> GlueCalls:
        return self.tables.glue

    def file(self, suffix: str = "") -> AbstractContextManager[Path]:
        """A result file to write in a block: the output, and what stands beside it."""
        return self.objects.result(self.output + suffix)

    def schema(self, name: Name) -> str:
        """The database that a name lies in."""
        return self.tables.schema(name, self.database)


@dataclass(frozen=True)
class Outcome:
    """What a statement that succeeded left.

    Attributes:
        columns: of the result; () for DDL without one.
        rows: all rows of the result, header included; None when they are in the CSV file only.
        header: whether the first row holds the columns' names.
        update_count: rows written; 0 for reading statements, None where Athena reports none.
        update: the kind of update that the ``.metadata`` file names.
        manifest: the S3 URI of the list of files written.
        count: rows of the result, or rows written; None where nobody counts them.
        size: bytes of the result's file.
        subtype: the SubstatementType where only running it tells.
        metadata: whether a ``.metadata`` file belongs beside the result.
    """

    columns: Sequence[ResultColumn] = ()
    rows: list[Row] | None = None
    header: bool = False
    update_count: int | None = None
    update: str | None = None
    manifest: str | None = None
    subtype: str | None = None
    count: int | None = None
    size: int = 0

    @property
    def metadata(self) -> bool:
        """Whether a ``.metadata`` file belongs beside the result: DDL without columns has none."""
        return bool(self.columns) or self.update is not None
