"""CSV as OpenCSVSerde reads it: quotes and escapes, no line breaks within values.

All values are text; booleans and numbers are parsed from it, times from milliseconds and dates
from days since 1970. A text that is no value of its column is Athena's error HIVE_BAD_DATA.
Source: "Open CSV SerDe for processing CSV" of the Athena user guide.
"""

from __future__ import annotations

import re

from fsql.local.opencsv import FUNCTION
from fsql.local.tables.hive_lines import Columns, Form, Scanned, lines, refused
from fsql.local.tables.hive_scalars import Parse, days, epoch_millis, parsed, sized
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt
from fsql.local.transpile.sqltext import let, string

__all__ = ["parts_of_line", "quoted_csv"]

_MARKS = (("separatorChar", ","), ("quoteChar", '"'), ("escapeChar", "\\"))
_WHOLE = r"[+-]?\d+"


def quoted_csv(paths: list[str], columns: Columns, form: Form, uri: str) -> Scanned:
    """The rows of CSV files; a missing value is NULL, one too many is left out."""
    marks = [form.serde.get(key, default)[:1] or "\0" for key, default in _MARKS]
    scan = f"(SELECT {parts_of_line('line', *marks)} AS parts, filename FROM {lines(paths, form)})"
    values = {
        name: _value(type_, place, form) for place, (name, type_) in enumerate(columns.items())
    }
    return scan, values


def parts_of_line(line: str, separator: str, quote: str, escape: str) -> str:
    """The SQL of the list of a line's values.

    A plain line is split, one that is well quoted taken apart by a pattern, any other by the
    function that does all that OpenCSV does.
    """
    s, q, e = (re.escape(mark) for mark in (separator, quote, escape))
    plain = f"[^{s}{q}{e}]*"
    value = f"{q}(?:[^{q}{e}]|{q}{q}|{e}[{q}{e}])*{q}|{plain}"
    well = f"(?s)(?:{value})(?:{s}(?:{value}))*"
    each = f"(?s){s}({value})"
    marks = string(separator + quote + escape)
    unquoted = _unquoted(line, each, separator, quote, escape)
    return (
        f"CASE WHEN {line} = '' THEN []"
        f" WHEN NOT contains({line}, {string(quote)}) AND NOT contains({line}, {string(escape)})"
        f" THEN string_split({line}, {string(separator)})"
        f" WHEN regexp_full_match({line}, {string(well)}) THEN {unquoted}"
        f" ELSE {FUNCTION}({line}, {marks}) END"
    )


def _unquoted(line: str, each: str, separator: str, quote: str, escape: str) -> str:
    """The values of a well quoted line without quotes and escapes."""
    found = f"regexp_extract_all({string(separator)} || {line}, {string(each)}, 1)"
    q, e = re.escape(quote), re.escape(escape)
    inner = f"regexp_replace(part[2:-2], {string(f'[{q}{e}]([{q}{e}])')}, '\\1', 'g')"
    one = f"CASE WHEN starts_with(part, {string(quote)}) THEN {inner} ELSE part END"
    return f"list_transform({found}, lambda part: {one})"


def _value(type_: tt.Type, place: int, form: Form) -> str:
    parse = _PARSED.get(type_.base)
    if parse is None:
        raise TrinoError("NOT_SUPPORTED", f"OpenCSVSerde does not read columns of type {type_}")
    if type_.base in ("varchar", "char"):
        return parse(type_, f"parts[{place + 1}]")

    def checked(text: str) -> str:
        wrong = refused(form, place, text, type_)
        return f"CASE WHEN {text} IS NOT NULL THEN coalesce({parse(type_, text)}, {wrong}) END"

    return let([f"parts[{place + 1}]"], checked)


def _integer(type_: tt.Type, text: str) -> str:
    value = f"TRY_CAST({text} AS {tt.duckdb_type(type_)})"
    return f"CASE WHEN regexp_full_match({text}, {string(_WHOLE)}) THEN {value} END"


_PARSED: dict[str, Parse] = {
    "boolean": parsed,
    **dict.fromkeys(tt.INTEGERS, _integer),
    "real": parsed,
    "double": parsed,
    "decimal": parsed,
    "date": lambda _, text: days(text),
    "timestamp": lambda _, text: epoch_millis(text),
    "varchar": sized,
    "char": sized,
}
