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
from fsql.formats.hive.manifests import Manifests
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
        (entry, now - _touched(entry), what)
        for prefix, what in kinds
        for entry in catalog.entries(database, f"{prefix}*")
    ]
    # An insert goes on with one of its two stages while nothing happens to the other.
    idle: dict[str, dt.timedelta] = {}
    for entry, age, _ in found:
        work = entry.name.removesuffix(_ROWS)
        idle[work] = min(age, idle.get(work, age))
    made = [Leftover(e, idle[e.name.removesuffix(_ROWS)], what) for e, _, what in found]
    return sorted(made, key=lambda leftover: (-leftover.idle, leftover.entry.name))


def _touched(entry: Entry) -> dt.datetime:
    times = (entry.glue.get("CreateTime"), entry.glue.get("UpdateTime"))
    return max((time for time in times if time is not None), default=dt.datetime.now(dt.UTC))


def remove(catalog: Catalog, found: Iterable[Leftover]) -> list[str]:
    """Drop staged tables with their files; the names of those that were there.

    The data files of an insert may be a group's own by now, so they stay; see `remains`. An insert
    that has reached some partitions of a Hive-style group keeps its stages: by them, and by nothing
    else, it can be gone on with.

    Args:
        found: in the order of `leftovers`; an insert without the rows of its second stage only
            begins again, and without its first one would take that for all.
    """
    gone = []
    for leftover in found:
        entry = leftover.entry
        if _is_half_done(catalog, entry):
            continue
        purge = entry.name.startswith(STAGE) or entry.name.endswith(_ROWS)
        try:
            drop(catalog, entry, purge=purge and _is_own(entry))
        except TableNotFound:
            continue  # whoever left it has come back
        gone.append(entry.name)
    return gone


def _is_half_done(catalog: Catalog, staged: Entry) -> bool:
    """Whether partitions of a Hive-style group have files of an insert whose stage this is."""
    if not staged.name.startswith(PREFIX):
        return False
    place, _, _ = (staged.location or "").rpartition(f"/{staged.name}/")
    files = f"{place}/{staged.name.removesuffix(_ROWS)}/"
    return any(
        uri.startswith(files)
        for entry in catalog.entries(staged.database)
        if entry.is_hive_group and entry.location == place
        for manifest in Manifests(catalog, entry).all()
        for uri in manifest.uris
    )


def _is_own(entry: Entry) -> bool:
    """Whether its folder is named after it; that of an insert has one more in it for each try."""
    return entry.name in (entry.location or "").rstrip("/").split("/")[-2:]


def remains(catalog: Catalog, entry: Entry, older_than: dt.timedelta) -> list[Object]:
    """Files that inserts into a group have staged, that the group has not and no stage keeps."""
    files = list(_files(catalog, entry, PREFIX, dt.datetime.now(dt.UTC) - older_than))
    if not files:
        return []
    # What the group has is asked after the stages: a stage goes when its files are the group's.
    staged = {each.entry.name for each in leftovers(catalog, entry.database)}
    needed = compacting.named(catalog, entry) if entry.is_hive_group else _needed(catalog, entry)
    if needed is None:
        return []
    return [file for name, file in files if name not in staged and file.uri not in needed]


def _needed(catalog: Catalog, entry: Entry) -> set[str]:
    table = load(catalog, entry.name, entry.database)
    return History(table).files(table.snapshots(), live=True)


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
    staged = {each.entry.name for each in leftovers(catalog, entry.database)}
    needed = _needed(catalog, entry)
    return [
        file
        for name, file in files
        if file.uri.endswith(".parquet") and file.uri not in needed and name not in staged
    ]


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
