"""Functions of intervals and of times of day, zones, and Teradata's names of formats.

Source: Trino documentation, "Date and time functions and operators", "Teradata functions".
"""

from __future__ import annotations

import re

from fsql.local.transpile.functions.registry import SCALAR, Call, register
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import string, template
from fsql.local.transpile.types import TIMESTAMP_TZ, Type, timestamp

__all__: list[str] = []

# ---- parts of intervals ------------------------------------------------------------------------

_MONTHS, _DAYS = "interval year to month", "interval day to second"

register(
    SCALAR,
    {
        f"year({_MONTHS}) bigint": "({0} // 12)",
        f"month({_MONTHS}) bigint": "({0} % 12)",
        f"day({_DAYS}) bigint": "({0} // 86400000)",
        f"day_of_month({_DAYS}) bigint": "({0} // 86400000)",
        f"hour({_DAYS}) bigint": "({0} // 3600000 % 24)",
        f"minute({_DAYS}) bigint": "({0} // 60000 % 60)",
        f"second({_DAYS}) bigint": "({0} // 1000 % 60)",
        f"millisecond({_DAYS}) bigint": "({0} % 1000)",
    },
)

# ---- times of day ------------------------------------------------------------------------------

_MICROS = {"millisecond": 1000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000}
_DAY = 86_400_000_000


def _micros(call: Call) -> int:
    """The size of the unit, which has to be a constant."""
    unit = call.given[0].literal
    if not isinstance(unit, str):
        raise fault(call.node, "NOT_SUPPORTED", "The unit of a date function must be constant")
    if unit.lower() not in _MICROS:
        message = f"'{unit.lower()}' is not a valid TIME field"
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", message)
    return _MICROS[unit.lower()]


def _time_of(micros: str) -> str:
    return f"CAST(TIME '00:00:00' + to_microseconds({micros}) AS TIME)"


def _truncated(call: Call) -> str:
    size = _micros(call)
    return _time_of(f"epoch_us({call.arguments[1]}) // {size} * {size}")


def _added(call: Call) -> Typed:
    size, type_ = _micros(call), call.types[2]
    moved = f"(epoch_us({call.arguments[2]}) + {call.arguments[1]} % {_DAY // size} * {size})"
    finer = 3 if size == _MICROS["millisecond"] else 0
    result = Type(type_.base, (max(type_.precision, finer),))
    return Typed(_time_of(f"({moved} + {_DAY}) % {_DAY}"), result)


def _between(call: Call) -> str:
    return template(f"((epoch_us({{2}}) - epoch_us({{1}})) // {_micros(call)})", call.arguments)


register(
    SCALAR,
    {
        "date_trunc(varchar, time) =1": _truncated,
        "date_add(varchar, bigint, time) =2": _added,
        "date_diff(varchar, time, time) bigint": _between,
        f"timezone({TIMESTAMP_TZ}) varchar": lambda call: template(
            f"CASE WHEN {{0}} IS NOT NULL THEN {string(call.types[0].zone)} END", call.arguments
        ),
    },
)

# ---- Teradata ----------------------------------------------------------------------------------

_TERADATA = {"yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d", "hh24": "%H", "hh": "%I"} | {
    "mi": "%M",
    "ss": "%S",
}


def _teradata(call: Call) -> str:
    """``yyyy/mm/dd hh24:mi:ss`` as strftime writes it."""
    text = call.given[1].literal
    if not isinstance(text, str):
        raise fault(call.node, "NOT_SUPPORTED", "The format must be constant")

    def piece(found: re.Match[str]) -> str:
        if found[0].lower() in _TERADATA:
            return _TERADATA[found[0].lower()]
        if re.fullmatch(r"[-/,.;: ]", found[0]):
            return found[0]
        message = f"Failed to tokenize string [{text}] at offset [{found.start()}]"
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", message)

    return string(re.sub(r"(?i)yyyy|hh24|yy|mm|dd|hh|mi|ss|.", piece, text, flags=re.DOTALL))


def _to_timestamp(call: Call) -> Typed:
    return Typed(f"strptime({call.arguments[0]}, {_teradata(call)})", timestamp(3))


register(
    SCALAR,
    {
        "to_char(timestamp, varchar) varchar": (
            lambda call: f"strftime({call.arguments[0]}, {_teradata(call)})"
        ),
        "to_timestamp(varchar, varchar) timestamp(3)": _to_timestamp,
        "to_date(varchar, varchar) date": (
            lambda call: f"CAST(strptime({call.arguments[0]}, {_teradata(call)}) AS DATE)"
        ),
        "index(varchar, varchar) bigint": "strpos({0}, {1})",
        "char2hexint(varchar) varchar": "fsql_char2hexint({0})",
    },
)
