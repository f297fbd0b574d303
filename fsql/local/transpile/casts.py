"""CAST, as Trino means it: one rule for each pair of types.

Source: Trino documentation, "Conversion functions" and the casts each data type's page lists.
"""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.transpile import formats
from fsql.local.transpile.sqltext import lambda_name, once, raised, string, template
from fsql.local.transpile.types import INTEGERS, TIME_TZ, TIMESTAMP_TZ, Type, duckdb_type, quoted

__all__ = ["can_cast", "cast_sql", "is_plain"]

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
    return (source.base, target.base) in _CASTS


def cast_sql(sql: str, source: Type, target: Type) -> str:
    """`sql`, a value of type `source`, as a `target`; fails at run time as Trino's CAST does.

    The pair must be one that `can_cast` allows.
    """
    if source == target:
        return sql
    if is_plain(source, target):
        return _plain(sql, source, target)
    if source.items and target.items:
        return _NESTED[target.base](sql, source, target)
    if source.base == "json" and target.items:
        return _NESTED_OF_JSON[target.base](sql, target)
    return _CASTS.get((source.base, target.base), _json)(sql, source, target)


def is_plain(source: Type, target: Type) -> bool:
    """Whether DuckDB's own CAST does exactly what Trino's does."""
    if source.base == target.base and source.items and len(source.items) == len(target.items):
        pairs = zip(source.items, target.items, strict=True)
        same_names = source.field_names() == target.field_names()
        return same_names and all(a == b or is_plain(a, b) for a, b in pairs)
    return source.base == "unknown" or _CASTS.get((source.base, target.base)) is _plain


def _plain(sql: str, source: Type, target: Type) -> str:
    return f"CAST({sql} AS {duckdb_type(target)})"


# ---- numbers -----------------------------------------------------------------------------------


def _rounded(sql: str, source: Type, target: Type) -> str:
    """DuckDB's own cast takes 2.5 to 2, Trino's to 3."""
    return f"CAST(round({sql}) AS {duckdb_type(target)})"


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
    return {"integer": "INT", "date": "date", "time": "time"}.get(target.base, str(target).upper())


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


def _text_to_text(sql: str, source: Type, target: Type) -> str:
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


# ---- JSON --------------------------------------------------------------------------------------


def _json(sql: str, source: Type, target: Type) -> str:
    if target.base == "json":
        return f"to_json({sql})"
    return f"CAST({sql} AS {duckdb_type(target)})"


def _text_of_json(sql: str, source: Type, target: Type) -> str:
    wrong = raised("INVALID_CAST_ARGUMENT", "'Cannot cast ' || {0} || ' to varchar'", "VARCHAR")
    text = template(
        f"CASE WHEN json_type({{0}}) IN ('ARRAY', 'OBJECT') THEN {wrong}"
        " ELSE json_extract_string({0}, '$') END",
        [sql],
    )
    return _text_to_text(text, Type("varchar"), target)


def _number_of_json(sql: str, source: Type, target: Type) -> str:
    text = f"json_extract_string({sql}, '$')"
    if target.base not in INTEGERS:
        return f"CAST({text} AS {duckdb_type(target)})"
    truth = "WHEN json_type({0}) = 'BOOLEAN' THEN CAST(CAST({0} AS BOOLEAN) AS BIGINT)"
    whole = "ELSE CAST(CAST(json_extract_string({0}, '$') AS DECIMAL(38,9)) AS BIGINT)"
    return f"CAST({template(f'CASE {truth} {whole} END', [sql])} AS {duckdb_type(target)})"


def _time_to_json(sql: str, source: Type, target: Type) -> str:
    return f"to_json({cast_sql(sql, source, Type('varchar'))})"


# ---- arrays, maps, rows ------------------------------------------------------------------------


def _array(sql: str, source: Type, target: Type) -> str:
    item = lambda_name(f"{sql} AS {target}")
    cast = cast_sql(item, source.items[0], target.items[0])
    return f"list_transform({sql}, lambda {item}: {cast})"


def _map(sql: str, source: Type, target: Type) -> str:
    item = lambda_name(f"{sql} AS {target}")
    key = cast_sql(f"({item}.key)", source.items[0], target.items[0])
    value = cast_sql(f"({item}.value)", source.items[1], target.items[1])
    pairs = f"list_transform(map_entries({sql}), lambda {item}: {{'key': {key}, 'value': {value}}})"
    return f"map_from_entries({pairs})"


def _row(sql: str, source: Type, target: Type) -> str:
    """Field by field in order: DuckDB's own cast would pair the fields by name."""

    def repacked(value: str) -> str:
        fields = zip(
            *(source.field_names(), source.items, target.field_names(), target.items), strict=True
        )
        casts = [
            f"{quoted(new)} := {cast_sql(f'({value}).{quoted(old)}', a, b)}"
            for old, a, new, b in fields
        ]
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(casts)}) END"

    return once(sql, repacked)


_NESTED: dict[str, Cast] = {"array": _array, "map": _map, "row": _row, "json": _json}

# ---- arrays, maps and rows of JSON -------------------------------------------------------------

