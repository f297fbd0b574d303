"""VACUUM: snapshots that are too old are forgotten, and files that no snapshot needs deleted.

What is kept, and for how long: Athena user guide, "VACUUM" and "Create Iceberg tables". One thing
is more careful here: a file that no snapshot names may belong to a writer that has not committed
yet, so it stays for a day even where the table's snapshots go sooner.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io import FileIO
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table, TableProperties
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Snapshot, ancestors_of
from pyiceberg.table.update import (
    RemoveSnapshotsUpdate,
    SetPropertiesUpdate,
    TableUpdate,
    ValidatableTableRequirement,
)

from fsql.local.statements.context import Context
from fsql.local.store import split_uri
from fsql.local.tables.iceberg_io import EmbeddedCatalog, StoreFileIO
from fsql.local.tables.iceberg_overtaking import Overtaken, unless_overtaken
from fsql.local.tables.iceberg_write import COMMITS
from fsql.local.transpile import TrinoError

__all__ = ["expire"]

_MAX_AGE = 5 * 24 * 3600  # seconds
_OF_WRITERS = 24 * 3600  # seconds: how long a write may take
_AT_ONCE = 1000
_ENDINGS = (".parquet", ".orc", ".avro", ".metadata.json", ".puffin", ".stats")  # Iceberg's files

_METADATA_FILES = "vacuum_max_metadata_files_to_keep"


@dataclass(frozen=True)
class _Retention:
    """What a table's properties say: seconds, and how many snapshots of a branch stay anyway."""

    age: float
    snapshots: int

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> _Retention:
        """By Athena's names of the properties, else by Iceberg's."""

        def number(name: str, default: int) -> int:
            text = properties.get(name, "")
            return int(text) if text.isdecimal() else default

        iceberg = number("history.expire.max-snapshot-age-ms", _MAX_AGE * 1000) / 1000
        given = number("vacuum_max_snapshot_age_seconds", -1)
        least = number("history.expire.min-snapshots-to-keep", 1)
        return cls(
            age=iceberg if given < 0 else given,
            snapshots=max(1, number("vacuum_min_snapshots_to_keep", least)),
        )


def expire(context: Context, name: tuple[str, str]) -> None:
    """Forget a table's old snapshots, then delete what nothing refers to any more.

    Raises:
        TrinoError: ICEBERG_COMMIT_ERROR when other writers are always faster; nothing was deleted.
            GENERIC_INTERNAL_ERROR for a table that is a bucket's root.
    """
    catalog = EmbeddedCatalog(context.objects, context.glue)
    io = StoreFileIO(context.objects)
    table = catalog.load_table(name)
    _check_location(table.metadata.location)
    before = _with_expired(context, catalog, name)
    now, needed = _now(context, catalog, name)
    if before is not None:
        # Another VACUUM that has deleted a manifest meanwhile deletes what it names too.
        found = _references(before, io, (FileNotFoundError,))
        _delete(context, {path for path in found if path not in needed})
    _delete(context, _orphans(context, now, needed))


def _check_location(location: str) -> None:
    bucket, key = split_uri(location)
    if not key.strip("/"):
        message = f"Path missing in file system location: s3://{bucket}"
        raise TrinoError("GENERIC_INTERNAL_ERROR", message)


def _with_expired(
    context: Context, catalog: EmbeddedCatalog, name: tuple[str, str]
) -> TableMetadata | None:
    """Commit that old snapshots are gone; the metadata from before, None if there was nothing."""
    for attempt in range(COMMITS):
        context.session.check()
        table = catalog.load_table(name)
        before = table.metadata
        expired = sorted(_expired(before))
        keep = before.properties.get(_METADATA_FILES, "")
        versions = {TableProperties.METADATA_PREVIOUS_VERSIONS_MAX: keep}
        changed = keep.isdecimal() and not versions.items() <= before.properties.items()
        if not expired and not changed:
            return None
        updates: list[TableUpdate] = []
        if expired:
            updates.append(RemoveSnapshotsUpdate.model_validate({"snapshot-ids": expired}))
        if changed:
            updates.append(SetPropertiesUpdate(updates=versions))
        try:
            catalog.commit_table(table, _still(expired), tuple(updates))
            return before
        except CommitFailedException as error:
            if attempt == COMMITS - 1:
                message = f"Failed to commit during VACUUM: {error}"
                raise TrinoError("ICEBERG_COMMIT_ERROR", message, retryable=True) from error
            time.sleep(0.02 * attempt)
    raise AssertionError("unreachable")


def _now(
    context: Context, catalog: EmbeddedCatalog, name: tuple[str, str]
) -> tuple[TableMetadata, set[str]]:
    """The table's metadata, and all files that it refers to."""

    def current() -> str:
        return catalog.load_table(name).metadata_location

    for attempt in range(COMMITS):
        context.session.check()
        table = catalog.load_table(name)
        try:
            with unless_overtaken(table.metadata_location, current):
                return table.metadata, set(_needed(table, table.io))
        except Overtaken as error:
            if attempt == COMMITS - 1:
                message = f"Failed to read the table during VACUUM: {error}"
                raise TrinoError("ICEBERG_COMMIT_ERROR", message, retryable=True) from error
    raise AssertionError("unreachable")


