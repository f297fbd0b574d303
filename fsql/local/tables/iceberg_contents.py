"""What an Iceberg table's current snapshot holds: ``"t$files"``, ``"t$manifests"`` and the like.

Source: Trino documentation, "Iceberg connector", "Metadata tables". Each listing gives its columns
and its rows in DuckDB's SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pyiceberg import types as it
from pyiceberg.conversions import from_bytes
from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile, DataFileContent, ManifestFile, PartitionFieldSummary
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.transforms import IdentityTransform, Transform

from fsql.local.engine import literal
from fsql.local.tables.iceberg_sources import with_sources
from fsql.local.tables.iceberg_types import to_trino
from fsql.local.transpile import types as tt

__all__ = ["CONTENTS", "contents"]

Columns = dict[str, tt.Type]
Rows = Iterator[tuple[str, ...]]

_COUNTS = tt.map_of(tt.INTEGER, tt.BIGINT)
_BOUNDS = tt.map_of(tt.INTEGER, tt.VARCHAR)
_FILES: Columns = {
    "content": tt.INTEGER,
    "file_path": tt.VARCHAR,
    "file_format": tt.VARCHAR,
    "record_count": tt.BIGINT,
    "file_size_in_bytes": tt.BIGINT,
    "column_sizes": _COUNTS,
    "value_counts": _COUNTS,
    "null_value_counts": _COUNTS,
    "nan_value_counts": _COUNTS,
    "lower_bounds": _BOUNDS,
    "upper_bounds": _BOUNDS,
    "key_metadata": tt.VARBINARY,
    "split_offsets": tt.array(tt.BIGINT),
    "equality_ids": tt.array(tt.INTEGER),
}
_SUMMARY = {
    "contains_null": tt.BOOLEAN,
    "contains_nan": tt.BOOLEAN,
    "lower_bound": tt.VARCHAR,
    "upper_bound": tt.VARCHAR,
}
_MANIFESTS: Columns = {
    "path": tt.VARCHAR,
    "length": tt.BIGINT,
    "partition_spec_id": tt.INTEGER,
    "added_snapshot_id": tt.BIGINT,
    "added_data_files_count": tt.INTEGER,
    "added_rows_count": tt.BIGINT,
    "existing_data_files_count": tt.INTEGER,
    "existing_rows_count": tt.BIGINT,
    "deleted_data_files_count": tt.INTEGER,
    "deleted_rows_count": tt.BIGINT,
    "partition_summaries": tt.array(tt.row(list(_SUMMARY.items()))),
}
CONTENTS = ("files", "manifests", "partitions")
"""The kinds of listings of this module."""


def contents(metadata: TableMetadata, kind: str, io: FileIO) -> tuple[Columns, Rows]:
    """The columns of a listing, and its rows as expressions."""
    if kind == "files":
        return _FILES, _files(metadata, io)
    if kind == "manifests":
        return _MANIFESTS, _manifests(metadata, io)
    return _Partitions(metadata).listing(_data_files(metadata, io))


def _data_files(metadata: TableMetadata, io: FileIO) -> Iterator[DataFile]:
    for manifest in _manifest_files(metadata, io):
        for entry in manifest.fetch_manifest_entry(io, discard_deleted=True):
            yield entry.data_file


def _manifest_files(metadata: TableMetadata, io: FileIO) -> list[ManifestFile]:
    snapshot = metadata.current_snapshot()
    return [] if snapshot is None else snapshot.manifests(io)


# Files


def _files(metadata: TableMetadata, io: FileIO) -> Rows:
    types = _types(metadata)
    for file in _data_files(metadata, io):
        yield (
            str(int(file.content)),
            literal(file.file_path),
            literal(file.file_format.value),
            str(file.record_count),
            str(file.file_size_in_bytes),
            *(
                _map({key: str(value) for key, value in (counts or {}).items()})
                for counts in (
                    *(file.column_sizes, file.value_counts),
                    *(file.null_value_counts, file.nan_value_counts),
                )
            ),
            _map(_shown_bounds(file.lower_bounds, types)),
            _map(_shown_bounds(file.upper_bounds, types)),
            "NULL",
            _list(file.split_offsets),
            _list(file.equality_ids),
        )


def _shown_bounds(bounds: Mapping[int, bytes] | None, types: Mapping[int, Any]) -> dict[int, str]:
    known = {id_: value for id_, value in (bounds or {}).items() if id_ in types}
    return {id_: literal(_shown(types[id_], value)) for id_, value in known.items()}


def _shown(type_: it.PrimitiveType, value: bytes) -> str:
    shown: Transform[Any, Any] = IdentityTransform()
    return shown.to_human_string(type_, _read(type_, value))


def _read(type_: it.PrimitiveType, value: bytes) -> Any:
    """A bound as pyiceberg has it; files written before a type was widened have the old one's."""
    narrow = {it.LongType: it.IntegerType(), it.DoubleType: it.FloatType()}.get(type(type_))
    return from_bytes(narrow if narrow and len(value) == 4 else type_, value)


