"""Nested values in JSON lines, made alike for DuckDB as Hive's JSON SerDes understand them.

DuckDB's `json_transform_strict` then reads them in one go: structs have the names of the table's
fields, and every value is one of its type. (Nested lambdas in SQL would take DuckDB seconds to
bind.) The rules are those of `hive_json`, which also names their sources.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from fsql.local.transpile import types as tt

__all__ = ["FUNCTION", "Rules", "Unfit", "made_alike", "register"]

FUNCTION = "fsql_json_value"
"""The SQL function: a value's JSON, and `Rules.text`; the JSON made alike."""

_EPOCH = dt.datetime(1970, 1, 1)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"(\d{1,4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?", re.ASCII)
_ZONE = re.compile(r"(.*\d)(?:Z|([+-])(\d{2}):?(\d{2}))", re.ASCII | re.IGNORECASE)
_MILLIS_DIGITS = 13
_BITS = {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}


class Unfit(ValueError):
    """A value that is none of its type."""


@dataclass(frozen=True)
class Rules:
    """How a column's JSON is read.

    Attributes:
        type: of the column, as Trino writes it.
        column: its place in the table, counted from 0.
        openx: whether it is OpenX' SerDe, which takes more than Hive's own ones.
        any_case: whether names match in any case.
        dots: whether dots in JSON's names stand for underscores.
        null: whether what is no value is NULL and no error.
        names: of the JSON's fields, by those of the table.
    """

    type: str
    column: int
    openx: bool
    any_case: bool = True
    dots: bool = False
    null: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The rules as one text."""
        return json.dumps(self.__dict__)

    def key(self, name: str) -> str:
        """What a field of the table is called in JSON."""
        found = self.names.get(name, name)
        return found.lower() if self.any_case else found

    def told(self, name: str) -> str:
        """A name of JSON as it is compared."""
        name = name.replace(".", "_") if self.dots else name
        return name.lower() if self.any_case else name


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `FUNCTION` known to a connection and all its cursors."""
    connection.create_function(
        FUNCTION,
        _function,
        ["VARCHAR", "VARCHAR"],
        "VARCHAR",
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )


def _function(values: pa.ChunkedArray, rules: pa.ChunkedArray) -> pa.Array:
    pairs = zip(values.to_pylist(), rules.to_pylist(), strict=True)
    found = [None if value is None else made_alike(value, _rules(rule)) for value, rule in pairs]
    return pa.array(found, pa.string())


@lru_cache(256)
def _rules(text: str) -> Rules:
    return Rules(**json.loads(text))


class _Number(str):
    """A number as it is written."""


