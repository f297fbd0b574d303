"""Which values of one engine type can be stored as another, and how SQL says so.

What may fail for a value must fail the statement: Trino's casts between integers and to decimals
do. What would round or cut without a word is left to whoever writes the SELECT.
"""

from __future__ import annotations

from collections.abc import Mapping

from fsql.analysis.engine_types import EngineType
from fsql.fitting.base import Mismatch

__all__ = ["stored_as"]

_INTEGERS = ("tinyint", "smallint", "integer", "bigint")
# Digits that a float of either size brings back: IEEE 754's FLT_DIG and DBL_DIG.
_DIGITS = {"real": 6, "double": 15}
_MICROSECONDS = 6


def stored_as(sql: str, given: EngineType, wanted: EngineType) -> str:
    """The expression that turns `sql`, of type `given`, into type `wanted`.

    Raises:
        Mismatch: that would change values; says what to do.
    """
    if given == wanted:
        return sql
    problem = _problem(given, wanted)
    if problem is not None:
        raise Mismatch(problem)
    if given.name == "timestamp with time zone":
        # A cast alone would keep the local time of the zone.
        sql = f"{sql} AT TIME ZONE 'UTC'"
    return f"CAST({sql} AS {wanted.sql})"


def _problem(given: EngineType, wanted: EngineType, nested: bool = False) -> str | None:
    if given.name == "unknown" or _fits(given, wanted, nested):
        return None
    if given.name == wanted.name and given.fields:
        return _inside(given, wanted)
    hint = _HINTS.get((given.name, wanted.name), f" Write CAST(… AS {wanted}), as you mean it.")
    return f"is {given} in the SELECT, and {wanted} in the table.{hint}"


_HINTS: Mapping[tuple[str, str], str] = {
    ("double", "integer"): " Write CAST(round(…) AS integer), or as you mean it.",
    ("double", "bigint"): " Write CAST(round(…) AS bigint), or as you mean it.",
    ("varchar", "timestamp"): " Write from_iso8601_timestamp(…), or CAST(… AS timestamp).",
    ("bigint", "timestamp"): " Write from_unixtime(…), or as the numbers are meant.",
    ("integer", "timestamp"): " Write from_unixtime(…), or as the numbers are meant.",
    ("json", "varchar"): " Write json_format(…).",
}


def _fits(given: EngineType, wanted: EngineType, nested: bool) -> bool:
    match wanted.name:
        case "integer" | "bigint":
            return given.name in _INTEGERS or _is_whole(given)
        case "real" | "double":
            return _fits_float(given, wanted, nested)
        case "decimal":
            return given.name in _INTEGERS or (
                given.name == "decimal" and given.numbers[1] <= wanted.numbers[1]
            )
        case "varchar":
            return given.name in ("varchar", "char")
        case "timestamp":
            return _fits_timestamp(given, wanted, nested)
    return given == wanted


def _is_whole(given: EngineType) -> bool:
    return given.name == "decimal" and given.numbers[1] == 0


def _fits_float(given: EngineType, wanted: EngineType, nested: bool) -> bool:
    if given.name == wanted.name or (given.name, wanted.name) == ("real", "double"):
        return True
    if given.name == "decimal":
        return given.numbers[0] <= _DIGITS[wanted.name]
    # Integers beyond what the float counts are looked for afterwards, at the top only.
    small = _INTEGERS[: 3 if wanted.name == "double" else 2]
    return given.name in (small if nested else _INTEGERS)


def _fits_timestamp(given: EngineType, wanted: EngineType, nested: bool) -> bool:
    if given.name == "timestamp with time zone":
        return not nested and given.numbers[0] <= wanted.numbers[0]
    return given.name == "date" or (
        given.name == "timestamp" and given.numbers[0] <= wanted.numbers[0]
    )


def _inside(given: EngineType, wanted: EngineType) -> str | None:
    """What is wrong with the parts of an array, a map or a row."""
    mine, theirs = [[(n or "").lower() for n, _ in type_.fields] for type_ in (given, wanted)]
    if mine != theirs:
        # Trino casts rows by position, and would put values under other names.
        return (
            f"is {given} in the SELECT, and {wanted} in the table: the fields need the same names"
            f" in the same order. Write CAST(ROW(…) AS {wanted})."
        )
    for (name, part), (_, other) in zip(given.fields, wanted.fields, strict=True):
        problem = _problem(part, other, nested=True)
        if problem is not None:
            return f"field {name!r} {problem}" if name else f"inside: {problem}"
    return None
