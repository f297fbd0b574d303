"""The view without the version, beside the versions of a group."""

from __future__ import annotations

import sqlalchemy as sa

from fsql.catalog import Catalog, Entry
from fsql.errors import TableExists

__all__ = ["RELEASED_PROPERTY", "check_free", "is_released", "newest", "point", "versions"]

RELEASED_PROPERTY = "fsql.released"
"""A parameter that is "false" as long as a version is not for everybody to read."""


def newest(
    catalog: Catalog, view: str, database: str, *, without: str | None = None
) -> Entry | None:
    """The newest released version of the group that a view stands for.

    Args:
        without: a table that is about to go.
    """
    found = [
        entry
        for entry in versions(catalog, view, database)
        if entry.name != without and is_released(entry)
    ]
    return found[-1] if found else None


def versions(catalog: Catalog, view: str, database: str) -> list[Entry]:
    """All versions of the group that a view stands for, the newest last."""
    found = [
        (entry.group.definition.name.version, entry)
        for entry in catalog.entries(database, f"{view}_v????")
        if entry.group is not None and entry.group.view_name == view
    ]
    return [entry for _, entry in sorted(found, key=lambda version: version[0])]


def is_released(entry: Entry) -> bool:
    """Whether the view may stand on a version."""
    return entry.parameters.get(RELEASED_PROPERTY) != "false"


def check_free(catalog: Catalog, view: str, database: str) -> None:
    """Make sure that no table has the view's name.

    Raises:
        TableExists: one has.
    """
    entry = catalog.find(view, database)
    if entry is not None and not entry.is_view:
        raise TableExists(view, database)


def point(
    engine: sa.Engine, catalog: Catalog, view: str, database: str, *, without: str | None = None
) -> None:
    """Make a view select from the newest version, or drop it if there is none.

    Raises:
        QueryFailed, InvalidQuery: Athena refused; the view is as before.
    """
    entry = newest(catalog, view, database, without=without)
    name = f"{_quoted(database)}.{_quoted(view)}"
    if entry is None:
        _run(engine, f"DROP VIEW IF EXISTS {name}")
        return
    columns = ", ".join(map(_quoted, entry.arrow_schema.names))
    table = f"{_quoted(database)}.{_quoted(entry.name)}"
    _run(engine, f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM {table}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _run(engine: sa.Engine, sql: str) -> None:
    connection = engine.raw_connection()
    try:
        connection.cursor().execute(sql)
    finally:
        connection.close()
