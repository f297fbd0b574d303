"""The SQL/JSON functions. Source: Trino documentation, "JSON functions and operators"."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fsql.local.scalars.jsonpath import PathError
from fsql.local.scalars.jsonpath_parser import parse_path
from fsql.local.scalars.jsontext import Malformed, read_json, scientific, write_json
from fsql.local.scalars.registry import Fault, scalar

__all__: list[str] = []

ERROR = "error"
"""What ON ERROR or ON EMPTY says for a query that is to fail; else ``null`` and more."""


@lru_cache(64)
def _variables(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return found


class _Empty(Exception):
    """Nothing was found, and ON EMPTY says ERROR: whatever ON ERROR says."""


def _items(text: str, path: str, passing: str) -> list[Any]:
    try:
        root = read_json(text)
    except Malformed:
        raise Fault("JSON_INPUT_CONVERSION_ERROR", "conversion to JSON failed: ") from None
    try:
        return parse_path(path)(root, _variables(passing))
    except PathError as error:
        raise Fault("PATH_EVALUATION_ERROR", f"path evaluation failed: {error}") from None


@scalar("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "BOOLEAN", nulls=True)
def json_exists(text: str | None, path: str, passing: str, on_error: str) -> bool | None:
    if text is None:
        return None
    try:
        return bool(_items(text, path, passing))
    except Fault:
        if on_error == ERROR:
            raise
        return {"true": True, "false": False}.get(on_error)


@scalar("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR[]")
def json_value(text: str, path: str, passing: str, on_empty: str, on_error: str) -> list[str]:
    """What the value is (``text``, ``integer``, ``double``, ``boolean``) and its text.

    Or ``empty`` or ``error`` for a DEFAULT, or ``null``.
    """
    try:
        return _single_value(_items(text, path, passing), on_empty)
    except _Empty as error:
        raise Fault("JSON_VALUE_RESULT_ERROR", f"{error} no items") from None
    except Fault:
        if on_error == ERROR:
            raise
        return ["error" if on_error == "default" else "null"]


def _single_value(items: list[Any], on_empty: str) -> list[str]:
    said = "cannot extract SQL scalar from JSON: JSON path found"
    if not items:
        if on_empty == ERROR:
            raise _Empty(said)
        return ["empty" if on_empty == "default" else "null"]
    if len(items) > 1:
        raise Fault("JSON_VALUE_RESULT_ERROR", f"{said} multiple items")
    if isinstance(items[0], (list, dict)):
        raise Fault("JSON_VALUE_RESULT_ERROR", f"{said} an item that cannot be converted")
    return _scalar_text(items[0])


def _scalar_text(item: Any) -> list[str]:
    if item is None:
        return ["null"]
    if isinstance(item, bool):
        return ["boolean", str(item).lower()]
    if isinstance(item, float):
        return ["double", scientific(item)]
    return ["integer" if isinstance(item, int) else "text", str(item)]


@scalar(*["VARCHAR"] * 8)
def json_query(
    text: str, path: str, passing: str, wrapper: str, quotes: str, on_empty: str, on_error: str
) -> str | None:
    """`wrapper` is ``without``, ``conditional`` or ``unconditional``."""
    try:
        return _queried(_items(text, path, passing), wrapper, quotes, on_empty)
    except _Empty as error:
        raise Fault("JSON_OUTPUT_CONVERSION_ERROR", f"{error} no items") from None
    except Fault:
        if on_error == ERROR:
            raise
        return _OTHERWISE.get(on_error)


_OTHERWISE = {"empty array": "[]", "empty object": "{}"}


def _queried(items: list[Any], wrapper: str, quotes: str, on_empty: str) -> str | None:
    said = "conversion from JSON failed: JSON path found"
    if not items:
        if on_empty == ERROR:
            raise _Empty(said)
        return _OTHERWISE.get(on_empty)
    single = len(items) == 1 and isinstance(items[0], (list, dict))
    if wrapper == "unconditional" or (wrapper == "conditional" and not single):
        return write_json(items)
    if len(items) > 1:
        raise Fault("JSON_OUTPUT_CONVERSION_ERROR", f"{said} multiple items")
    if quotes == "omit" and isinstance(items[0], str):
        return items[0]
    return write_json(items[0])


# ---- JSON out of SQL values --------------------------------------------------------------------


@scalar("VARCHAR", "VARCHAR")
def json_checked(text: str) -> str:
    """A text that is JSON, without blanks; with FORMAT JSON."""
    try:
        return write_json(read_json(text))
    except Malformed:
        raise Fault("JSON_INPUT_CONVERSION_ERROR", "conversion to JSON failed: ") from None


@scalar("VARCHAR", "VARCHAR")
def json_unique(text: str) -> str:
    """An object no two of whose members have the same name."""
    json.loads(text, object_pairs_hook=_all_different)
    return text


def _all_different(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        said = "conversion from JSON failed: duplicate key passed to JSON_OBJECT function"
        raise Fault("JSON_OUTPUT_CONVERSION_ERROR", said)


@scalar("BLOB", "VARCHAR", "VARCHAR")
def decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise Fault("JSON_INPUT_CONVERSION_ERROR", "conversion to JSON failed: ") from None


@scalar("VARCHAR", "VARCHAR", "BLOB")
def encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding)


@scalar("DOUBLE", "VARCHAR")
def double_as_varchar(value: float) -> str:
    return scientific(value)


@scalar("DOUBLE", "VARCHAR")
def json_double(value: float) -> str:
    return write_json(value)
