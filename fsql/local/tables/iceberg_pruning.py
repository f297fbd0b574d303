"""The data files that may have rows for which a filter holds.

By the partitions' values and by the bounds of columns, see https://iceberg.apache.org/spec/#scan-planning.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg import expressions as ie
from pyiceberg import types as it
from pyiceberg.expressions.visitors import (
    _InclusiveMetricsEvaluator,
    expression_evaluator,
    inclusive_projection,
)
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.table.metadata import TableMetadata

from fsql.local.tables.filters import And, Compare, Filter, Or, Value

__all__ = ["pruned"]

_COMPARISONS: Mapping[str, Any] = {
    "=": ie.EqualTo,
    ">": ie.GreaterThan,
    ">=": ie.GreaterThanOrEqual,
    "<": ie.LessThan,
    "<=": ie.LessThanOrEqual,
    "IN": ie.In,
}


def pruned(
    metadata: TableMetadata, tasks: Sequence[FileScanTask], filter_: Filter
) -> Sequence[FileScanTask]:
    """The files that may have such rows; all of them where nobody can tell.

    `_InclusiveMetricsEvaluator` is pyiceberg's own and unpublished; a test pins it.
    """
    schema = metadata.schema()
    rows = _expression(filter_, _columns(schema))
    if rows == ie.AlwaysTrue():
        return tasks
    try:
        metrics = _InclusiveMetricsEvaluator(schema, rows)
        partitions = {
            spec.spec_id: expression_evaluator(
                Schema(*spec.partition_type(schema).fields),
                inclusive_projection(schema, spec)(rows),
                case_sensitive=True,
            )
            for spec in metadata.partition_specs
        }
        return [
            task
            for task in tasks
            if partitions[task.file.spec_id](task.file.partition) and metrics.eval(task.file)
        ]
    except (TypeError, ValueError, struct.error):
        # Bounds from before a column's type was widened, or a transform of the future.
        return tasks


def _columns(schema: Schema) -> dict[str, it.NestedField]:
    """The columns by their names in lower case; none of those that are alike then."""
    names = [field.name.lower() for field in schema.fields]
    return {
        name: field
        for name, field in zip(names, schema.fields, strict=True)
        if names.count(name) == 1 and "." not in name
    }


def _expression(filter_: Filter, columns: Mapping[str, it.NestedField]) -> ie.BooleanExpression:
    match filter_:
        case And(parts=parts):
            return ie.And(ie.AlwaysTrue(), ie.AlwaysTrue(), *_all(parts, columns))
        case Or(parts=parts):
            return ie.Or(ie.AlwaysFalse(), ie.AlwaysFalse(), *_all(parts, columns))
    return _comparison(filter_, columns)


def _all(
    parts: Sequence[Filter], columns: Mapping[str, it.NestedField]
) -> list[ie.BooleanExpression]:
    return [_expression(part, columns) for part in parts]


def _comparison(found: Compare, columns: Mapping[str, it.NestedField]) -> ie.BooleanExpression:
    field = columns.get(found.column)
    if field is None:
        return ie.AlwaysTrue()
    values = [_stored(field.field_type, value) for value in found.values]
    if any(value is None for value in values):
        return ie.AlwaysTrue()
    argument = values if found.operator == "IN" else values[0]
    expression: ie.BooleanExpression = _COMPARISONS[found.operator](field.name, argument)
    return expression


def _stored(type_: it.IcebergType, value: Value) -> Value | None:
    """A constant as a column of the type is compared with it; None where Trino converts values."""
    match type_, value:
        case ((it.IntegerType() | it.LongType()), int()):
            return value
        case it.StringType(), str():
            return value
        case it.TimestampType(), dt.datetime():
            return value
        case it.TimestampType(), dt.date():
            return dt.datetime.combine(value, dt.time())
        case it.DateType(), dt.date() if not isinstance(value, dt.datetime):
            return value
    return None
