"""Rows sorted into the partitions of an Iceberg table.

The transforms are those of https://iceberg.apache.org/spec/#partition-transforms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    YearTransform,
    parse_transform,
)
from pyiceberg.typedef import Record

from fsql.definition import Partition

__all__ = ["FIRST_ID", "Partitioner", "Values", "comparable", "partition_spec"]

Values: TypeAlias = tuple[Any, ...]
"""The partition's values in Iceberg's representation, one for each field of the spec."""

FIRST_ID = 1000  # https://iceberg.apache.org/spec/#partition-evolution


def partition_spec(partitions: tuple[Partition, ...], schema: Schema) -> PartitionSpec:
    """A group's partition fields as Iceberg's, named as Spark and Athena name them."""
    fields = [
        PartitionField(
            source_id=schema.find_field(partition.column).field_id,
            field_id=FIRST_ID + place,
            transform=parse_transform(_transform(partition)),
            name=_name(partition),
        )
        for place, partition in enumerate(partitions)
    ]
    return PartitionSpec(*fields)


def _transform(partition: Partition) -> str:
    width = f"[{partition.width}]" if partition.width else ""
    return f"{partition.transform}{width}"


def _name(partition: Partition) -> str:
    # Athena names a truncation 'trunc', see its SHOW PARTITIONS on Iceberg tables.
    short = {"identity": "", "truncate": "_trunc"}
    return partition.column + short.get(partition.transform, f"_{partition.transform}")


class Partitioner:
    """Splits tables by the partition that their rows belong to."""

    def __init__(self, spec: PartitionSpec, schema: Schema) -> None:
        self._spec, self._schema = spec, schema
        self._columns = [_values_of(field, schema) for field in spec.fields]

    def split(self, table: pa.Table) -> Iterator[tuple[Values, pa.Table]]:
        """The partitions of a table with their rows, which keep their order; views of one copy."""
        if not self._columns:
            yield (), table
            return
        columns = [values(table).combine_chunks().dictionary_encode() for values in self._columns]
        codes = _codes(columns)
        order = np.argsort(codes, kind="stable")
        starts = [0, *(np.flatnonzero(np.diff(codes[order])) + 1).tolist(), len(codes)]
        rows = table if len(starts) == 2 else table.take(pa.array(order))
        for start, end in pairwise(starts):
            values = tuple(column[int(order[start])].as_py() for column in columns)
            yield values, rows.slice(start, end - start)

    def folder(self, values: Values) -> str:
        """The folder of a partition's files, with a slash at its end unless it is the root."""
        if not values:
            return ""
        return self._spec.partition_to_path(Record(*values), self._schema) + "/"


def comparable(values: Values) -> tuple[object, ...]:
    """A partition's values; NaN is one value too, though it does not equal itself."""
    return tuple("NaN" if value != value else (value,) for value in values)


def _codes(columns: list[pa.DictionaryArray]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """One number for each combination of values."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        indices = pc.fill_null(column.indices, len(column.dictionary)).cast(pa.int64())
        codes = codes * (len(column.dictionary) + 1) + indices.to_numpy()
    return codes


def _values_of(field: PartitionField, schema: Schema) -> Callable[[pa.Table], pa.ChunkedArray]:
    source = schema.find_field(field.source_id)
    transform = field.transform
    for kind, vectorised in _VECTORISED:
        if isinstance(transform, kind):
            return lambda table: vectorised(table.column(source.name))
    one = transform.transform(source.field_type)
    return lambda table: _by_value(_physical(table.column(source.name)), one)


def _by_value(column: pa.ChunkedArray, one: Callable[[Any], Any]) -> pa.ChunkedArray:
    """A transform that only pyiceberg's Python code knows, once for each distinct value."""
    encoded = column.combine_chunks().dictionary_encode()
    results = pa.array([one(value) for value in encoded.dictionary.to_pylist()])
    return pa.chunked_array([results.take(encoded.indices)])


def _physical(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as the numbers by which Iceberg counts them."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64())
    return column.cast(pa.int32()) if pa.types.is_date(column.type) else column


def _years(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.subtract(pc.year(column), 1970).cast(pa.int32())


def _months(column: pa.ChunkedArray) -> pa.ChunkedArray:
    months = pc.add(pc.multiply(pc.subtract(pc.year(column), 1970), 12), pc.month(column))
    return pc.subtract(months, 1).cast(pa.int32())


def _days(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.date32(), safe=False).cast(pa.int32())


def _hours(column: pa.ChunkedArray) -> pa.ChunkedArray:
    start = pc.floor_temporal(column, unit="hour").cast(pa.int64())
    return pc.divide(start, 3_600_000_000).cast(pa.int32())


_VECTORISED: tuple[tuple[type, Callable[[pa.ChunkedArray], pa.ChunkedArray]], ...] = (
    (IdentityTransform, _physical),
    (YearTransform, _years),
    (MonthTransform, _months),
    (DayTransform, _days),
    (HourTransform, _hours),
)