def made_alike(value: str, rules: Rules) -> str | None:
    """A value's JSON as `json_transform_strict` reads it; None for NULL.

    Raises:
        Unfit: it is no value of the column's type; the text is the error for DuckDB to pass on.
    """
    found = json.loads(value, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    try:
        made = _Maker(rules).make(tt.parse_type(rules.type), found)
    except Unfit:
        if rules.null:
            return None
        said = f"Error parsing field value '{value}' for field {rules.column}"
        raise Unfit(f'TRINO:HIVE_BAD_DATA:{said}: For input string: "{value}"') from None
    return None if made is None else json.dumps(made)


class _Maker:
    """Makes values of types out of what JSON says."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._openx = rules.openx

    def make(self, type_: tt.Type, value: Any) -> Any:
        if value is None:
            return None
        nested = {"array": self._array, "map": self._map, "row": self._row}.get(type_.base)
        if nested is not None:
            return nested(type_, value)
        if not self._openx and isinstance(value, (dict, list)):
            raise Unfit
        return _SCALARS[type_.base](type_, _text(value), self._openx)

    def _array(self, type_: tt.Type, value: Any) -> Any:
        if isinstance(value, list):
            return [self.make(type_.items[0], item) for item in value]
        if not self._openx:
            raise Unfit
        return None if value == "" else [self.make(type_.items[0], value)]

    def _map(self, type_: tt.Type, value: Any) -> Any:
        if not isinstance(value, dict):
            return self._blank(value)
        key_type, item_type = type_.items
        items = value.items()
        return {_key(self.make(key_type, k)): self.make(item_type, item) for k, item in items}

    def _row(self, type_: tt.Type, value: Any) -> Any:
        names = type_.field_names()
        if isinstance(value, list) and self._openx:
            padded = [*value, *[None] * len(names)]
            parts = dict(zip(names, padded, strict=False))
        elif isinstance(value, dict):
            told = {self._rules.told(name): item for name, item in value.items()}
            parts = {name: told.get(self._rules.key(name)) for name in names}
        else:
            return self._blank(value)
        pairs = zip(names, type_.items, strict=True)
        return {name: self.make(item, parts[name]) for name, item in pairs}

    def _blank(self, value: Any) -> None:
        """OpenX takes a blank text for NULL."""
        if not self._openx or not isinstance(value, str) or value.strip():
            raise Unfit


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _written(value)


def _written(value: Any) -> str:
    """A value as JSON without blanks, its numbers as they were written."""
    if isinstance(value, dict):
        pairs = (f"{_quoted(key)}:{_written(item)}" for key, item in value.items())
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, _Number):
        return str(value)
    return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# ---- single values -----------------------------------------------------------------------------


def _boolean(type_: tt.Type, text: str, openx: bool) -> bool:
    return text.lower() == "true"


def _integer(type_: tt.Type, text: str, openx: bool) -> int:
    if not _NUMBER.fullmatch(text):
        raise Unfit
    found = int(text) if _INTEGER.fullmatch(text) else int(Decimal(text))
    if not -(1 << _BITS[type_.base]) <= found < 1 << _BITS[type_.base]:
        raise Unfit
    return found


def _float(type_: tt.Type, text: str, openx: bool) -> float | str:
    if text.lstrip("+-") in ("NaN", "Infinity"):
        return text
    if not _NUMBER.fullmatch(text):
        raise Unfit
    return float(text)


def _decimal(type_: tt.Type, text: str, openx: bool) -> str:
    if not _NUMBER.fullmatch(text):
        raise Unfit
    with localcontext(prec=100, rounding=ROUND_HALF_UP):
        try:
            found = Decimal(text).quantize(Decimal(1).scaleb(-type_.scale))
        except InvalidOperation:
            raise Unfit from None
    if len(found.as_tuple().digits) > type_.precision:
        raise Unfit
    return f"{found:f}"


def _date(type_: tt.Type, text: str, openx: bool) -> str:
    return _day(text.strip().partition(" ")[0]).isoformat()


def _day(text: str) -> dt.date:
    found = _DATE.fullmatch(text)
    if found is None:
        raise Unfit
    try:
        return dt.date(*map(int, found.groups()))
    except ValueError:
        raise Unfit from None


def _timestamp(type_: tt.Type, text: str, openx: bool) -> str:
    zoned = _ZONE.fullmatch(text) if openx and ":" in text else None
    if zoned is not None:
        _, sign, hours, minutes = zoned.groups()
        ahead = dt.timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        return _moment(zoned[1], -ahead if sign == "+" else ahead)
    if openx and _NUMBER.fullmatch(text):
        unit = 1 if "." not in text and len(text) >= _MILLIS_DIGITS else 1000
        return _moved(_EPOCH, dt.timedelta(milliseconds=int(Decimal(text) * unit)))
    return _moment(text)


def _moment(text: str, moved: dt.timedelta = dt.timedelta()) -> str:
    day, _, time = text.strip().replace("T", " ").partition(" ")
    found = _TIME.fullmatch(time) if time else None
    if time and found is None:
        raise Unfit
    hours, minutes, seconds, fraction = found.groups() if found else ("0", "0", "0", None)
    # Half of a millisecond counts as one.
    millis = (int((fraction or "0").ljust(9, "0")) + 500_000) // 1_000_000
    since = dt.timedelta(
        hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0), milliseconds=millis
    )
    return _moved(dt.datetime.combine(_day(day), dt.time()), since + moved)


def _moved(start: dt.datetime, by: dt.timedelta) -> str:
    try:
        return (start + by).isoformat(" ", "milliseconds")
    except OverflowError:
        raise Unfit from None


def _varchar(type_: tt.Type, text: str, openx: bool) -> str:
    return text[: type_.sizes[0]] if type_.sizes else text


def _char(type_: tt.Type, text: str, openx: bool) -> str:
    return text[: type_.sizes[0]].rstrip(" ").ljust(type_.sizes[0])


def _binary(type_: tt.Type, text: str, openx: bool) -> str:
    """Bytes, of which DuckDB takes from JSON only what is text."""
    try:
        return base64.b64decode(text, validate=True).decode() if openx else text
    except (binascii.Error, UnicodeDecodeError):
        raise Unfit from None


_SCALARS: dict[str, Callable[[tt.Type, str, bool], Any]] = {
    "boolean": _boolean,
    **dict.fromkeys(tt.INTEGERS, _integer),
    "real": _float,
    "double": _float,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
    "varchar": _varchar,
    "char": _char,
    "varbinary": _binary,
}
