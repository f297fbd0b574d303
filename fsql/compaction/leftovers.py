"""Tables that operations which were killed have left beside feature groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fsql.catalog import Catalog, Entry
from fsql.errors import TableNotFound
from fsql.formats import drop
from fsql.formats.history import History
from fsql.formats.hive import compacting
from fsql.formats.iceberg import load
from fsql.formats.stage import STAGE
from fsql.inserts.stages import PREFIX
from fsql.storage import Object, path_of

__all__ = ["Leftover", "leftovers", "remains", "remove", "unreferenced"]

_FEW_SNAPSHOTS = 500
_ROWS = "_rows"  # how the stage of an insert is called whose files become nobody's own


@dataclass(frozen=True)
class Leftover:
    """A staged table, and for how long nothing has happened to it.

    Attributes:
        what: which operation has left it.
    """

    entry: Entry
    idle: dt.timedelta
    what: str

    def __str__(self) -> str:
        return f"{self.entry.name} ({self.what}, idle for {_words(self.idle)})"


def leftovers(catalog: Catalog, database: str | None = None) -> list[Leftover]:
    """The staged tables of a database, the oldest first. Those of operations at work are young."""
    now = dt.datetime.now(dt.UTC)
    kinds = ((STAGE, "an upsert"), (PREFIX, "an insert"))
    found = [
        Leftover(entry, now - _touched(entry), what)
        for prefix, what in kinds
        for entry in catalog.entries(database, f"{prefix}*")
    ]
    return sorted(found, key=lambda leftover: leftover.idle, reverse=True)


def _touched(entry: Entry) -> dt.datetime:
    times = (entry.glue.get("CreateTime"), entry.glue.get("UpdateTime"))
    return max((time for time in times if time is not None), default=dt.datetime.now(dt.UTC))


def remove(catalog: Catalog, found: Iterable[Leftover]) -> list[str]:
    """Drop staged tables with their files; the names of those that were there.

    The data files of an insert may be a group's own by now, so they stay; see `remains`.
    """
    gone = []
    for leftover in found:
        entry = leftover.entry
        purge = entry.name.startswith(STAGE) or entry.name.endswith(_ROWS)
        try:
            drop(catalog, entry, purge=purge and _is_own(entry))
        except TableNotFound:
            continue  # whoever left it has come back
        gone.append(entry.name)
    return gone


def _is_own(entry: Entry) -> bool:
    return (entry.location or "").rstrip("/").endswith(f"/{entry.name}")


def remains(catalog: Catalog, entry: Entry, older_than: dt.timedelta) -> list[Object]:
    """Files that inserts into a group have staged, that no snapshot has and no stage keeps.

    Args:
        entry: the group's table, an Iceberg table.
    """
    staged = {each.entry.name for each in leftovers(catalog, entry.database)}
    files = list(_staged_files(catalog, entry, dt.datetime.now(dt.UTC) - older_than))
    files = [(name, file) for name, file in files if name not in staged]
    if not files:
        return []
    table = load(catalog, entry.name, entry.database)
    needed = History(table).files(table.snapshots(), live=True)
    return [file for _, file in files if file.uri not in needed]


def unreferenced(catalog: Catalog, entry: Entry, older_than: dt.timedelta) -> list[Object] | None:
    """Data files below a group's location that no snapshot, or no manifest, has.

    VACUUM deletes those of an Iceberg table some day, a compaction those of a Hive-style one.

    Returns:
        None where it would take long to tell.
    """
    if entry.is_hive_group:
        return compacting.unreferenced(catalog, entry, older_than)
    table = load(catalog, entry.name, entry.database)
    if len(table.snapshots()) > _FEW_SNAPSHOTS:
        return None
    files = list(_files(catalog, entry, "", dt.datetime.now(dt.UTC) - older_than))
    needed = History(table).files(table.snapshots(), live=True)
    staged = {each.entry.name for each in leftovers(catalog, entry.database)}
    return [
        file
        for name, file in files
        if file.uri.endswith(".parquet") and file.uri not in needed and name not in staged
    ]


def _staged_files(
    catalog: Catalog, entry: Entry, until: dt.datetime
) -> Iterator[tuple[str, Object]]:
    """The files older than a time in folders of stages, each with the name of the stage."""
    return _files(catalog, entry, PREFIX, until)


def _files(
    catalog: Catalog, entry: Entry, prefix: str, until: dt.datetime
) -> Iterator[tuple[str, Object]]:
    """The objects older than a time, each with the name of the folder in the table's location."""
    bucket, _, location = path_of((entry.location or "").rstrip("/")).partition("/")
    pages = catalog.aws.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=f"{location}/{prefix}"):
        for found in page.get("Contents", ()):
            if found["LastModified"] < until:
                name = found["Key"][len(location) + 1 :].partition("/")[0]
                yield name, Object(f"s3://{bucket}/{found['Key']}", found["Size"])


def _words(age: dt.timedelta) -> str:
    hours = age / dt.timedelta(hours=1)
    if hours < 1:
        return f"{age // dt.timedelta(minutes=1)} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
