"""A SELECT rewritten for UNLOAD to Parquet, and what comes back turned into its result."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from fsql.analysis.carriage import Carried, carried
from fsql.analysis.model import Analysis, Output
from fsql.analysis.ordering import ordered
from fsql.analysis.parsing import parse_query
from fsql.conversion import decode
from fsql.notes import gathered
from fsql.types import plain_field

__all__ = ["UnloadSelect", "unload_select"]

ORDINAL = "ordinal"


@dataclass(frozen=True)
class UnloadSelect:
    """A SELECT to put into UNLOAD, and how to read its files.

    Args:
        sql: columns ``c0``, ``c1`` … of types that UNLOAD writes, and `ordinal`.
        ordinal: the column that numbers the rows in the query's order; None: no order.
        outputs: the columns of the result.
        types: the engine's type of each, as Arrow has it. What Parquet holds is cast to
            it first: times arrive as counts of microseconds.
    """

    sql: str
    ordinal: str | None
    outputs: tuple[Output, ...]
    types: tuple[pa.DataType, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and restored types of the result; names may repeat."""
        return gathered(pa.schema(list(map(plain_field, self._fields))))

    @cached_property
    def _fields(self) -> list[pa.Field]:
        pairs = zip(self.outputs, self.types, strict=True)
        fields = [output.field or pa.field(output.name, type_) for output, type_ in pairs]
        return [field.with_nullable(True) for field in fields]

    def restore(self, table: pa.Table) -> pa.Table:
        """The result from what the files hold, all of them together if there is an order.

        Raises:
            LossyCast: a value does not fit its column's exact type.
        """
        if self.ordinal is not None and not _ascends(table.column(self.ordinal)):
            table = table.take(pc.sort_indices(table.column(self.ordinal)))
        columns = [
            decode(_cast(table.column(f"c{i}"), type_), field)
            for i, (type_, field) in enumerate(zip(self.types, self._fields, strict=True))
        ]
        return pa.Table.from_arrays(columns, schema=self.schema)


def _ascends(numbers: pa.ChunkedArray) -> bool:
    """Files of one writer, read in order, mostly are in order: that saves moving every row."""
    return bool(pc.all(pc.less(numbers[:-1], numbers[1:]), min_count=0).as_py())


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_null(type_):
        return pa.chunked_array([pa.nulls(len(column))])
    return column if column.type.equals(type_) else column.cast(type_)


def unload_select(sql: str, analysis: Analysis) -> UnloadSelect | None:
    """The SELECT for an UNLOAD that loses neither names, nor types, nor order.

    Args:
        sql: what was analysed.
        analysis: what `analyse` said of it.

    Returns:
        None if that is not certain: a column's type is not known, or has no lossless
        form in Parquet, or the order cannot be written down. Rows as text remain.
    """
    outputs = analysis.outputs
    query = parse_query(sql) if outputs else None
    if not outputs or query is None:
        return None
    columns = [_carried(i, output) for i, output in enumerate(outputs)]
    known = [column for column in columns if column is not None]
    inner = ordered(sql, query, [output.name for output in outputs])
    if len(known) < len(columns) or inner is None:
        return None
    items = [f"{column.sql} AS c{i}" for i, column in enumerate(known)]
    if inner.keys:
        items.append(f"row_number() OVER (ORDER BY {', '.join(inner.keys)}) AS {ORDINAL}")
    names = ", ".join(f"c{i}" for i in range(len(known) + inner.extra))
    text = f"SELECT {', '.join(items)}\nFROM (\n{inner.sql}\n) AS unloaded ({names})"
    types = tuple(column.type for column in known)
    return UnloadSelect(text, ORDINAL if inner.keys else None, outputs, types)


def _carried(position: int, output: Output) -> Carried | None:
    type_ = output.engine_type
    return carried(f"c{position}", type_) if type_ else None
