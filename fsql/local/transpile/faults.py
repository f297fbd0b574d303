"""What DuckDB raises while a translated query runs, in Trino's codes and words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal

import duckdb

from fsql.local.transpile.errors import INTERNAL, SYSTEM, TrinoError
from fsql.local.transpile.types import InvalidType, trino_type

__all__ = ["trino_error"]


def trino_error(error: duckdb.Error) -> TrinoError:
    """The `TrinoError` that Athena would have reported for what DuckDB raised.

    What has no counterpart becomes GENERIC_INTERNAL_ERROR and keeps none of DuckDB's words, which
    could hold paths of this machine.
    """
    text = _CONTEXT.split(str(error), maxsplit=1)[0]
    for pattern, make in _FAULTS:
        if found := pattern.search(text):
            return make(found)
    if isinstance(error, duckdb.OutOfMemoryException):
        return TrinoError(
            "EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exhausted resources", category=SYSTEM
        )
    message = f"Unexpected failure while running the query ({type(error).__name__})"
    return TrinoError(INTERNAL, message, category=SYSTEM)


_CONTEXT = re.compile(r"\n\nLINE \d+: ")
"""What DuckDB adds to show the place in its own text."""


def _said(name: str, message: str) -> Callable[[re.Match[str]], TrinoError]:
    """A fault whose message is made from the pattern's groups: ``\\1``."""
    return lambda found: TrinoError(name, found.expand(message))


def _ours(found: re.Match[str]) -> TrinoError:
    return TrinoError(found[1], found[2])


def _type(duckdb_text: str) -> str:
    """The Trino type behind DuckDB's internal name, such as INT64."""
    named = _INTERNAL.get(duckdb_text, duckdb_text)
    try:
        return trino_type(named)
    except InvalidType:
        return named.lower()


_INTERNAL = {
    "INT8": "TINYINT",
    "INT16": "SMALLINT",
    "INT32": "INTEGER",
    "INT64": "BIGINT",
    "INT128": "BIGINT",  # where a sum of bigints outgrows them
    "BOOL": "BOOLEAN",
}


def _wrong_text(found: re.Match[str]) -> TrinoError:
    wanted = _type(found[2])
    shown = "INT" if wanted == "integer" else wanted.upper()
    if wanted.startswith("decimal"):
        shown = shown.replace(",", ", ")
        return TrinoError("INVALID_CAST_ARGUMENT", f"Cannot cast VARCHAR '{found[1]}' to {shown}")
    return TrinoError("INVALID_CAST_ARGUMENT", f"Cannot cast '{found[1]}' to {shown}")


def _out_of_range(found: re.Match[str]) -> TrinoError:
    source, value, target = _type(found[1]), found[2], _type(found[3])
    if source in ("double", "real"):
        value = _java(value)
        if value == "NaN" or target == "bigint":
            return TrinoError("INVALID_CAST_ARGUMENT", f"Unable to cast {value} to {target}")
    if target == source:
        return TrinoError("NUMERIC_VALUE_OUT_OF_RANGE", f"{target} addition overflow: {value}")
    return TrinoError("NUMERIC_VALUE_OUT_OF_RANGE", f"Out of range for {target}: {value}")


def _java(value: str) -> str:
    """A double as Java prints it: ``1.0E10``."""
    number = float(value)
    if not math.isfinite(number):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return str(number)
    digits, _, power = f"{Decimal(str(number)).normalize():E}".partition("E")
    return f"{digits if '.' in digits else digits + '.0'}E{int(power)}"


def _overflow(found: re.Match[str]) -> TrinoError:
    operation, kind, values = found[1], found[2], found[3]
    if kind.startswith("DECIMAL"):
        return TrinoError("NUMERIC_VALUE_OUT_OF_RANGE", "Decimal overflow")
    message = f"{_type(kind)} {operation} overflow: {values}"
    return TrinoError("NUMERIC_VALUE_OUT_OF_RANGE", message)


def _not_whole(found: re.Match[str]) -> TrinoError:
    target = _type(found[2]).upper()
    return TrinoError("INVALID_CAST_ARGUMENT", f"Cannot cast '{found[1]}' to {target}")


