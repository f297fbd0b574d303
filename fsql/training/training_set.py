"""A training set: the rows of a spine with the features that held at their times."""

from __future__ import annotations

import datetime as dt
import weakref
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from fsql.cache import Cache
from fsql.catalog import Catalog
from fsql.errors import TrainingSetError
from fsql.frames import to_pandas
from fsql.training import saving
from fsql.training.asked import Asked, Terms, asked_for
from fsql.training.manifest import Manifest
from fsql.training.pins import stand_still
from fsql.training.reading import Reading, plain_schema
from fsql.training.spine import FrameSpine, TableSpine, opened
from fsql.training.spine_sources import SpineSource, spine_source

__all__ = ["TrainingSet"]

_ATTEMPTS = 10  # to find all tables in one state while others write


class TrainingSet:
    """The rows of a spine, one for one, with features as they were at the spine's times.

    It is of the state that its tables have when it is made: each call reads the same snapshots,
    whatever is written meanwhile. A Hive-style group has no snapshots and is read as it is. A spine
    that is no table of the store's is put into a temporary one for each call, which is removed
    even after a failure.

    Args:
        stored: what it has to be the same as, if it was stored.
    """

    def __init__(
        self,
        engine: sa.Engine,
        catalog: Catalog,
        spine: Any,
        features: Any,
        terms: Terms,
        stored: Manifest | None = None,
    ) -> None:
        opening = spine if isinstance(spine, FrameSpine) else opened(engine, catalog, spine)
        names = opening.schema.names
        if terms.time is not None and terms.time not in names:
            raise TrainingSetError(
                f"time={terms.time!r} is no column of the spine. Columns: {', '.join(names)}."
            )
        if stored is None:
            asked, self._source = _at_once(engine, catalog, opening, features, terms)
        else:
            asked = asked_for(catalog, features, terms, names, stored.groups)
            self._source = None
        rows = opening if self._source is None else self._source.spine
        pins = () if self._source is None else self._source.pins
        self._reading = Reading(engine, catalog, terms, asked, rows, stored, pins)
        self._held = ExitStack()
        weakref.finalize(self, self._held.close)

    @property
    def schema(self) -> pa.Schema:
        """The spine's columns and then the features, with their exact types."""
        return self._reading.schema

    def select(self) -> sa.Select[Any]:
        """The training set as a SELECT, to be filtered, joined, ordered or put into a CTE.

        Its rows have no order unless one is asked for. Where the spine is a frame or file, its
        temporary table stays until `close`, or until nobody has this training set any more.

        Raises:
            TrainingSetError: a snapshot that it reads is gone.
        """
        reading, spine = self._reading, self._reading.spine
        reading.check_states()
        rows: Any
        if isinstance(spine, FrameSpine):
            uploading = spine.uploaded(reading.entry, spine.schema.names, reading.fitted)
            rows = self._held.enter_context(uploading)
        else:
            rows = spine.rows
        return reading.query(rows, self.schema.names)

    def close(self) -> None:
        """Remove the temporary table that `select` has made, if it has."""
        self._held.close()

    def to_arrow(self, *, cache: Cache | bool | None = None) -> pa.Table:
        """The training set as an Arrow table, in the spine's order.

        Args:
            cache: as `fsql.read_sql` takes it. What is found for a frame is kept under what the
                frame's keys and times are, so that the same frame needs no query again.

        Raises:
            TrainingSetError: there is not one row for each of the spine's, a snapshot is gone, or
                the rows are not those that were stored; nothing is returned.
            QueryFailed, QueryCancelled: Athena did not end the query well.
        """
        spine = self._reading.spine
        if isinstance(spine, FrameSpine):
            table, found = spine.table, self._reading.found(spine, cache)
            columns = [*table.columns, *found.columns]
            fields = [*table.schema, *found.schema]
            return pa.Table.from_arrays(columns, schema=pa.schema(fields, table.schema.metadata))
        return pa.Table.from_batches(self._reading.batches(cache=cache), plain_schema(self.schema))

    def to_frame(self, *, cache: Cache | bool | None = None) -> pd.DataFrame:
        """The training set as a DataFrame: a spine that is one comes back as it was, with features.

        Args:
            cache: as `to_arrow`.

        Raises:
            TrainingSetError, QueryFailed, QueryCancelled: as `to_arrow`.
        """
        spine = self._reading.spine
        if isinstance(spine, FrameSpine) and isinstance(spine.data, pd.DataFrame):
            found = to_pandas(self._reading.found(spine, cache))
            return pd.concat([spine.data, found.set_axis(spine.data.index)], axis=1)
        return to_pandas(self.to_arrow(cache=cache))

    def to_batches(self, *, cache: Cache | bool | None = None) -> pa.RecordBatchReader:
        """The training set as a stream of record batches, in the spine's order.

        Args:
            cache: as `to_arrow`.

        Raises:
            TrainingSetError, QueryFailed, QueryCancelled: as `to_arrow`, those about all rows at
                the end.
        """
        batches = self._reading.batches(cache=cache)
        return pa.RecordBatchReader.from_batches(plain_schema(self.schema), batches)

    @property
    def manifest(self) -> Manifest:
        """What the set is made of; its rows and their hash are in it once it was read."""
        return saving.manifest_of(self._reading, self._source)

    def save(self, name: str, overwrite: bool = False, rows: bool = False) -> Manifest:
        """Read the set once, and store what it takes to read the same rows again.

        The spine's rows are stored, those of a table or SELECT too; features are read again from
        the snapshots that they were read from.

        Args:
            name: letters, digits, ``_``, ``-`` and ``.``.
            overwrite: replace one of that name.
            rows: store the features too, so that no snapshot is needed any more.

        Raises:
            TrainingSetError: the name is taken or cannot be one, a group without snapshots changed
                meanwhile, or as `to_arrow`; nothing is stored.
            StorageError: it cannot be written.
        """
        return saving.save(self._reading, self._source, name, overwrite, rows)

    def __repr__(self) -> str:
        groups = ", ".join(each.group.name for each in self._reading.asked.groups)
        return f"<TrainingSet of {groups}: {', '.join(self.schema.names)}>"


def _at_once(
    engine: sa.Engine, catalog: Catalog, spine: FrameSpine | TableSpine, features: Any, terms: Terms
) -> tuple[Asked, SpineSource | None]:
    """What is asked for, of tables that all were in the states that are taken at one moment.

    Where others write faster than the catalog tells of it, they are the states of some moments.
    """
    if isinstance(features, Iterable) and not isinstance(features, str | sa.ClauseElement):
        features = list(features)
    for _ in range(_ATTEMPTS):
        source = spine_source(engine, catalog, spine) if isinstance(spine, TableSpine) else None
        asked = asked_for(catalog, features, terms, spine.schema.names)
        given = not isinstance(terms.as_of, dt.datetime | None)
        if given or stand_still(catalog, asked.groups, () if source is None else source.pins):
            break
    return asked, source
