"""A training set's rows, read from Athena or from where they are stored, and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from fsql import reader
from fsql.cache import Cache, chosen
from fsql.catalog import Catalog, Entry
from fsql.conversion import decode
from fsql.dbapi import Cursor
from fsql.errors import TrainingSetError
from fsql.inserts.texts import sql_text
from fsql.numbered import in_order, sorted_by
from fsql.training import files
from fsql.training.answers import answered
from fsql.training.asked import Asked, Terms
from fsql.training.digests import Digest
from fsql.training.joins import point_in_time
from fsql.training.manifest import Manifest
from fsql.training.pins import Pin, gone, repinned
from fsql.training.spine import ROW, FrameSpine, TableSpine, as_table
from fsql.types import Timestamp, arrow_type, plain_type

__all__ = ["Reading", "plain_schema"]

Caching: TypeAlias = Cache | bool | None
_COSTS = ("query_id", "transport", "scanned_bytes")


@dataclass
class Reading:
    """How the rows of one training set are read.

    Attributes:
        stored: what the rows have to be the same as; None if they were never stored.
        spine_pins: the states of the tables that the spine is read from.
        known: what the last reading has shown, as the manifest says it.
    """

    engine: sa.Engine
    catalog: Catalog
    terms: Terms
    asked: Asked
    spine: FrameSpine | TableSpine
    stored: Manifest | None = None
    spine_pins: tuple[Pin, ...] = ()
    known: dict[str, Any] = field(default_factory=dict)
    _costs: dict[str, Any] | None = None

    @cached_property
    def schema(self) -> pa.Schema:
        """The spine's columns and then the features, with their exact types."""
        return pa.schema([*self.spine.schema, *self.asked.fields])

    def check_states(self) -> None:
        """Refuse to read what is not there any more; what has no snapshots is taken as it is.

        Raises:
            TrainingSetError: it says which snapshots are gone.
        """
        if self.stored is None:
            groups = [repinned(self.catalog, each) for each in self.asked.groups]
            self.asked = replace(self.asked, groups=groups)
        pins = [pin for each in self.asked.groups for pin in (each.state, each.deletes)]
        pins += self.spine_pins
        reasons = [why for pin in pins if pin is not None and (why := gone(self.catalog, pin))]
        if reasons:
            raise TrainingSetError(
                "\n".join(["The training set cannot be read as it was.", *reasons])
            )

    def query(self, rows: sa.FromClause, names: Sequence[str]) -> sa.Select[Any]:
        """Some columns of the set for a spine's rows."""
        query = point_in_time(rows, self.terms.time, self.asked.lookups)
        return query.with_only_columns(*(query.selected_columns[name] for name in names))

    @property
    def sql(self) -> str:
        """What Athena is asked; the table that a frame is put into is called "spine"."""
        if isinstance(self.spine, TableSpine):
            return sql_text(self.query(self.spine.rows, self.schema.names), self.engine.dialect)
        table = as_table("spine", self.fitted, self.entry.database)
        return sql_text(self._numbered(table), self.engine.dialect)

    # --- all rows ------------------------------------------------------------------------------

    def found(self, spine: FrameSpine, cache: Caching = None) -> pa.Table:
        """The features for the rows of a frame."""
        digest = Digest(self.schema)
        if self._kept is not None:
            rows = files.read_all(self.catalog, self._kept, self.asked.fields)
        else:
            with self._asking(spine, cache) as cursor:
                rows = sorted_by(cursor.as_arrow(), 0)
            self._check_numbers(rows.column(0), 0)
            rows = _exact(rows.drop_columns([ROW]), self.asked.fields)
        self._check(len(rows), len(spine.table))
        digest.add(self._beside(spine, rows, 0))
        self._end(digest)
        return rows

    def batches(self, *, strict: bool = False, cache: Caching = None) -> Iterator[pa.RecordBatch]:
        """All rows, in the spine's order if it has one.

        Args:
            cache: as `fsql.read_sql` takes it.
            strict: refuse what changed while it was read, and has no snapshots.
        """
        spine, digest = self.spine, Digest(self.schema)
        if isinstance(spine, FrameSpine):
            parts = self._of_frame(spine, cache)
        else:
            parts = self._of_table(spine, cache)
        for rows in parts:
            digest.add(rows)
            yield from rows.to_batches()
        self._check(digest.rows, self._count(cache))
        self._end(digest, strict=strict)

    def _count(self, cache: Caching) -> int:
        """How many rows the spine has."""
        if isinstance(self.spine, FrameSpine):
            return len(self.spine.table)
        counted = reader.read_arrow(self.spine.count, self.engine, cache=cache)
        count: int = counted[0][0].as_py()
        return count

    def _of_table(self, spine: TableSpine, cache: Caching) -> Iterator[pa.Table]:
        self.check_states()
        query = self.query(spine.rows, self.schema.names)
        with self._noted(reader.executed(query, self.engine, None, cache=cache)) as cursor:
            for batch in cursor.as_batches():
                yield _exact(pa.Table.from_batches([batch]), self.schema)

    def _of_frame(self, spine: FrameSpine, cache: Caching) -> Iterator[pa.Table]:
        at = 0
        for found in self._found_by_parts(spine, cache):
            yield self._beside(spine, found, at)
            at += len(found)

    def _found_by_parts(self, spine: FrameSpine, cache: Caching) -> Iterator[pa.Table]:
        """The features for the rows of a frame, some at a time."""
        if self._kept is not None:
            yield from files.read(self.catalog, self._kept, self.asked.fields)
            return
        at = 0
        with self._asking(spine, cache) as cursor:
            for rows in in_order(cursor.as_batches(), 0):
                self._check_numbers(rows.column(0), at)
                at += len(rows)
                yield _exact(rows.drop_columns([ROW]), self.asked.fields)

    def _beside(self, spine: FrameSpine, found: pa.Table, at: int) -> pa.Table:
        """Features beside the spine's rows from a number on."""
        own = spine.table.slice(at, len(found))
        columns = [*own.columns, *found.columns]
        return pa.Table.from_arrays(columns, schema=plain_schema(self.schema))

    # --- how it is asked -----------------------------------------------------------------------

    @property
    def _kept(self) -> str | None:
        """Where features were stored."""
        uri: str | None = None if self.stored is None else self.stored["stored_rows"]
        return uri

    @contextmanager
    def _noted(self, answer: AbstractContextManager[Cursor]) -> Iterator[Cursor]:
        with answer as cursor:
            yield cursor
            self._costs = {name: cursor.statistics[name] for name in _COSTS}

    @contextmanager
    def _asking(self, spine: FrameSpine, cache: Caching) -> Iterator[Cursor]:
        """The result for a frame's rows, which are numbered and in no order."""
        self.check_states()
        used = chosen(cache, self.catalog.aws.location.arguments)
        answer = answered(self.engine, spine, self.entry, self.fitted, self._numbered, used)
        with self._noted(answer) as cursor:
            yield cursor

    def _numbered(self, rows: sa.Table) -> sa.Select[Any]:
        # To sort all rows once more would be the dearest part of it for the engine.
        return self.query(rows, [ROW, *self.asked.fields.names])

    def spine_batches(self, spine: TableSpine) -> Iterator[pa.RecordBatch]:
        """The rows of a spine that is a table or SELECT, in their exact types."""
        self.check_states()
        query = sa.select(*spine.rows.columns)
        for batch in reader.read_batches(query, self.engine):
            yield from _exact(pa.Table.from_batches([batch]), spine.schema).to_batches()

    @property
    def entry(self) -> Entry:
        """The table in whose database temporary ones are made."""
        group = self.asked.groups[0].group
        return self.catalog.get(group.name, group.schema)

    @cached_property
    def fitted(self) -> dict[str, pa.DataType]:
        """The spine's columns that are compared with a group's, and the types for that."""
        types = {name: field.type for name, field in self.asked.key_fields.items()}
        moments = {self.terms.time, *(lookup.known_by for lookup in self.asked.lookups)}
        instant = arrow_type(Timestamp("us", "UTC"))
        names = self.spine.schema.names
        return types | {name: instant for name in moments if name is not None and name in names}

    # --- whether it is right -------------------------------------------------------------------

    def _end(self, digest: Digest, *, strict: bool = False) -> None:
        """Take note of what was read, or compare it with what was stored."""
        if self._kept is None and (strict or self.stored is not None):
            self._check_unchanged()
        found = digest.text
        if self.stored is not None and found != self.stored.hash:
            raise TrainingSetError(
                f"The rows are not those that were saved {self.stored['saved']}: their hash is"
                f" {found}, and that of the manifest {self.stored.hash}. Nothing is returned."
                " Somebody changed files behind the tables, or another release of fsql or Athena"
                f" answers differently; the set was made by fsql {self.stored['fsql']}."
            )
        self.known = {"rows": digest.rows, "hash": found, "query": self._costs}

    def _check_unchanged(self) -> None:
        """Of tables without snapshots nobody knows what was read if they changed meanwhile."""
        for each in self.asked.groups:
            if each.state.version is not None and (why := gone(self.catalog, each.state)):
                raise TrainingSetError(f"While the training set was read: {why}")

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


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """A schema in the types in which columns are shown."""
    return pa.schema([field.with_type(plain_type(field.type)) for field in schema])


def _exact(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A query's columns in their exact types, as far as the query has not given these already."""
    columns = []
    for column, each in zip(table.columns, schema, strict=True):
        given = column.type.equals(plain_type(each.type))
        columns.append(column if given else decode(column, each))
    return pa.Table.from_arrays(columns, schema=plain_schema(schema))
