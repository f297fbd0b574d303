"""What an Iceberg table tells of itself: ``"t$snapshots"``, ``"t$files"`` and the like.

Source: Trino documentation, "Iceberg connector", "Metadata tables"; Athena user guide, "Query
Iceberg table metadata".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pyiceberg.io import FileIO
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import ancestors_of

from fsql.local.engine import literal
from fsql.local.tables.iceberg import Source, empty_source
from fsql.local.tables.iceberg_contents import CONTENTS, contents
from fsql.local.transpile import types as tt

__all__ = ["listing", "split_listing"]

_Rows = Iterator[tuple[str, ...]]

_TIME = tt.timestamp_tz(3)
_TEXTS = tt.map_of(tt.VARCHAR, tt.VARCHAR)


def split_listing(name: str) -> tuple[str, str] | None:
    """The table and the kind of ``t$snapshots``; None for another table's name."""
    table, dollar, kind = name.rpartition("$")
    return (table, kind) if dollar and kind in (*_LISTINGS, *CONTENTS) else None


def listing(metadata: TableMetadata, kind: str, location: str, io: FileIO) -> Source:
    """A table's metadata of one kind as a table."""
    if kind in CONTENTS:
        columns, found = contents(metadata, kind, io)
    else:
        columns, read = _LISTINGS[kind]
        found = read(metadata)
    rows = [f"({', '.join(row)})" for row in found]
    if not rows:
        return Source(empty_source(columns), columns, location)
    names = [f"c{i}" for i in range(len(columns))]
    listed = ", ".join(
        f"CAST({name} AS {tt.duckdb_type(type_)}) AS {tt.quoted(column)}"
        for name, (column, type_) in zip(names, columns.items(), strict=True)
    )
    values = f"(VALUES {', '.join(rows)}) AS listed_({', '.join(names)})"
    return Source(f"(SELECT {listed} FROM {values})", columns, location)


def _snapshots(metadata: TableMetadata) -> _Rows:
    for snapshot in metadata.snapshots:
        summary = snapshot.summary
        properties = {} if summary is None else summary.additional_properties
        yield (
            _moment(snapshot.timestamp_ms),
            str(snapshot.snapshot_id),
            _optional(snapshot.parent_snapshot_id),
            "NULL" if summary is None else literal(summary.operation.value),
            literal(snapshot.manifest_list),
            _map(properties),
        )


def _history(metadata: TableMetadata) -> _Rows:
    current = {s.snapshot_id for s in ancestors_of(metadata.current_snapshot(), metadata)}
    for entry in metadata.snapshot_log:
        found = metadata.snapshot_by_id(entry.snapshot_id)
        yield (
            _moment(entry.timestamp_ms),
            str(entry.snapshot_id),
            _optional(found.parent_snapshot_id if found else None),
            literal(entry.snapshot_id in current),
        )


def _refs(metadata: TableMetadata) -> _Rows:
    for name, ref in metadata.refs.items():
        yield (
            literal(name),
            literal(ref.snapshot_ref_type.value.upper()),
            str(ref.snapshot_id),
            _optional(ref.max_ref_age_ms),
            _optional(ref.min_snapshots_to_keep),
            _optional(ref.max_snapshot_age_ms),
        )


def _moment(millis: int) -> str:
    return f"make_timestamptz({millis * 1000})"


def _optional(value: int | None) -> str:
    return "NULL" if value is None else str(value)


def _map(values: Mapping[str, str]) -> str:
    pairs: Iterable[str] = (f"{literal(key)}: {literal(text)}" for key, text in values.items())
    return f"MAP {{{', '.join(pairs)}}}"


_LISTINGS: dict[str, tuple[dict[str, tt.Type], Callable[[TableMetadata], _Rows]]] = {
    "history": (
        {
            "made_current_at": _TIME,
            "snapshot_id": tt.BIGINT,
            "parent_id": tt.BIGINT,
            "is_current_ancestor": tt.BOOLEAN,
        },
        _history,
    ),
    "refs": (
        {
            "name": tt.VARCHAR,
            "type": tt.VARCHAR,
            "snapshot_id": tt.BIGINT,
            "max_reference_age_in_ms": tt.BIGINT,
            "min_snapshots_to_keep": tt.INTEGER,
            "max_snapshot_age_in_ms": tt.BIGINT,
        },
        _refs,
    ),
    "snapshots": (
        {
            "committed_at": _TIME,
            "snapshot_id": tt.BIGINT,
            "parent_id": tt.BIGINT,
            "operation": tt.VARCHAR,
            "manifest_list": tt.VARCHAR,
            "summary": _TEXTS,
        },
        _snapshots,
    ),
}
