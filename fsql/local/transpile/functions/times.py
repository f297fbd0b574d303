"""Date and time functions. Source: Trino documentation, "Date and time functions and operators"."""

from __future__ import annotations

import re

from fsql.local.transpile import formats
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.functions.patterns import ZONES, joda_pattern, mysql_pattern
from fsql.local.transpile.functions.registry import SCALAR, Call, Emit, register
from fsql.local.transpile.moments import is_zone, zone_name
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import once, string, template
from fsql.local.transpile.types import (
    DATE,
    TIMESTAMP_TZ,
    Type,
    duckdb_type,
    timestamp,
    timestamp_tz,
)

__all__: list[str] = []

_KINDS = ("date", "timestamp", TIMESTAMP_TZ)


def _for_times(signature: str, emit: Emit, kinds: tuple[str, ...] = _KINDS) -> dict[str, Emit]:
    """One overload for each kind of time, written as ``#`` in the signature."""
    return {signature.replace("#", kind): emit for kind in kinds}


def wall(sql: str, type_: Type) -> str:
    """What a clock shows: an instant in its type's zone, any other value as it is."""
    return formats.local_time(sql, type_.zone) if type_.base == TIMESTAMP_TZ else sql


def _from_wall(sql: str, type_: Type) -> str:
    """The reverse of `wall`, from a TIMESTAMP."""
    if type_.base == TIMESTAMP_TZ:
        return formats.instant_of(sql, type_.zone)
    return f"CAST({sql} AS {duckdb_type(type_)})"


# ---- parts of a time ---------------------------------------------------------------------------


def _part(text: str) -> Emit:
    return lambda call: template(text, [wall(call.arguments[0], call.types[0])])


def _zone_part(divisor: str) -> Emit:
    """Hours or minutes between the zone's clock and UTC's."""

    def made(call: Call) -> str:
        value, type_ = call.arguments[0], call.types[0]
        minutes = f"date_diff('minute', {formats.local_time(value, 'UTC')}, {wall(value, type_)})"
        return f"CAST({minutes} {divisor} AS BIGINT)"

    return made


_PARTS = {
    "year": "year({0})",
    "quarter": "quarter({0})",
    "month": "month({0})",
    "week": "weekofyear({0})",
    "week_of_year": "weekofyear({0})",
    "day": "day({0})",
    "day_of_month": "day({0})",
    "day_of_week": "isodow({0})",
    "dow": "isodow({0})",
    "day_of_year": "dayofyear({0})",
    "doy": "dayofyear({0})",
    "year_of_week": "isoyear({0})",
    "yow": "isoyear({0})",
}
_CLOCK_PARTS = {
    "hour": "hour({0})",
    "minute": "minute({0})",
    "second": "second({0})",
    "millisecond": "(millisecond({0}) % 1000)",
}
_CLOCKS = ("time", "timestamp", TIMESTAMP_TZ)

register(
    SCALAR,
    {
        signature: emit
        for name, text in _PARTS.items()
        for signature, emit in _for_times(f"{name}(#) bigint", _part(text)).items()
    },
)
register(
    SCALAR,
    {
        signature: emit
        for name, text in _CLOCK_PARTS.items()
        for signature, emit in _for_times(f"{name}(#) bigint", _part(text), _CLOCKS).items()
    },
)
register(
    SCALAR,
    {
        **_for_times("last_day_of_month(#) date", _part("last_day(CAST({0} AS DATE))")),
        f"timezone_hour({TIMESTAMP_TZ}) bigint": _zone_part("// 60"),
        f"timezone_minute({TIMESTAMP_TZ}) bigint": _zone_part("% 60"),
        "to_milliseconds(interval day to second) bigint": "{0}",
    },
)

# ---- date_trunc, date_add, date_diff -----------------------------------------------------------

_CLOCK_UNITS = ("millisecond", "second", "minute", "hour")
_DAY_UNITS = ("day", "week", "month", "quarter", "year")


