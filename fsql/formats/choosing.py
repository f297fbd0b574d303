"""Rows chosen by their keys, perhaps only from an event time on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    GreaterThanOrEqual,
    In,
    LessThanOrEqual,
)
from pyiceberg.expressions.visitors import (
    _InclusiveMetricsEvaluator,
    expression_evaluator,
    inclusive_projection,
)
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata

__all__ = ["Choice", "may_hold"]

MOST_VALUES = 200  # as many of them pyiceberg compares with a file's statistics one by one


@dataclass(frozen=True)
class Choice:
    """The rows of some keys.

    Attributes:
        keys: each key once, in storage types; its columns are called as those of the table.
        time: the column of event times, where only rows from a time on are meant.
        since: that time for each of the keys, in the column's storage type.
    """

    keys: pa.Table
    time: str | None = None
    since: pa.ChunkedArray | None = None

    @property
    def columns(self) -> list[str]:
        """The columns without which nobody can tell which rows are meant."""
        names = self.keys.column_names
        return names if self.time is None or self.time in names else [*names, self.time]

    def mask(self, table: pa.Table) -> pa.ChunkedArray:
        """True for each row that is meant."""
        columns = [self._comparable(table, name) for name in self.keys.column_names]
        values = self._known.columns[: len(columns)]
        maybe = reduce(pc.and_, map(pc.is_in, columns, values))
        if len(columns) == 1 and self.time is None:
            return maybe
        rows = pc.indices_nonzero(maybe)
        few = pa.table([column.take(rows) for column in columns], self._names)
        if self.time is not None:
            few = few.append_column("time", table.column(self.time).take(rows))
        return _mask(len(table), self._meant(few.append_column("row", rows)))

    def _meant(self, table: pa.Table) -> pa.ChunkedArray:
        found = table.join(self._known, self._names, join_type="inner")
        if self.time is not None:
            found = found.filter(pc.greater_equal(found.column("time"), found.column("since")))
        return found.column("row")

    @cached_property
    def _names(self) -> list[str]:
        """Names that no column of a group has, which start with a letter or underscore."""
        return [str(place) for place in range(self.keys.num_columns)]

    @cached_property
    def _known(self) -> pa.Table:
        columns = [self._comparable(self.keys, name) for name in self.keys.column_names]
        known = pa.table(columns, self._names)
        return known if self.since is None else known.append_column("since", self.since)

    def _comparable(self, table: pa.Table, name: str) -> pa.ChunkedArray:
        """A key's column such that what SQL calls equal has the same bits."""
        column = table.column(name).cast(self.keys.schema.field(name).type)
        return pc.add(column, 0.0) if pa.types.is_floating(column.type) else column

    def predicate(self) -> BooleanExpression:
        """What holds for every row that is meant, and for some others."""
        terms = [_within(name, self.keys.column(name)) for name in self.keys.column_names]
        if self.time is not None:
            terms.append(_compared(GreaterThanOrEqual, self.time, pc.min(self.since)))
        return reduce(And, terms)


def _mask(length: int, rows: pa.ChunkedArray) -> pa.ChunkedArray:
    mask = np.zeros(length, dtype=bool)
    mask[rows.to_numpy()] = True
    return pa.chunked_array([pa.array(mask)])


def _within(name: str, column: pa.ChunkedArray) -> BooleanExpression:
    values = column.unique()
    if len(values) <= MOST_VALUES:
        return _compared(In, name, values)
    ends = pc.min_max(values)
    least = _compared(GreaterThanOrEqual, name, ends["min"])
    return And(least, _compared(LessThanOrEqual, name, ends["max"]))


def _compared(kind: Any, name: str, values: pa.Array | pa.Scalar) -> BooleanExpression:
    try:
        given = values.to_pylist() if isinstance(values, pa.Array) else values.as_py()
    except (ValueError, OverflowError):  # a date or time that Python has no value for
        return AlwaysTrue()
    expression: BooleanExpression = kind(name, given)
    return expression


def may_hold(metadata: TableMetadata, predicate: BooleanExpression) -> Callable[[DataFile], bool]:
    """Whether a file's partition and statistics leave it open that a predicate holds somewhere.

    `_InclusiveMetricsEvaluator` is pyiceberg's own and unpublished; a test pins it.
    """
    schema = metadata.schema()
    metrics = _InclusiveMetricsEvaluator(schema, predicate)
    partitions = {
        spec.spec_id: expression_evaluator(
            Schema(*spec.partition_type(schema).fields),
            inclusive_projection(schema, spec)(predicate),
            case_sensitive=True,
        )
        for spec in metadata.partition_specs
    }
    return lambda file: partitions[file.spec_id or 0](file.partition) and metrics.eval(file)
