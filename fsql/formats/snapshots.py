"""What an Iceberg table consists of at a snapshot, remembered for as long as it is true.

Metadata files, manifests and data files never change once they are written, so what was
read from them is kept under their names. Only Glue's answer, which names the current
metadata file, is asked for anew by the caller.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from pyiceberg.expressions import BooleanExpression
from pyiceberg.expressions.visitors import (
    _InclusiveMetricsEvaluator,
    expression_evaluator,
    inclusive_projection,
)
from pyiceberg.manifest import DataFile, FileFormat, ManifestContent, ManifestEntry, ManifestFile
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import NestedField

from fsql.catalog import Catalog, Entry, StorageIO
from fsql.formats.fields import stored_schema, with_ids
from fsql.formats.parts import Part, Plain, filtered, split
from fsql.formats.remembered import Remembered
from fsql.storage import path_of

__all__ = ["CannotScan", "Snapshots", "State", "Totals", "row_count", "snapshots_of", "totals"]

_FORMAT = ds.ParquetFileFormat()


class CannotScan(Exception):
    """Only an engine can read this table; says why."""


@dataclass(frozen=True)
class State:
    """A table at one snapshot.

    Attributes:
        metadata: the table's metadata file, parsed.
        schema: the columns that were current then.
        stored: the same columns in their storage types.
        files: the data files, oldest first.
    """

    metadata: TableMetadata
    schema: Schema
    stored: pa.Schema
    files: tuple[DataFile, ...]


class Snapshots:
    """The snapshots of one catalog's tables."""

    def __init__(self, catalog: Catalog) -> None:
        self._storage = catalog.storage
        self._io = StorageIO(catalog.storage)
        self._metadata: Remembered[str, TableMetadata] = Remembered(256)
        self._manifests: Remembered[str, tuple[ManifestEntry, ...]] = Remembered(4096)
        self._states: Remembered[tuple[str, int | None], State] = Remembered(256)
        self._fragments: Remembered[str, ds.ParquetFileFragment] = Remembered(16384)
        self._filesystem: pafs.FileSystem | None = None

    def metadata(self, location: str) -> TableMetadata:
        """A metadata file, parsed."""
        return self._metadata.get(
            location, lambda: FromInputFile.table_metadata(self._io.new_input(location))
        )

    def state(self, entry: Entry, snapshot_id: int | None = None) -> State:
        """A feature group's table at a snapshot, by default the current one.

        Raises:
            CannotScan: it is no feature group on Iceberg, has deletes, or no such snapshot.
        """
        location = entry.metadata_location
        if not entry.is_group or location is None:
            raise CannotScan(f"{entry.name!r} is no feature group on Iceberg")
        return self._states.get(
            (location, snapshot_id), lambda: self._read(self.metadata(location), snapshot_id)
        )

    def _read(self, metadata: TableMetadata, snapshot_id: int | None) -> State:
        schema, snapshot = metadata.schema(), metadata.current_snapshot()
        if snapshot_id is not None:
            snapshot = metadata.snapshot_by_id(snapshot_id)
            if snapshot is None:
                raise CannotScan(f"there is no snapshot {snapshot_id}")
            schemas = {known.schema_id: known for known in metadata.schemas}
            schema = schemas.get(snapshot.schema_id or 0, schema)
        files = self._files(snapshot) if snapshot is not None else ()
        return State(metadata, schema, stored_schema(schema), files)

    def _files(self, snapshot: Snapshot) -> tuple[DataFile, ...]:
        entries: list[ManifestEntry] = []
        for manifest in snapshot.manifests(self._io):
            live = self._entries(manifest)
            if live and manifest.content == ManifestContent.DELETES:
                raise CannotScan("rows of it are deleted by delete files")
            entries += live
        # A stable sort: within a commit, files stay in the order of their rows.
        entries.sort(key=lambda entry: entry.sequence_number or 0)
        if any(entry.data_file.file_format != FileFormat.PARQUET for entry in entries):
            raise CannotScan("not all of its files are Parquet")
        return tuple(entry.data_file for entry in entries)

    def _entries(self, manifest: ManifestFile) -> tuple[ManifestEntry, ...]:
        return self._manifests.get(
            manifest.manifest_path,
            lambda: tuple(manifest.fetch_manifest_entry(self._io, discard_deleted=True)),
        )

    def files(self, metadata: TableMetadata) -> tuple[DataFile, ...]:
        """All files that the current snapshot of any Iceberg table reads, delete files too."""
        snapshot = metadata.current_snapshot()
        manifests = snapshot.manifests(self._io) if snapshot is not None else []
        return tuple(entry.data_file for each in manifests for entry in self._entries(each))

    @staticmethod
    def chosen(state: State, prune: BooleanExpression) -> Iterable[DataFile]:
        """The files that may have rows for which `prune` holds."""
        return _pruned(state, prune)

    def parts(
        self,
        state: State,
        prune: BooleanExpression | None,
        touched: Collection[str] | None = None,
        filter: pc.Expression | None = None,
    ) -> list[Part]:
        """The files that may have rows for which `prune` holds, ready to be read.

        Args:
            touched: the columns that are read; None is all of them.
            filter: which rows; its columns are read too.

        Raises:
            CannotScan: nothing says which of a file's columns is which.
        """
        files = state.files if prune is None else _pruned(state, prune)
        fragments = [self._fragment(file) for file in files]
        dataset = ds.FileSystemDataset(fragments, state.stored, _FORMAT, self._storage.filesystem)
        names = set(state.stored.names)
        if touched is not None:
            names = {*touched, *filtered(state.stored, filter)}
        columns = [field for field in state.schema.fields if field.name in names]
        if all(_never_changed(field, state.metadata.schemas) for field in columns):
            return [Plain(dataset)]
        wanted = with_ids(state.stored, state.schema)
        wanted = pa.schema([field for field in wanted if field.name in names])
        try:
            return split(dataset, wanted, filter)
        except ValueError as error:
            raise CannotScan(str(error)) from error

    def _fragment(self, file: DataFile) -> ds.ParquetFileFragment:
        """A file's fragment, which keeps its footer once it has been read."""
        filesystem = self._storage.filesystem
        if filesystem is not self._filesystem:  # new credentials, and fragments hold the old ones
            self._fragments, self._filesystem = Remembered(16384), filesystem
        return self._fragments.get(
            file.file_path,
            lambda: _FORMAT.make_fragment(
                path_of(file.file_path), filesystem, file_size=file.file_size_in_bytes
            ),
        )