def _unit(call: Call) -> str:
    """The unit, which has to be a constant that the value's type has."""
    unit, type_ = call.given[0].literal, call.types[-1]
    if not isinstance(unit, str):
        raise fault(call.node, "NOT_SUPPORTED", "The unit of a date function must be constant")
    known = _DAY_UNITS if type_.base == "date" else (*_CLOCK_UNITS, *_DAY_UNITS)
    if unit.lower() not in known:
        kind = "DATE" if type_.base == "date" else "Timestamp"
        message = f"'{unit.lower()}' is not a valid {kind} field"
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", message)
    return unit.lower()


def _truncated(call: Call) -> str:
    value, type_ = call.arguments[1], call.types[1]
    return _from_wall(f"date_trunc('{_unit(call)}', {wall(value, type_)})", type_)


def _added(call: Call) -> Typed:
    unit, type_ = _unit(call), call.types[2]
    amount, value = call.arguments[1], call.arguments[2]
    moved = f"{_DURATIONS[unit].format(amount)}"
    if type_.base == TIMESTAMP_TZ and unit in _CLOCK_UNITS:
        return Typed(
            formats.instant_of(f"{formats.local_time(value, 'UTC')} + {moved}", "UTC"), type_
        )
    finer = 3 if unit == "millisecond" else 0
    result = Type(type_.base, tuple(max(size, finer) for size in type_.sizes), zone=type_.zone)
    return Typed(_from_wall(f"{wall(value, type_)} + {moved}", type_), result)


_DURATIONS = {
    "millisecond": "to_milliseconds({})",
    "second": "to_seconds({})",
    "minute": "to_minutes({})",
    "hour": "to_hours({})",
    "day": "to_days(CAST({} AS INTEGER))",
    "week": "to_days(CAST({} * 7 AS INTEGER))",
    "month": "to_months(CAST({} AS INTEGER))",
    "quarter": "to_months(CAST({} * 3 AS INTEGER))",
    "year": "to_years(CAST({} AS INTEGER))",
}


def _between(call: Call) -> str:
    """Whole units between two times: the last one counts once it is complete."""
    unit = _unit(call)
    first, second = (
        formats.local_time(value, "UTC")
        if type_.base == TIMESTAMP_TZ and unit in _CLOCK_UNITS
        else wall(value, type_)
        for value, type_ in zip(call.arguments[1:], call.types[1:], strict=True)
    )
    return f"date_sub('{unit}', {first}, {second})"


register(
    SCALAR,
    {
        **_for_times("date_trunc(varchar, #) =1", _truncated),
        **_for_times("date_add(varchar, bigint, #) =2", _added),
        **_for_times("date_diff(varchar, #, #) bigint", _between),
    },
)

# ---- conversions -------------------------------------------------------------------------------


def _cast_to_date(call: Call) -> str:
    return cast_sql(call.arguments[0], call.types[0], DATE)


def _from_unixtime(call: Call) -> Typed:
    zone = "UTC"
    if len(call.given) == 2:
        name = call.given[1].literal
        if not isinstance(name, str):
            raise fault(call.node, "NOT_SUPPORTED", "from_unixtime needs a constant zone")
        zone = zone_name(call.node, name)
    if len(call.given) == 3:
        zone = _offset_zone(call)
    sql = f"make_timestamptz(CAST(round({call.arguments[0]} * 1000) AS BIGINT) * 1000)"
    return Typed(sql, timestamp_tz(3, zone))


def _offset_zone(call: Call) -> str:
    hours, minutes = (given.literal for given in call.given[1:])
    if not isinstance(hours, int) or not isinstance(minutes, int):
        raise fault(call.node, "NOT_SUPPORTED", "from_unixtime needs a constant offset")
    offset = hours * 60 + minutes
    if abs(offset) > _WIDEST or abs(minutes) > 59:
        message = f"Invalid offset minutes {offset}"
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", message)
    sign = "-" if offset < 0 else "+"
    return f"{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}" if offset else "UTC"


_WIDEST = 14 * 60
"""Minutes; how far from UTC a zone may be."""


_ISO = r"(\d{4})(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d([.,]\d+)?)?)?)?)?)?(Z|[-+]\d\d(:?\d\d)?)?"


