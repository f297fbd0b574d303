"""What the views beside a group are: one on its rows, and one on each key's newest."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fsql.catalog import Entry
from fsql.deletes import Tombstones
from fsql.errors import NotAFeatureGroup
from fsql.inserts.queries import quoted
from fsql.inserts.texts import sql_text
from fsql.lifecycle.latest import latest
from fsql.naming import MAX_NAME_BYTES
from fsql.typetext import hive_type, trino_type
from fsql.viewtext import MAX_TEXT, table_input

__all__ = ["LATEST", "LATEST_PROPERTY", "is_latest", "latest_name", "latest_view", "rows_view"]

LATEST = "__latest"
"""What follows the name of the one view in that of the other; no group's name has it."""

LATEST_PROPERTY = "fsql.latest"
"""The parameter of a view on newest rows that names the table."""


def latest_name(view: str) -> str | None:
    """The name of the view on newest rows; None where Glue has no room for it."""
    name = view + LATEST
    return name if len(name) <= MAX_NAME_BYTES else None


def is_latest(entry: Entry) -> bool:
    """Whether it is such a view, and fsql's."""
    return entry.is_view and LATEST_PROPERTY in entry.parameters


def rows_view(name: str, entry: Entry) -> dict[str, Any]:
    """Glue's TableInput of the view on all rows of a group's table."""
    columns = ", ".join(map(quoted, entry.arrow_schema.names))
    table = f"{quoted(entry.database)}.{quoted(entry.name)}"
    return _input(name, entry, f"SELECT {columns} FROM {table}", {})


def latest_view(
    name: str, entry: Entry, deletes: Tombstones | None, dialect: sa.Dialect
) -> dict[str, Any] | None:
    """Glue's TableInput of the view on the newest row of each key, without what was deleted.

    Returns:
        None for a group of so many columns that Glue has no room for the view's text.

    Raises:
        NotAFeatureGroup: the table is no group.
    """
    if entry.group is None:
        raise NotAFeatureGroup(entry.name, entry.database)
    sql = sql_text(latest(entry.group, deletes=deletes), dialect)
    found = _input(name, entry, sql, {LATEST_PROPERTY: entry.name})
    return found if len(found["ViewOriginalText"]) <= MAX_TEXT else None


def _input(name: str, entry: Entry, sql: str, parameters: dict[str, str]) -> dict[str, Any]:
    stored = entry.engine_schema
    types = [stored.field(column).type for column in entry.arrow_schema.names]
    # Athena folds the names of fields, and takes a view of other names for stale.
    columns = [
        (column, trino_type(type_, is_hive=entry.is_hive_group).lower(), hive_type(type_).lower())
        for column, type_ in zip(entry.arrow_schema.names, types, strict=True)
    ]
    return table_input(name, entry.database, sql, columns, parameters)
