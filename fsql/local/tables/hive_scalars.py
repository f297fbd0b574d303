"""Values that stand in text files as text: DuckDB's SQL that parses them as Hive's SerDes do.

Every function takes the SQL of a text and gives that of the value, NULL for a text that is none.
What is one follows LazySimpleSerDe (`encodings/text` of trino-hive-formats): integers with digits
after the point that are cut off, Java's spelling of doubles, dates and times whose parts may have
one digit, true and false in any case.
"""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.transpile import types as tt
from fsql.local.transpile.sqltext import once, string

__all__ = ["Parse", "days", "epoch_millis", "milliseconds", "parsed", "sized"]

Parse = Callable[[tt.Type, str], str]
"""From a type and the SQL of a text to the SQL of the value, NULL if the text is none."""

_WHOLE = r"[+-]?(\d+(\.\d*)?|\.\d*)"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_DOUBLE = rf"\s*([+-]?(NaN|Infinity)|{_NUMBER}[fFdD]?)\s*"
_DATE = r"\d{1,4}-\d{1,2}-\d{1,2}"
_TIME = r"\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,9})?)?"
_SHORTEST_TIMESTAMP = 8


def parsed(type_: tt.Type, text: str) -> str:
    """A text as LazySimpleSerDe reads it."""
    return once(text, lambda value: _PARSED[type_.base](type_, value))


def sized(type_: tt.Type, value: str) -> str:
    """A text cut to the length of its type; ``char(n)`` padded to it."""
    if not type_.sizes:
        return value
    cut = f"left({value}, {type_.sizes[0]})"
    return f"rpad(rtrim({cut}, ' '), {type_.sizes[0]}, ' ')" if type_.base == "char" else cut


def milliseconds(value: str) -> str:
    """A time rounded to milliseconds, half of one upwards, before 1970 too."""
    return f"date_trunc('milliseconds', {value} + INTERVAL 500 MICROSECOND)"


def epoch_millis(text: str) -> str:
    """A time from its milliseconds since 1970."""
    number = _if(text, r"-?\d{1,15}", f"TRY_CAST({text} AS BIGINT)")
    return f"make_timestamp_ms({number})"


def days(text: str) -> str:
    """A date from its days since 1970."""
    number = _if(text, r"-?\d{1,7}", f"TRY_CAST({text} AS INTEGER)")
    return f"(DATE '1970-01-01' + {number})"


def _if(text: str, pattern: str, value: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {string(pattern)}) THEN {value} END"


def _boolean(type_: tt.Type, text: str) -> str:
    return f"CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END"


def _integer(type_: tt.Type, text: str) -> str:
    whole = f"split_part({text}, '.', 1)"
    whole = f"CASE WHEN {whole} IN ('', '+', '-') THEN '0' ELSE {whole} END"
    return _if(text, _WHOLE, f"TRY_CAST({whole} AS {tt.duckdb_type(type_)})")


def _float(type_: tt.Type, text: str) -> str:
    number = f"rtrim(trim({text}), 'fFdD')"
    return _if(text, _DOUBLE, f"TRY_CAST({number} AS {tt.duckdb_type(type_)})")


def _decimal(type_: tt.Type, text: str) -> str:
    return _if(text, _NUMBER, f"TRY_CAST({text} AS {tt.duckdb_type(type_)})")


def _date(type_: tt.Type, text: str) -> str:
    day = f"split_part(trim({text}), ' ', 1)"
    return _if(day, _DATE, f"TRY_CAST({day} AS DATE)")


def _timestamp(type_: tt.Type, text: str) -> str:
    # DuckDB cuts what follows the microseconds, which cannot change what they are rounded to.
    value = milliseconds(f"TRY_CAST(trim({text}) AS TIMESTAMP)")
    pattern = rf"\s*{_DATE}( {_TIME}|T{_TIME})?\s*"
    found = _if(text, pattern, value)
    return f"CASE WHEN length({text}) >= {_SHORTEST_TIMESTAMP} THEN {found} END"


def _binary(type_: tt.Type, text: str) -> str:
    return f"coalesce(try(from_base64({text})), encode({text}))"


_PARSED: dict[str, Parse] = {
    "boolean": _boolean,
    **dict.fromkeys(tt.INTEGERS, _integer),
    "real": _float,
    "double": _float,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
    "varbinary": _binary,
    "varchar": sized,
    "char": sized,
}
