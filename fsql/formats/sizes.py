"""How many bytes of a table a query reads at most, from metadata alone."""

from __future__ import annotations

from collections.abc import Iterable

from pyiceberg.expressions import BooleanExpression
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema, index_by_id

from fsql.catalog import Catalog, Entry
from fsql.errors import StorageError
from fsql.formats.hive.totals import bytes_of as hive_bytes_of
from fsql.formats.snapshots import CannotScan, snapshots_of

__all__ = ["bytes_of"]

# Athena finds the partitions of such a table by this, not in Glue.
_TEMPLATE = "storage.location.template"


def bytes_of(
    catalog: Catalog,
    entry: Entry,
    names: frozenset[str] | None = None,
    prune: BooleanExpression | None = None,
) -> int:
    """The compressed bytes that reading some columns of a table takes, or somewhat more.

    Of an Iceberg table these are the column sizes in the current snapshot's manifests, of a
    Hive-style group those in the footers of its files. Nothing is known of the inside of other
    files, so they count whole.

    Args:
        names: lower-case names, the table's columns among them; None is all columns.
        prune: what chooses files of a feature group; see `fsql.formats.scan`.

    Raises:
        StorageError: nothing says where the table's files are, or they cannot be listed.
    """
    if entry.is_iceberg:
        return _iceberg(catalog, entry, names, prune)
    if entry.is_hive_group:
        return hive_bytes_of(catalog, entry, names, prune)
    if _TEMPLATE in entry.parameters:
        raise StorageError(f"the partitions of {entry.name!r} are not in Glue")
    places = {place.rstrip("/") + "/" for place in _places(catalog, entry)}
    found = {object.uri: object.size for place in places for object in catalog.storage.list(place)}
    return sum(found.values())


def _places(catalog: Catalog, entry: Entry) -> Iterable[str]:
    if entry.location is None:
        raise StorageError(f"{entry.name!r} has no location")
    yield entry.location
    if entry.glue.get("PartitionKeys"):
        pages = catalog.glue.get_paginator("get_partitions").paginate(
            DatabaseName=entry.database, TableName=entry.name, ExcludeColumnSchema=True
        )
        for page in pages:
            for partition in page["Partitions"]:
                place = partition.get("StorageDescriptor", {}).get("Location")
                if place and not place.startswith(entry.location.rstrip("/") + "/"):
                    yield place


def _iceberg(
    catalog: Catalog, entry: Entry, names: frozenset[str] | None, prune: BooleanExpression | None
) -> int:
    if entry.metadata_location is None:
        raise StorageError(f"{entry.name!r} has no metadata file")
    snapshots = snapshots_of(catalog)
    if prune is not None:
        try:
            state = snapshots.state(entry)
        except CannotScan:
            prune = None
        else:
            ids = _leaves(state.schema, names)
            return sum(_size(file, ids) for file in snapshots.chosen(state, prune))
    metadata = snapshots.metadata(entry.metadata_location)
    ids = _leaves(metadata.schema(), names)
    return sum(_size(file, ids) for file in snapshots.files(metadata))


def _leaves(schema: Schema, names: frozenset[str] | None) -> frozenset[int]:
    """The field ids of the primitive values within columns."""
    wanted = [f for f in schema.fields if names is None or f.name.lower() in names]
    within = index_by_id(Schema(*wanted)).items()
    return frozenset(id_ for id_, field in within if field.field_type.is_primitive)


def _size(file: DataFile, ids: frozenset[int]) -> int:
    """A file whose sizes are not all known counts with all that the others leave of it."""
    if file.content != DataFileContent.DATA or file.file_format != FileFormat.PARQUET:
        return file.file_size_in_bytes
    sizes = file.column_sizes or {}
    known = sum(sizes[id_] for id_ in ids if id_ in sizes)
    if all(id_ in sizes for id_ in ids):
        return known
    return known + file.file_size_in_bytes - sum(sizes.values())
