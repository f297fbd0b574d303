"""The states of tables that a training set reads, taken before its first query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

from fsql import deletes, formats
from fsql.catalog import Catalog, Entry
from fsql.deletes import Tombstones
from fsql.errors import MigrationError, TrainingSetError
from fsql.formats.snapshots import snapshots_of
from fsql.migration.making import records
from fsql.migration.runtime.revisions import Revisions
from fsql.model import FeatureGroup
from fsql.training.renaming import renamed

__all__ = [
    "Pin",
    "PinnedGroup",
    "gone",
    "pin",
    "pinned_group",
    "repinned",
    "rows_at",
    "stand_still",
]


@dataclass(frozen=True)
class Pin:
    """A table at one moment.

    Attributes:
        table, database: its name.
        snapshot: of an Iceberg table; None if it never had a row.
        committed: when the snapshot was, ISO 8601 in UTC.
        schema: the id of the Iceberg schema whose columns are meant.
        version: of a table without snapshots, a text that is another one after every write.
        revision: the last one that changed the table; None if none has.
        glue_version: Glue's version of the table.
        location: of the metadata file that says all this, if it is known.
    """

    table: str
    database: str
    snapshot: int | None = None
    committed: str | None = None
    schema: int | None = None
    version: str | None = None
    revision: str | None = None
    glue_version: str | None = None
    location: str | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Database and table."""
        return f"{self.database}.{self.table}"

    def to_json(self) -> dict[str, Any]:
        """What is known, for JSON; without the name."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        for name in ("table", "location"):
            known.pop(name, None)
        return known

    @classmethod
    def from_json(cls, table: str, plain: Mapping[str, Any]) -> Pin:
        """The inverse of `to_json`."""
        known = {name: plain[name] for name in cls.__dataclass_fields__ if name in plain}
        return cls(**{**known, "table": table})


@dataclass(frozen=True)
class PinnedGroup:
    """A feature group at one moment.

    Attributes:
        group: as it was declared then.
        state: of its rows.
        deletes: of its tombstones; None if it had none.
    """

    group: FeatureGroup
    state: Pin
    deletes: Pin | None = None

    @property
    def tombstones(self) -> Tombstones | None:
        """Where the tombstones are, for a SELECT."""
        if self.deletes is None:
            return None
        named = {"Name": self.deletes.table, "DatabaseName": self.deletes.database}
        return Tombstones(Entry(named), self.group)


def pin(catalog: Catalog, entry: Entry, snapshot: int | None = None) -> Pin:
    """A table as it is now, or at a snapshot.

    Raises:
        TrainingSetError: it has no such snapshot.
    """
    found = records.read(entry.parameters)
    known = Pin(
        entry.name,
        entry.database,
        revision=found[-1].revision if found else None,
        glue_version=entry.version_id,
    )
    if not entry.is_iceberg:
        if snapshot is not None:
            raise TrainingSetError(
                f"as_of={snapshot}, and {entry.name!r} has no snapshots: only Iceberg tables do."
            )
        return replace(known, version=formats.version(catalog, entry))
    metadata = _metadata(catalog, entry)
    made = metadata.current_snapshot() if snapshot is None else metadata.snapshot_by_id(snapshot)
    if made is None and snapshot is not None:
        ids = [each.snapshot_id for each in metadata.snapshots]
        raise TrainingSetError(
            f"as_of={snapshot}, and {entry.name!r} has no such snapshot, or has it no longer."
            f" Those it has: {', '.join(map(str, ids)) or 'none'}."
        )
    schema, location = metadata.current_schema_id, entry.metadata_location
    return _pinned(replace(known, schema=schema, location=location), made)


def _pinned(known: Pin, made: Snapshot | None) -> Pin:
    if made is None:
        return known
    committed = dt.datetime.fromtimestamp(made.timestamp_ms / 1000, dt.UTC)
    at = committed.isoformat(timespec="milliseconds")
    return replace(known, snapshot=made.snapshot_id, committed=at)


def heads(catalog: Catalog) -> list[str] | None:
    """The revisions that the store's migrations are at; None if it says nothing of them."""
    try:
        return list(Revisions(catalog).load().heads)
    except MigrationError:
        return None  # the name of the version table is somebody else's


def pinned_group(
    catalog: Catalog, entry: Entry, group: FeatureGroup, snapshot: int | None
) -> PinnedGroup:
    """A group as it is now, or at a snapshot of its rows: then with the deletes of that time.

    Raises:
        TrainingSetError: it has no such snapshot.
    """
    state = pin(catalog, entry, snapshot)
    stones = None if group.event_time is None else deletes.find(catalog, entry, group)
    if stones is None:
        return PinnedGroup(group, state)
    if snapshot is None:
        return PinnedGroup(group, state, pin(catalog, stones.entry))
    last = _until(_metadata(catalog, stones.entry), state.committed or "")
    buried = None if last is None else pin(catalog, stones.entry, last)
    return PinnedGroup(group, state, buried)


