"""Tables beside a group's, into which Athena writes rows that are not to be seen yet.

A stage has the ids of the group's columns and partitions, so that its data files can become the
group's own. It is named by what it is for: whoever begins the same again finds it. Its files lie
in a folder that no other stage ever has, for those of an earlier one may be the group's by now.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.manifest import ManifestEntry
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.serializers import ToOutputFile
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata

from fsql.catalog import Catalog, StorageIO
from fsql.errors import CommitConflict
from fsql.inserts.claims import claimed
from fsql.inserts.queries import quoted
from fsql.inserts.targets import Target

__all__ = ["PREFIX", "Stage", "StageGone", "Stages", "digest"]

PREFIX = "fsql_insert_"  # what the names of these tables start with
_TARGET = "fsql.insert.target"  # the uuid of the table that the rows are for
_KEPT = "write.parquet."


def digest(*parts: str | None) -> str:
    """A name for a piece of work, the same for the same parts only."""
    text = "\0".join("\1" if part is None else part for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class StageGone(CommitConflict):
    """Another call that does the same work took a stage away."""

    def __init__(self, target: str) -> None:
        super().__init__(
            f"Another process that inserts the same into {target!r} took the staged rows away."
            " Insert again."
        )


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
    def folder(self) -> str:
        """The s3:// URI that all its files start with."""
        return f"{self.table.location().rstrip('/')}/"

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

    def again(self, *, partitioned: bool) -> Stage:
        """A stage as it is now.

        Raises:
            StageGone: it is not there any more.
        """
        stage = self.find(partitioned=partitioned)
        if stage is None:
            raise StageGone(self._target.entry.name)
        return stage

    def open(self, *, partitioned: bool) -> Stage:
        """The stage; made, without rows, if it is missing."""
        found = self.find(partitioned=partitioned)
        return found if found is not None else self._create(partitioned)

    def _create(self, partitioned: bool) -> Stage:
        name, id_ = self._names[partitioned], uuid.uuid4()
        location = f"{(self._target.entry.location or '').rstrip('/')}/{name}/{id_}"
        metadata = _empty(self._target.metadata, id_, location, partitioned)
        file = f"{location}/metadata/00000-{uuid.uuid4()}.metadata.json"
        io = StorageIO(self._catalog.storage)
        ToOutputFile.table_metadata(metadata, io.new_output(file))
        try:
            return Stage(name, self._catalog.iceberg.register_table((self._database, name), file))
        except TableAlreadyExistsError:
            # Another process does the same work; its stage serves both.
            io.delete(file)
            return self.again(partitioned=partitioned)

    def claim(self, stage: Stage) -> None:
        """Keep the files of the stage with partitions: they may be the target's from now on.

        Raises:
            StageGone: another call deletes them, or has.
        """
        claim = _claim(stage)
        if claimed(self._catalog.storage, claim, "adopted"):
            # Claims go with the files, the table before either of them.
            found = self.find(partitioned=True)
            if found is not None and found.token == stage.token:
                return
            self._catalog.storage.delete([claim])
        raise StageGone(self._target.entry.name)

    def discard(self) -> None:
        """Delete the stages, with their files unless those may be the target's own."""
        # The parts first: without the rows that they are parts of they would pass for all.
        for stage in self._found(True, False):
            free = not self._is_partitioned(stage) or claimed(
                self._catalog.storage, _claim(stage), "deleted"
            )
            self._drop(stage.name)
            self._catalog.storage.delete_prefix(
                stage.folder if free else f"{stage.folder}metadata/"
            )

    def give_up(self, adopted: Collection[str] | None, only: str | None = None) -> None:
        """Delete the stages of work that is done, without the files that the target has adopted.

        Args:
            adopted: their URIs; None if they are not known any more, and all of them stay.
            only: the token of the stage with the files, where other work may have its name by now.
        """
        # The one with the files last: as long as it is there, the work is found again.
        stages = self._found(False, True)
        if only is not None and all(stage.token != only for stage in stages):
            return
        storage = self._catalog.storage
        for stage in stages:
            self._drop(stage.name)
            if not self._is_partitioned(stage):
                storage.delete_prefix(stage.folder)
            elif adopted is None:
                storage.delete_prefix(f"{stage.folder}metadata/")
            else:
                storage.delete(o.uri for o in storage.list(stage.folder) if o.uri not in adopted)

    def unfit(self) -> bool:
        """Whether a stage is there that was made when the target was another."""
        return any(not self.fits(stage) for stage in self._found(True, False))

    def _is_partitioned(self, stage: Stage) -> bool:
        return stage.name == self._names[True]

    def _found(self, *order: bool) -> list[Stage]:
        stages = (self.find(partitioned=partitioned) for partitioned in order)
        return [stage for stage in stages if stage is not None]

    def _drop(self, name: str) -> None:
        try:
            self._catalog.iceberg.drop_table((self._database, name))
        except NoSuchTableError:
            return  # another process does the same work


def _claim(stage: Stage) -> str:
    return f"{stage.folder}metadata/claim"


def _empty(
    metadata: TableMetadata, id_: uuid.UUID, location: str, partitioned: bool
) -> TableMetadata:
    """A table's metadata without its rows, its history and what makes it a feature group."""
    kept = {key: value for key, value in metadata.properties.items() if key.startswith(_KEPT)}
    changes = {
        "table_uuid": id_,
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
