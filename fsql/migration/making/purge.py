"""What was dropped, deleted for good.

Of a dropped column the tag goes that keeps old files from VACUUM, and the note by which it could
come back. Files of the table's own present still hold its values until they are written anew;
`FeatureStore.compact` with VACUUM lets go of what only the tag has kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fsql.catalog import Catalog, Entry
from fsql.deletes import SUFFIX
from fsql.errors import MigrationError
from fsql.formats.locations import KEPT
from fsql.migration.making.groups import forget
from fsql.migration.making.iceberg_commits import Extras, load_as, patiently, set_properties
from fsql.migration.making.kept import (
    KEPT_PROPERTY,
    KeptColumn,
    KeptGroup,
    kept_columns,
    kept_groups,
    kept_text,
)
from fsql.migration.runtime.revisions import Revisions

__all__ = ["Kept", "kept", "purge"]


@dataclass(frozen=True)
class Kept:
    """One thing that was dropped and is kept.

    Attributes:
        database, table: where it was.
        dropped: the column, or the whole group.
    """

    database: str
    table: str
    dropped: KeptColumn | KeptGroup

    def __str__(self) -> str:
        one = self.dropped
        what = f"column {one.path} of {self.table}" if isinstance(one, KeptColumn) else self.table
        by = f"revision {one.revision}" if one.revision else "no revision"
        return f"{what}, dropped at {one.at} by {by}"


def kept(catalog: Catalog, revisions: Revisions, table: str | None = None) -> list[Kept]:
    """What is kept of a store, or of one table.

    Columns of Hive-style groups are not among it: their Parquet files hold them as long as the
    group has those files.
    """
    groups = (
        Kept(one.database, one.table, one)
        for one in kept_groups(revisions.load())
        if table in (None, one.table)
    )
    return [*groups, *_columns(catalog, table)]


def _columns(catalog: Catalog, table: str | None) -> Iterator[Kept]:
    for entry in catalog.entries(pattern=table):
        for one in kept_columns(entry.parameters) if entry.is_iceberg else ():
            yield Kept(entry.database, entry.name, one)


def purge(catalog: Catalog, revisions: Revisions, one: Kept) -> None:
    """Delete something for good; what was deleted already is no error.

    Raises:
        MigrationError: a table stands where the files are.
        MigrationConflict: others were always quicker.
        StorageError: files cannot be deleted.
    """
    if isinstance(one.dropped, KeptGroup):
        _purge_group(catalog, revisions, one.dropped)
    else:
        _purge_column(catalog, one, one.dropped)


def _purge_column(catalog: Catalog, one: Kept, column: KeptColumn) -> None:
    def forget_it() -> None:
        entry = catalog.find(one.table, one.database)
        if entry is None or column not in kept_columns(entry.parameters):
            return
        table = load_as(catalog, entry)
        left = [other for other in kept_columns(entry.parameters) if other != column]
        tags = tuple(filter(None, [column.tag if column.tag in table.refs() else None]))
        extras = Extras({KEPT_PROPERTY: kept_text(left)}, untagged=tags)
        set_properties(catalog, entry, table, extras)

    patiently(one.table, forget_it)


def _purge_group(catalog: Catalog, revisions: Revisions, group: KeptGroup) -> None:
    """First what it takes to bring the group back, then its files, then the word of it."""
    places = (f"{group.location}/", f"{group.location}{SUFFIX}/")
    for entry in catalog.entries(group.database):
        if f"{_place(entry)}/" in places:
            raise MigrationError(
                f"{entry.name!r} stands at {_place(entry)}, where the files of the dropped"
                f" {group.table!r} are. Finish the migration that dropped it first.",
                group.table,
            )
    catalog.storage.delete([one.uri for one in catalog.storage.list(f"{group.location}/{KEPT}")])
    for place in places:
        catalog.storage.delete_prefix(place)
    forget(revisions, group)


def _place(entry: Entry) -> str:
    return (entry.location or "").rstrip("/")
