"""Whether the values that a column holds go on to be its values when it gets stricter."""

from __future__ import annotations

import sqlalchemy as sa

from fsql.catalog import Entry
from fsql.errors import MigrationError
from fsql.migration.making.filling import table_name
from fsql.migration.model.changes import AlterColumn
from fsql.migration.model.misfits import misfits
from fsql.migration.model.state import State
from fsql.migration.model.wording import words
from fsql.reader import read_arrow

__all__ = ["check_fit"]


def check_fit(engine: sa.Engine, entry: Entry, change: AlterColumn, before: State) -> None:
    """Have Athena count the rows that do not fit a column afterwards.

    Raises:
        MigrationError: there are some.
    """
    counted = misfits(change, before)
    if counted is None:
        return
    found = read_arrow(f"SELECT {counted} AS rows_ FROM {table_name(entry)}", engine)
    rows = found.column(0)[0].as_py()
    if rows:
        raise MigrationError(
            f"{change.group!r} cannot take a change that {words(change, before)}: {rows:,}"
            f" row{' does' if rows == 1 else 's do'} not fit. Change them first, with op.execute()"
            " of an UPDATE, or leave the column as it is.",
            change.group,
            change.path,
        )