def _types(metadata: TableMetadata) -> dict[int, it.PrimitiveType]:
    """The types of all primitive fields by id, those of nested ones too."""
    schema = metadata.schema()
    found = {id_: schema.find_type(id_) for id_ in schema.field_ids}
    return {id_: type_ for id_, type_ in found.items() if isinstance(type_, it.PrimitiveType)}


# Manifests


def _manifests(metadata: TableMetadata, io: FileIO) -> Rows:
    for manifest in _manifest_files(metadata, io):
        spec = metadata.specs()[manifest.partition_spec_id]
        summaries = zip(manifest.partitions or [], spec.fields, strict=False)
        shown = (_summary(metadata, field, summary) for summary, field in summaries)
        yield (
            literal(manifest.manifest_path),
            str(manifest.manifest_length),
            str(manifest.partition_spec_id),
            *(
                "NULL" if count is None else str(count)
                for count in (
                    *(manifest.added_snapshot_id, manifest.added_files_count),
                    *(manifest.added_rows_count, manifest.existing_files_count),
                    *(manifest.existing_rows_count, manifest.deleted_files_count),
                    manifest.deleted_rows_count,
                )
            ),
            f"[{', '.join(shown)}]",
        )


def _summary(metadata: TableMetadata, field: PartitionField, found: PartitionFieldSummary) -> str:
    type_ = _result_type(metadata, field)

    def bound(value: bytes | None) -> str:
        if value is None:
            return "NULL"
        return literal(field.transform.to_human_string(type_, from_bytes(type_, value)))

    nan = "NULL" if found.contains_nan is None else literal(found.contains_nan)
    values = (literal(found.contains_null), nan, bound(found.lower_bound), bound(found.upper_bound))
    return _struct(dict(zip(_SUMMARY, values, strict=True)))


def _result_type(metadata: TableMetadata, field: PartitionField) -> Any:
    return field.transform.result_type(with_sources(metadata).find_type(field.source_id))


# Partitions


