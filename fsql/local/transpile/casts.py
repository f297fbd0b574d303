"""CAST, as Trino means it: one rule for each pair of types.

Source: Trino documentation, "Conversion functions" and the casts each data type's page lists.
"""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.transpile import formats
from fsql.local.transpile.sqltext import raised, string, template
from fsql.local.transpile.types import INTEGERS, TIME_TZ, TIMESTAMP_TZ, Type, duckdb_type

__all__ = ["CASTS", "Cast", "allow", "can_cast", "cast_sql", "cut", "is_plain"]

Cast = Callable[[str, Type, Type], str]
"""From the DuckDB expression of a value, its type and the wanted type to the cast expression."""


def can_cast(source: Type, target: Type) -> bool:
    """Whether Trino has a CAST from `source` to `target`."""
    if source == target or source.base == "unknown":
        return True
    if source.items and target.base == "json":
        return all(can_cast(item, target) for item in source.items)
    if target.items and source.base == "json":
        return all(can_cast(source, item) for item in target.items)
    if source.items and source.base == target.base:
        return len(source.items) == len(target.items) and all(
            can_cast(a, b) for a, b in zip(source.items, target.items, strict=True)
        )
    nested = source.items or target.items
    return not nested and (source.base, target.base) in CASTS


def cast_sql(sql: str, source: Type, target: Type) -> str:
    """`sql`, a value of type `source`, as a `target`; fails at run time as Trino's CAST does.

    The pair must be one that `can_cast` allows.
    """
    if source == target:
        return sql
    if is_plain(source, target):
        return _plain(sql, source, target)
    return CASTS[source.base, target.base](sql, source, target)


def is_plain(source: Type, target: Type) -> bool:
    """Whether DuckDB's own CAST does exactly what Trino's does."""
    if source.base == target.base and source.items and len(source.items) == len(target.items):
        pairs = zip(source.items, target.items, strict=True)
        same_names = source.field_names() == target.field_names()
        return same_names and all(a == b or is_plain(a, b) for a, b in pairs)
    return source.base == "unknown" or CASTS.get((source.base, target.base)) is _plain


def _plain(sql: str, source: Type, target: Type) -> str:
    return f"CAST({sql} AS {duckdb_type(target)})"


# ---- numbers -----------------------------------------------------------------------------------


def _rounded(sql: str, source: Type, target: Type) -> str:
    """DuckDB's own cast takes 2.5 to 2, Trino's to 3."""
    return f"CAST(round({sql}) AS {duckdb_type(target)})"


def _by_text(sql: str, source: Type, target: Type) -> str:
    """1.005e0 is 1.01 with two digits, as it is written; DuckDB's own cast multiplies."""
    return f"CAST(CAST({sql} AS VARCHAR) AS {duckdb_type(target)})"


def _narrowed(sql: str, source: Type, target: Type) -> str:
    """What is too large for a real is infinite."""
    return template(
        f"CAST(CASE WHEN abs({{0}}) > {_LARGEST_REAL} AND NOT isnan({{0}})"
        " THEN sign({0}) * CAST('Infinity' AS DOUBLE) ELSE {0} END AS FLOAT)",
        [sql],
    )


_LARGEST_REAL = "3.4028235677973362e38"


def _not_zero(sql: str, source: Type, target: Type) -> str:
    return f"({sql} <> 0)"


def _checked(pattern: str, message: str) -> Cast:
    """A cast of a text, which has to match `pattern` first: DuckDB takes more than Trino does."""

    def cast(sql: str, source: Type, target: Type) -> str:
        kind = duckdb_type(target)
        said = string(message.format(_shout(target))).replace("@", "' || {0} || '")
        wrong = raised("INVALID_CAST_ARGUMENT", said, kind)
        return template(
            f"CASE WHEN {{0}} IS NULL OR regexp_full_match({{0}}, {string(pattern)})"
            f" THEN CAST({{0}} AS {kind}) ELSE {wrong} END",
            [sql],
        )

    return cast


def _shout(target: Type) -> str:
    shown = str(target).upper().replace(",", ", ")
    return {"integer": "INT", "date": "date", "time": "time"}.get(target.base, shown)


