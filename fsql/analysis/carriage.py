"""How values of each engine type travel through an UNLOAD to Parquet.

Athena writes UNLOAD's Parquet with its Hive writer, which refuses timestamps of any
precision but milliseconds (all Iceberg timestamps have six digits), zoned times, JSON,
intervals and rows without names, and writes what timestamps it takes as INT96
(https://docs.aws.amazon.com/athena/latest/ug/unload.html). Such values travel as
another type, at any depth: times as microseconds in a bigint, the rest as text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa

from fsql.analysis.engine_types import EngineType, array_of, map_of
from fsql.typetext import parse_type

__all__ = ["Carried", "carried"]

MAX_HIVE_VARCHAR = 65_535
MICROSECOND_DIGITS = 6

_PLAIN = frozenset(
    {
        "bigint",
        "boolean",
        "date",
        "decimal",
        "double",
        "integer",
        "real",
        "smallint",
        "tinyint",
        "varbinary",
    }
)
_BIGINT, _VARCHAR = EngineType("bigint"), EngineType("varchar")


@dataclass(frozen=True)
class Carried:
    """A value on its way.

    Args:
        sql: the Trino expression that is unloaded.
        wire: its type, which Parquet holds.
        type: the Arrow type to cast what arrives to: the one of the value itself.
        changed: `sql` is not just the value.
    """

    sql: str
    wire: EngineType
    type: pa.DataType
    changed: bool = True


def carried(sql: str, type_: EngineType, depth: int = 0) -> Carried | None:
    """How the value of a Trino expression travels; None if there is no lossless way.

    Args:
        sql: the expression, cheap to evaluate more than once.
        type_: its type.
        depth: how many lambdas it stands in.
    """
    if type_.name in _PLAIN:
        return Carried(sql, type_, parse_type(str(type_)), changed=False)
    carry = _WAYS.get(type_.name)
    return carry(sql, type_, depth) if carry else None


# --- times -------------------------------------------------------------------------------------


def _timestamp(sql: str, type_: EngineType, depth: int) -> Carried | None:
    if type_.numbers[0] > MICROSECOND_DIGITS:
        return None
    return Carried(_microseconds(sql), _BIGINT, pa.timestamp("us"))


def _zoned_timestamp(sql: str, type_: EngineType, depth: int) -> Carried | None:
    if type_.numbers[0] > MICROSECOND_DIGITS:
        return None
    instant = f"CAST({sql} AT TIME ZONE 'UTC' AS timestamp(6))"
    return Carried(_microseconds(instant), _BIGINT, pa.timestamp("us", "UTC"))


def _time(sql: str, type_: EngineType, depth: int) -> Carried | None:
    if type_.numbers[0] > MICROSECOND_DIGITS:
        return None
    first_day = f"CAST('1970-01-01 ' || CAST({sql} AS varchar) AS timestamp(6))"
    return Carried(_rounded(first_day), _BIGINT, pa.time64("us"))


def _microseconds(sql: str) -> str:
    """Microseconds since 1970, exact for every timestamp(6).

    Trino has no such function: date_diff ends at milliseconds and to_unixtime is a
    double, which holds microseconds of our age but not of all. So whole seconds are
    counted, and the double has only the fraction to hold.
    """
    epoch = "TIMESTAMP '1970-01-01 00:00:00'"
    seconds = f"date_diff('second', {epoch}, date_trunc('second', {sql}))"
    fraction = _rounded(f"date_add('second', -{seconds}, {sql})")
    return f"{seconds} * 1000000 + {fraction}"


def _rounded(sql: str) -> str:
    return f"CAST(round(to_unixtime({sql}) * 1e6) AS bigint)"


# --- text --------------------------------------------------------------------------------------


def _varchar(sql: str, type_: EngineType, depth: int) -> Carried:
    fits = not type_.numbers or 0 < type_.numbers[0] <= MAX_HIVE_VARCHAR
    return Carried(sql, type_, pa.string(), changed=False) if fits else _text(sql, type_, depth)


def _text(sql: str, type_: EngineType, depth: int) -> Carried:
    return Carried(f"CAST({sql} AS varchar)", _VARCHAR, pa.string())


def _json(sql: str, type_: EngineType, depth: int) -> Carried:
    return Carried(f"json_format({sql})", _VARCHAR, pa.string())


def _nothing(sql: str, type_: EngineType, depth: int) -> Carried:
    text = _text(sql, type_, depth)
    return text if depth else replace(text, type=pa.null())


# --- nested types ------------------------------------------------------------------------------


def _array(sql: str, type_: EngineType, depth: int) -> Carried | None:
    element = carried(f"e{depth}", type_.fields[0][1], depth + 1)
    if element is None:
        return None
    wire, arrow = array_of(element.wire), pa.list_(element.type)
    if not element.changed:
        return Carried(sql, wire, arrow, changed=False)
    return Carried(f"transform({sql}, e{depth} -> {element.sql})", wire, arrow)


def _map(sql: str, type_: EngineType, depth: int) -> Carried | None:
    key = carried(f"k{depth}", type_.fields[0][1], depth + 1)
    value = carried(f"v{depth}", type_.fields[1][1], depth + 1)
    if key is None or value is None:
        return None
    wire, arrow = map_of(key.wire, value.wire), pa.map_(key.type, value.type)
    changed = sql
    for part, function in ((key, "transform_keys"), (value, "transform_values")):
        if part.changed:
            changed = f"{function}({changed}, (k{depth}, v{depth}) -> {part.sql})"
    return Carried(changed, wire, arrow, changed=key.changed or value.changed)


def _row(sql: str, type_: EngineType, depth: int) -> Carried | None:
    names = [name or f"field{i}" for i, (name, _) in enumerate(type_.fields)]
    if len({name.lower() for name in names}) < len(names):
        return None
    parts = []
    for i, (name, inner) in enumerate(type_.fields):
        part = f'{sql}."{name.replace(chr(34), chr(34) * 2)}"' if name else f"{sql}[{i + 1}]"
        parts.append(carried(part, inner, depth + 1))
    fields = [part for part in parts if part is not None]
    if len(fields) < len(parts):
        return None
    wire = EngineType("row", fields=tuple(zip(names, (f.wire for f in fields), strict=True)))
    arrow = pa.struct(list(zip(names, (f.type for f in fields), strict=True)))
    if wire == type_ and not any(field.changed for field in fields):
        return Carried(sql, wire, arrow, changed=False)
    made = f"CAST(ROW({', '.join(field.sql for field in fields)}) AS {wire.sql})"
    return Carried(f"IF({sql} IS NULL, NULL, {made})", wire, arrow)


_WAYS: dict[str, Callable[[str, EngineType, int], Carried | None]] = {
    "timestamp": _timestamp,
    "timestamp with time zone": _zoned_timestamp,
    "time": _time,
    "varchar": _varchar,
    "char": _text,
    "uuid": _text,
    "ipaddress": _text,
    "time with time zone": _text,
    "interval day to second": _text,
    "interval year to month": _text,
    "json": _json,
    "unknown": _nothing,
    "array": _array,
    "map": _map,
    "row": _row,
}