class _Partitions:
    """The data files of a table by partition, with counts and the bounds of its columns."""

    def __init__(self, metadata: TableMetadata) -> None:
        self._metadata = metadata
        self._spec: PartitionSpec = metadata.spec()
        self._keys = {f.name.lower(): _result_type(metadata, f) for f in self._spec.fields}
        own = {f.source_id for f in self._spec.fields if isinstance(f.transform, IdentityTransform)}
        self._data = {
            field.name.lower(): (field.field_id, field.field_type)
            for field in metadata.schema().fields
            if isinstance(field.field_type, it.PrimitiveType) and field.field_id not in own
        }

    def listing(self, files: Iterable[DataFile]) -> tuple[Columns, Rows]:
        """Columns and rows; ``partition`` and ``data`` are there if there is something in them."""
        groups: dict[tuple[str, ...], list[DataFile]] = defaultdict(list)
        for file in files:
            if file.content == DataFileContent.DATA:
                groups[self._key(file)].append(file)
        columns: Columns = {}
        if self._keys:
            columns["partition"] = tt.row([(n, to_trino(t)) for n, t in self._keys.items()])
        columns |= dict.fromkeys(("record_count", "file_count", "total_size"), tt.BIGINT)
        if self._data:
            columns["data"] = tt.row([(n, _bounds_type(t)) for n, (_, t) in self._data.items()])
        return columns, (self._row(key, found) for key, found in groups.items())

    def _key(self, file: DataFile) -> tuple[str, ...]:
        """The partition's values as SQL, by the present spec; NULL for what an old one lacks."""
        old = self._metadata.specs()[file.spec_id]
        values = {field.field_id: file.partition[i] for i, field in enumerate(old.fields)}
        fields = zip(self._spec.fields, self._keys.values(), strict=True)
        return tuple(_sql(type_, values.get(field.field_id)) for field, type_ in fields)

    def _row(self, key: tuple[str, ...], files: list[DataFile]) -> tuple[str, ...]:
        counts = (
            sum(file.record_count for file in files),
            len(files),
            sum(file.file_size_in_bytes for file in files),
        )
        row = [_struct(dict(zip(self._keys, key, strict=True)))] if self._keys else []
        row += map(str, counts)
        if self._data:
            row.append(_struct({n: _bounds(files, id_, t) for n, (id_, t) in self._data.items()}))
        return tuple(row)


def _bounds_type(type_: it.IcebergType) -> tt.Type:
    value = to_trino(type_)
    counts = [("null_count", tt.BIGINT), ("nan_count", tt.BIGINT)]
    return tt.row([("min", value), ("max", value), *counts])


def _bounds(files: list[DataFile], id_: int, type_: Any) -> str:
    """A column's bounds in files; NULL where one of those that have values does not tell."""
    nulls = [(file.null_value_counts or {}).get(id_) for file in files]
    some = [f for f, n in zip(files, nulls, strict=True) if n is None or n < f.record_count]

    def bound(name: str, choose: Any) -> str:
        told = [(getattr(file, name) or {}).get(id_) for file in some]
        found = [value for value in told if value is not None]
        if not found or len(found) < len(told):
            return "NULL"
        return _sql(type_, choose(_read(type_, value) for value in found))

    nans = [(file.nan_value_counts or {}).get(id_) for file in files]
    return _struct(
        {
            "min": bound("lower_bounds", min),
            "max": bound("upper_bounds", max),
            "null_count": _total(nulls),
            "nan_count": _total(nans),
        }
    )


def _total(counts: list[int | None]) -> str:
    known = [count for count in counts if count is not None]
    return str(sum(known)) if len(known) == len(counts) else "NULL"


# SQL


def _sql(type_: Any, value: Any) -> str:
    """A value as pyiceberg has it, times as numbers, in DuckDB's SQL."""
    match type_, value:
        case _, None:
            return "NULL"
        case it.DateType(), int():
            return f"DATE '{date(1970, 1, 1) + timedelta(days=value)}'"
        case it.TimestampType(), int():
            return f"make_timestamp({value})"
        case it.TimestamptzType(), int():
            return f"make_timestamptz({value})"
        case it.TimeType(), int():
            return f"CAST(make_timestamp({value}) AS TIME)"
        case ((it.BinaryType() | it.FixedType()), bytes()):
            return f"from_hex('{value.hex()}')"
        case _, bool():
            return literal(value)
        case _, float():
            return f"CAST('{value!r}' AS DOUBLE)"
        case _, int() | Decimal():
            return str(value)
    return literal(str(value))


def _struct(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{tt.quoted(name)}: {value}" for name, value in values.items()) + "}"


def _map(values: Mapping[int, str]) -> str:
    return "MAP {" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


def _list(values: Iterable[int] | None) -> str:
    return "NULL" if values is None else f"[{', '.join(map(str, values))}]"
