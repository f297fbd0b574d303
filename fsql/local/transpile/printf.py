"""format(): Java's format strings, as far as DuckDB's own format() can carry them.

Source: Trino documentation, "Conversion functions", and Java's Formatter, to which it points.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from fsql.local.transpile import formats
from fsql.local.transpile.binder import Binder
from fsql.local.transpile.calls import SPECIAL
from fsql.local.transpile.casts import can_cast, cast_sql
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import once, string
from fsql.local.transpile.types import (
    DOUBLE,
    INTEGERS,
    TIMESTAMP_TZ,
    UNKNOWN,
    VARCHAR,
    Type,
    timestamp,
)

__all__: list[str] = []

_SPECIFIER = re.compile(
    r"%(?:(?P<place>\d+)\$)?(?P<flags>[-#+ 0,(]*)(?P<width>\d+)?(?:\.(?P<precision>\d+))?"
    r"(?P<letter>t?[A-Za-z]|%)"
)
_TIMES = {
    **{letter: f"%{letter}" for letter in "YymdHIMSpjBbAa"},
    "e": "%-d",
    "k": "%-H",
    "l": "%-I",
    "L": "%g",
    "N": "%n",
    "h": "%b",
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "D": "%m/%d/%y",
}


def _format(binder: Binder, node: exp.Anonymous) -> Typed:
    values = [binder.bind(item) for item in node.expressions]
    pattern = values[0].literal if values else None
    if not isinstance(pattern, str):
        raise fault(node, "NOT_SUPPORTED", "The format of format() must be constant")
    pieces = _pieces(node, pattern, values[1:])
    return Typed(f"({' || '.join(pieces)})" if pieces else "''", VARCHAR)


def _pieces(node: exp.Expr, pattern: str, values: list[Typed]) -> list[str]:
    pieces, end, ordinary = [], 0, 0
    for found in _SPECIFIER.finditer(pattern):
        pieces += _verbatim(node, pattern[end : found.start()])
        end = found.end()
        if found["letter"] in ("%", "n"):
            pieces.append(string("%" if found["letter"] == "%" else "\n"))
            continue
        ordinary += not found["place"]
        place = int(found["place"] or ordinary)
        if not 1 <= place <= len(values):
            raise _invalid(node, pattern, f"Format specifier '{found[0]}'")
        pieces.append(_specified(node, found, values[place - 1]))
    return pieces + _verbatim(node, pattern[end:])


def _verbatim(node: exp.Expr, text: str) -> list[str]:
    if "%" in text:
        raise _invalid(node, text, "UnknownFormatConversion: Conversion = '%'")
    return [string(text)] if text else []


def _invalid(node: exp.Expr, pattern: str, why: str) -> TrinoError:
    return fault(node, "INVALID_FUNCTION_ARGUMENT", f"Invalid format string: {pattern} ({why})")


def _specified(node: exp.Expr, found: re.Match[str], value: Typed) -> str:
    letter = found["letter"]
    make = _printed_time if letter.startswith("t") else _LETTERS.get(letter)
    if make is None or set(found["flags"]) & set("#("):
        raise fault(node, "NOT_SUPPORTED", f"Format specifier '{found[0]}' is not supported")
    if value.type == UNKNOWN:
        return _aligned(found, "'null'")
    text = make(node, found, value)
    return f"coalesce({text}, {_aligned(found, string('null'))})"


Printer = Callable[[exp.Expr, "re.Match[str]", Typed], str]


def _mismatch(node: exp.Expr, found: re.Match[str], value: Typed) -> TrinoError:
    return _invalid(node, found[0], f"IllegalFormatConversion: {found['letter']} != {value.type}")


def _text(node: exp.Expr, found: re.Match[str], value: Typed) -> str:
    sql, type_ = value.sql, value.type
    if type_.base in ("real", "double"):
        text = once(sql, formats.java_text)
    elif can_cast(type_, VARCHAR):
        text = cast_sql(sql, type_, VARCHAR)
    else:
        raise fault(node, "NOT_SUPPORTED", f"format() of a {type_} is not supported")
    if found["precision"]:
        text = f"left({text}, {found['precision']})"
    return _aligned(found, f"upper({text})" if found["letter"] == "S" else text)


def _aligned(found: re.Match[str], text: str) -> str:
    if not found["width"]:
        return text
    side = "<" if "-" in found["flags"] else ">"
    return f"format('{{:{side}{found['width']}}}', {text})"


def _integer(node: exp.Expr, found: re.Match[str], value: Typed) -> str:
    if value.type.base not in INTEGERS or found["precision"]:
        raise _mismatch(node, found, value)
    return f"format('{{:{_python(found, '')}}}', {value.sql})"


def _float(node: exp.Expr, found: re.Match[str], value: Typed) -> str:
    if value.type.base not in ("real", "double", "decimal"):
        raise _mismatch(node, found, value)
    digits = f".{found['precision'] or '6'}"
    return f"format('{{:{_python(found, digits)}}}', {cast_sql(value.sql, value.type, DOUBLE)})"


def _python(found: re.Match[str], digits: str) -> str:
    """The same specifier in the words of DuckDB's format(), which are Python's."""
    flags = found["flags"]
    sign = next((flag for flag in "+ " if flag in flags), "")
    side = "<" if "-" in flags and found["width"] else ""
    zero = "0" if "0" in flags else ""
    comma = "," if "," in flags else ""
    return f"{side}{sign}{zero}{found['width'] or ''}{comma}{digits}{found['letter']}"


def _truth(node: exp.Expr, found: re.Match[str], value: Typed) -> str:
    if value.type.base != "boolean":
        raise _mismatch(node, found, value)
    return _aligned(found, f"CAST({value.sql} AS VARCHAR)")


def _printed_time(node: exp.Expr, found: re.Match[str], value: Typed) -> str:
    pattern = _TIMES.get(found["letter"][1:])
    if pattern is None or value.type.base not in ("date", "timestamp", TIMESTAMP_TZ):
        raise fault(node, "NOT_SUPPORTED", f"Format specifier '{found[0]}' is not supported")
    local: Type = timestamp(6)
    return _aligned(found, f"strftime({cast_sql(value.sql, value.type, local)}, '{pattern}')")


_LETTERS: dict[str, Printer] = {
    **dict.fromkeys("sS", _text),
    **dict.fromkeys("doxX", _integer),
    **dict.fromkeys("feE", _float),
    "b": _truth,
}

SPECIAL["format"] = _format