def _truth(sql: str, source: Type, target: Type) -> str:
    """``true``, ``t``, ``1`` and their opposites, in any case; DuckDB takes ``yes`` as well."""
    wrong = raised("INVALID_CAST_ARGUMENT", "'Cannot cast ''' || {0} || ''' to BOOLEAN'", "BOOLEAN")
    return template(
        "CASE WHEN lower({0}) IN ('true', 't', '1') THEN true"
        " WHEN lower({0}) IN ('false', 'f', '0') THEN false"
        f" WHEN {{0}} IS NOT NULL THEN {wrong} END",
        [sql],
    )


# ---- text --------------------------------------------------------------------------------------


def cut(sql: str, source: Type, target: Type) -> str:
    """A text as long as its type allows: cut, and for a char(n) padded."""
    if source.base == "char":
        sql = f"rtrim({sql}, ' ')"
    if target.base == "char":
        return f"rpad(rtrim(left({sql}, {target.sizes[0]}), ' '), {target.sizes[0]}, ' ')"
    if target.length is None or (source.length is not None and source.length <= target.length):
        return sql
    return f"left({sql}, {target.length})"


def _texts(form: Callable[[str, Type], str]) -> Cast:
    """A cast to text by `form`; one that doesn't fit into varchar(n) is an error."""

    def cast(sql: str, source: Type, target: Type) -> str:
        text = template(form("{0}", source), [sql])
        if target.length is None:
            return text
        said = f"'Value ' || {{0}} || ' cannot be represented as {target}'"
        wrong = raised("INVALID_CAST_ARGUMENT", said, "VARCHAR")
        fits = f"CASE WHEN length({{0}}) > {target.length} THEN {wrong} ELSE {{0}} END"
        checked = template(fits, [text])
        return checked if target.base == "varchar" else f"rpad({checked}, {target.length}, ' ')"

    return cast


def _own_text(sql: str, source: Type) -> str:
    return f"CAST({sql} AS VARCHAR)"


def _encoded(sql: str, source: Type, target: Type) -> str:
    return f"encode({sql})"


# ---- times -------------------------------------------------------------------------------------


def _timestamps(sql: str, source: Type, target: Type) -> str:
    if source.precision <= target.precision:
        return sql
    made = "make_timestamptz" if target.base == TIMESTAMP_TZ else "make_timestamp"
    return f"{made}(round(epoch_us({sql}), {target.precision - 6}))"


def _times(sql: str, source: Type, target: Type) -> str:
    """A time rounded to fewer digits; past the last one of the day it starts again at midnight."""
    if source.precision <= target.precision:
        return sql
    rounded = f"round(epoch_us({sql}), {target.precision - 6}) % 86400000000"
    return f"CAST(TIME '00:00:00' + to_microseconds({rounded}) AS TIME)"


def _local(sql: str, source: Type, target: Type) -> str:
    """What a clock in the value's own zone shows."""
    wall = formats.local_time(sql, source.zone)
    if target.base == "timestamp":
        return _timestamps(wall, source, target)
    return f"CAST({wall} AS {duckdb_type(target)})"


def _instant(sql: str, source: Type, target: Type) -> str:
    """The session's zone is UTC, as Athena's always is."""
    wall = f"CAST({sql} AS TIMESTAMP)" if source.base == "date" else sql
    if source.base == "timestamp" and source.precision > target.precision:
        wall = _timestamps(sql, source, Type("timestamp", target.sizes))
    return formats.instant_of(wall, "UTC")


_CLOCK = r"\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?"
_DAY = r"[-+]?\d{4,}-\d{1,2}-\d{1,2}"
_TIME_OF_TEXT = _checked(_CLOCK, "Value cannot be cast to time: @")
_TIMESTAMP_OF_TEXT = _checked(rf"{_DAY}( ({_CLOCK})?\s*)?", "Value cannot be cast to timestamp: @")
_MICROS = 6


def _text_to_timestamp(sql: str, source: Type, target: Type) -> str:
    whole = Type("timestamp", (_MICROS,))
    return _timestamps(_TIMESTAMP_OF_TEXT(sql, source, whole), whole, target)


def _text_to_time(sql: str, source: Type, target: Type) -> str:
    whole = Type("time", (_MICROS,))
    return _times(_TIME_OF_TEXT(sql, source, whole), whole, target)