def _from_iso8601(call: Call) -> Typed:
    """Shown in the zone of a constant text; what comes from a column is shown in UTC."""
    said = "'Invalid format: \"' || {0} || '\"'"
    wrong = f"CAST(CAST('TRINO:INVALID_FUNCTION_ARGUMENT:' || {said} AS INTEGER) AS TIMESTAMPTZ)"
    padded = (
        "{0} || CASE WHEN length({0}) = 4 THEN '-01-01' WHEN length({0}) = 7 THEN '-01' ELSE '' END"
    )
    text = (
        f"CASE WHEN {{0}} IS NULL THEN NULL WHEN NOT regexp_full_match({{0}}, {string(_ISO)})"
        f" THEN {wrong} WHEN regexp_matches({{0}}, 'T.*(Z|[-+]\\d\\d(:?\\d\\d)?)$')"
        f" THEN CAST({{0}} AS TIMESTAMPTZ) ELSE timezone('UTC', CAST({padded} AS TIMESTAMP)) END"
    )
    sql = template(text.replace("\\d{4}", "\\d\\d\\d\\d"), [_calendar(call.arguments[0])])
    zone = _iso_zone(call.given[0].literal)
    return Typed(cast_sql(sql, timestamp_tz(6), timestamp_tz(3)), timestamp_tz(3, zone))


def _calendar(text: str) -> str:
    """A week or a day of the year as a calendar date, before the time."""
    other = string(r"^\d\d\d\d-(W.*|\d\d\d)(T.*)?$")
    made = "CAST(fsql_iso_date(split_part({0}, 'T', 1)) AS VARCHAR) || regexp_extract({0}, 'T.*$')"
    return template(f"CASE WHEN regexp_matches({{0}}, {other}) THEN {made} ELSE {{0}} END", [text])


def _iso_zone(text: str | int | None) -> str:
    found = re.search(r"T.*?([-+]\d\d):?(\d\d)?$", text) if isinstance(text, str) else None
    return (
        f"{found[1]}:{found[2] or '00'}" if found and int(found[1] + (found[2] or "00")) else "UTC"
    )


def _to_iso8601(call: Call) -> str:
    type_ = call.types[0]
    if type_.base == "date":
        return f"CAST({call.arguments[0]} AS VARCHAR)"

    def printed(value: str) -> str:
        text = f"replace({formats.timestamp_text(wall(value, type_), type_.precision)}, ' ', 'T')"
        return text if type_.base == "timestamp" else f"({text} || {_offset(value, type_)})"

    return once(call.arguments[0], printed)


def _offset(value: str, type_: Type) -> str:
    """``Z`` or ``-05:00``: how far the zone was from UTC at that time."""
    if type_.zone == "UTC":
        return "'Z'"
    minutes = f"date_diff('minute', {formats.local_time(value, 'UTC')}, {wall(value, type_)})"
    return (
        f"(CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END"
        f" || strftime(TIMESTAMP '1970-01-01' + to_minutes(abs({minutes})), '%H:%M'))"
    )


def _zoned(call: Call) -> Typed:
    """at_timezone: the same instant; with_timezone: the same clock."""
    name = call.given[1].literal
    if not isinstance(name, str):
        raise fault(call.node, "NOT_SUPPORTED", "The zone must be constant")
    zone = zone_name(call.node, name)
    value, type_ = call.arguments[0], call.types[0]
    sql = value if type_.base == TIMESTAMP_TZ else formats.instant_of(value, zone)
    return Typed(sql, timestamp_tz(type_.precision, zone))


register(
    SCALAR,
    {
        **_for_times("date(#) date", _cast_to_date, ("varchar", *_KINDS)),
        "now() timestamp(3) with time zone": (
            lambda call: cast_sql("now()", timestamp_tz(6), timestamp_tz(3))
        ),
        "current_timezone() varchar": "'UTC'",
        "from_unixtime(double) timestamp(3) with time zone": _from_unixtime,
        "from_unixtime(double, varchar) timestamp(3) with time zone": _from_unixtime,
        "from_unixtime(double, bigint, bigint) timestamp(3) with time zone": _from_unixtime,
        f"to_unixtime({TIMESTAMP_TZ}) double": "epoch({0})",
        "to_unixtime(timestamp) double": "epoch({0})",
        "from_iso8601_timestamp(varchar) timestamp(3) with time zone": _from_iso8601,
        "from_iso8601_date(varchar) date": "fsql_iso_date({0})",
        **_for_times("to_iso8601(#) varchar", _to_iso8601),
        f"at_timezone({TIMESTAMP_TZ}, varchar) {TIMESTAMP_TZ}": _zoned,
        f"with_timezone(timestamp, varchar) {TIMESTAMP_TZ}": _zoned,
    },
)