_FAULTS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], TrinoError]]] = [
    (re.compile(pattern, re.DOTALL), make)
    for pattern, make in [
        (r"Could not convert string 'TRINO:(\w+):(.*)' to INT32", _ours),
        (r"Python exception occurred .*: TRINO:(\w+):([^\n]*)", _ours),
        (
            r"failed to cast column \"(.*?)\" from type .* value \"?(\S+?)\"?(?: can't| to )",
            _said("HIVE_CURSOR_ERROR", r"Failed to read Parquet file: \1 holds \2, out of range"),
        ),
        (
            r"failed to cast column \"(.*?)\" from type",
            _said("HIVE_CURSOR_ERROR", r"Failed to read Parquet file: \1 holds a bad value"),
        ),
        (
            r"CSV Error on Line: (\d+)\n.*Invalid unicode",
            _said("HIVE_CURSOR_ERROR", r"Failed to read text file: line \1 is not UTF-8"),
        ),
        (
            r"CSV Error on Line: (\d+)\n",
            _said("HIVE_CURSOR_ERROR", r"Failed to read text file: line \1 is too long"),
        ),
        (
            r"No files found that match the pattern|Cannot open file",
            _said("HIVE_CANNOT_OPEN_SPLIT", "Error opening Hive split: a file is gone; try again"),
        ),
        (r"Division by zero", _said("DIVISION_BY_ZERO", "Division by zero")),
        (r"Could not convert string ['\"](.*)['\"] to ([\w(),]+)", _wrong_text),
        (r"Type (\w+) with value (\S+) can't be cast .* destination type (\w+)", _out_of_range),
        (r"Overflow in (\w+) of (\w+)[^ ]* \((.*?)\)", _overflow),
        (
            r"Overflow in division of (\S+) / (\S+)",
            _said("NUMERIC_VALUE_OUT_OF_RANGE", r"division overflow: \1 / \2"),
        ),
        (r"Failed to cast decimal value (\S+) to type (\w+)", _not_whole),
        (
            r"Overflow in SUM of DECIMAL",
            _said("NUMERIC_VALUE_OUT_OF_RANGE", "Decimal overflow"),
        ),
        (
            r"Overflow in negation of",
            _said("NUMERIC_VALUE_OUT_OF_RANGE", "Value is out of range for negation"),
        ),
        (
            r"Invalid escape string",
            _said("INVALID_FUNCTION_ARGUMENT", "Escape string must be a single character"),
        ),
        (
            r"Like pattern must not end with escape",
            _said(
                "INVALID_FUNCTION_ARGUMENT",
                "Escape character must be followed by '%', '_' or the escape character itself",
            ),
        ),
        (
            r"Overflow on abs\((\S+)\)",
            _said("NUMERIC_VALUE_OUT_OF_RANGE", r"Value \1 is out of range for abs()"),
        ),
        (
            r"(?:Could not cast|Casting) value \"?(\S+?)\"? to (?:type )?DECIMAL\((\d+),(\d+)\)",
            _said("INVALID_CAST_ARGUMENT", r"Cannot cast '\1' to DECIMAL(\2, \3)"),
        ),
        (
            r"More than one row returned by a subquery",
            _said("SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows"),
        ),
        (
            r"(?:invalid )?(date|time|timestamp) field (?:value out of range|format): \"(.*?)\"",
            _said("INVALID_CAST_ARGUMENT", r"Value cannot be cast to \1: \2"),
        ),
        (
            r"Unknown TimeZone '(.*?)'",
            _said("INVALID_FUNCTION_ARGUMENT", r"'\1' is not a valid time zone"),
        ),
        (
            r"Malformed JSON .*Input: \"(.*)\"",
            _said("INVALID_FUNCTION_ARGUMENT", r"Cannot convert value to JSON: '\1'"),
        ),
        (
            r"Failed to cast value to (?:\w+): (.*?)(?:\n|$)",
            _said("INVALID_CAST_ARGUMENT", r"Cannot cast value from JSON: \1"),
        ),
        (
            r"Map keys must be unique",
            _said("INVALID_FUNCTION_ARGUMENT", "Duplicate map keys are not allowed"),
        ),
        (
            r"Map keys can not be NULL",
            _said("INVALID_FUNCTION_ARGUMENT", "map key cannot be null"),
        ),
        (
            r"map key list does not align",
            _said("INVALID_FUNCTION_ARGUMENT", "Key and value arrays must be the same length"),
        ),
        (
            r"Invalid UTF8 Codepoint (\S+)",
            _said("INVALID_FUNCTION_ARGUMENT", r"Not a valid Unicode code point: \1"),
        ),
        (
            r"Could not parse string \"(.*?)\" according to format specifier",
            _said("INVALID_FUNCTION_ARGUMENT", r'Invalid format: "\1"'),
        ),
        (
            r"Invalid Input Error: ((?:missing|invalid|bad|unexpected|no argument|trailing)[^\n]*)",
            _said("INVALID_FUNCTION_ARGUMENT", r"Invalid regular expression: \1"),
        ),
        (
            r"Could not decode string \"(.*?)\" as base64",
            _said("INVALID_FUNCTION_ARGUMENT", r"Invalid base64: \1"),
        ),
        (
            r"Max expression depth limit",
            _said("STACK_OVERFLOW", "statement is too large (stack overflow during analysis)"),
        ),
        (
            r"Expected (ARRAY|OBJECT), but got \w+: (.*)",
            _said("INVALID_CAST_ARGUMENT", r"Cannot cast \2: Expected a JSON \1"),
        ),
        (
            r"Pattern has (\d+) groups\. Cannot access group (\d+)",
            _said("INVALID_FUNCTION_ARGUMENT", r"Pattern has \1 groups. Cannot access group \2"),
        ),
        (
            r"Failed to parse format specifier (.*?):",
            _said("INVALID_FUNCTION_ARGUMENT", r"Invalid format: \1"),
        ),
        (
            r"'to_base' radix must be between 2 and 36",
            _said("INVALID_FUNCTION_ARGUMENT", "Radix must be between 2 and 36"),
        ),
        (
            r"Argument for ntile must be greater than zero",
            _said("INVALID_FUNCTION_ARGUMENT", "Buckets must be greater than 0"),
        ),
        (
            r"QUANTILE can only take parameters in the range",
            _said("INVALID_FUNCTION_ARGUMENT", "Percentile must be between 0 and 1"),
        ),
        (
            r"Invalid input for MIN/MAX: n value must be > 0",
            _said(
                "INVALID_FUNCTION_ARGUMENT",
                "second argument of max_n/min_n must be a positive integer",
            ),
        ),
        (
            r"Invalid input for arg_min/arg_max: n value must be > 0",
            _said(
                "INVALID_FUNCTION_ARGUMENT",
                "third argument of max_by/min_by must be a positive integer",
            ),
        ),
        (
            r"Invalid input for hex digit: (.)",
            _said("INVALID_FUNCTION_ARGUMENT", r"Invalid hex character: \1"),
        ),
        (
            r"Strings must be of equal length",
            _said(
                "INVALID_FUNCTION_ARGUMENT",
                "The input strings to hamming_distance function must have the same length",
            ),
        ),
        (
            r"[Vv]alue out of range|out of range",
            _said("NUMERIC_VALUE_OUT_OF_RANGE", "Value out of range"),
        ),
    ]
]