def _text_to_instant(sql: str, source: Type, target: Type) -> str:
    whole = Type("timestamp", (_MICROS,))
    zoneless = _TIMESTAMP_OF_TEXT("{0}", source, whole)
    parsed = template(
        f"CASE WHEN regexp_matches({{0}}, {string(_DAY + ' .*([A-Za-z]|[-+][0-9:]+$)')})"
        f" THEN CAST({{0}} AS TIMESTAMPTZ) ELSE timezone('UTC', {zoneless}) END",
        [sql],
    )
    return _timestamps(parsed, Type(TIMESTAMP_TZ, (_MICROS,)), target)


# ---- the table ---------------------------------------------------------------------------------

CASTS: dict[tuple[str, str], Cast] = {}
"""By the names of both types; `nested_casts` adds those of arrays, maps, rows and JSON."""


def allow(sources: tuple[str, ...], targets: tuple[str, ...], cast: Cast) -> None:
    """Add a rule for each of `sources` to each of `targets`."""
    CASTS.update({(source, target): cast for source in sources for target in targets})


_INTS, _FLOATS, _TEXT = tuple(INTEGERS), ("real", "double"), ("varchar", "char")
_NUMBERS = (*_INTS, *_FLOATS, "decimal")
_FLOAT = r"\s*[-+]?(NaN|Infinity|(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?)\s*"

allow(("boolean", *_INTS, "decimal"), _NUMBERS, _plain)
allow(("real",), ("double",), _plain)
allow(("double",), ("real",), _narrowed)
allow(_FLOATS, ("decimal",), _by_text)
allow(_FLOATS, _INTS, _rounded)
allow(_NUMBERS, ("boolean",), _not_zero)
allow(_TEXT, _INTS, _checked(r"\s*[-+]?\d+\s*", "Cannot cast '@' to {}"))
allow(_TEXT, _FLOATS, _checked(_FLOAT, "Cannot cast '@' to {}"))
allow(_TEXT, ("decimal",), _checked(r"[^_]*", "Cannot cast VARCHAR '@' to {}"))
allow(_TEXT, ("uuid",), _plain)
allow(_TEXT, ("boolean",), _truth)
allow(_TEXT, _TEXT, cut)
allow(_TEXT, ("varbinary",), _encoded)
allow(_TEXT, ("date",), _checked(rf"\s*{_DAY}\s*", "Value cannot be cast to date: @"))
allow(_TEXT, ("time",), _text_to_time)
allow(_TEXT, ("timestamp",), _text_to_timestamp)
allow(_TEXT, (TIMESTAMP_TZ,), _text_to_instant)
allow(("boolean", *_INTS, "date", "uuid"), _TEXT, _texts(_own_text))
allow(("decimal",), _TEXT, _texts(formats.decimal_text))
allow(_FLOATS, _TEXT, _texts(lambda sql, _: formats.scientific(sql)))
allow(("timestamp",), _TEXT, _texts(lambda sql, t: formats.timestamp_text(sql, t.precision)))
allow((TIMESTAMP_TZ,), _TEXT, _texts(formats.zoned_text))
allow(("time",), _TEXT, _texts(lambda sql, t: formats.time_text(sql, t.precision)))
allow(("interval day to second",), _TEXT, _texts(lambda sql, _: formats.day_interval_text(sql)))
allow(("interval year to month",), _TEXT, _texts(lambda sql, _: formats.month_interval_text(sql)))
allow(("timestamp",), ("date", "time"), _plain)
allow(("date",), ("timestamp",), _plain)
allow(("date", "timestamp"), (TIMESTAMP_TZ,), _instant)
allow((TIMESTAMP_TZ,), ("date", "time", "timestamp"), _local)
allow(("timestamp",), ("timestamp",), _timestamps)
allow((TIMESTAMP_TZ,), (TIMESTAMP_TZ,), _timestamps)
allow(("time",), ("time",), _times)
allow(("time",), (TIME_TZ,), _plain)
allow(
    ("uuid",), ("varbinary",), lambda sql, _, __: f"unhex(replace(CAST({sql} AS VARCHAR), '-', ''))"
)
allow(("varbinary",), ("uuid",), lambda sql, _, __: f"CAST(hex({sql}) AS UUID)")
