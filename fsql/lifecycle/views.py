"""The views without the version, beside the versions of a group.

They are written as Athena writes them, but by one call to Glue, which takes less time than a
statement and names the version of the view that it replaces: whoever was slower looks again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from botocore.exceptions import ClientError

from fsql import deletes
from fsql.catalog import Catalog, Entry
from fsql.errors import CommitConflict, InvalidName, TableExists
from fsql.lifecycle.view_texts import LATEST, is_latest, latest_name, latest_view, rows_view
from fsql.naming import MAX_NAME_BYTES

__all__ = [
    "RELEASED_PROPERTY",
    "check_free",
    "is_released",
    "newest",
    "outdated",
    "point",
    "versions",
]

RELEASED_PROPERTY = "fsql.released"
"""A parameter that is "false" as long as a version is not for everybody to read."""

_ATTEMPTS = 20
_PAUSE = 0.2  # seconds at most between two attempts
# Glue's names of it: somebody else was first to make, change or drop the view.
_CONFLICTS = frozenset(
    {
        "AlreadyExistsException",
        "ConcurrentModificationException",
        "EntityNotFoundException",
        "VersionMismatchException",
    }
)

Known = Mapping[str, Entry]


def newest(
    catalog: Catalog, view: str, database: str, *, without: str | None = None
) -> Entry | None:
    """The newest released version of the group that a view stands for.

    Args:
        without: a table that is about to go.
    """
    return _newest(versions(catalog, view, database), without)


def versions(catalog: Catalog, view: str, database: str) -> list[Entry]:
    """All versions of the group that a view stands for, the newest last."""
    return _versions(catalog.entries(database, f"{view}_v????"), view)


def is_released(entry: Entry) -> bool:
    """Whether the views may stand on a version."""
    return entry.parameters.get(RELEASED_PROPERTY) != "false"


def check_free(catalog: Catalog, view: str, database: str) -> Known:
    """Make sure that nothing else has the names of a group's views.

    Returns:
        What there is of the group, and what else begins like it, by name. One GetTables call.

    Raises:
        TableExists: a table has one of them, or a view of somebody else's that on newest rows.
        InvalidName: Glue has no room for them.
    """
    name = latest_name(view)
    if name is None:
        raise InvalidName(
            f"The view {view + LATEST!r} would have {len(view + LATEST)} bytes; Glue allows"
            f" {MAX_NAME_BYTES}. Shorten a part of the group's name."
        )
    known = _known(catalog, view, database)
    taken = known.get(view)
    if taken is not None and not taken.is_view:
        raise TableExists(view, database, _TAKEN.format("table", "version"))
    taken = known.get(name)
    if taken is not None and not is_latest(taken):
        kind = "view" if taken.is_view else "table"
        raise TableExists(name, database, _TAKEN.format(kind, "row of each key"))
    return known


_TAKEN = "It is a {} of somebody else's where fsql puts the view on the newest {}. Rename it."


def point(
    engine: sa.Engine, catalog: Catalog, view: str, database: str, *, without: str | None = None
) -> None:
    """Make views select from the newest version, or drop them if there is none.

    A view is as before or as it should be. One on newest rows that is somebody else's stays.

    Raises:
        TableExists: a table has the view's name.
        CommitConflict: others were always quicker.
    """
    for _ in range(_ATTEMPTS):
        known = _known(catalog, view, database)
        wanted = _wanted(engine.dialect, known, view, without)
        if all(_put(catalog, database, known.get(name), name, wanted[name]) for name in wanted):
            return
        time.sleep(random.uniform(0, _PAUSE))
    raise CommitConflict(
        f"The view {view!r} was changed by others each time it was to be pointed at the newest"
        " version. `fsql views` points it later."
    )


def outdated(dialect: sa.Dialect, entries: Iterable[Entry]) -> dict[str, str]:
    """The views of groups that are missing or behind, and the views that these stand beside.

    Args:
        entries: all of a database.
    """
    known = {entry.name: entry for entry in entries}
    found = {}
    for view in sorted({e.group.view_name for e in known.values() if e.group is not None}):
        wanted = _wanted(dialect, known, view, None)
        for name, input_ in wanted.items():
            if input_ is not None and not _is_same(known.get(name), input_):
                found[name] = view
    return found


def _known(catalog: Catalog, view: str, database: str) -> Known:
    """What has to do with a group, read at once, and what else begins like it."""
    return {entry.name: entry for entry in catalog.entries(database, f"{view}*")}


def _versions(entries: Iterable[Entry], view: str) -> list[Entry]:
    found = [
        (entry.group.definition.name.version, entry)
        for entry in entries
        if entry.name.startswith(f"{view}_v")
        and entry.group is not None
        and entry.group.view_name == view
    ]
    return [entry for _, entry in sorted(found, key=lambda version: version[0])]


def _newest(entries: Iterable[Entry], without: str | None) -> Entry | None:
    found = [entry for entry in entries if entry.name != without and is_released(entry)]
    return found[-1] if found else None


def _wanted(
    dialect: sa.Dialect, known: Known, view: str, without: str | None
) -> dict[str, dict[str, Any] | None]:
    """The views by name, as Glue takes them; None for what should not be there."""
    entry = _newest(_versions(known.values(), view), without)
    wanted = {view: None if entry is None else rows_view(view, entry)}
    name = latest_name(view)
    there = known.get(name or "")
    if name is not None and (there is None or is_latest(there)):
        stones = None if entry is None else _stones(known, entry)
        wanted[name] = None if entry is None else latest_view(name, entry, stones, dialect)
    return wanted


def _stones(known: Known, entry: Entry) -> deletes.Tombstones | None:
    return deletes.of(entry, known.get(entry.name + deletes.SUFFIX))


def _put(catalog: Catalog, database: str, there: Entry | None, name: str, wanted: Any) -> bool:
    """Bring one view from what was found to what is wanted; False if somebody else was quicker."""
    if there is not None and not there.is_view:
        raise TableExists(name, database, _TAKEN.format("table", "version"))
    request = {"DatabaseName": database, "TableInput": wanted}
    try:
        if wanted is None:
            if there is not None:
                catalog.glue.delete_table(DatabaseName=database, Name=name)
        elif there is None:
            catalog.glue.create_table(**request)
        elif not _is_same(there, wanted):
            catalog.glue.update_table(**request, VersionId=there.version_id, SkipArchive=True)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _CONFLICTS:
            raise
        return False
    return True


def _is_same(there: Entry | None, wanted: Mapping[str, Any]) -> bool:
    return there is not None and (
        there.glue.get("ViewOriginalText") == wanted["ViewOriginalText"]
        and [list(c) for c in there.columns] == [_column(c) for c in _columns(wanted)]
        and wanted["Parameters"].items() <= there.parameters.items()
    )


def _columns(wanted: Mapping[str, Any]) -> list[dict[str, str]]:
    columns: list[dict[str, str]] = wanted["StorageDescriptor"]["Columns"]
    return columns


def _column(column: Mapping[str, str]) -> list[str]:
    return [column["Name"], column["Type"]]