def _pruned(state: State, prune: BooleanExpression) -> Iterable[DataFile]:
    """The files whose partition and statistics do not rule out that `prune` holds somewhere.

    `_InclusiveMetricsEvaluator` is pyiceberg's own and unpublished; a test pins it.
    """
    metrics = _InclusiveMetricsEvaluator(state.schema, prune)
    partitions = {
        spec.spec_id: expression_evaluator(
            Schema(*spec.partition_type(state.schema).fields),
            inclusive_projection(state.schema, spec)(prune),
            case_sensitive=True,
        )
        for spec in state.metadata.partition_specs
    }
    return [
        file
        for file in state.files
        if partitions[file.spec_id](file.partition) and metrics.eval(file)
    ]


def _never_changed(field: NestedField, schemas: Iterable[Schema]) -> bool:
    """Whether a column's name always meant just this column, with these fields in it."""
    return all(_is_same(field, other) for schema in schemas for other in schema.fields)


def _is_same(field: NestedField, other: NestedField) -> bool:
    """Whether two fields are one column in the same shape, or nothing to each other."""
    if field.field_id != other.field_id:
        return field.name != other.name
    is_flat = field.field_type.is_primitive
    return field.name == other.name and (is_flat or field.field_type == other.field_type)


_known: WeakKeyDictionary[Catalog, Snapshots] = WeakKeyDictionary()
_known_lock = threading.Lock()


def snapshots_of(catalog: Catalog) -> Snapshots:
    """What is remembered of a catalog's tables."""
    with _known_lock:
        if catalog not in _known:
            _known[catalog] = Snapshots(catalog)
        return _known[catalog]


@dataclass(frozen=True)
class Totals:
    """What a table consists of now.

    Attributes:
        snapshot_id: the current snapshot; a Hive-style table has none, nor has an empty one.
        written: when the last write was committed, in UTC.
    """

    rows: int = 0
    files: int = 0
    bytes: int = 0
    snapshot_id: int | None = None
    written: dt.datetime | None = None


def totals(catalog: Catalog, entry: Entry) -> Totals:
    """The totals of an Iceberg table.

    Raises:
        OSError: its metadata cannot be read.
    """
    location = entry.metadata_location
    metadata = snapshots_of(catalog).metadata(location) if location is not None else None
    snapshot = metadata.current_snapshot() if metadata is not None else None
    if snapshot is None:
        return Totals()
    known = snapshot.summary.additional_properties if snapshot.summary is not None else {}
    return Totals(
        rows=int(known.get("total-records", 0)),
        files=int(known.get("total-data-files", 0)),
        bytes=int(known.get("total-files-size", 0)),
        snapshot_id=snapshot.snapshot_id,
        written=dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, dt.UTC),
    )


def row_count(catalog: Catalog, entry: Entry) -> int | None:
    """How many rows an Iceberg table's current snapshot has; None where nothing says so."""
    if not entry.is_iceberg:
        return None
    try:
        return totals(catalog, entry).rows
    except OSError:  # whoever reads the table gets a better error
        return None
