"""Thrift's compact protocol, in which Parquet keeps its footers and page indexes.

Structs are read as they stand, whatever fields they have, and written back the same. The encoding:
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["Struct", "read_struct", "write_struct"]

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
_INTEGERS = (I16, I32, I64)
_MORE = 0x80  # the bit of a varint's byte that says that another follows
_LONG_LIST = 15

Typed: TypeAlias = tuple[int, Any]


@dataclass
class Struct:
    """Fields by their ids, each with the type it was written in, in their order."""

    fields: dict[int, Typed] = field(default_factory=dict)

    def __contains__(self, id_: int) -> bool:
        return id_ in self.fields

    def __getitem__(self, id_: int) -> Any:
        """The value of a field; of a list field its items."""
        type_, value = self.fields[id_]
        return value[1] if type_ in (LIST, SET) else value

    def __setitem__(self, id_: int, value: Any) -> None:
        """Another value for a field that is there, of the same type."""
        type_, old = self.fields[id_]
        self.fields[id_] = type_, ((old[0], value) if type_ in (LIST, SET) else value)


def read_struct(data: bytes) -> Struct:
    """The struct that some bytes begin with."""
    return _Reader(data).struct()


def write_struct(struct: Struct) -> bytes:
    """The inverse of `read_struct`."""
    out = bytearray()
    _write_struct(out, struct)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self) -> Struct:
        fields: dict[int, Typed] = {}
        id_ = 0
        while (head := self._byte()) != 0:
            delta, type_ = head >> 4, head & 0x0F
            id_ = id_ + delta if delta else self._zigzag()
            fields[id_] = type_, type_ == TRUE if type_ in (TRUE, FALSE) else self._value(type_)
        return Struct(fields)

    def _value(self, type_: int) -> Any:
        if type_ in _INTEGERS:
            return self._zigzag()
        if type_ == BINARY:
            return self._bytes(self._varint())
        if type_ in (TRUE, FALSE, BYTE):
            return self._byte()
        if type_ == DOUBLE:
            return self._bytes(8)
        if type_ == STRUCT:
            return self.struct()
        return self._map() if type_ == MAP else self._list()

    def _list(self) -> tuple[int, list[Any]]:
        head = self._byte()
        size, type_ = head >> 4, head & 0x0F
        count = self._varint() if size == _LONG_LIST else size
        return type_, [self._value(type_) for _ in range(count)]

    def _map(self) -> tuple[int, list[tuple[Any, Any]]]:
        count = self._varint()
        types = self._byte() if count else 0
        pairs = [(self._value(types >> 4), self._value(types & 0x0F)) for _ in range(count)]
        return types, pairs

    def _zigzag(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _varint(self) -> int:
        result = shift = 0
        while True:
            byte = self._byte()
            result |= (byte & 0x7F) << shift
            if byte < _MORE:
                return result
            shift += 7

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]


def _write_struct(out: bytearray, struct: Struct) -> None:
    before = 0
    for id_, (type_, value) in struct.fields.items():
        if type_ in (TRUE, FALSE):
            type_ = TRUE if value else FALSE
        if 0 < id_ - before < 16:
            out.append((id_ - before) << 4 | type_)
        else:
            out.append(type_)
            _write_zigzag(out, id_)
        if type_ not in (TRUE, FALSE):
            _write_value(out, type_, value)
        before = id_
    out.append(0)


def _write_value(out: bytearray, type_: int, value: Any) -> None:
    if type_ in _INTEGERS:
        _write_zigzag(out, value)
    elif type_ == BINARY:
        _write_varint(out, len(value))
        out += value
    elif type_ in (TRUE, FALSE, BYTE):
        out.append(value)
    elif type_ == DOUBLE:
        out += value
    elif type_ == STRUCT:
        _write_struct(out, value)
    elif type_ == MAP:
        _write_map(out, *value)
    else:
        _write_list(out, *value)


def _write_list(out: bytearray, type_: int, items: list[Any]) -> None:
    if len(items) < _LONG_LIST:
        out.append(len(items) << 4 | type_)
    else:
        out.append(_LONG_LIST << 4 | type_)
        _write_varint(out, len(items))
    for item in items:
        _write_value(out, type_, item)


def _write_map(out: bytearray, types: int, pairs: list[tuple[Any, Any]]) -> None:
    _write_varint(out, len(pairs))
    if pairs:
        out.append(types)
    for key, value in pairs:
        _write_value(out, types >> 4, key)
        _write_value(out, types & 0x0F, value)


def _write_zigzag(out: bytearray, number: int) -> None:
    _write_varint(out, number << 1 if number >= 0 else ((-number) << 1) - 1)


def _write_varint(out: bytearray, number: int) -> None:
    while number >= _MORE:
        out.append(number & 0x7F | _MORE)
        number >>= 7
    out.append(number)
