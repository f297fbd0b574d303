"""Python values, as SQLAlchemy is given them, in the types that a table stores."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from fsql.catalog import Entry
from fsql.conversion import encode
from fsql.fitting import Fitting, Problems, arrow_table, encode_table
from fsql.fitting.base import Mismatch, parts
from fsql.fitting.casts import converter
from fsql.inserts.matching import required
from fsql.model import FeatureGroup

__all__ = ["Rows", "exact_schema", "stored"]


@dataclass(frozen=True)
class Rows:
    """Rows for a table, column by column.

    Attributes:
        entry: the table.
        columns: the values of each column that is given; all are of one length.
    """

    entry: Entry
    columns: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return max((len(values) for values in self.columns.values()), default=0)


def stored(rows: Rows) -> pa.Table:
    """The rows in the types that are stored; columns of a group that are not given are NULL.

    Raises:
        InvalidData: something does not fit; every problem is named.
    """
    group = rows.entry.group
    names = rows.entry.arrow_schema.names if group is None else list(group.columns.keys())
    problems = Problems(rows.entry.name, names)
    if group is not None:
        return _for_group(rows, group, problems)
    return _for_table(rows, exact_schema(rows.entry), problems)


def _for_group(rows: Rows, group: FeatureGroup, problems: Problems) -> pa.Table:
    columns = dict(rows.columns)
    for name in set(group.arrow_schema.names) - set(columns) - required(group):
        columns[name] = [None] * len(rows)
    table = _table(columns, group.arrow_schema, problems)
    fitted = Fitting(group, table.schema, problems).fit(table)
    problems.check()
    return encode_table(group, fitted)


def exact_schema(entry: Entry) -> pa.Schema:
    """What a table that is no group can hold: times of Hive tables end at milliseconds."""
    if entry.is_iceberg:
        return entry.engine_schema
    coarse = pa.timestamp("ms")
    fields = [
        field.with_type(coarse) if pa.types.is_timestamp(field.type) else field
        for field in entry.engine_schema
    ]
    return pa.schema(fields)


def _for_table(rows: Rows, schema: pa.Schema, problems: Problems) -> pa.Table:
    known = {name: values for name, values in rows.columns.items() if name in schema.names}
    for name in rows.columns.keys() - known.keys():
        problems.add(name, f"is no column of the table. It has {', '.join(schema.names)}.")
    given = _table(known, schema, problems)
    columns = {}
    for name in known:
        exact = schema.field(name)
        try:
            cast = converter(given.schema.field(name).type, exact.type)
        except Mismatch as mismatch:
            problems.add(name, str(mismatch))
            continue
        columns[name] = pa.chunked_array(
            [_reported(cast, chunk, name, problems) for chunk in given.column(name).chunks],
            exact.type,
        )
    problems.check()
    encoded = {name: encode(column, schema.field(name)) for name, column in columns.items()}
    return pa.table(encoded)


def _reported(cast: Any, chunk: pa.Array, name: str, problems: Problems) -> pa.Array:
    def report(refused: pa.Array, what: str) -> None:
        problems.add_rows(name, what, refused, chunk, 0)

    return cast(chunk, report)


def _table(columns: Mapping[str, Sequence[Any]], schema: pa.Schema, problems: Problems) -> pa.Table:
    arrays = {}
    for name, values in columns.items():
        exact = schema.field(name).type if name in schema.names else pa.null()
        arrays[name] = _array(name, values, exact, schema, problems)
    return pa.table(arrays)


def _array(
    name: str, values: Sequence[Any], exact: pa.DataType, schema: pa.Schema, problems: Problems
) -> pa.ChunkedArray:
    """One column as Arrow sees it; a float that is no number is not NULL where floats are kept."""
    types = set(map(type, values))
    if pa.types.is_floating(exact) or (parts(exact) and not _has_map(exact)):
        if types & _MISSING:
            values = [None if type(value) in _MISSING else value for value in values]
        with contextlib.suppress(pa.ArrowException, TypeError, ValueError, OverflowError):
            return pa.chunked_array([pa.array(values)])
    if pd.Timestamp in types and any(getattr(value, "nanosecond", 0) for value in values):
        return pa.chunked_array([_to_the_nanosecond(values)])
    frame = pd.DataFrame({name: pd.Series(values, dtype=object)})
    return arrow_table(frame, schema, problems).column(name)


_MISSING = {type(pd.NA), type(pd.NaT)}


def _has_map(type_: pa.DataType) -> bool:
    return pa.types.is_map(type_) or any(map(_has_map, parts(type_)))


def _to_the_nanosecond(values: Sequence[Any]) -> pa.Array:
    """Instants of pandas in full: Arrow takes them for Python's, which end at microseconds."""
    times = pd.to_datetime(pd.Series(values, dtype=object), utc=True).astype("datetime64[ns, UTC]")
    return pa.array(times, from_pandas=True)
