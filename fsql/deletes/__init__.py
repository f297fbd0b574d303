"""Deleting by keys: from a time on, with the history kept, or for good.

A group with event times keeps its rows and gets tombstones beside them, see
`fsql.deletes.tombstones`. In one without there is no history to keep, so the rows are taken out.
Erasing takes out the rows, and what is left of them in the past.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from fsql import formats
from fsql.catalog import Catalog, Entry
from fsql.deletes import tombstones
from fsql.deletes.keys import Instant, choose, instant, read_keys
from fsql.deletes.purging import Purged
from fsql.deletes.purging import purge as erase
from fsql.deletes.tombstones import SUFFIX, Tombstones, carry, drop, find, of
from fsql.errors import ConfigError, NotAFeatureGroup
from fsql.formats.choosing import Choice
from fsql.model import FeatureGroup
from fsql.writer.progress import progress_bar

__all__ = [
    "SUFFIX",
    "DeleteResult",
    "Instant",
    "Tombstones",
    "carry",
    "delete",
    "drop",
    "find",
    "of",
    "read_keys",
]


@dataclass(frozen=True)
class DeleteResult:
    """What a delete did.

    Attributes:
        keys: how many different ones were given.
        rows: how many rows were taken out; none where tombstones were written.
        files: how many data files were written anew without them.
        snapshot_id: the snapshot that says so: of the tombstones' table, or of the group's.
        snapshots: how many earlier snapshots an erasure has ended.
        objects: how many objects it has deleted.
        seconds: how long it took.
        message: the same in words.
    """

    keys: int
    rows: int
    files: int
    snapshot_id: int | None
    snapshots: int
    objects: int
    seconds: float
    message: str

    def __str__(self) -> str:
        return self.message


def delete(
    engine: sa.Engine,
    catalog: Catalog,
    entry: Entry,
    ready: Callable[[], None],
    keys: Any,
    event_time: Instant = None,
    purge: bool = False,
    token: str | None = None,
    progress: bool | None = None,
) -> DeleteResult:
    """Delete keys of a feature group.

    In a group with event times a delete acts from a time on: what was true before stays true
    before, a row with a later event time brings the key back, and the rows themselves stay. Of a
    row and a delete of the same time the one with the greater created time counts, NULL being the
    least, and else the delete. In a group without event times the keys' rows are taken out.

    Args:
        entry: the group's table.
        ready: called when there is a table of tombstones, before they are written to it.
        keys: a dict with the columns of one key, a list of them, a frame or Arrow table with the
            key columns, or a SELECT of them, in Core or as text. A column with the name of the
            group's event time says for each key from when on it is deleted.
        event_time: that time for all keys, itself included; text is ISO 8601, and naive means UTC.
            None is now, and when purging all times.
        purge: erase the rows from that time on, from what can be read and from all snapshots
            before. Their files are deleted, and time travel to before is lost. A purge that was
            interrupted is finished by doing the same again.
        token: names the delete. If one of that name was made already, nothing is done.
        progress: show a bar of the rows in files that are rewritten; None shows it where somebody
            watches.

    Raises:
        InvalidData: keys do not fit; every problem is named, and nothing was done.
        NotAFeatureGroup: the table is no group.
        DefinitionError: a time is given, and the group has no event time.
        ConfigError: times are given twice, a token to a purge, or a tag keeps what is to be erased.
        InvalidName, TableExists: the name of the table of deletes is too long, or taken.
        CommitConflict, StorageError: it could not be done.
        UnsupportedType: rows are to be taken out of a table with equality deletes.
        TypeError: `keys` is none of the above.
    """
    started = time.perf_counter()
    group = entry.group
    if group is None:
        raise NotAFeatureGroup(entry.name, entry.database)
    if purge and token is not None:
        raise ConfigError(
            "token= does not go with purge=True. Leave it out: what is erased already needs no"
            " erasing, and rows written since then would be kept by it."
        )
    choice = choose(engine, group, keys, event_time)
    if not len(choice.keys):
        done = _nothing(group)
    elif purge:
        with progress_bar(group.name, None, progress) as show:
            done = _erased(group, choice, erase(catalog, entry, choice, show))
    elif group.event_time is None:
        with progress_bar(group.name, None, progress) as show:
            removed = formats.remove_rows(catalog, entry, choice, token, show=show)
        done = _removed(group, choice, removed)
    else:
        timed = _timed(group, choice)
        done = _buried(group, timed, tombstones.bury(catalog, entry, group, timed, token, ready))
    return replace(done, seconds=time.perf_counter() - started)


def _timed(group: FeatureGroup, choice: Choice) -> Choice:
    if choice.since is not None:
        return choice
    now = pa.repeat(instant(group, None), len(choice.keys))
    return replace(choice, time=group.event_time, since=pa.chunked_array([now]))


def _nothing(group: FeatureGroup) -> DeleteResult:
    words = f"No keys were given; nothing was deleted from {group.name}."
    return DeleteResult(0, 0, 0, None, 0, 0, 0.0, words)


def _buried(group: FeatureGroup, choice: Choice, made: formats.Committed) -> DeleteResult:
    count = len(choice.keys)
    words = (
        f"Deleted {_counted(count, 'key')} of {group.name} from {_since(choice)} on; what was true"
        " before stays."
    )
    if made.repeated:
        words = _repeated(group)
    return DeleteResult(count, 0, 0, made.snapshot_id, 0, 0, 0.0, words)


def _removed(group: FeatureGroup, choice: Choice, removed: formats.Removed) -> DeleteResult:
    count = len(choice.keys)
    rows, keys = _counted(removed.rows, "row"), _counted(count, "key")
    words = f"Deleted {rows} of {keys} from {group.name}."
    if removed.repeated:
        words = _repeated(group)
    return DeleteResult(count, removed.rows, removed.files, removed.snapshot_id, 0, 0, 0.0, words)


def _erased(group: FeatureGroup, choice: Choice, purged: Purged) -> DeleteResult:
    count = len(choice.keys)
    rows, keys = _counted(purged.rows, "row"), _counted(count, "key")
    files, objects = _counted(purged.files, "file"), _counted(purged.objects, "object")
    ended = f" {_counted(purged.snapshots, 'snapshot')} ended," if purged.snapshots else ""
    words = (
        f"Erased {rows} of {keys} from {group.name}: {files} rewritten,{ended} {objects} deleted."
    )
    if purged.snapshots:
        words += " Time travel to before is lost."
    if purged.pending:
        words += (
            f" {_counted(purged.pending, 'file')} that no partition has, but that a writer may be"
            " about to add, hold such rows too: erase again in a day."
        )
    return DeleteResult(
        count,
        purged.rows,
        purged.files,
        purged.snapshot_id,
        purged.snapshots,
        purged.objects,
        0.0,
        words,
    )


def _repeated(group: FeatureGroup) -> str:
    return f"A delete of this token was made from {group.name} already; nothing was done."


def _since(choice: Choice) -> str:
    times = choice.since.unique() if choice.since is not None else []
    if len(times) != 1:
        return f"{len(times)} times"
    time = times[0].as_py()
    return f"{time} UTC" if hasattr(time, "hour") else str(time)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
