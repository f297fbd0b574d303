"""Frames of any make as Arrow tables, with the group's types in mind.

Python objects are the hard part: a dict may be a struct or a map, and a column may hold
values of several types, which is a problem of the column and not of the frame.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from fsql.fitting.base import parts
from fsql.fitting.problems import Problems
from fsql.frames import to_arrow, unreadable

__all__ = ["arrow_table"]


def arrow_table(data: Any, schema: pa.Schema, problems: Problems) -> pa.Table:
    """A frame as an Arrow table; copies only where pandas' layout forces it.

    Args:
        data: what `fsql.frames.to_arrow` takes.
        schema: the exact schema of the group, as a hint for Python objects.
        problems: where columns are reported that have no one type; they are left out.

    Raises:
        TypeError: `data` is no frame.
    """
    if not isinstance(data, pd.DataFrame):
        return to_arrow(data)
    names, arrays = [], []
    for name, series in _columns(data, schema.names):
        exact = schema.field(name).type if name in schema.names else pa.null()
        try:
            arrays.append(_array(series, exact))
            names.append(name)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            problems.add(name, _why_not(series, error))
            arrays.append(pa.nulls(len(data)))
            names.append(name)
    return pa.Table.from_arrays(arrays, names=names)


def _columns(frame: pd.DataFrame, known: list[str]) -> Iterator[tuple[str, pd.Series[Any]]]:
    """The frame's columns, and those levels of its index that have a name or are known."""
    labels = [str(label) for label in frame.columns]
    for place, label in enumerate(labels):
        yield label, frame.iloc[:, place]
    for level, given in enumerate(frame.index.names):
        # Arrow names an index without a name so.
        name = f"__index_level_{level}__" if given is None else str(given)
        if name not in labels and (name in known or given is not None):
            yield name, frame.index.get_level_values(level).to_series()


def _array(series: pd.Series[Any], exact: pa.DataType) -> Any:
    """A column as Arrow sees it; only Python objects are looked at with the exact type in mind."""
    if series.dtype != object:
        return pa.array(series, from_pandas=True)
    if _has_map(exact):
        series = series.map(lambda value: _spelled(value, exact), na_action="ignore")
    try:
        array = pa.array(series, from_pandas=True)
    except OverflowError:  # integers beyond int64 need a type that has room
        return pa.array(series, exact, from_pandas=True)
    if pa.types.is_date(array.type):
        return _dates(series, array, exact)
    return array


def _dates(series: pd.Series[Any], array: pa.Array, exact: pa.DataType) -> pa.Array:
    """Arrow takes a datetime among dates for a date and drops its time of day."""
    times = [isinstance(value, dt.datetime) for value in series]
    if not any(times):
        return array
    if pa.types.is_timestamp(exact):
        return pa.array(pd.to_datetime(series, utc=True), from_pandas=True)
    raise TypeError("dates and datetimes are mixed")


def _has_map(type_: pa.DataType) -> bool:
    return pa.types.is_map(type_) or any(map(_has_map, parts(type_)))


def _spelled(value: Any, exact: pa.DataType) -> Any:
    """A value with dicts as lists of entries wherever `exact` has a map."""
    if pa.types.is_map(exact) and isinstance(value, dict):
        return [
            {"key": _spelled(k, exact.key_type), "value": _spelled(v, exact.item_type)}
            for k, v in value.items()
        ]
    if pa.types.is_struct(exact) and isinstance(value, dict):
        types = {field.name: field.type for field in exact}
        return {k: _spelled(v, types.get(k, pa.null())) for k, v in value.items()}
    if hasattr(exact, "value_type") and isinstance(value, list | tuple):
        return [_spelled(item, exact.value_type) for item in value]
    return value


def _why_not(series: pd.Series[Any], error: Exception) -> str:
    """Why Arrow has no type for a column; mostly because it holds values of several."""
    if series.dtype != object:
        return unreadable(series.dtype)
    rows: dict[str, int] = {}
    for row, value in enumerate(series):
        if not pd.api.types.is_scalar(value) or not pd.isna(value):
            rows.setdefault(type(value).__name__, row)
    if len(rows) < 2:
        return f"cannot be read: {str(error).partition(chr(10))[0]}"
    return "holds values of several types: " + ", ".join(f"{k} (row {v})" for k, v in rows.items())
