"""Typed values of Glue's partition keys, which the catalog keeps as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from fsql.local.glue.shapes import Json, invalid
from fsql.local.wire import AwsError

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))?")


def _integer(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f'For input string: "{text}" is not an integer.') from None


def _decimal(text: str) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text} is not a decimal.") from None


def _date(text: str) -> Any:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError(f"{text} is not a date.")
    return text


def _timestamp(text: str) -> Any:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        rule = "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"
        raise ValueError(f"{rule} {text} is not a timestamp.")
    return match[1], (match[2] or "").ljust(9, "0")


_INTEGRAL = ("tinyint", "smallint", "int", "integer", "bigint", "long")
_TYPES: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_INTEGRAL, _integer),
    **dict.fromkeys(("string", "char", "varchar"), str),
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
}


@dataclass(frozen=True)
class KeyColumn:
    """A partition key: its place among the keys, its type without length or precision."""

    position: int
    type: str

    @classmethod
    def of(cls, column: Json, position: int) -> KeyColumn:
        """The key that a Column structure describes."""
        return cls(position, re.split(r"[(\s]", column["Type"].lower())[0])

    def literal(self, text: str) -> Any:
        """A literal in the column's type."""
        try:
            return self._convert(text)
        except ValueError as error:
            raise invalid(str(error)) from None

    def value(self, values: Sequence[str]) -> Any:
        """The column's value in a partition, None for NULL."""
        text = values[self.position]
        if text == NULL_PARTITION:
            return None
        try:
            return self._convert(text)
        except ValueError as error:
            raise AwsError("InvalidStateException", str(error)) from None

    def require_text(self, operation: str) -> None:
        """AwsError for an operation that only text keys have."""
        if _TYPES.get(self.type) is not str:
            kind = "Integral" if self.type in _INTEGRAL else self.type.capitalize()
            raise invalid(f"{kind} data type doesn't support operation '{operation}'")

    def _convert(self, text: str) -> Any:
        convert = _TYPES.get(self.type)
        if convert is None:
            raise invalid(f"Unknown type : '{self.type}'")
        return convert(text)
