"""FOR VERSION AS OF and FOR TIMESTAMP AS OF: which snapshot of an Iceberg table is meant.

Source: Trino documentation, "Iceberg connector", "Time travel queries"; Athena user guide, "Perform
time travel and version travel queries".
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlglot.expressions as exp
from pyiceberg.table.metadata import TableMetadata

from fsql.local.transpile import Scan, TrinoError, at, translate
from fsql.local.transpile import types as tt
from fsql.local.transpile.places import line_and_column

__all__ = ["is_temporal", "snapshot_at"]

_INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_TIMES = ("date", "timestamp", tt.TIMESTAMP_TZ)

Evaluate = Callable[[str], list[tuple[Any, ...]]]
"""From DuckDB SQL to its rows."""


def is_temporal(version: exp.Version) -> bool:
    """Whether the snapshot is named by a time."""
    return version.name.upper() == "TIMESTAMP"


def snapshot_at(
    version: exp.Version, metadata: TableMetadata, name: tuple[str, str], evaluate: Evaluate
) -> int:
    """The id of the snapshot that a table's version names.

    Raises:
        TrinoError: INVALID_ARGUMENTS if there is none; NOT_SUPPORTED for a pointer of another
            type than bigint or timestamp with time zone.
    """
    temporal = is_temporal(version)
    pointer = _pointer(version, evaluate, temporal)
    if temporal:
        return _as_of(metadata, pointer, name)
    if metadata.snapshot_by_id(pointer) is None:
        message = f"Iceberg snapshot ID does not exists: {pointer}"
        raise TrinoError("INVALID_ARGUMENTS", message)
    return pointer


def _pointer(version: exp.Version, evaluate: Evaluate, temporal: bool) -> int:
    """The id; or the time in milliseconds since 1970."""
    node = version.args["expression"]
    query = exp.Select(expressions=[node.copy()])
    query.meta.update(node.root().meta)
    translated = translate(query, _no_table)
    (column,) = translated.columns
    type_ = column.type or tt.parse_type(str(column.trino_type))
    if temporal and type_.base not in _TIMES:
        message = (
            f"{_place(version)}: Type {type_} invalid. Temporal pointers must be of type Timestamp,"
            " Timestamp with Time Zone, or Date."
        )
        raise TrinoError("TYPE_MISMATCH", message)
    if temporal and type_.base != tt.TIMESTAMP_TZ:
        raise _unsupported("temporal table version", type_)
    if not temporal and type_.base not in _INTEGERS:
        raise _unsupported("table version", type_)
    value = "epoch_ms(p)" if temporal else "p"
    ((found,),) = evaluate(f"SELECT {value} FROM ({translated.sql}) AS pointer_(p)")
    if found is None:
        message = f"{_place(version)}: Pointer value cannot be NULL"
        raise TrinoError("INVALID_ARGUMENTS", message)
    if temporal and found > time.time() * 1000:
        message = f"{_place(version)}: Pointer value '{_instant(found)}' is not in the past"
        raise TrinoError("INVALID_ARGUMENTS", message)
    return int(found)


def _place(version: exp.Version) -> str:
    """Where the FOR stands, behind the table's name."""
    table, sql = version.parent, str(version.root().meta.get("sql", ""))
    name = table.this.meta if isinstance(table, exp.Table) else {}
    found = re.compile("for", re.IGNORECASE).search(sql, name.get("end", -1) + 1)
    return line_and_column(sql, found.start() if found else 0)


def _as_of(metadata: TableMetadata, millis: int, name: tuple[str, str]) -> int:
    """The snapshot that was current then."""
    made = [entry for entry in metadata.snapshot_log if entry.timestamp_ms <= millis]
    if not made:
        table = ".".join(f'"{part}"' for part in name)
        message = f"No version history table {table} at or before {_instant(millis)}"
        raise TrinoError("INVALID_ARGUMENTS", message)
    return max(made, key=lambda entry: entry.timestamp_ms).snapshot_id


def _instant(millis: int) -> str:
    """As java.time.Instant prints it."""
    moment = datetime.fromtimestamp(millis // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{millis % 1000:03d}Z" if millis % 1000 else f"{moment}Z"


def _unsupported(what: str, type_: tt.Type) -> TrinoError:
    return TrinoError("NOT_SUPPORTED", f"Unsupported type for {what}: {type_}")


def _no_table(node: exp.Table) -> Scan:
    raise TrinoError("NOT_SUPPORTED", f"{at(node)}: A table version must be a constant")
