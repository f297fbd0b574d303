"""The tables that staged rows are for: what a stage has to look like, and how its files get in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Protocol

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata, new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER

from fsql.catalog import Catalog, Entry
from fsql.formats import Committed
from fsql.formats.commits import Commit
from fsql.formats.fields import iceberg_schema
from fsql.formats.hive.adopting import adopt
from fsql.formats.iceberg import load
from fsql.formats.partitions import partition_spec
from fsql.model import FeatureGroup

__all__ = ["Target", "target_of"]


class Target(Protocol):
    """A group's table."""

    @property
    def entry(self) -> Entry:
        """As the catalog has it."""

    @property
    def metadata(self) -> TableMetadata:
        """An Iceberg table's with the same columns and partitions; its uuid stands for them."""

    def adopt(self, files: Sequence[DataFile], token: str) -> Committed:
        """Make data files of a stage the table's own, those of one token once."""

    def added(self, done: Committed) -> set[str] | None:
        """The files that became the table's own by an adoption; None where nobody knows them now.

        Args:
            done: what `adopt` gave, this time or an earlier one.
        """


def target_of(catalog: Catalog, entry: Entry, group: FeatureGroup) -> Target:
    """The table of a group.

    Raises:
        TableNotFound: it was dropped meanwhile.
    """
    if entry.is_hive_group:
        return _HiveTarget(catalog, entry, group)
    return _IcebergTarget(catalog, entry, load(catalog, entry.name, entry.database))


class _IcebergTarget:
    def __init__(self, catalog: Catalog, entry: Entry, table: Table) -> None:
        self._catalog, self._table = catalog, table
        self.entry = entry
        self.metadata = table.metadata

    def adopt(self, files: Sequence[DataFile], token: str) -> Committed:
        made = Commit(self._catalog, self.entry, self._table, token=token).make(files)
        if made.repeated:
            return Committed(0, 0, 0, made.id, repeated=True)
        rows, size = (sum(f.record_count for f in files), sum(f.file_size_in_bytes for f in files))
        return Committed(rows, len(files), size, made.id)

    def added(self, done: Committed) -> set[str] | None:
        table = load(self._catalog, self.entry.name, self.entry.database)
        snapshot = None if done.snapshot_id is None else table.snapshot_by_id(done.snapshot_id)
        if snapshot is None:
            return None
        return {
            entry.data_file.file_path
            for manifest in snapshot.manifests(table.io)
            if manifest.added_snapshot_id == snapshot.snapshot_id
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        }


class _HiveTarget:
    """A stage of it is an Iceberg table too: its INSERTs are atomic, and name their partitions.

    Its files have the columns that are partition keys as well; Athena takes those from the folder.
    """

    def __init__(self, catalog: Catalog, entry: Entry, group: FeatureGroup) -> None:
        self._catalog, self.entry = catalog, entry
        schema = iceberg_schema(group)
        likeness = f"{entry.location} {schema} {group.definition.partition_by}"
        self.metadata = new_table_metadata(
            schema,
            partition_spec(group.definition.partition_by, schema),
            UNSORTED_SORT_ORDER,
            str(entry.location),
            {"write.parquet.compression-codec": "zstd"},
            uuid.uuid5(uuid.NAMESPACE_URL, likeness),
        )

    def adopt(self, files: Sequence[DataFile], token: str) -> Committed:
        return adopt(self._catalog, self.entry, files, token)

    def added(self, done: Committed) -> set[str] | None:
        return None  # a compaction may have put other files in their place
