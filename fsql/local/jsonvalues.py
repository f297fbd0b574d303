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

from fsql.local.scalars import scalar
from fsql.local.transpile import types as tt

__all__ = ["FUNCTION", "Rules", "Unfit", "made_alike"]

FUNCTION = "fsql_hive_json"
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


@scalar("VARCHAR", "VARCHAR", "VARCHAR")
def hive_json(value: str, rules: str) -> str | None:
    """`FUNCTION`."""
    return _maker(rules)(value)


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


_DECODE = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_Number).decode
_ENCODE = json.JSONEncoder(check_circular=False).encode


def made_alike(value: str, rules: Rules) -> str | None:
    """A value's JSON as `json_transform_strict` reads it; None for NULL.

    Raises:
        Unfit: it is no value of the column's type; the text is the error for DuckDB to pass on.
    """
    return _maker(rules.text)(value)


@lru_cache(256)
def _maker(text: str) -> Callable[[str], str | None]:
    """The function that makes values alike by some rules."""
    rules = Rules(**json.loads(text))
    make = _made(tt.parse_type(rules.type), rules)

    def maker(value: str) -> str | None:
        try:
            made = make(_DECODE(value))
        except Unfit:
            if rules.null:
                return None
            said = f"Error parsing field value '{value}' for field {rules.column}"
            raise Unfit(f'TRINO:HIVE_BAD_DATA:{said}: For input string: "{value}"') from None
        return None if made is None else _ENCODE(made)

    return maker


_Make = Callable[[Any], Any]
"""From what JSON says to a value of a type; Unfit if it is none."""


def _made(type_: tt.Type, rules: Rules) -> _Make:
    nested = {"array": _array, "map": _map, "row": _row}.get(type_.base)
    if nested is not None:
        return nested(type_, rules)
    scalar = _SCALARS[type_.base]

    def make(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is dict or value.__class__ is list:
            if not rules.openx:
                raise Unfit
            value = _written(value)
        elif value.__class__ is bool:
            value = "true" if value else "false"
        return scalar(type_, value, rules.openx)

    return make


def _array(type_: tt.Type, rules: Rules) -> _Make:
    item = _made(type_.items[0], rules)

    def make(value: Any) -> Any:
        if value is None or isinstance(value, list):
            return value and [item(each) for each in value]
        if not rules.openx:
            raise Unfit
        return None if value == "" else [item(value)]

    return make


def _map(type_: tt.Type, rules: Rules) -> _Make:
    key, item = (_made(each, rules) for each in type_.items)

    def make(value: Any) -> Any:
        if isinstance(value, dict):
            return {_key(key(name)): item(each) for name, each in value.items()}
        return _blank(value, rules)

    return make


def _row(type_: tt.Type, rules: Rules) -> _Make:
    names = type_.field_names()
    pairs = zip(names, type_.items, strict=True)
    fields = [(name, rules.key(name), _made(item, rules)) for name, item in pairs]

    def make(value: Any) -> Any:
        if isinstance(value, dict):
            told = {rules.told(name): each for name, each in value.items()}
            return {name: item(told.get(key)) for name, key, item in fields}
        if isinstance(value, list) and rules.openx:
            padded = [*value, *[None] * len(fields)]
            return {name: item(padded[place]) for place, (name, _, item) in enumerate(fields)}
        return _blank(value, rules)

    return make


def _blank(value: Any, rules: Rules) -> None:
    """OpenX takes a blank text for NULL."""
    if value is not None and not (rules.openx and isinstance(value, str) and not value.strip()):
        raise Unfit


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
