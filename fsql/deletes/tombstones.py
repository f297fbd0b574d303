"""Tombstones: what was deleted from a group with event times, and from when on.

They lie in an Iceberg table of their own beside the group's, so that this one keeps every row that
was written. Whoever asks what is true at a time takes the newest of rows and tombstones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import sqlalchemy as sa

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.errors import InvalidName, TableExists
from fsql.formats.choosing import Choice
from fsql.formats.table_write import TableWrite
from fsql.model import FeatureGroup
from fsql.naming import MAX_NAME_BYTES
from fsql.types import Timestamp

__all__ = ["SUFFIX", "Names", "Tombstones", "bury", "carry", "drop", "find", "of"]

SUFFIX = "__deletes"
OWNER = "fsql.deletes_of"  # the parameter that names the group's table


@dataclass(frozen=True)
class Names:
    """The columns of tombstones that are no keys.

    Attributes:
        time: the event time from which on one acts; called as the group's, if that is no key.
        made: when the delete was made.
    """

    time: str
    made: str


def _names(group: FeatureGroup) -> Names:
    time = _free(group.event_time or "event_time", group.keys)
    return Names(time, _free("deleted_at", [*group.keys, time]))


def _free(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "_"
    return name


@dataclass(frozen=True)
class Tombstones:
    """The table of tombstones of a group.

    Attributes:
        entry: the table in the catalog.
        group: whose rows they are about.
    """

    entry: Entry
    group: FeatureGroup

    @property
    def names(self) -> Names:
        """The names of its columns beside the keys."""
        return _names(self.group)

    @property
    def schema(self) -> pa.Schema:
        """Its columns in storage types, as the group's keys and times have them."""
        return _schema(self.group)

    @cached_property
    def table(self) -> sa.Table:
        """The table for a SELECT, in the schema that the group's has."""
        group, named = self.group, self.names
        keys = [sa.Column(key, group.columns[key].type) for key in group.keys]
        is_date = pa.types.is_date(_schema(group).field(named.time).type)
        time = sa.Column(named.time, sa.Date() if is_date else Timestamp("us"))
        made = sa.Column(named.made, Timestamp("us"))
        return sa.Table(self.entry.name, sa.MetaData(), *keys, time, made, schema=group.schema)


def find(catalog: Catalog, entry: Entry, group: FeatureGroup | None = None) -> Tombstones | None:
    """The tombstones of a group; None if nothing was ever deleted. One GetTable call.

    Those of a table of the same name that SQL has dropped since are not the group's.

    Args:
        group: the group as the caller declares it.
    """
    found = _found(catalog, entry.database, entry.name)
    return of(entry, found, group)


def of(entry: Entry, beside: Entry | None, group: FeatureGroup | None = None) -> Tombstones | None:
    """What the table that has the name of a group's tombstones is to the group; None if nothing."""
    group = group if group is not None else entry.group
    if group is None or beside is None or beside.parameters.get(OWNER) != entry.name:
        return None
    return None if _is_older(beside, entry) else Tombstones(beside, group)


def _is_older(found: Entry, entry: Entry) -> bool:
    older: bool = found.glue["CreateTime"] < entry.glue["CreateTime"]
    return older


def _found(catalog: Catalog, database: str, table: str) -> Entry | None:
    name = table + SUFFIX
    found = catalog.find(name, database) if len(name) <= MAX_NAME_BYTES else None
    return None if found is None or found.parameters.get(OWNER) != table else found


def bury(
    catalog: Catalog,
    entry: Entry,
    group: FeatureGroup,
    choice: Choice,
    token: str | None,
    ready: Callable[[], None],
) -> formats.Committed:
    """Write a tombstone for each key, at the time that the choice says.

    Args:
        ready: called when there is a table of tombstones, before they are written to it.

    Raises:
        InvalidName: the group's name leaves no room for that of the tombstones' table.
        TableExists: another table has that name.
        CommitConflict, StorageError: they could not be written; nothing was.
    """
    schema = _schema(group)
    now = pa.scalar(dt.datetime.now(dt.UTC).replace(tzinfo=None), pa.timestamp("us"))
    made = pa.repeat(now, len(choice.keys))
    rows = pa.table([*choice.keys.columns, choice.since, made], schema=schema)
    return carry(catalog, entry, group, rows, token, ready)


def carry(
    catalog: Catalog,
    entry: Entry,
    group: FeatureGroup,
    rows: pa.Table,
    token: str | None,
    ready: Callable[[], None],
) -> formats.Committed:
    """Write tombstones as they are.

    Args:
        rows: with the columns of `Tombstones.schema`.
        ready: as of `bury`.

    Raises:
        InvalidName, TableExists, CommitConflict, StorageError: as `bury`.
    """
    stones = find(catalog, entry) or _create(catalog, entry, group)
    ready()
    with TableWrite(catalog, stones.entry, rows.schema, token=token) as write:
        write.write(0, rows)
        return write.commit()


def drop(catalog: Catalog, database: str, table: str, *, purge: bool) -> None:
    """Take away the tombstones of a group, or of an earlier one of its name, if there are any.

    Args:
        purge: delete the files as well.
    """
    found = _found(catalog, database, table)
    if found is not None:
        formats.drop(catalog, found, purge=purge)


def _schema(group: FeatureGroup) -> pa.Schema:
    stored, named = group.storage_schema, _names(group)
    keys = [stored.field(key) for key in group.keys]
    time = stored.field(group.event_time or named.time)
    return pa.schema([*keys, (named.time, time.type), (named.made, pa.timestamp("us"))])


def _create(catalog: Catalog, entry: Entry, group: FeatureGroup) -> Tombstones:
    name = entry.name + SUFFIX
    if len(name) > MAX_NAME_BYTES:
        raise InvalidName(
            f"Deletes of {entry.name!r} would be kept in a table named {name!r}, which has"
            f" {len(name)} bytes; Glue allows {MAX_NAME_BYTES}. Declare it under a shorter name."
        )
    there = catalog.find(name, entry.database)
    if there is not None and there.parameters.get(OWNER) != entry.name:
        raise TableExists(name, entry.database, "Deletes are kept under this name. Rename it.")
    if there is not None and _is_older(there, entry):  # of a table that SQL has dropped
        formats.drop(catalog, there, purge=False)
    named = _names(group)
    docs = {named.time: "from when on the key is deleted", named.made: "when it was deleted"}
    made = formats.create_beside(catalog, entry, SUFFIX, _schema(group), {OWNER: entry.name}, docs)
    return Tombstones(made, group)
