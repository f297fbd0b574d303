"""Result columns: Athena's ColumnInfo, and the ``.metadata`` file beside each result.

That file is protobuf without a published schema; the JDBC drivers read it. Field 1 is a query
id, 2 the kind of an update and 3 its count, 4 repeats for each column: 1 catalog, 4 name, 5 label,
6 type, 7 precision, 8 scale, 9 nullable (3 is UNKNOWN), 10 case sensitive. Which of 7, 8 and 10
are there depends on the type alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["ResultColumn", "metadata_file"]

_MAX_VARCHAR = 2**31 - 1
_PRECISION = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "float": 17,
    "double": 17,
    "varbinary": 2**30,
    "timestamp": 3,
    "timestamp with time zone": 3,
    "time": 3,
    "time with time zone": 3,
}
_TEXT = ("varchar", "char")
_SIGNED_AS_FLAG_ONLY = ("boolean", "interval day to second", "interval year to month")
_TYPE = re.compile(r"(?P<name>[a-z ]+?)\s*(?:\((?P<arguments>.*)\))?(?P<rest> with time zone)?")


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result; ``type`` is a Trino type in full, or ``string`` for DDL's text."""

    name: str
    type: str

    @property
    def base(self) -> str:
        """The type's name without arguments, as ColumnInfo has it: ``row``, ``float``."""
        return self._split()[0]

    def info(self) -> dict[str, Any]:
        """Athena's ColumnInfo."""
        base, precision, scale = self._split()
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": base,
            "Precision": precision or 0,
            "Scale": scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": base in _TEXT,
        }

    def message(self) -> bytes:
        """The column as the ``.metadata`` file has it."""
        base, precision, scale = self._split()
        parts = [_text(1, "hive"), _text(4, self.name), _text(5, self.name), _text(6, base)]
        if precision is not None:
            parts.append(_number(7, precision))
        if precision is not None or base == "date":
            parts.append(_number(8, scale))
        parts.append(_number(9, 3))
        if precision is not None or base == "date" or base in _SIGNED_AS_FLAG_ONLY:
            parts.append(_number(10, base in _TEXT))
        return b"".join(parts)

    def _split(self) -> tuple[str, int | None, int]:
        """Base name, precision (None where Athena has none) and scale."""
        match = _TYPE.fullmatch(self.type)
        if match is None:
            return self.type, None, 0
        name = match["name"] + (match["rest"] or "")
        name = "float" if name == "real" else name
        numbers = [int(n) for n in re.findall(r"\d+", match["arguments"] or "")]
        if name == "decimal":
            precision, scale = numbers or (38, 0)
            return name, precision, scale
        if name in _TEXT:
            return name, numbers[0] if numbers else _MAX_VARCHAR, 0
        return name, _PRECISION.get(name), 0


def metadata_file(
    query_id: str,
    columns: Iterable[ResultColumn],
    update: str | None = None,
    count: int | None = None,
) -> bytes:
    """The bytes of a result's ``.metadata`` file; `update` and `count` for INSERT and CTAS."""
    parts = [_text(1, query_id)]
    if update is not None:
        parts.append(_text(2, update))
    if count is not None:
        parts.append(_number(3, count))
    parts += [_bytes(4, column.message()) for column in columns]
    return b"".join(parts)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(int(value))


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