_JSON = Type("json")


def _array_of_json(sql: str, target: Type) -> str:
    item = lambda_name(f"{sql} OF {target}")
    return (
        f"list_transform(CAST({sql} AS JSON[]), lambda {item}: {_of_json(item, target.items[0])})"
    )


def _map_of_json(sql: str, target: Type) -> str:
    item = lambda_name(f"{sql} OF {target}")
    key = cast_sql(f"({item}.key)", Type("varchar"), target.items[0])
    value = _of_json(f"({item}.value)", target.items[1])
    entry = f"struct_pack(key := {key}, value := {value})"
    pairs = f"map_entries(CAST({sql} AS MAP(VARCHAR, JSON)))"
    return f"map_from_entries(list_transform({pairs}, lambda {item}: {entry}))"


def _row_of_json(sql: str, target: Type) -> str:
    """From an object by its members' names, or from an array in order."""

    def packed(value: str) -> str:
        fields = []
        for i, (name, item) in enumerate(zip(target.field_names(), target.items, strict=True)):
            member = string('$."' + name.replace('"', "") + '"')
            path = f"CASE json_type({value}) WHEN 'ARRAY' THEN '$[{i}]' ELSE {member} END"
            fields.append(f"{quoted(name)} := {_of_json(f'json_extract({value}, {path})', item)}")
        known = f"json_type({value}) IN ('OBJECT', 'ARRAY')"
        return f"CASE WHEN {known} THEN struct_pack({', '.join(fields)}) END"

    return once(sql, packed)


def _of_json(sql: str, target: Type) -> str:
    return cast_sql(sql, _JSON, target)


_NESTED_OF_JSON: dict[str, Callable[[str, Type], str]] = {
    "array": _array_of_json,
    "map": _map_of_json,
    "row": _row_of_json,
}

# ---- the table ---------------------------------------------------------------------------------

_CASTS: dict[tuple[str, str], Cast] = {}


def _allow(sources: tuple[str, ...], targets: tuple[str, ...], cast: Cast) -> None:
    _CASTS.update({(source, target): cast for source in sources for target in targets})


_INTS, _FLOATS, _TEXT = tuple(INTEGERS), ("real", "double"), ("varchar", "char")
_NUMBERS = (*_INTS, *_FLOATS, "decimal")
_INSTANTS = ("timestamp", TIMESTAMP_TZ)

_allow(("boolean", *_INTS, "decimal"), _NUMBERS, _plain)
_allow(_FLOATS, (*_FLOATS, "decimal"), _plain)
_allow(_FLOATS, _INTS, _rounded)
_allow(_NUMBERS, ("boolean",), _not_zero)
_allow(_TEXT, _INTS, _checked(r"\s*[-+]?\d+\s*", "Cannot cast '@' to {}"))
_allow(_TEXT, (*_FLOATS, "decimal", "uuid"), _plain)
_allow(_TEXT, ("boolean",), _truth)
_allow(_TEXT, _TEXT, _text_to_text)
_allow(_TEXT, ("varbinary",), _encoded)
_allow(_TEXT, ("date",), _checked(rf"\s*{_DAY}\s*", "Value cannot be cast to date: @"))
_allow(_TEXT, ("time",), _text_to_time)
_allow(_TEXT, ("timestamp",), _text_to_timestamp)
_allow(_TEXT, (TIMESTAMP_TZ,), _text_to_instant)
_allow(("boolean", *_INTS, "date", "uuid"), _TEXT, _texts(_own_text))
_allow(("decimal",), _TEXT, _texts(formats.decimal_text))
_allow(_FLOATS, _TEXT, _texts(lambda sql, _: formats.scientific(sql)))
_allow(("timestamp",), _TEXT, _texts(lambda sql, t: formats.timestamp_text(sql, t.precision)))
_allow((TIMESTAMP_TZ,), _TEXT, _texts(formats.zoned_text))
_allow(("time",), _TEXT, _texts(lambda sql, t: formats.time_text(sql, t.precision)))
_allow(("interval day to second",), _TEXT, _texts(lambda sql, _: formats.day_interval_text(sql)))
_allow(("interval year to month",), _TEXT, _texts(lambda sql, _: formats.month_interval_text(sql)))
_allow(("timestamp",), ("date", "time"), _plain)
_allow(("date",), ("timestamp",), _plain)
_allow(("date", "timestamp"), (TIMESTAMP_TZ,), _instant)
_allow((TIMESTAMP_TZ,), ("date", "time", "timestamp"), _local)
_allow(("timestamp",), ("timestamp",), _timestamps)
_allow((TIMESTAMP_TZ,), (TIMESTAMP_TZ,), _timestamps)
_allow(("time",), ("time",), _times)
_allow(("time",), (TIME_TZ,), _plain)
_allow(("boolean", *_NUMBERS, *_TEXT), ("json",), _json)
_allow(("date", *_INSTANTS), ("json",), _time_to_json)
_allow(("json",), _TEXT, _text_of_json)
_allow(("json",), ("boolean",), _json)
_allow(("json",), _NUMBERS, _number_of_json)
