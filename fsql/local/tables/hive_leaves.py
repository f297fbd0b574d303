"""Single values in Parquet files: which file type may stand for which column, and how."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from fsql.local.transpile import types as tt

__all__ = ["Mismatch", "leaf"]

Leaf = tuple[str, Callable[[str], str] | None]
"""What DuckDB is to read, and what becomes of it: None if it is right as read."""

_SHORT_DECIMAL = 18


class Mismatch(Exception):
    """A file's type that can't stand for a column's; its text is Parquet's name of the former."""

    @classmethod
    def of(cls, file: pa.DataType) -> Mismatch:
        return cls(_physical(file))


def leaf(type_: tt.Type, file: pa.DataType, int96: bool) -> Leaf:
    """How a value that is not nested is read.

    Args:
        type_: of the column.
        file: the file's type as Arrow says it.
        int96: whether timestamps are of the old kind.

    Raises:
        Mismatch: Trino's reader refuses the one for the other.
    """
    found = _LEAVES[type_.base](type_, file, int96) if type_.base in _LEAVES else None
    if found is None:
        raise Mismatch.of(file)
    return found


_Found = Leaf | None


def _boolean(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    return ("BOOLEAN", None) if pa.types.is_boolean(file) else None


def _integer(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    wanted = tt.duckdb_type(type_)
    whole = pa.types.is_decimal(file) and not file.scale and file.precision <= _SHORT_DECIMAL
    if pa.types.is_integer(file) or whole:
        return wanted, None
    if type_ == tt.BIGINT and pa.types.is_timestamp(file):
        return _TIMES[file.unit], lambda value: f"epoch_{file.unit}({value})"
    if type_ == tt.BIGINT and pa.types.is_time64(file):
        scale = " * 1000" if file.unit == "ns" else ""
        return "TIME", lambda value: f"(epoch_us({value}){scale})"
    return None


def _real(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    return ("FLOAT", None) if pa.types.is_float32(file) else None


def _double(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    return ("DOUBLE", None) if pa.types.is_float32(file) or pa.types.is_float64(file) else None


def _date(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    if pa.types.is_int32(file):
        return "INTEGER", lambda value: f"(DATE '1970-01-01' + {value})"
    return ("DATE", None) if pa.types.is_date(file) else None


def _decimal(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    short = type_.precision <= _SHORT_DECIMAL
    fits = pa.types.is_decimal(file) or (
        short and pa.types.is_integer(file) and file.bit_width < 64
    )
    return (tt.duckdb_type(type_), None) if fits else None


_TIMES = {"ms": "TIMESTAMP", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}


def _timestamp(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    if not pa.types.is_timestamp(file):
        return None
    if file.unit == "ms":
        return "TIMESTAMP", None
    # DuckDB cuts INT96 to microseconds, which cannot change what it is rounded to.
    if file.unit == "us" or int96:
        return "TIMESTAMP", _milliseconds
    return "TIMESTAMP_NS", lambda value: _milliseconds(_microseconds(value))


def _milliseconds(value: str) -> str:
    """Rounded to milliseconds, half of one upwards, before 1970 too."""
    return f"date_trunc('milliseconds', {value} + INTERVAL 500 MICROSECOND)"


def _microseconds(value: str) -> str:
    """Nanoseconds cut to microseconds, downwards also before 1970."""
    ns = f"epoch_ns({value})"
    return f"make_timestamp(({ns} - (({ns} % 1000) + 1000) % 1000) // 1000)"


def _text(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    if not _is_bytes(file):
        return None
    binary = not _is_string(file)
    sized = _SIZED.get(type_.base) if type_.sizes else None
    if not binary and sized is None:
        return "VARCHAR", None

    def text(value: str) -> str:
        # Bytes that are no UTF-8 are shown as DuckDB shows them.
        read = f"coalesce(try(decode({value})), CAST({value} AS VARCHAR))" if binary else value
        return read if sized is None else sized(read, type_.sizes[0])

    return "BLOB" if binary else "VARCHAR", text


_SIZED: dict[str, Callable[[str, int], str]] = {
    "varchar": lambda value, size: f"left({value}, {size})",
    "char": lambda value, size: f"rpad(rtrim(left({value}, {size}), ' '), {size}, ' ')",
}


def _bytes(type_: tt.Type, file: pa.DataType, int96: bool) -> _Found:
    if _is_string(file):
        return "VARCHAR", lambda value: f"encode({value})"
    return ("BLOB", None) if _is_bytes(file) else None


def _is_string(file: pa.DataType) -> bool:
    kinds = pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view
    return any(is_kind(file) for is_kind in kinds)


def _is_variable(file: pa.DataType) -> bool:
    kinds = pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view
    return _is_string(file) or any(is_kind(file) for is_kind in kinds)


def _is_bytes(file: pa.DataType) -> bool:
    return _is_variable(file) or pa.types.is_fixed_size_binary(file)


_LEAVES: dict[str, Callable[[tt.Type, pa.DataType, bool], _Found]] = {
    "boolean": _boolean,
    **dict.fromkeys(tt.INTEGERS, _integer),
    "real": _real,
    "double": _double,
    "date": _date,
    "decimal": _decimal,
    "timestamp": _timestamp,
    "varchar": _text,
    "char": _text,
    "varbinary": _bytes,
}


def _physical(file: pa.DataType) -> str:
    """Parquet's name of a type."""
    kinds: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
        (pa.types.is_boolean, "BOOLEAN"),
        (pa.types.is_float32, "FLOAT"),
        (pa.types.is_float64, "DOUBLE"),
        (_is_variable, "BINARY"),
        (lambda t: pa.types.is_integer(t) and t.bit_width < 64, "INT32"),
        (pa.types.is_date, "INT32"),
        (pa.types.is_time32, "INT32"),
        (lambda t: pa.types.is_integer(t) or pa.types.is_temporal(t), "INT64"),
        (pa.types.is_nested, "GROUP"),
    )
    return next((name for is_kind, name in kinds if is_kind(file)), "FIXED_LEN_BYTE_ARRAY")
