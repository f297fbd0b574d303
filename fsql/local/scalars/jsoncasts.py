"""CAST between JSON and arrays, maps and rows, however deep, one call for each value.

Types come as JSON themselves (`fsql.local.transpile.nested_casts` writes them): ``["bigint"]``,
``["decimal", 10, 2]``, ``["array", item]``, ``["map", key, value]``, ``["row", [name, item], …]``.
From JSON the result is JSON again, but such as DuckDB's `json_transform_strict` reads into
the type: every value is one, and values of type json are texts that hold JSON.
Source: Trino documentation, "Cast from JSON" and "Cast to JSON".
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import struct
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any

from fsql.local.scalars.jsontext import Malformed, double_text, read_json, scientific, write_json
from fsql.local.scalars.registry import Fault, scalar

__all__: list[str] = []

_Make = Callable[[Any], Any]
_MakeOf = Callable[[list[Any]], _Make]
_BITS = {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}
_SHOWN = {"integer": "INT"}


class _Unfit(ValueError):
    """A value that can't become one of the wanted type."""


# ---- from JSON ---------------------------------------------------------------------------------


@scalar("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
def json_into(text: str, spec: str, shown: str) -> str | None:
    """`shown` is the type as errors name it."""
    try:
        made = _reader(spec)(read_json(text))
    except Malformed:
        raise Fault("INVALID_CAST_ARGUMENT", f"Cannot cast to {shown}. Malformed JSON") from None
    except _Unfit as error:
        raise Fault("INVALID_CAST_ARGUMENT", f"Cannot cast to {shown}. {error}") from None
    return None if made is None else json.dumps(made, ensure_ascii=False)


@lru_cache(256)
def _reader(spec: str) -> _Make:
    return _from(json.loads(spec))


def _from(spec: list[Any]) -> _Make:
    kinds: dict[str, _MakeOf] = {"array": _to_array, "map": _to_map, "row": _to_row}
    nested = kinds.get(spec[0])
    if nested is not None:
        return nested(spec)
    if spec[0] == "json":
        return write_json
    make = _SCALARS[spec[0]]

    def read(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, (list, dict)):
            raise _Unfit(f"Unexpected JSON for {spec[0]}: {write_json(value)}")
        return make(value, spec)

    return read


def _to_array(spec: list[Any]) -> _Make:
    item = _from(spec[1])

    def read(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise _Unfit(f"Expected a json array, but got {_start(value)}")
        return [item(each) for each in value]

    return read


def _to_map(spec: list[Any]) -> _Make:
    key, item = _from(spec[1]), _from(spec[2])

    def read(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise _Unfit(f"Expected a json object, but got {_start(value)}")
        return {_key(key(name)): item(each) for name, each in value.items()}

    return read


def _key(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _to_row(spec: list[Any]) -> _Make:
    fields = [(name, name.lower(), _from(item)) for name, item in spec[1:]]

    def read(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            padded = [*value, *[None] * len(fields)]
            return {name: item(padded[i]) for i, (name, _, item) in enumerate(fields)}
        if not isinstance(value, dict):
            raise _Unfit(f"Expected a json array or object, but got {_start(value)}")
        told = {name.lower(): each for name, each in value.items()}
        return {name: item(told[key]) if key in told else None for name, key, item in fields}

    return read


def _start(value: Any) -> str:
    return write_json(value)[:1] if isinstance(value, (dict, list)) else write_json(value)


# ---- single values -----------------------------------------------------------------------------


def _cannot(value: Any, spec: list[Any]) -> _Unfit:
    return _Unfit(f"Cannot cast '{value}' to {_SHOWN.get(spec[0], str(spec[0]).upper())}")


def _boolean(value: Any, spec: list[Any]) -> bool:
    if not isinstance(value, str):
        return bool(value != 0)
    found = _TRUTH.get(value.lower())
    if found is None:
        raise _cannot(value, spec)
    return found


_TRUTH = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def _integer(value: Any, spec: list[Any]) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"[-+]?[0-9]+", value):
            raise _cannot(value, spec)
        found = int(value)
    else:
        found = math.floor(value + 0.5) if isinstance(value, float) else int(value)
    if not -(1 << _BITS[spec[0]]) <= found < 1 << _BITS[spec[0]]:
        raise _cannot(value, spec)
    return found


def _double(value: Any, spec: list[Any]) -> float | str:
    try:
        found = float(value)
    except ValueError:
        raise _cannot(value, spec) from None
    return found if math.isfinite(found) else double_text(found)


def _decimal(value: Any, spec: list[Any]) -> str:
    with localcontext(prec=100, rounding=ROUND_HALF_UP):
        try:
            text = str(int(value)) if isinstance(value, bool) else str(value)
            found = Decimal(text).quantize(Decimal(1).scaleb(-spec[2]))
        except InvalidOperation:
            raise _cannot(value, spec) from None
    if len(found.as_tuple().digits) > spec[1]:
        raise _cannot(value, spec)
    return f"{found:f}"


def _varchar(value: Any, spec: list[Any]) -> str:
    if isinstance(value, bool):
        text = str(value).lower()
    else:
        text = scientific(value) if isinstance(value, float) else str(value)
    return text[: spec[1]] if len(spec) > 1 else text


def _time(value: Any, spec: list[Any]) -> str:
    """A date, time or timestamp, which JSON holds as a text."""
    if not isinstance(value, str):
        raise _Unfit(f"Cannot cast JSON value to {spec[0]}; expected a JSON string")
    kinds: dict[str, Any] = {"date": dt.date, "time": dt.time, "timestamp": dt.datetime}
    try:
        kinds[spec[0]].fromisoformat(value)
    except ValueError:
        raise _cannot(value, spec) from None
    return value


_SCALARS: dict[str, Callable[[Any, list[Any]], Any]] = {
    "boolean": _boolean,
    **dict.fromkeys(_BITS, _integer),
    "real": _double,
    "double": _double,
    "decimal": _decimal,
    "varchar": _varchar,
    "char": _varchar,
    **dict.fromkeys(("date", "time", "timestamp"), _time),
}

# ---- to JSON -----------------------------------------------------------------------------------


@scalar("VARCHAR", "VARCHAR", "VARCHAR")
def json_from(text: str, spec: str) -> str:
    """What DuckDB's `to_json` makes of a value, as Trino writes it."""
    return write_json(_writer(spec)(_DECODE(text)))


class _Digits(str):
    """A number with all the digits it is written with."""

    __slots__ = ()


_DECODE = json.JSONDecoder(parse_float=_Digits, parse_int=_Digits, parse_constant=float).decode


@lru_cache(256)
def _writer(spec: str) -> _Make:
    return _to(json.loads(spec))


def _to(spec: list[Any]) -> _Make:
    make = _WRITERS[spec[0]](spec) if spec[0] in _WRITERS else _plain
    return lambda value: None if value is None else make(value)


def _plain(value: Any) -> Any:
    if isinstance(value, _Digits):
        return json.loads(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _of_array(spec: list[Any]) -> _Make:
    item = _to(spec[1])
    return lambda value: [item(each) for each in value]


def _of_map(spec: list[Any]) -> _Make:
    item = _to(spec[2])
    return lambda value: {name: item(each) for name, each in sorted(value.items())}


def _of_row(spec: list[Any]) -> _Make:
    """A field without a name is one called "", which a JSON object can have several times."""
    fields = [(name, shown, _to(item)) for name, shown, item in spec[1:]]
    return lambda value: tuple((shown, item(value[name])) for name, shown, item in fields)


def _of_decimal(spec: list[Any]) -> _Make:
    places = Decimal(1).scaleb(-spec[2])

    def write(value: Any) -> Decimal:
        with localcontext(prec=60):
            return Decimal(value).quantize(places)

    return write


def _of_real(spec: list[Any]) -> _Make:
    def write(value: Any) -> float:
        number = float(value)
        packed = struct.pack("f", number)
        short = (float(f"{number:.{digits}g}") for digits in range(6, 9))
        return next((each for each in short if struct.pack("f", each) == packed), number)

    return write


def _of_timestamp(spec: list[Any]) -> _Make:
    def write(value: Any) -> str:
        whole, _, fraction = str(value).partition(".")
        return f"{whole}.{fraction.ljust(spec[1], '0')[: spec[1]]}" if spec[1] else whole

    return write


_WRITERS: dict[str, _MakeOf] = {
    "array": _of_array,
    "map": _of_map,
    "row": _of_row,
    "decimal": _of_decimal,
    "double": lambda spec: float,
    "real": _of_real,
    "timestamp": _of_timestamp,
    "time": _of_timestamp,
}


# ---- arrays ------------------------------------------------------------------------------------


@scalar("VARCHAR", "VARCHAR", "BOOLEAN", nulls=True)
def json_contains(text: str | None, value: str | None) -> bool | None:
    """Whether an array holds a value, which is given as JSON; NULL for what is no array."""
    if text is None or value is None:
        return None
    try:
        items, wanted = read_json(text), json.loads(value)
    except Malformed:
        return None
    if not isinstance(items, list):
        return None
    return any(type(item) is type(wanted) and item == wanted for item in items)