def stand_still(catalog: Catalog, pinned: Iterable[PinnedGroup], spine: Iterable[Pin]) -> bool:
    """Whether tables still are as they were taken.

    If so, all of them were like that at once: there was no time at which one had changed already,
    and another one not yet.
    """
    for state in spine:
        entry = catalog.find(state.table, state.database)
        if entry is not None and pin(catalog, entry) != state:
            return False
    for each in pinned:
        entry = catalog.find(each.state.table, each.state.database)
        if entry is not None and pinned_group(catalog, entry, each.group, None) != each:
            return False
    return True


def repinned(catalog: Catalog, pinned: PinnedGroup) -> PinnedGroup:
    """A group without snapshots as it is now; any other as it was."""
    if pinned.state.version is None:
        return pinned
    entry = catalog.get(pinned.state.table, pinned.state.database)
    return replace(pinned, state=pin(catalog, entry))


def _until(metadata: TableMetadata, time: str) -> int | None:
    """The snapshot that was current at a time."""
    millis = round(dt.datetime.fromisoformat(time).timestamp() * 1000)
    made = [log for log in metadata.snapshot_log if log.timestamp_ms <= millis]
    return made[-1].snapshot_id if made else None


def rows_at(
    catalog: Catalog, table: sa.Table, state: Pin
) -> tuple[sa.Table | sa.Subquery, int | None]:
    """What to select a table's rows from, and the snapshot to say beside it, if any.

    It is not said here whether the rows are still there; `gone` tells.
    """
    if state.version is not None:
        return table, None
    if state.snapshot is None:
        return sa.select(*table.columns).where(sa.false()).subquery(table.name), None
    metadata = _metadata_of(catalog, state)
    if metadata is None:
        return table, state.snapshot
    then, now = _schemas(metadata, state)
    hint = f"FOR VERSION AS OF {state.snapshot:d}"
    shown = renamed(table, then, now, hint) if then.schema_id != now.schema_id else None
    return (table, state.snapshot) if shown is None else (shown, None)


def _schemas(metadata: TableMetadata, state: Pin) -> tuple[Schema, Schema]:
    """The schema in which the snapshot's rows are shown, and that whose columns are meant."""
    known = {schema.schema_id: schema for schema in metadata.schemas}
    snapshot = None if state.snapshot is None else metadata.snapshot_by_id(state.snapshot)
    meant = metadata.current_schema_id if state.schema is None else state.schema
    now = known[meant]
    shown = meant if snapshot is None or snapshot.schema_id is None else snapshot.schema_id
    return known.get(shown, now), now


def _metadata_of(catalog: Catalog, state: Pin) -> TableMetadata | None:
    """What says how the table looked; None if nothing does any more."""
    if state.location is not None:
        return snapshots_of(catalog).metadata(state.location)
    entry = catalog.find(state.table, state.database)
    if entry is None or _gone(catalog, entry, state) is not None:
        return None
    return _metadata(catalog, entry)


def gone(catalog: Catalog, state: Pin) -> str | None:
    """Why a table's rows cannot be read as they were, in a sentence or two; None if they can."""
    return _gone(catalog, catalog.find(state.table, state.database), state)


def _gone(catalog: Catalog, entry: Entry | None, state: Pin) -> str | None:
    when = f", committed {state.committed[:19]} UTC" if state.committed else ""
    if entry is None:
        return (
            f"{state.name} was dropped. Unless it was dropped with purge=True its files are still"
            " there: an `alembic downgrade` brings back what a revision has dropped."
        )
    if not entry.is_iceberg:
        if state.version == formats.version(catalog, entry):
            return None
        return (
            f"{state.name} has changed, and has no snapshots: earlier rows cannot be read in a"
            " Hive-style group. Save training sets over such groups with rows=True."
        )
    metadata = _metadata(catalog, entry)
    if state.snapshot is not None and metadata.snapshot_by_id(state.snapshot) is None:
        return (
            f"Snapshot {state.snapshot} of {state.name}{when}, is gone: it was expired by VACUUM or"
            " `fsql compact`, its rows were erased by a delete with purge=True, or the table was"
            " made anew. To keep snapshots longer, set vacuum_max_snapshot_age_seconds in the"
            " group's table_properties; to be independent of them, save with rows=True."
        )
    if state.schema is not None and all(s.schema_id != state.schema for s in metadata.schemas):
        return (
            f"{state.name} no longer has schema {state.schema}, which says what its columns were."
        )
    return None


def _metadata(catalog: Catalog, entry: Entry) -> TableMetadata:
    if entry.metadata_location is None:
        raise TrainingSetError(f"{entry.database}.{entry.name} says not where its metadata lies.")
    return snapshots_of(catalog).metadata(entry.metadata_location)
