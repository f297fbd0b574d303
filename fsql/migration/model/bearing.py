"""What a Hive-style group can bear: Parquet files that are read by the names of their columns.

Athena finds a Parquet file's columns by name, so that a new one may come at the end and reads
NULL in old files, while another name or type would need other files
(https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html).
"""

from __future__ import annotations

from functools import singledispatch

import pyarrow as pa

from fsql.migration.model import paths
from fsql.migration.model.changes import (
    KEEP,
    AddColumn,
    AlterColumn,
    DropColumn,
    MoveColumn,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.state import State
from fsql.types import storage_type

__all__ = ["NEW_VERSION", "unbearable"]

NEW_VERSION = (
    "Declare a new version of the group: `alembic revision --autogenerate` writes a revision that"
    " makes it, fills it and releases it."
)


@singledispatch
def unbearable(change: object, before: State) -> str | None:
    """Why a Hive-style group cannot take a change; None if it can."""
    return None


@unbearable.register
def _(change: AddColumn, before: State) -> str | None:
    if len(paths.parts(change.path)) > 1:
        return "its Parquet files are read by name, and Athena adds no fields within a column."
    if change.default is not None:
        return "rows of a Hive-style group cannot be updated, so that they read NULL there."
    return None


@unbearable.register
def _(change: DropColumn, before: State) -> str | None:
    # Only so that a revision that added it can be taken back.
    if change.path == _in_files(before.schema, before)[-1]:
        return None
    return "its Parquet files keep the column, which would be there again under the same name."


def _in_files(schema: pa.Schema, state: State) -> list[str]:
    """The columns that files hold; those that are partition keys stand behind them in Athena."""
    keys = {p.column for p in state.definition.partition_by if p.transform == "identity"}
    return [name for name in schema.names if name not in keys]


@unbearable.register
def _(change: RenameColumn, before: State) -> str | None:
    return "its Parquet files are read by name, and have the old one."


@unbearable.register
def _(change: MoveColumn, before: State) -> str | None:
    moved = paths.move(before.schema, change.path, change.after)
    same = len(paths.parts(change.path)) == 1
    if same and _in_files(moved, before) == _in_files(before.schema, before):
        return None
    return "a column of a Hive-style group stands where it came, behind those that were there."


@unbearable.register
def _(change: AlterColumn, before: State) -> str | None:
    if change.type is KEEP:
        return None
    old = paths.get(before.schema, change.path).type
    if storage_type(old) == storage_type(change.type):
        return None
    return f"its Parquet files hold {storage_type(old)} there, and Athena reads nothing else of it."


@unbearable.register
def _(change: SetPartitioning, before: State) -> str | None:
    return "its files lie in folders by their partition."
