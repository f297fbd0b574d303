"""Formats of times: MySQL's (date_format) and Joda's (format_datetime) as strftime writes them.

Source: Trino documentation, "Date and time functions and operators", its two tables of letters.
"""

from __future__ import annotations

import re

from sqlglot import exp

from fsql.local.transpile.places import fault

__all__ = ["ZONES", "joda_pattern", "mysql_pattern"]

_MYSQL = {
    **{letter: f"%{letter}" for letter in "abdHjmpYy%"},
    "c": "%-m",
    "e": "%-d",
    "f": "%f",
    "h": "%I",
    "I": "%I",
    "i": "%M",
    "k": "%-H",
    "l": "%-I",
    "M": "%B",
    "r": "%I:%M:%S %p",
    "S": "%S",
    "s": "%S",
    "T": "%H:%M:%S",
    "v": "%V",
    "W": "%A",
    "x": "%G",
}


def mysql_pattern(node: exp.Expr, text: str) -> str:
    """``%Y-%m-%d %i`` as strftime writes it: ``%Y-%m-%d %M``."""

    def letter(found: re.Match[str]) -> str:
        if found[1] in "DUuVwX":
            message = f"%{found[1]} not supported in date format string"
            raise fault(node, "INVALID_FUNCTION_ARGUMENT", message)
        return _MYSQL.get(found[1], found[1])

    return re.sub("%(.)", letter, text, flags=re.DOTALL)


_JODA = {
    "y": {1: "%Y", 2: "%y", 4: "%Y"},
    "Y": {1: "%Y", 2: "%y", 4: "%Y"},
    "x": {1: "%G", 4: "%G"},
    "w": {1: "%V", 2: "%V"},
    "e": {1: "%u"},
    "E": {1: "%a", 2: "%a", 3: "%a", 4: "%A"},
    "D": {1: "%-j", 3: "%j"},
    "M": {1: "%-m", 2: "%m", 3: "%b", 4: "%B"},
    "d": {1: "%-d", 2: "%d"},
    "a": {1: "%p", 2: "%p"},
    "h": {1: "%-I", 2: "%I"},
    "H": {1: "%-H", 2: "%H"},
    "m": {1: "%-M", 2: "%M"},
    "s": {1: "%-S", 2: "%S"},
    "S": {3: "%g", 6: "%f"},
    "G": {1: "AD", 2: "AD", 3: "AD"},
    "Z": {1: "\1", 2: "\2", 3: "\3"},
}
"""A control character stands for the zone, which strftime can't know: see `ZONES`."""
ZONES = ("\1", "\2", "\3")
"""For an offset as in ``+0530``, for one as in ``+05:30``, and for the name of the zone."""
_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def joda_pattern(node: exp.Expr, text: str) -> str:
    """``yyyy-MM-dd HH:mm:ss.SSS`` as strftime writes it."""

    def piece(found: re.Match[str]) -> str:
        if found[1] is not None:
            return (found[1].replace("''", "'") or "'").replace("%", "%%")
        if found[2] is None:
            return found[0].replace("%", "%%")
        written = _JODA.get(found[2], {}).get(len(found[0]))
        if written is None:
            message = f"Pattern letters {found[0]} are not supported in a datetime format"
            raise fault(node, "NOT_SUPPORTED", message)
        return written

    if "".join(found[0] for found in _PIECE.finditer(text)) != text:
        raise fault(node, "INVALID_FUNCTION_ARGUMENT", f"Unterminated quote in pattern {text}")
    return _PIECE.sub(piece, text)
