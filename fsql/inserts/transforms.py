"""Iceberg's partition transforms in Trino's SQL.

https://iceberg.apache.org/spec/#partition-transforms. Of a bucket Athena has no function; its
rows cannot be told apart by SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pyiceberg import transforms as tr
from pyiceberg import types as it
from pyiceberg.partitioning import PartitionField, PartitionSpec, partition_record_value
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record

from fsql.formatting import ParameterFormatter, literal
from fsql.inserts.queries import quoted

__all__ = ["Partitioning", "Values"]

Values: TypeAlias = tuple[Any, ...]
"""For each field that SQL can tell, its value in the query; of a time the start of its span."""

_NOT_A_NUMBER = "NaN"


@dataclass(frozen=True)
class _Field:
    """A partition field that SQL can compute.

    Attributes:
        place: where it stands in the partition spec.
        sql: the expression over the table's column.
    """

    place: int
    field: PartitionField
    schema: Schema
    sql: str

    @property
    def _source(self) -> it.IcebergType:
        return self.schema.find_field(self.field.source_id).field_type

    def stored(self, value: Any) -> Any:
        """What Iceberg notes of the partition: NULL, NaN, or its own form of the value."""
        if value is None:
            return None
        inner = partition_record_value(self.field, value, self.schema)
        return self.field.transform.transform(self._source)(inner)

    def holds(self, values: Sequence[Any]) -> str:
        """SQL that is true just for the rows of these values."""
        plain = [value for value in values if value is not None and value == value]
        parts = []
        if plain:
            parts.append(f"{self.sql} IN ({', '.join(map(_literal, plain))})")
        if any(value is None for value in values):
            parts.append(f"{self.sql} IS NULL")
        if any(value != value for value in values):
            parts.append(f"is_nan({self.sql})")
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _literal(value: Any) -> str:
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return literal(value, ParameterFormatter())


class Partitioning:
    """How SQL tells the partitions of an Iceberg table apart.

    Attributes:
        buckets: how many partitions rows may go to that SQL cannot tell from each other.
    """

    def __init__(self, spec: PartitionSpec, schema: Schema) -> None:
        self._fields: list[_Field] = []
        self.buckets = 1
        for place, field in enumerate(spec.fields):
            if isinstance(field.transform, tr.BucketTransform):
                self.buckets *= field.transform.num_buckets
            elif not isinstance(field.transform, tr.VoidTransform):
                self._fields.append(_Field(place, field, schema, _sql(field, schema)))

    def distinct_sql(self, table: str) -> str | None:
        """A query for the `Values` that a table has; None if SQL can tell none apart."""
        if not self._fields:
            return None
        columns = ", ".join(f"{field.sql} AS p{i}" for i, field in enumerate(self._fields))
        return f"SELECT DISTINCT {columns} FROM {table}"

    def key(self, values: Values) -> Values:
        """The same for all rows of a partition, buckets apart, as `key_of` has it of files."""
        stored = (f.stored(value) for f, value in zip(self._fields, values, strict=True))
        return tuple(map(_comparable, stored))

    def key_of(self, partition: Record) -> Values:
        """The key of a data file's partition."""
        return tuple(_comparable(partition[field.place]) for field in self._fields)

    def where(self, batch: Sequence[Values]) -> str:
        """SQL that is true just for the rows of these partitions."""
        return _where(self._fields, batch)


def _comparable(value: Any) -> Any:
    """NaN does not equal itself, and is one partition; True and 1 are two of no one field."""
    return _NOT_A_NUMBER if value != value else (value,)


def _where(fields: Sequence[_Field], batch: Sequence[Values]) -> str:
    first, rest = fields[0], fields[1:]
    if not rest:
        return first.holds([values[0] for values in batch])
    groups: dict[Any, list[Values]] = {}
    for values in batch:
        groups.setdefault(_comparable(values[0]), []).append(values)
    parts = [
        f"({first.holds([group[0][0]])} AND {_where(rest, [values[1:] for values in group])})"
        for group in groups.values()
    ]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _sql(field: PartitionField, schema: Schema) -> str:
    source = schema.find_field(field.source_id)
    column = quoted(source.name)
    match field.transform:
        case tr.YearTransform() | tr.MonthTransform() | tr.DayTransform() | tr.HourTransform():
            return f"date_trunc('{field.transform}', {column})"
        case tr.TruncateTransform(width=width):
            return _truncated(column, source.field_type, width)
    return column


def _truncated(column: str, type_: it.IcebergType, width: int) -> str:
    if isinstance(type_, it.StringType | it.BinaryType):
        return f"substr({column}, 1, {width})"
    step = str(width)
    if isinstance(type_, it.DecimalType):
        # The width counts units of the last digit.
        step = f"DECIMAL '{width / 10**type_.scale:.{type_.scale}f}'"
    return f"({column} - (({column} % {step}) + {step}) % {step})"
