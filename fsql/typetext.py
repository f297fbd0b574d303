"""Types as text: Hive's words, Trino's words, and back to Arrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import pyarrow as pa

from fsql.errors import UnsupportedType
from fsql.types import MAX_DECIMAL_DIGITS, TypeVisitor

__all__ = ["hive_type", "parse_type", "trino_type"]

T = TypeVar("T")


class _Spelling(TypeVisitor[str]):
    """What the type languages of Hive and Trino have in common."""

    names: Mapping[pa.DataType, str]

    def visit(self, type_: pa.DataType) -> str:
        name = self.names.get(type_)
        return name if name is not None else super().visit(type_)

    def decimal(self, type_: pa.DataType) -> str:
        return f"decimal({type_.precision},{type_.scale})"


HIVE_NAMES: dict[pa.DataType, str] = {
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "string",
    pa.binary(): "binary",
    pa.date32(): "date",
}
TRINO_NAMES: dict[pa.DataType, str] = {
    **HIVE_NAMES,
    pa.int32(): "integer",
    pa.float32(): "real",
    pa.string(): "varchar",
    pa.binary(): "varbinary",
}


class _Hive(_Spelling):
    names = HIVE_NAMES

    def timestamp(self, type_: pa.DataType) -> str:
        return "timestamp"

    def list(self, type_: pa.DataType) -> str:
        return f"array<{self.visit(type_.value_type)}>"

    def struct(self, type_: pa.DataType) -> str:
        return f"struct<{','.join(f'{f.name}:{self.visit(f.type)}' for f in type_)}>"

    def map(self, type_: pa.DataType) -> str:
        return f"map<{self.visit(type_.key_type)},{self.visit(type_.item_type)}>"


class _Trino(_Spelling):
    names = TRINO_NAMES

    def timestamp(self, type_: pa.DataType) -> str:
        digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[type_.unit]
        return f"timestamp({digits})" + (" with time zone" if type_.tz else "")

    def time(self, type_: pa.DataType) -> str:
        return "time(3)" if type_.unit in ("s", "ms") else "time(6)"

    def list(self, type_: pa.DataType) -> str:
        return f"array({self.visit(type_.value_type)})"

    def struct(self, type_: pa.DataType) -> str:
        return f"row({', '.join(f'{_quoted(f.name)} {self.visit(f.type)}' for f in type_)})"

    def map(self, type_: pa.DataType) -> str:
        return f"map({self.visit(type_.key_type)}, {self.visit(type_.item_type)})"


def _quoted(name: str) -> str:
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name)
    return name if plain else '"' + name.replace('"', '""') + '"'


class _TrinoOfHive(_Trino):
    """Athena reads times of Hive tables with milliseconds."""

    def timestamp(self, type_: pa.DataType) -> str:
        return "timestamp(3)"


_hive, _trino, _trino_of_hive = _Hive(), _Trino(), _TrinoOfHive()


def hive_type(type_: pa.DataType) -> str:
    """A storage type in Hive's words, as Glue and Athena's DDL have it."""
    return _hive.visit(type_)


def trino_type(type_: pa.DataType, *, is_hive: bool = False) -> str:
    """A storage type in Trino's words, as queries have it.

    Args:
        is_hive: whether it is that of a column of a Hive table, not of an Iceberg table.
    """
    return _trino_of_hive.visit(type_) if is_hive else _trino.visit(type_)


_BY_NAME = {
    **{name: type_ for type_, name in HIVE_NAMES.items()},
    **{name: type_ for type_, name in TRINO_NAMES.items()},
    "time": pa.time64("us"),
    "char": pa.string(),
    "json": pa.string(),
    "uuid": pa.string(),
    "ipaddress": pa.string(),
    "unknown": pa.null(),
    "interval year to month": pa.string(),
    "interval day to second": pa.string(),
}
_TOKEN = re.compile(r'\s*("(?:[^"]|"")*"|`[^`]*`|[\w$]+|[<>(),:])')


def parse_type(text: str) -> pa.DataType:
    """The Arrow type of a type in Hive's or Trino's words.

    ``row(dir bigint, speed double)`` and ``struct<dir:bigint,speed:double>`` give the same.

    Raises:
        UnsupportedType: the text is no type that Athena has.
    """
    parser = _TypeParser(text)
    type_ = parser.type()
    parser.end()
    return type_


class _TypeParser:
    """Recursive descent over the tokens of a type."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = list(self._split(text.strip()))
        self.at = 0

    def _split(self, text: str) -> Iterator[str]:
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._error()
            yield match[1]
            position = match.end()

    def _error(self) -> UnsupportedType:
        return UnsupportedType(f"{self.text!r} is no type that Athena has.")

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        if not token or (expected and token not in expected):
            raise self._error()
        self.at += 1
        return token

    def end(self) -> None:
        if self.peek():
            raise self._error()

    def type(self) -> pa.DataType:
        name = self.take().lower()
        if name in ("array", "list"):
            (item,) = self._arguments(self.type)
            return pa.list_(item)
        if name == "map":
            key, item = self._arguments(self.type)
            return pa.map_(key, item)
        if name in ("row", "struct"):
            return pa.struct(self._arguments(self._field))
        if name == "interval":
            name = " ".join([name, *(self.take().lower() for _ in range(3))])
        numbers = self._arguments(self._number) if self.peek() == "(" else []
        return self._scalar(name, numbers)

    def _arguments(self, parse: Callable[[], T]) -> list[T]:
        close = {"(": ")", "<": ">"}[self.take("(", "<")]
        parsed = [parse()]
        while self.take(",", close) == ",":
            parsed.append(parse())
        return parsed

    def _field(self) -> pa.Field:
        name = self.take()
        if name[0] in '"`':
            name = name[1:-1].replace('""', '"')
        if self.peek() == ":":
            self.take()
        return pa.field(name, self.type())

    def _number(self) -> int:
        return int(self.take())

    def _scalar(self, name: str, numbers: list[int]) -> pa.DataType:
        if name in ("timestamp", "time") and self.peek().lower() in ("with", "without"):
            zoned = self.take().lower() == "with"
            self.take(), self.take()
        else:
            zoned = False
        if name == "timestamp":
            # Athena prints milliseconds and computes with up to picoseconds; µs hold both here.
            unit = "ns" if numbers and numbers[0] > 6 else "us"
            return pa.timestamp(unit, "UTC" if zoned else None)
        if name == "decimal":
            return pa.decimal128(*(numbers or [MAX_DECIMAL_DIGITS, 0]))
        if name == "varchar" or name in _BY_NAME:
            return _BY_NAME[name]
        raise self._error()
