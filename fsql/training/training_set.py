"""A training set: the rows of a spine with the features that held at their times."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from fsql import reader
from fsql.catalog import Catalog, Entry
from fsql.conversion import decode
from fsql.errors import TrainingSetError
from fsql.frames import to_pandas
from fsql.training.asked import Terms, asked_for
from fsql.training.joins import point_in_time
from fsql.training.spine import ROW, FrameSpine, TableSpine, opened
from fsql.types import Timestamp, arrow_type, plain_type

__all__ = ["TrainingSet"]


class TrainingSet:
    """The rows of a spine, one for one, with features as they were at the spine's times.

    Nothing is read before it is asked for, and each call reads anew. A spine that is no table of
    the store's is put into a temporary one meanwhile, which is removed even after a failure.
    """

    def __init__(
        self, engine: sa.Engine, catalog: Catalog, spine: Any, features: Any, terms: Terms
    ) -> None:
        self._engine, self._catalog, self._terms = engine, catalog, terms
        self._spine = opened(engine, catalog, spine)
        names = self._spine.schema.names
        if terms.time is not None and terms.time not in names:
            raise TrainingSetError(
                f"time={terms.time!r} is no column of the spine. Columns: {', '.join(names)}."
            )
        self._asked = asked_for(catalog, features, terms, names)
        self._held = ExitStack()
        weakref.finalize(self, self._held.close)

    @cached_property
    def schema(self) -> pa.Schema:
        """The spine's columns and then the features, with their exact types."""
        return pa.schema([*self._spine.schema, *self._asked.fields])

    def select(self) -> sa.Select[Any]:
        """The training set as a SELECT, to be filtered, joined, ordered or put into a CTE.

        Its rows have no order unless one is asked for. Where the spine is a frame or file, its
        temporary table stays until `close`, or until nobody has this training set any more.
        """
        if isinstance(self._spine, FrameSpine):
            names = self._spine.schema.names
            rows: Any = self._held.enter_context(
                self._spine.uploaded(self._beside, names, self._fitted)
            )
        else:
            rows = self._spine.rows
        return self._query(rows, [*self._spine.schema.names, *self._asked.fields.names])

    def close(self) -> None:
        """Remove the temporary table that `select` has made, if it has."""
        self._held.close()

    def to_arrow(self) -> pa.Table:
        """The training set as an Arrow table, in the spine's order.

        Raises:
            TrainingSetError: there is not one row for each of the spine's; nothing is returned.
            QueryFailed, QueryCancelled: Athena did not end the query well.
        """
        if isinstance(self._spine, FrameSpine):
            table, found = self._spine.table, self._found(self._spine)
            columns = [*table.columns, *found.columns]
            fields = [*table.schema, *found.schema]
            return pa.Table.from_arrays(columns, schema=pa.schema(fields, table.schema.metadata))
        rows = reader.read_arrow(self._whole(self._spine), self._engine)
        self._check(len(rows), self._count(self._spine))
        return _exact(rows, self.schema)

    def to_frame(self) -> pd.DataFrame:
        """The training set as a DataFrame: a spine that is one comes back as it was, with features.

        Raises:
            TrainingSetError, QueryFailed, QueryCancelled: as `to_arrow`.
        """
        if isinstance(self._spine, FrameSpine) and isinstance(self._spine.data, pd.DataFrame):
            given = self._spine.data
            found = to_pandas(self._found(self._spine))
            return pd.concat([given, found.set_axis(given.index)], axis=1)
        return to_pandas(self.to_arrow())

    def to_batches(self) -> pa.RecordBatchReader:
        """The training set as a stream of record batches, in the spine's order.

        Raises:
            TrainingSetError, QueryFailed, QueryCancelled: as `to_arrow`, the first one at the end.
        """
        return pa.RecordBatchReader.from_batches(_plain(self.schema), self._batches())

    # --- how it is read ------------------------------------------------------------------------

    def _found(self, spine: FrameSpine) -> pa.Table:
        """The features for the rows of a frame."""
        with self._asking(spine) as query:
            rows = reader.read_arrow(query, self._engine)
        self._check(len(rows), len(spine.table))
        self._check_numbers(rows.column(0), 0)
        return _exact(rows.drop_columns([ROW]), self._asked.fields)

    @contextmanager
    def _asking(self, spine: FrameSpine) -> Iterator[sa.Select[Any]]:
        """What to ask for a frame's rows, in their order, once its keys and times are uploaded."""
        with spine.uploaded(self._beside, [*self._fitted], self._fitted) as rows:
            query = self._query(rows, [ROW, *self._asked.fields.names])
            yield query.order_by(query.selected_columns[ROW])

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if isinstance(self._spine, FrameSpine):
            yield from self._beside_frame(self._spine)
            return
        count = 0
        for batch in reader.read_batches(self._whole(self._spine), self._engine):
            count += len(batch)
            yield from _exact(pa.Table.from_batches([batch]), self.schema).to_batches()
        self._check(count, self._count(self._spine))

    def _beside_frame(self, spine: FrameSpine) -> Iterator[pa.RecordBatch]:
        at = 0
        with self._asking(spine) as query:
            for batch in reader.read_batches(query, self._engine):
                rows = pa.Table.from_batches([batch])
                self._check_numbers(rows.column(0), at)
                found = _exact(rows.drop_columns([ROW]), self._asked.fields)
                own = spine.table.slice(at, len(rows))
                at += len(rows)
                columns = [*own.columns, *found.columns]
                yield from pa.Table.from_arrays(columns, schema=_plain(self.schema)).to_batches()
        self._check(at, len(spine.table))

    def _whole(self, spine: TableSpine) -> sa.Select[Any]:
        return self._query(spine.rows, self.schema.names)

    def _count(self, spine: TableSpine) -> int:
        count: int = reader.read_arrow(spine.count, self._engine)[0][0].as_py()
        return count

    @property
    def _beside(self) -> Entry:
        group: Any = self._asked.lookups[0].table
        return self._catalog.get(group.name, group.schema)

    @cached_property
    def _fitted(self) -> dict[str, pa.DataType]:
        """The spine's columns that are compared with a group's, and the types for that."""
        types = {name: field.type for name, field in self._asked.key_fields.items()}
        moments = {self._terms.time, *(lookup.known_by for lookup in self._asked.lookups)}
        instant = arrow_type(Timestamp("us", "UTC"))
        names = self._spine.schema.names
        return types | {name: instant for name in moments if name is not None and name in names}

    def _query(self, rows: sa.FromClause, names: Sequence[str]) -> sa.Select[Any]:
        query = point_in_time(rows, self._terms.time, self._asked.lookups)
        return query.with_only_columns(*(query.selected_columns[name] for name in names))

    @staticmethod
    def _check(rows: int, expected: int) -> None:
        if rows != expected:
            raise TrainingSetError(
                f"The training set has {rows:,} rows for {expected:,} of the spine. Was the spine"
                " written to meanwhile? If not, please report it; nothing is returned."
            )

    @staticmethod
    def _check_numbers(numbers: pa.ChunkedArray, first: int) -> None:
        expected = pa.array(np.arange(first, first + len(numbers)))
        if not pc.all(pc.equal(numbers, expected), min_count=0).as_py():
            raise TrainingSetError("The training set's rows are not the spine's. Please report it.")


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_type(plain_type(field.type)) for field in schema])


def _exact(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A query's columns in their exact types, as far as the query has not given these already."""
    columns = []
    for column, field in zip(table.columns, schema, strict=True):
        given = column.type.equals(plain_type(field.type))
        columns.append(column if given else decode(column, field))
    return pa.Table.from_arrays(columns, schema=_plain(schema))
