"""Few large files in the place of many small ones, and nothing kept that nobody needs."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fsql import deletes, formats
from fsql.catalog import Catalog, Entry
from fsql.compaction import athena
from fsql.compaction.leftovers import leftovers, remains, remove
from fsql.dbapi import connect
from fsql.errors import ConfigError
from fsql.formats import Totals
from fsql.formats.hive import compacting
from fsql.formats.iceberg import load
from fsql.inserts.stages import PREFIX
from fsql.planning import Planner
from fsql.writer.progress import progress_bar

__all__ = ["CompactResult", "compact"]

DAY = dt.timedelta(days=1)
_ATHENAS = 5  # files: the default of the property `athena.THRESHOLD`
_LEAST = 2


@dataclass(frozen=True)
class CompactResult:
    """What a compaction did.

    Attributes:
        files_before, files_after, bytes_before, bytes_after: data files that readers read.
        runs: how many times OPTIMIZE ran; 0 for a Hive-style group.
        snapshots_expired: how many snapshots time travel does not reach any more.
        files_removed: files deleted beside those of expired snapshots, which VACUUM deletes and
            does not count.
        leftovers: the staged tables of killed operations that were dropped.
        seconds: how long it took.
        message: the same in words.
    """

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    runs: int
    snapshots_expired: int
    files_removed: int
    leftovers: tuple[str, ...]
    seconds: float
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass
class _Done:
    """What has been done so far."""

    runs: int = 0
    expired: int = 0
    removed: int = 0
    leftovers: tuple[str, ...] = ()
    hint: str = ""
    note: str = ""


def compact(
    catalog: Catalog,
    entry: Entry,
    where: str | None = None,
    vacuum: bool = True,
    min_files: int | None = None,
    older_than: dt.timedelta = DAY,
    progress: bool | None = None,
) -> CompactResult:
    """Compact a feature group; its rows stay the same, and others may write and read meanwhile.

    An Iceberg group is compacted by Athena's OPTIMIZE, which makes files of about 512 MB out of
    those of a partition that are smaller than 384 MB, and leaves deleted rows out. It keeps the
    files' rows in no order of its own. VACUUM then forgets the snapshots that are older than five
    days, and deletes the files that only they have; a token of a write is forgotten with its
    snapshot. Both times are the table's properties, see
    https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html.

    A Hive-style group is compacted here: the small files of each partition become few, of about
    256 MB and sorted by key, and the partition goes over to them in one go. The old files go with
    a compaction that comes an hour later at least.

    Args:
        entry: the group's table.
        where: SQL that says which partitions; of an Iceberg group it may name partition columns
            only.
        vacuum: delete what nobody needs any more: see above, and the tables and files that
            operations left which were killed.
        min_files: compact partitions with at least so many small files. Of an Iceberg group this
            is stored as a property of the table; None leaves it at that, Athena's default is 5.
            Of a Hive-style group None is 2.
        older_than: what is left of killed operations is deleted when it is older; a write that
            takes longer than this would lose its files.
        progress: show a bar; None shows it where somebody watches.

    Raises:
        ConfigError: `min_files` or `where` makes no sense.
        InvalidQuery: Athena does not take `where`.
        CommitConflict: others changed the same files all the time.
        QueryFailed, QueryCancelled, StorageError: it was not done to the end; no row is lost, and
            it can be done again.
        TableNotFound: the table was dropped meanwhile.
    """
    _check(where, min_files, older_than)
    started, done = time.perf_counter(), _Done()
    entry = catalog.get(entry.name, entry.database)
    before = formats.totals(catalog, entry)
    work = _hive if entry.is_hive_group else _iceberg
    unit = "files" if entry.is_hive_group else "runs"
    if vacuum:
        # Before the stages go: what one of them leaves waits for the next compaction.
        rest = remains(catalog, entry, older_than)
        catalog.storage.delete(file.uri for file in rest)
        done.removed = len(rest)
    with progress_bar(entry.name, None, progress, unit) as show:
        work(_Job(catalog, entry, where, vacuum, min_files, older_than, show), done)
    if vacuum:
        old = (each for each in leftovers(catalog, entry.database) if each.idle > older_than)
        done.leftovers = tuple(remove(catalog, old))
    after = formats.totals(catalog, catalog.get(entry.name, entry.database))
    return _result(entry.name, before, after, done, time.perf_counter() - started)


@dataclass(frozen=True)
class _Job:
    catalog: Catalog
    entry: Entry
    where: str | None
    vacuum: bool
    min_files: int | None
    older_than: dt.timedelta
    show: Callable[[int], None]


def _check(where: str | None, min_files: int | None, older_than: dt.timedelta) -> None:
    if where is not None and not where.strip():
        raise ConfigError("where is empty. Expected SQL such as \"day >= DATE '2026-01-01'\".")
    if min_files is not None and min_files < _LEAST:
        raise ConfigError(f"min_files={min_files}. Expected {_LEAST} or more.")
    if older_than < dt.timedelta(0):
        raise ConfigError(f"older_than={older_than}. Expected a time that is not negative.")


# --- Iceberg -------------------------------------------------------------------------------------


def _iceberg(job: _Job, done: _Done) -> None:
    catalog, entry = job.catalog, job.entry
    if job.min_files is not None:
        athena.set_threshold(catalog, entry, job.min_files)
    found = deletes.find(catalog, entry)
    done.runs = athena.optimize(catalog, entry, job.where, job.show)
    if found is not None and job.where is None:
        done.runs += athena.optimize(catalog, found.entry, None, job.show)
    if job.vacuum:
        before = _snapshots(catalog, entry)
        athena.vacuum(catalog, entry, job.show)
        if found is not None:
            athena.vacuum(catalog, found.entry, job.show)
        done.expired = len(before - _snapshots(catalog, entry))
    done.hint = _hint(job, entry)
    _restore(catalog, entry)


def _snapshots(catalog: Catalog, entry: Entry) -> set[int]:
    table = load(catalog, entry.name, entry.database)
    return {snapshot.snapshot_id for snapshot in table.snapshots()}


def _hint(job: _Job, entry: Entry) -> str:
    least = job.min_files or int(entry.parameters.get(athena.THRESHOLD) or _ATHENAS)
    if least <= _LEAST:
        return ""
    return (
        f"OPTIMIZE leaves partitions with fewer than {least} small files as they are;"
        f" min_files={_LEAST} takes those, too."
    )


def _restore(catalog: Catalog, entry: Entry) -> None:
    """Make sure that Glue still knows what makes the table a feature group."""
    group = entry.group
    now = catalog.get(entry.name, entry.database)
    if group is not None and not now.is_group:
        # Athena has been seen to keep of Glue's parameters only those that it knows.
        formats.describe_group(catalog, group)


# --- Hive ----------------------------------------------------------------------------------------


def _hive(job: _Job, done: _Done) -> None:
    if job.vacuum:
        done.removed += len(compacting.sweep(job.catalog, job.entry, job.older_than))
    only = None if job.where is None else frozenset(_paths(job, job.where))
    least = _LEAST if job.min_files is None else job.min_files
    overtaken = compacting.compact(job.catalog, job.entry, least, only, PREFIX, job.show)
    if overtaken:
        shown = ", ".join(folder.rstrip("/") or job.entry.name for folder in overtaken[:3])
        done.note = f"Others have replaced {shown} meanwhile; compact again."


def _paths(job: _Job, where: str) -> Iterator[str]:
    """The files with rows for which SQL holds."""
    table = f'"{job.entry.database}"."{job.entry.name}"'
    planner = Planner(job.catalog)
    with connect(planner=planner) as connection, connection.cursor() as cursor:
        cursor.execute(f'SELECT DISTINCT "$path" FROM {table} WHERE {where}')
        yield from (str(path) for (path,) in cursor.fetchall())


# --- words ---------------------------------------------------------------------------------------


def _result(name: str, before: Totals, after: Totals, done: _Done, seconds: float) -> CompactResult:
    return CompactResult(
        files_before=before.files,
        files_after=after.files,
        bytes_before=before.bytes,
        bytes_after=after.bytes,
        runs=done.runs,
        snapshots_expired=done.expired,
        files_removed=done.removed,
        leftovers=done.leftovers,
        seconds=seconds,
        message=" ".join(_words(name, before, after, done, seconds)),
    )


def _words(name: str, before: Totals, after: Totals, done: _Done, seconds: float) -> Iterator[str]:
    if after.files < before.files:
        yield f"Compacted {name}: {_files(before)} became {_files(after)}, {seconds:.2f} s."
    else:
        yield f"Nothing to compact in {name}: {_files(after)}, {seconds:.2f} s."
        if done.hint and after.files > 1:
            yield done.hint
    if done.expired:
        yield f"{_counted(done.expired, 'snapshot')} expired."
    if done.removed:
        yield f"{_counted(done.removed, 'file')} that nobody needs removed."
    if done.leftovers:
        yield f"{_counted(len(done.leftovers), 'staged table')} of killed operations dropped."
    if done.note:
        yield done.note


def _files(totals: Totals) -> str:
    size, unit = float(totals.bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size >= 1000:
            size, unit = size / 1000, larger
    shown = f"{size:,.0f}" if unit == "bytes" else f"{size:,.1f}"
    return f"{_counted(totals.files, 'file')}, {shown} {unit}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
