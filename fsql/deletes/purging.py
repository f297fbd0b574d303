"""Erasure: rows of keys gone from a group, its tombstones, and the past of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.deletes import tombstones
from fsql.errors import StorageError
from fsql.formats.choosing import Choice

__all__ = ["Purged", "purge"]


@dataclass(frozen=True)
class Purged:
    """What an erasure did.

    Attributes:
        rows: that were there to be read.
        files: data files that held any.
        snapshot_id: the group's snapshot without them.
        snapshots: how many of the group's earlier ones have ended.
        objects: how many objects were deleted.
        pending: files with such rows that a writer may be about to make part of the group.
    """

    rows: int
    files: int
    snapshot_id: int | None
    snapshots: int
    objects: int
    pending: int


def purge(catalog: Catalog, entry: Entry, choice: Choice, show: Callable[[int], None]) -> Purged:
    """Erase the rows that are meant; the tombstones of their keys too, if that is all rows.

    The rows go first: without its tombstone a row would be read again. Whatever is done already
    needs no doing, so that one that was interrupted is finished by doing the same again.

    Raises:
        CommitConflict: other writers were always quicker.
        ConfigError: a tag or branch keeps the rows.
        StorageError: objects cannot be read, written or deleted, or AWS refused.
        UnsupportedType: the table has equality deletes.
    """
    stones = tombstones.find(catalog, entry) if choice.time is None else None
    tables = [entry] if stones is None else [entry, stones.entry]
    with _finishable(entry.name):
        for table in tables:
            formats.check_forgettable(catalog, table, choice)
        removed = formats.remove_rows(catalog, entry, choice, buried=True, show=show)
        forgotten = [formats.forget(catalog, entry, choice)]
        if stones is not None:
            formats.remove_rows(catalog, stones.entry, choice, buried=True)
            forgotten.append(formats.forget(catalog, stones.entry, choice))
    return Purged(
        rows=removed.rows,
        files=removed.files,
        snapshot_id=formats.totals(catalog, catalog.get(entry.name, entry.database)).snapshot_id,
        snapshots=forgotten[0].snapshots,
        objects=sum(each.objects for each in forgotten),
        pending=sum(each.pending for each in forgotten),
    )


@contextmanager
def _finishable(name: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, OSError) as error:
        raise StorageError(
            f"Rows of {name!r} could not all be erased: {error}. Do the same again; what is done"
            " stays done."
        ) from error
