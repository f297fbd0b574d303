"""Changed rows of an Iceberg table: the files that held them are written anew, in one commit.

Copy-on-write: a file keeps its untouched rows in their order and its place among the partitions;
rows that are new or changed go to new files. Readers see the snapshot before or the one after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.manifest import DataFile
from pyiceberg.table.metadata import TableMetadata

from fsql.local.engine import Cancelled, literal
from fsql.local.statements.context import Context
from fsql.local.tables.filters import Filter
from fsql.local.tables.iceberg import Iceberg, Rows
from fsql.local.tables.iceberg_io import EmbeddedCatalog
from fsql.local.tables.iceberg_overtaking import Overtaken, unless_overtaken
from fsql.local.tables.iceberg_replacing import commit_once, overwriting
from fsql.local.tables.iceberg_types import to_trino
from fsql.local.tables.iceberg_write import rewrite_rows, write_rows
from fsql.local.tables.parquet import Options, discard, write_parquet
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt
from fsql.local.transpile.changes import ADDRESS, Change

__all__ = ["Base", "commit_change"]

_FEW_ROWS = 200_000


@dataclass(frozen=True)
class Base:
    """The table as a statement found it.

    Attributes:
        name: database and name.
        location: the metadata file that was current then.
        wanted: which rows the statement may touch; None if nothing is known.
    """

    name: tuple[str, str]
    location: str
    iceberg: Iceberg
    wanted: Filter | None = None

    @cached_property
    def rows(self) -> Rows:
        """The rows with their addresses, those in files without any wanted one left out."""
        return self.iceberg.rows(self.location, self.wanted)

    @property
    def metadata(self) -> TableMetadata:
        """What the metadata file says."""
        return self.iceberg.metadata(self.location)


def commit_change(context: Context, base: Base, change: Change) -> int:
    """Carry out a change; the number of rows deleted, updated and inserted.

    Raises:
        Overtaken: another commit came first.
        TrinoError: MERGE_TARGET_ROW_MULTIPLE_MATCHES.
    """
    ordered = f"SELECT * FROM ({change.sql}) ORDER BY file_, row_"
    written = write_parquet(context.session, ordered, Options("SNAPPY", single=True))
    if not written:
        return 0
    touched = _Touched(context, base, f"read_parquet({literal(str(written[0].path))})")
    if change.may_repeat:
        touched.check_once()
    removed = touched.files()
    added: list[DataFile] = []
    written_all = False
    try:
        for path in removed:
            added += touched.rewritten(path)
        added += touched.new_rows(written[0].rows)
        context.session.check()
        written_all = True
        _commit(context, base, [base.rows.files[path] for path in removed], added)
    except BaseException as error:
        if not written_all or isinstance(error, _UNCOMMITTED):
            discard(context, (file.file_path for file in added))
        if isinstance(error, (CommitFailedException, ValidationException)):
            raise Overtaken(str(error)) from error
        raise
    return written[0].rows


# Whatever else a commit raises, it may have happened.
_UNCOMMITTED = (Cancelled, TrinoError, Overtaken, CommitFailedException, ValidationException)


@dataclass(frozen=True)
class _Touched:
    """The rows of a change, in a file of the query's own: `source` reads it."""

    context: Context
    base: Base
    source: str

    def check_once(self) -> None:
        """Raise TrinoError if a row was matched more than once."""
        twice = self.context.session.rows_of(
            f"SELECT 1 FROM {self.source} WHERE file_ IS NOT NULL"
            " GROUP BY file_, row_ HAVING count(*) > 1 LIMIT 1"
        )
        if twice:
            raise TrinoError(
                "MERGE_TARGET_ROW_MULTIPLE_MATCHES",
                "One MERGE target table row matched more than one source row",
            )

    def files(self) -> list[str]:
        """The data files that hold rows of the change."""
        sql = f"SELECT DISTINCT file_ FROM {self.source} WHERE file_ IS NOT NULL ORDER BY file_"
        return [str(path) for (path,) in self.context.session.rows_of(sql)]

    def rewritten(self, path: str) -> list[DataFile]:
        """A data file's other rows as a new one; none if there are none."""
        row = f"rows_.{tt.quoted(ADDRESS[1])}"
        fields = self.base.metadata.schema().fields
        listed = ", ".join(
            f"rows_.{tt.quoted(f.name.lower())} AS {tt.quoted(f.name)}" for f in fields
        )
        metadata, old = self.base.metadata, self.base.rows.files[path]
        # A filter keeps the order of a file's rows and needs no memory for them, a join does not.
        numbers = (
            f"SELECT bitstring_agg(row_, 0, {old.record_count - 1}) FROM {self.source}"
            f" WHERE file_ = {literal(path)}"
        )
        order = f" ORDER BY {row}" if path in self.base.rows.joined else ""
        with self.context.session.variable(numbers) as touched:
            select = (
                f"SELECT {listed} FROM {self.base.rows.scans(path)} AS rows_"
                f" WHERE get_bit({touched}, CAST({row} AS INTEGER)) = 0{order}"
            )
            if old.spec_id != metadata.default_spec_id:
                # pyiceberg adds files by the table's present partition spec only.
                return write_rows(self.context, metadata, select, single=True)
            return rewrite_rows(self.context, metadata, select, old)

    def new_rows(self, touched: int) -> list[DataFile]:
        """The rows that are new or changed, in new files."""
        fields = enumerate(self.base.metadata.schema().fields)
        listed = ", ".join(
            f"CAST(v{i} AS {tt.duckdb_type(to_trino(f.field_type))}) AS {tt.quoted(f.name)}"
            for i, f in fields
        )
        select = f"SELECT {listed} FROM {self.source} WHERE lives_"
        return write_rows(self.context, self.base.metadata, select, single=touched < _FEW_ROWS)


def _commit(
    context: Context, base: Base, removed: Sequence[DataFile], added: Sequence[DataFile]
) -> None:
    """Put files in the place of others, in one snapshot right after the one that was read."""
    catalog = EmbeddedCatalog(context.objects, context.glue)
    table = catalog.load_table(base.name)
    if table.metadata_location != base.location:
        raise Overtaken(f"{'.'.join(base.name)} has changed since it was read")
    commit_once(table)
    transaction = table.transaction()

    def current() -> str:
        return catalog.load_table(base.name).metadata_location

    appending = transaction.update_snapshot().fast_append
    with (
        unless_overtaken(base.location, current),
        overwriting(transaction, removed) if removed else appending() as snapshot,
    ):
        for file in added:
            snapshot.append_data_file(file)
    transaction.commit_transaction()
