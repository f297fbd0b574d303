"""Tables of either format: made, described, looked at and dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import ModuleType

from fsql.catalog import Catalog, Entry
from fsql.formats import iceberg, snapshots
from fsql.formats.hive import tables as hive
from fsql.formats.hive import totals as hive_totals
from fsql.formats.hive.manifests import Manifests, State
from fsql.formats.hive.registering import registered
from fsql.formats.snapshots import Totals
from fsql.model import FeatureGroup

__all__ = ["create", "describe_group", "drop", "row_count", "state_of", "totals", "version"]


def create(catalog: Catalog, group: FeatureGroup, extra: Mapping[str, str] | None = None) -> None:
    """Make an empty table for a group, in the format that it declares.

    Args:
        extra: parameters beside those that describe the group.

    Raises:
        TableExists: a table or view of that name is there.
        ConfigError: neither the URL nor the database says where tables go.
        StorageError: it cannot be written.
    """
    _of(group).create(catalog, group, extra)


def describe_group(catalog: Catalog, group: FeatureGroup) -> None:
    """Store a group's definition and exact schema beside a table that SQL has just made."""
    _of(group).describe_group(catalog, group)


def _of(group: FeatureGroup) -> ModuleType:
    return hive if group.definition.table_format == "hive" else iceberg


def drop(catalog: Catalog, entry: Entry, *, purge: bool) -> None:
    """Take a table out of the catalog.

    Args:
        purge: delete its files too; else they stay.

    Raises:
        TableNotFound: it is gone already.
    """
    (hive if entry.is_hive_group else iceberg).drop(catalog, entry, purge=purge)


def totals(catalog: Catalog, entry: Entry) -> Totals:
    """The totals of a table as it is now.

    Raises:
        OSError: its metadata cannot be read.
    """
    if entry.is_hive_group:
        return hive_totals.totals(catalog, entry)
    return snapshots.totals(catalog, entry)


def row_count(catalog: Catalog, entry: Entry, state: State | None = None) -> int | None:
    """How many rows a table has now; None where nothing says so.

    Args:
        state: of a Hive-style table, if it is known already.
    """
    if entry.is_hive_group:
        return hive_totals.row_count(catalog, entry, state)
    return snapshots.row_count(catalog, entry)


def state_of(catalog: Catalog, entry: Entry) -> State | None:
    """What a Hive-style table consists of now; None of others, whose entries tell that."""
    return Manifests(catalog, entry).listed() if entry.is_hive_group else None


def version(catalog: Catalog, entry: Entry) -> str | None:
    """A text that names the state of a table's data; None where nothing does.

    The same text means the same rows, under the same columns. A write makes another one, and so
    do a compaction and a migration.
    """
    if entry.is_hive_group:
        # Writes change the manifests only. Where Athena looks for these, Glue says.
        places = hashlib.sha256(repr(sorted(registered(catalog, entry))).encode()).hexdigest()
        return f"{entry.version_id}:{Manifests(catalog, entry).version()}:{places}"
    return entry.metadata_location
