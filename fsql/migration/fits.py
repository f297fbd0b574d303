"""Whether the values that a column holds go on to be its values under another exact type."""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa

from fsql.catalog import Entry
from fsql.errors import MigrationError
from fsql.fitting.base import Mismatch
from fsql.fitting.casts import converter
from fsql.migration import paths
from fsql.migration.changes import AlterColumn
from fsql.migration.filling import quoted, table_name
from fsql.migration.state import State
from fsql.reader import read_batches

__all__ = ["check_fit"]


def check_fit(engine: sa.Engine, entry: Entry, change: AlterColumn, before: State) -> None:
    """Read a column, and make sure that all of its values fit the type that it is to get.

    Raises:
        MigrationError: some do not, or are NULL and must not be.
    """
    root, *names = paths.parts(paths.resolved(before.schema, change.path))
    column = quoted(root)
    is_nested = bool(names) or pa.types.is_nested(before.schema.field(root).type)
    distinct = "" if is_nested else "DISTINCT "
    rows = read_batches(f"SELECT {distinct}{column} FROM {table_name(entry)}", engine)
    for batch in rows:
        found = batch.column(0)
        for name in names:
            found = _within(found.drop_null(), name)
        _check(found, change)


def _within(values: pa.Array, name: str) -> pa.Array:
    """The values of a field, or of an element, of values that are not NULL."""
    if pa.types.is_struct(values.type):
        return values.flatten()[values.type.get_field_index(name)]
    if pa.types.is_map(values.type):
        return values.keys if name == "key" else values.items
    return values.flatten()


def _check(found: pa.Array, change: AlterColumn) -> None:
    if change.nullable is False and found.null_count:
        raise MigrationError(
            f"{change.group!r}: {change.path} is NULL in {found.null_count:,} rows or more, and"
            " must not be any longer. Fill it first, with op.execute() of an UPDATE.",
            change.group,
            change.path,
        )
    if not isinstance(change.type, pa.DataType):
        return
    try:
        cast = converter(found.type, change.type)
    except Mismatch as mismatch:
        raise _unfit(change, str(mismatch)) from mismatch

    def report(refused: pa.Array, what: str) -> None:
        misfits = found.filter(refused)
        if len(misfits):  # it is told of those that there might be
            raise _unfit(change, f"{misfits[0].as_py()!r}: {what}")

    cast(found, report)


def _unfit(change: AlterColumn, what: str) -> MigrationError:
    return MigrationError(
        f"{change.group!r}: {change.path} cannot be {change.type}, for it holds values that do not"
        f" fit: {what}. Change them first, with op.execute() of an UPDATE, or keep the type.",
        change.group,
        change.path,
    )
