"""Frames, checked against a feature group and cast to its exact types.

A column is cast only where nothing is lost. Whatever does not fit is a problem, and all
problems are told at once, with the numbers of the rows that show them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from fsql.conversion import encode
from fsql.errors import nearest
from fsql.fitting.base import Convert, Mismatch
from fsql.fitting.casts import converter, within_categories
from fsql.fitting.differences import differences
from fsql.fitting.frames import arrow_table
from fsql.fitting.hive import cut_to_milliseconds, within_hive
from fsql.fitting.problems import Problems
from fsql.frames import to_batches
from fsql.model import FeatureGroup
from fsql.notes import categories_of, noted

__all__ = [
    "Fitting",
    "Problems",
    "arrow_table",
    "cut_to_milliseconds",
    "differences",
    "encode_table",
    "fit",
    "fit_batches",
]


def fit(group: FeatureGroup, data: Any) -> pa.Table:
    """A frame as a table of the group's exact schema.

    Args:
        data: a pandas or polars DataFrame, an Arrow table or anything that exports an
            Arrow stream. Columns are matched by name.

    Raises:
        InvalidData: something does not fit; every problem is named.
        TypeError: `data` is no frame.
    """
    problems = Problems(group.name, group.columns.keys())
    table = arrow_table(data, group.arrow_schema, problems)
    fitted = Fitting(group, table.schema, problems).fit(table)
    problems.check()
    return fitted


def fit_batches(group: FeatureGroup, data: Any) -> Iterator[pa.Table]:
    """As `fit`, in constant memory. From the first problem on, rows are only checked.

    Raises:
        InvalidData: at the end, when every problem is known.
    """
    problems = Problems(group.name, group.columns.keys())
    reader = to_batches(data, group.name)
    fitting, row = Fitting(group, reader.schema, problems), 0
    for batch in reader:
        fitted = fitting.fit(pa.Table.from_batches([batch]), row)
        row += batch.num_rows
        if not problems:
            yield fitted
    problems.check()


def encode_table(group: FeatureGroup, table: pa.Table) -> pa.Table:
    """A fitted table in the types that are stored, see `fsql.conversion.encode`."""
    truncate = group.definition.truncate
    columns = [
        encode(table.column(i), field, truncate=truncate) for i, field in enumerate(table.schema)
    ]
    return cut_to_milliseconds(group, pa.table(columns, schema=group.storage_schema))


class Fitting:
    """How tables of one schema become tables of a group.

    What is wrong with the schema is reported when it is made, what is wrong with values
    when they come. Different threads may fit different tables.
    """

    def __init__(self, group: FeatureGroup, schema: pa.Schema, problems: Problems) -> None:
        self._schema = group.arrow_schema
        self._noted = noted(self._schema)
        self._problems = problems
        self._required = _required(group)
        self._casts: dict[str, Convert] = {}
        self._find_casts(schema, truncate=group.definition.truncate)
        if group.definition.table_format == "hive":
            self._casts = {n: within_hive(group, n, cast) for n, cast in self._casts.items()}

    def _find_casts(self, schema: pa.Schema, *, truncate: bool) -> None:
        given, expected = schema.names, self._schema.names
        for name in dict.fromkeys(given):
            if name not in expected:
                self._problems.add(name, f"is no column of the group{_like(name, expected)}.")
            elif given.count(name) > 1:
                self._problems.add(name, "stands in the frame twice.")
        for field in self._schema:
            if field.name not in given:
                self._problems.add(field.name, f"is missing{_like(field.name, given)}.")
            elif given.count(field.name) == 1:
                self._find_cast(schema.field(field.name).type, field, truncate=truncate)

    def _find_cast(self, given: pa.DataType, field: pa.Field, *, truncate: bool) -> None:
        try:
            cast = converter(given, field.type, truncate=truncate)
            known = categories_of(self._noted.field(field.name))
            ordered = known is not None and field.type.ordered
            self._casts[field.name] = within_categories(cast, known) if ordered else cast
        except Mismatch as mismatch:
            self._problems.add(field.name, str(mismatch))

    def fit(self, table: pa.Table, first_row: int = 0) -> pa.Table:
        """Cast a table of the schema.

        Args:
            first_row: how many rows of the data came before.

        Returns:
            A table of the group's exact schema. Where problems were reported its values
            count for nothing.
        """
        columns = self.fit_columns(table, first_row)
        if len(columns) < len(self._schema):
            return self._schema.empty_table()
        return pa.table(list(columns.values()), schema=self._schema)

    def fit_columns(self, table: pa.Table, first_row: int = 0) -> dict[str, pa.ChunkedArray]:
        """As `fit`, those columns only for which there is a cast."""
        return {name: self._fit_column(table.column(name), name, first_row) for name in self._casts}

    def _fit_column(self, column: pa.ChunkedArray, name: str, row: int) -> pa.ChunkedArray:
        chunks = []
        for chunk in column.chunks:
            chunks.append(self._fit_chunk(chunk, name, row))
            row += len(chunk)
        return pa.chunked_array(chunks, self._schema.field(name).type)

    def _fit_chunk(self, chunk: pa.Array, name: str, row: int) -> pa.Array:
        def report(refused: pa.Array, what: str) -> None:
            self._problems.add_rows(name, what, refused, chunk, row)

        fitted = self._casts[name](chunk, report)
        if name in self._required:
            report(_empty(chunk), self._required[name])
        return fitted


def _required(group: FeatureGroup) -> dict[str, str]:
    """The columns that must not be NULL, and what is said when they are."""
    required = {
        c.name: "is NULL, and is declared NOT NULL" for c in group.columns if not c.nullable
    }
    if group.event_time is not None:
        required[group.event_time] = "is NULL. Every row needs the time since which it holds"
    return required | dict.fromkeys(group.keys, "is NULL. Every row needs its whole key")


def _empty(array: pa.Array) -> pa.Array:
    """The mask of NULLs; NaN is one, for no key equals it."""
    if pa.types.is_floating(array.type):
        return array.is_null(nan_is_null=True)
    return array.is_null()


def _like(name: str, known: list[str]) -> str:
    close = nearest(name, known, most=1)
    return f"; {close[0]!r} looks like it" if close else ""