class _StillExpired(ValidatableTableRequirement):
    """That nobody has begun to keep one of the snapshots, by a tag for example."""

    type: str = "fsql-still-expired"
    ids: list[int]

    def validate(self, base_metadata: TableMetadata | None) -> None:  # type: ignore[override]  # pyiceberg's own name, which pydantic has too
        if base_metadata is None or not set(self.ids) <= set(_expired(base_metadata)):
            raise CommitFailedException("a snapshot that was to go is kept now")


def _still(expired: list[int]) -> Any:
    # pyiceberg takes any that can be validated, and names only those of the REST catalog.
    return (_StillExpired(ids=expired),)


def _expired(metadata: TableMetadata) -> Iterator[int]:
    """The snapshots that no branch or tag keeps and that are too old."""
    retention = _Retention.of(metadata.properties)
    kept = set(_kept(metadata, retention))
    horizon = _horizon(retention.age)
    for snapshot in metadata.snapshots:
        if snapshot.snapshot_id not in kept and snapshot.timestamp_ms < horizon:
            yield snapshot.snapshot_id


def _kept(metadata: TableMetadata, retention: _Retention) -> Iterator[int]:
    """Of each branch the newest snapshots, and all that are young; of each tag its one."""
    for ref in metadata.refs.values():
        yield ref.snapshot_id
        if ref.snapshot_ref_type != SnapshotRefType.BRANCH:
            continue
        least = ref.min_snapshots_to_keep or retention.snapshots
        age = retention.age if ref.max_snapshot_age_ms is None else ref.max_snapshot_age_ms / 1000
        newest: Iterable[Snapshot] = ancestors_of(
            metadata.snapshot_by_id(ref.snapshot_id), metadata
        )
        for place, snapshot in enumerate(newest):
            if place < least or snapshot.timestamp_ms >= _horizon(age):
                yield snapshot.snapshot_id


def _horizon(age: float) -> float:
    """The time, in milliseconds, before which is too old."""
    return (time.time() - age) * 1000


def _needed(table: Table, io: FileIO) -> Iterator[str]:
    """All files that a table refers to."""
    yield _plain(table.metadata_location)
    yield from _references(table.metadata, io)


def _references(
    metadata: TableMetadata, io: FileIO, passed: tuple[type[OSError], ...] = ()
) -> Iterator[str]:
    """The files that a metadata file refers to: older ones, manifests, data, statistics.

    Args:
        passed: errors of manifests that are passed over, along with the files that they name.
    """
    yield from (_plain(entry.metadata_file) for entry in metadata.metadata_log)
    yield from (_plain(each.statistics_path) for each in metadata.statistics)
    yield from (_plain(each.statistics_path) for each in metadata.partition_statistics)
    seen = set[str]()
    for snapshot in metadata.snapshots:
        yield _plain(snapshot.manifest_list)
        with suppress(*passed):
            for manifest in snapshot.manifests(io):
                if manifest.manifest_path not in seen:
                    seen.add(manifest.manifest_path)
                    yield _plain(manifest.manifest_path)
                    with suppress(*passed):
                        yield from _data_files(manifest, io)


def _data_files(manifest: ManifestFile, io: FileIO) -> Iterator[str]:
    for entry in manifest.fetch_manifest_entry(io, discard_deleted=True):
        yield _plain(entry.data_file.file_path)


def _plain(uri: str) -> str:
    """One spelling of an object, which may be written s3a:// too."""
    bucket, key = split_uri(uri)
    return f"s3://{bucket}/{key}"


def _orphans(context: Context, metadata: TableMetadata, needed: set[str]) -> Iterator[str]:
    """The files in the table's own folders that it does not refer to and that are old."""
    age = max(_Retention.of(metadata.properties).age, _OF_WRITERS)
    horizon = time.time() - age
    for folder in _folders(metadata):
        bucket, _ = split_uri(folder)
        for found in context.objects.list(folder):
            uri = f"s3://{bucket}/{found.key}"
            old = found.mtime_ns < horizon * 1e9
            if old and found.key.endswith(_ENDINGS) and uri not in needed:
                yield uri


def _folders(metadata: TableMetadata) -> list[str]:
    location = metadata.location.rstrip("/")
    data = metadata.properties.get("write.data.path", f"{location}/data")
    return [f"{data.rstrip('/')}/", f"{location}/metadata/"]


def _delete(context: Context, uris: Iterable[str]) -> None:
    found = iter(sorted(uris))
    while batch := list(islice(found, _AT_ONCE)):
        context.session.check()
        context.objects.delete(batch)
