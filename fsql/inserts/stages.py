"""Tables beside a group's, into which Athena writes rows that are not to be seen yet.

A stage has the ids of the group's columns and partitions, so that its data files can become the
group's own. It is named by what it is for: whoever begins the same again finds it.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.manifest import DataFile, ManifestEntry
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.serializers import ToOutputFile
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata

from fsql.catalog import Catalog, StorageIO
from fsql.inserts.queries import quoted
from fsql.inserts.targets import Target

__all__ = ["PREFIX", "Stage", "Stages", "digest"]

PREFIX = "fsql_insert_"  # what the names of these tables start with
_TARGET = "fsql.insert.target"  # the uuid of the table that the rows are for
_KEPT = "write.parquet."


def digest(*parts: str | None) -> str:
    """A name for a piece of work, the same for the same parts only."""
    text = "\0".join("\1" if part is None else part for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Stage:
    """A staged table, as it was when it was loaded."""

    name: str
    table: Table

    @property
    def sql(self) -> str:
        """The table as SQL names it."""
        database = self.table.name()[0]
        return f"{quoted(database)}.{quoted(self.name)}"

    @property
    def token(self) -> str:
        """What names its rows in the history of the table that gets them."""
        return f"insert-{self.table.metadata.table_uuid}"

    @property
    def first_snapshot(self) -> int | None:
        """The first commit of rows to it; None if there was none."""
        snapshots = sorted(self.table.snapshots(), key=lambda s: s.sequence_number or 0)
        return snapshots[0].snapshot_id if snapshots else None

    def entries(self) -> list[ManifestEntry]:
        """Its data files, those that were committed first in front."""
        snapshot = self.table.current_snapshot()
        manifests = snapshot.manifests(self.table.io) if snapshot is not None else []
        found = [
            entry
            for manifest in manifests
            for entry in manifest.fetch_manifest_entry(self.table.io, discard_deleted=True)
        ]
        return sorted(found, key=lambda entry: entry.sequence_number or 0)


class Stages:
    """The stages of one piece of work for one table.

    Args:
        target: the table that the rows are for.
        name: the work, see `digest`.
    """

    def __init__(self, catalog: Catalog, target: Target, name: str) -> None:
        self._catalog, self._target = catalog, target
        self._database = target.entry.database
        self._names = {True: f"{PREFIX}{name}", False: f"{PREFIX}{name}_rows"}

    def find(self, *, partitioned: bool) -> Stage | None:
        """The stage with the target's partitions or the one without any; None if it is missing."""
        name = self._names[partitioned]
        try:
            return Stage(name, self._catalog.iceberg.load_table((self._database, name)))
        except NoSuchTableError:
            return None
        except FileNotFoundError:  # its files went with those of a group that was purged
            self._drop(name)
            return None

    def fits(self, stage: Stage) -> bool:
        """Whether the target is as it was when the stage was made."""
        mine, theirs = stage.table.metadata, self._target.metadata
        return (
            mine.properties.get(_TARGET) == str(theirs.table_uuid)
            and mine.current_schema_id == theirs.current_schema_id
            and mine.default_spec_id == theirs.default_spec_id
        )

    def open(self, *, partitioned: bool) -> Stage:
        """The stage; made, without rows, if it is missing."""
        found = self.find(partitioned=partitioned)
        return found if found is not None else self._create(partitioned)

    def _create(self, partitioned: bool) -> Stage:
        name = self._names[partitioned]
        location = f"{(self._target.entry.location or '').rstrip('/')}/{name}"
        metadata = _empty(self._target.metadata, location, partitioned)
        file = f"{location}/metadata/00000-{uuid.uuid4()}.metadata.json"
        io = StorageIO(self._catalog.storage)
        ToOutputFile.table_metadata(metadata, io.new_output(file))
        identifier = (self._database, name)
        try:
            return Stage(name, self._catalog.iceberg.register_table(identifier, file))
        except TableAlreadyExistsError:
            # Another process does the same work; its stage serves both.
            io.delete(file)
            return Stage(name, self._catalog.iceberg.load_table(identifier))

    def discard(self) -> None:
        """Delete the stages with those of their rows that are nobody else's."""
        adopted = self._target.adopted()
        # The parts first: without the rows that they are parts of they would pass for all.
        for stage in self._found(True, False):
            self._drop(stage.name)
            found = self._catalog.storage.list(f"{stage.table.location().rstrip('/')}/")
            self._catalog.storage.delete(o.uri for o in found if o.uri not in adopted)

    def give_up(self, adopted: Sequence[DataFile] | None) -> None:
        """Delete the stages, without the rows that the target has adopted.

        Args:
            adopted: its new files; None if they are not known any more, and all of them stay.
        """
        kept = None if adopted is None else {file.file_path for file in adopted}
        # The one with the files last: as long as it is there, the work is found again.
        for stage in self._found(False, True):
            partitioned = stage.name == self._names[True]
            entries = stage.entries() if partitioned and kept is not None else []
            self._drop(stage.name)
            location = stage.table.location().rstrip("/")
            inner = "metadata/" if partitioned else ""
            self._catalog.storage.delete_prefix(f"{location}/{inner}")
            paths = (entry.data_file.file_path for entry in entries)
            self._catalog.storage.delete(path for path in paths if path not in (kept or ()))

    def unfit(self) -> bool:
        """Whether a stage is there that was made when the target was another."""
        return any(not self.fits(stage) for stage in self._found(True, False))

    def _found(self, *order: bool) -> list[Stage]:
        stages = (self.find(partitioned=partitioned) for partitioned in order)
        return [stage for stage in stages if stage is not None]

    def _drop(self, name: str) -> None:
        try:
            self._catalog.iceberg.drop_table((self._database, name))
        except NoSuchTableError:
            return  # another process does the same work


def _empty(metadata: TableMetadata, location: str, partitioned: bool) -> TableMetadata:
    """A table's metadata without its rows, its history and what makes it a feature group."""
    kept = {key: value for key, value in metadata.properties.items() if key.startswith(_KEPT)}
    changes = {
        "table_uuid": uuid.uuid4(),
        "location": location,
        "last_sequence_number": 0,
        "last_updated_ms": int(time.time() * 1000),
        "properties": {**kept, _TARGET: str(metadata.table_uuid)},
        "snapshots": [],
        "current_snapshot_id": None,
        "snapshot_log": [],
        "metadata_log": [],
        "refs": {},
        "statistics": [],
        "partition_statistics": [],
    }
    if not partitioned:
        spec_id = metadata.default_spec_id
        spec = UNPARTITIONED_PARTITION_SPEC.model_copy(update={"spec_id": spec_id})
        changes["partition_specs"] = [spec]
    return metadata.model_copy(update=changes)
