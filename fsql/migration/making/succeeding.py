"""Deletes of a group's earlier version, carried over to the version that is filled from it.

A delete from a time on is a tombstone beside the table, so that a SELECT of rows alone would bring
deleted keys back to life.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa

from fsql import deletes
from fsql.catalog import Catalog, Entry
from fsql.deletes import Tombstones
from fsql.errors import MigrationError
from fsql.formats.iceberg import load
from fsql.lifecycle import views
from fsql.model import FeatureGroup

__all__ = ["carry_deletes"]


def carry_deletes(
    catalog: Catalog, entry: Entry, select: str, token: str, ready: Callable[[], None]
) -> None:
    """Give a group the tombstones of the versions before it from which a SELECT fills it.

    Args:
        token: names the work, so that repeating it changes nothing.
        ready: called when there is a table of tombstones, before they are written to it.

    Raises:
        MigrationError: the deletes are kept by keys that the new version does not have.
    """
    group = entry.group
    assert group is not None, "only groups are filled"
    for other in views.versions(catalog, group.view_name, entry.database):
        if other.name < entry.name and re.search(rf"\b{other.name}\b", select, re.IGNORECASE):
            stones = deletes.find(catalog, other)
            if stones is not None:
                rows = _rows(catalog, stones, group)
                deletes.carry(catalog, entry, group, rows, f"{token}:{other.name}", ready)


def _rows(catalog: Catalog, stones: Tombstones, group: FeatureGroup) -> pa.Table:
    """Tombstones with the columns of another group's."""
    if sorted(stones.group.keys) != sorted(group.keys):
        raise MigrationError(
            f"{stones.group.name!r} has deletes, which are kept by its keys"
            f" {', '.join(stones.group.keys)}, and {group.name!r} has others:"
            f" {', '.join(group.keys)}. Erase the deleted rows first, by fsql delete --purge.",
            group.name,
        )
    wanted = Tombstones(stones.entry, group)
    found = load(catalog, stones.entry.name, stones.entry.database).scan().to_arrow()
    names = [*group.keys, stones.names.time, stones.names.made]
    columns = [found[name] for name in names]
    try:
        return pa.table(columns, names=wanted.schema.names).cast(wanted.schema)
    except pa.ArrowInvalid as error:
        raise MigrationError(
            f"{stones.group.name!r} has deletes of keys that {group.name!r} cannot hold: {error}."
            " Erase the deleted rows first, by fsql delete --purge.",
            group.name,
        ) from error