# ---- patterns ----------------------------------------------------------------------------------


def _pattern(call: Call, translate: object) -> str:
    return string(_pattern_text(call, translate))


def _pattern_text(call: Call, translate: object) -> str:
    text = call.given[1].literal
    if not isinstance(text, str):
        raise fault(call.node, "NOT_SUPPORTED", "The format must be constant")
    assert callable(translate)
    return str(translate(call.node, text))


def _formatted(translate: object) -> Emit:
    """Printed with milliseconds, as Trino does whatever the precision."""

    def made(call: Call) -> str:
        return once(call.arguments[0], lambda value: _printed(call, value, translate))

    return made


def _printed(call: Call, value: str, translate: object) -> str:
    type_ = call.types[0]
    pieces = re.split("([\1\2\3])", _pattern_text(call, translate))
    shown = wall(value, type_)
    texts = [
        _zone_text(piece, value, type_) if piece in ZONES else f"strftime({shown}, {string(piece)})"
        for piece in pieces
        if piece or len(pieces) == 1
    ]
    return f"({' || '.join(texts)})" if len(texts) > 1 else texts[0]


def _zone_text(mark: str, value: str, type_: Type) -> str:
    """A value without a zone is one of UTC's."""
    if mark == ZONES[2]:
        return f"CASE WHEN {value} IS NOT NULL THEN {string(type_.zone)} END"
    offset = "'+00:00'" if type_.base != TIMESTAMP_TZ else _offset(value, type_)
    plain = f"replace({offset}, 'Z', '+00:00')"
    return f"replace({plain}, ':', '')" if mark == ZONES[0] else plain


def _parsed_mysql(call: Call) -> Typed:
    """In milliseconds; of years with two digits the first is 1970, where DuckDB's is 1969."""
    parsed = (
        f"date_trunc('millisecond', strptime({call.arguments[0]}, {_pattern(call, mysql_pattern)}))"
    )
    if "%y" in str(call.given[1].literal):
        later = "CASE WHEN year({0}) = 1969 THEN {0} + to_years(100) ELSE {0} END"
        parsed = template(later, [parsed])
    return Typed(parsed, timestamp(3))


def _parsed_joda(call: Call) -> Typed:
    """Shown in the zone of a constant text; what comes from a column is shown in UTC."""
    pattern = _pattern_text(call, joda_pattern)
    zoned = any(mark in pattern for mark in ZONES)
    for mark, letter in zip(ZONES, ("%z", "%z", "%Z"), strict=True):
        pattern = pattern.replace(mark, letter)
    parsed = f"strptime({call.arguments[0]}, {string(pattern)})"
    if zoned:
        return Typed(parsed, timestamp_tz(3, _last_zone(call.given[0].literal)))
    return Typed(f"timezone('UTC', CAST({parsed} AS TIMESTAMP))", timestamp_tz(3))


def _last_zone(text: str | int | None) -> str:
    """The zone at the end of a text, or UTC."""
    found = re.search(r"([-+]\d\d):?(\d\d)$|([A-Z]\w+(?:/\w+)*)$", str(text))
    name = found[3] or f"{found[1]}:{found[2]}" if found else "UTC"
    return name if is_zone(name) and name != "+00:00" else "UTC"


register(
    SCALAR,
    {
        **_for_times("date_format(#, varchar) varchar", _formatted(mysql_pattern)),
        "date_parse(varchar, varchar) timestamp(3)": _parsed_mysql,
        **_for_times("format_datetime(#, varchar) varchar", _formatted(joda_pattern)),
        "parse_datetime(varchar, varchar) timestamp(3) with time zone": _parsed_joda,
    },
)
