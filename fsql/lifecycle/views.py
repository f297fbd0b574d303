"""The view without the version, beside the versions of a group."""

from __future__ import annotations

import sqlalchemy as sa

from fsql.catalog import Catalog, Entry
from fsql.errors import TableExists

__all__ = ["check_free", "newest", "point"]


def newest(
    catalog: Catalog, view: str, database: str, *, without: str | None = None
) -> Entry | None:
    """The newest version of the group that a view stands for.

    Args:
        without: a table that is about to go.
    """
    versions = [
        (entry.group.definition.name.version, entry)
        for entry in catalog.entries(database, f"{view}_v????")
        if entry.name != without and entry.group is not None and entry.group.view_name == view
    ]
    return max(versions, key=lambda version: version[0])[1] if versions else None


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
