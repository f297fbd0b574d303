"""Athena's text of values, as GetQueryResults and its CSV files have it, into Arrow.

Only types whose text is unambiguous are read. Arrays, maps and rows print the same for
different values (``[a, b]`` is one item or two), so their text stays text here and
nested results travel as Parquet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fsql.errors import UnsupportedType
from fsql.typetext import parse_type

__all__ = ["NESTED", "column_type", "read_text"]

NESTED = frozenset({"array", "map", "row", "struct"})


def column_type(column: Mapping[str, Any]) -> pa.DataType:
    """The Arrow type of a column of ResultSetMetadata.

    Args:
        column: an entry of ``ColumnInfo``: Type, Precision, Scale
            (https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html).
    """
    name = column["Type"]
    if name in NESTED:
        return pa.string()
    if name == "decimal":
        return pa.decimal128(column["Precision"], column["Scale"])
    try:
        return parse_type(name)
    except UnsupportedType:
        return pa.string()


def read_text(values: pa.Array | pa.ChunkedArray, type_: pa.DataType) -> Any:
    """Athena's text as values of an Arrow type; the same kind of array comes back.

    Args:
        values: strings, NULL for NULL.
        type_: what `column_type` gives.

    Raises:
        pyarrow.ArrowInvalid: a text is no value of the type.
    """
    for is_kind, read in _READERS:
        if is_kind(type_):
            return read(values, type_)
    return values.cast(type_)


def _read_binary(values: Any, type_: pa.DataType) -> Any:
    """Pairs of hexadecimal digits with spaces between them."""
    octets = [None if v is None else bytes.fromhex(v) for v in values.to_pylist()]
    return _like(values, pa.array(octets, type_))


def _read_time(values: Any, type_: pa.DataType) -> Any:
    on_a_day = pc.binary_join_element_wise("1970-01-01", values, " ")
    return on_a_day.cast(pa.timestamp("us")).cast(type_)


def _read_timestamp(values: Any, type_: pa.DataType) -> Any:
    if type_.tz is not None:
        return _read_zoned(values, type_)
    try:
        return values.cast(type_)
    except pa.ArrowInvalid:
        return values.cast(pa.timestamp("ns"))  # more digits than microseconds have


def _read_zoned(values: Any, type_: pa.DataType) -> Any:
    """``2013-01-01 05:00:00.000 America/New_York``: a local time and its zone."""
    parts = pc.split_pattern(values, " ", max_splits=1, reverse=True)
    local = pc.list_element(parts, 0).cast(pa.timestamp(type_.unit))
    zones = pc.list_element(parts, 1)
    result = pa.nulls(len(values), type_)
    for zone in pc.unique(zones).drop_null().to_pylist():
        here = pc.equal(zones, zone)
        # A local time that a change of clocks repeats or skips is refused, not guessed.
        instants = pc.assume_timezone(pc.if_else(here, local, None), zone).cast(type_)
        result = pc.if_else(pc.fill_null(here, False), instants, result)
    return _like(values, result)


def _like(values: Any, result: Any) -> Any:
    if isinstance(values, pa.ChunkedArray) and isinstance(result, pa.Array):
        return pa.chunked_array([result])
    return result


def _read_nothing(values: Any, type_: pa.DataType) -> Any:
    """Trino's ``unknown``, the type of a bare NULL."""
    return _like(values, pa.nulls(len(values)))


_READERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any, pa.DataType], Any]], ...] = (
    (pa.types.is_null, _read_nothing),
    (pa.types.is_binary, _read_binary),
    (pa.types.is_time, _read_time),
    (pa.types.is_timestamp, _read_timestamp),
)
