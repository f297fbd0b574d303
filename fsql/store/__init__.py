"""The façade: one object for what people do with feature groups. It wires, and computes nothing."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from fsql import compaction, deletes, dumps, lifecycle, reader, writer
from fsql.catalog import Catalog
from fsql.compaction import CompactResult
from fsql.deletes import DeleteResult, Instant
from fsql.dialect import catalog_of, create_engine
from fsql.dumps import DumpResult
from fsql.inserts.texts import sql_text
from fsql.lifecycle.latest import latest
from fsql.migration.looking import reports
from fsql.migration.looking.reports import Diff, History
from fsql.model import FeatureGroup
from fsql.outages import told
from fsql.store.description import Description, describe
from fsql.training import GroupKey, Shelf, Terms, TrainingSet, load
from fsql.writer import WriteResult
from fsql.writer.inserting import insert_from

__all__ = ["FeatureStore"]

MISSING: Any = object()
"""An argument that was not given."""


class FeatureStore:
    """Feature groups in one store.

    Wherever a group is asked for, a `FeatureGroup` or a name will do: of a table, or of the
    view without the version, which means the newest one. ``database.name`` works too.

    Args:
        url_or_engine: what `fsql.create_engine` takes or gives.

    Raises:
        ConfigError: the URL cannot be used, or the engine is another dialect's.
        StorageError: the embedded store's folder cannot be written.
    """

    def __init__(self, url_or_engine: str | sa.URL | sa.Engine | None = None) -> None:
        given = url_or_engine
        self.engine = given if isinstance(given, sa.Engine) else create_engine(given)

    @property
    def catalog(self) -> Catalog:
        """What Glue knows of the store."""
        return catalog_of(self.engine)

    @told()
    def create(self, fg: FeatureGroup, if_exists: str = "error") -> None:
        """Make a group's table, and point the views without the version at the newest one.

        They are the view on all rows, and ``<view>__latest`` on each key's newest one.

        Args:
            if_exists: "error", or "skip" to keep a table that is as declared.

        Raises:
            TableExists: the table is there already, or a view's name is taken.
            InvalidName: Glue has no room for a view's name.
            DefinitionError: the table is there and differs; how, is told.
            ConfigError: another `if_exists`, or nothing says where tables go.
        """
        lifecycle.create(self.engine, self.catalog, fg, if_exists)

    @told()
    def drop(self, fg: FeatureGroup | str, purge: bool = False) -> None:
        """Drop a group's table; its views move to the next newest version, or go too.

        Args:
            purge: delete the files as well, for good.

        Raises:
            TableNotFound, NotAFeatureGroup: there is no such group.
        """
        lifecycle.drop(self.engine, self.catalog, lifecycle.find(self.catalog, fg), purge=purge)

    @told()
    def groups(self, pattern: str | None = None) -> list[FeatureGroup]:
        """The feature groups by name.

        Args:
            pattern: of table names, with ``*`` and ``?``; None is all.
        """
        return lifecycle.groups(self.catalog, pattern)

    @told()
    def describe(self, fg: FeatureGroup | str) -> Description:
        """What is known of a group: columns, keys, times, size, place.

        Raises:
            TableNotFound, NotAFeatureGroup: there is no such group.
        """
        return describe(self.catalog, lifecycle.find(self.catalog, fg))

    @told()
    def history(self, fg: FeatureGroup | str) -> History:
        """Who changed a group's table by which revision, and what was changed by hand.

        Raises:
            TableNotFound, NotAFeatureGroup: there is no such group.
        """
        return reports.history(lifecycle.find(self.catalog, fg).entry)

    @told()
    def diff(self, fg: FeatureGroup | str, before: str, after: str) -> Diff:
        """How a group differs between two versions; see `fsql.migration.looking.reports.diff`.

        Raises:
            TableNotFound, NotAFeatureGroup: there is no such group.
            MigrationError: there is no such version, or Glue has it no longer.
        """
        return reports.diff(self.catalog, lifecycle.find(self.catalog, fg).entry, before, after)

    @told()
    def write(
        self,
        fg: FeatureGroup | str,
        data: Any,
        mode: str = "append",
        progress: bool | None = None,
        token: str | None = None,
    ) -> WriteResult:
        """Write rows to a group, all or none; see `fsql.writer.write` for what is taken and raised.

        Args:
            data: a frame, a stream of batches, or the path or s3:// URI of files.
            mode: "append", "overwrite" to put the rows in the place of all others,
                "overwrite_partitions" in that of all in the same partitions, or "upsert" to put
                each in the place of the one of its key and event time.
            progress: show a bar; None shows it where somebody watches.
            token: names the write, so that repeating it changes nothing.
        """
        group = fg if isinstance(fg, FeatureGroup) else lifecycle.find(self.catalog, fg).entry
        return writer.write(self.catalog, group, data, mode, progress, token)

    @told()
    def insert_from(
        self,
        fg: FeatureGroup | str,
        select: Any,
        token: str | None = None,
        progress: bool | None = None,
    ) -> WriteResult:
        """Write the rows of a SELECT that Athena runs, all or none; they never leave AWS.

        See `fsql.writer.inserting.insert_from` for what is raised.

        Args:
            select: a SQLAlchemy select, or SQL text; it may read the group itself. Its columns
                are matched by name, and those that it leaves out become NULL where they may.
            token: names the write, so that repeating it changes nothing.
            progress: show a bar; None shows it where somebody watches.
        """
        group = fg if isinstance(fg, FeatureGroup) else lifecycle.find(self.catalog, fg).entry
        sql = sql_text(select, self.engine.dialect)
        return insert_from(self.catalog, group, sql, token, progress)

    @told()
    def delete(
        self,
        fg: FeatureGroup | str,
        keys: Any,
        event_time: Instant = None,
        purge: bool = False,
        token: str | None = None,
        progress: bool | None = None,
    ) -> DeleteResult:
        """Delete keys, from a time on or for good; see `fsql.deletes.delete` for what is raised.

        Args:
            keys: a dict with the columns of one key, a list of them, a frame, or a SELECT.
            event_time: from when on; None is now. What was true before stays, as do the rows.
            purge: erase the rows, from that time on or all, from earlier snapshots too.
            token: names the delete, so that repeating it changes nothing.
            progress: show a bar; None shows it where somebody watches.
        """
        entry = lifecycle.find(self.catalog, fg).entry
        ready = partial(lifecycle.point, self.engine, self.catalog, entry)
        return deletes.delete(
            self.engine, self.catalog, entry, ready, keys, event_time, purge, token, progress
        )

    @told()
    def compact(
        self,
        fg: FeatureGroup | str,
        where: str | None = None,
        vacuum: bool = True,
        min_files: int | None = None,
        older_than: dt.timedelta = compaction.DAY,
        progress: bool | None = None,
    ) -> CompactResult:
        """Make few large files of a group's many small ones, and delete what nobody needs.

        See `fsql.compaction.compact` for what is done how, and what is raised.

        Args:
            where: SQL over partition columns; only the partitions that it holds for.
            vacuum: forget old snapshots, delete their files and what killed operations left.
            min_files: compact partitions with at least so many small files.
            older_than: what is left of killed operations is deleted when it is older.
            progress: show a bar; None shows it where somebody watches.
        """
        entry = lifecycle.find(self.catalog, fg).entry
        return compaction.compact(
            self.catalog, entry, where, vacuum, min_files, older_than, progress
        )

    def read(self, sql: Any, params: Any = None, **options: Any) -> Any:
        """Read a select or SQL text as a DataFrame; see `fsql.read_sql` for options and errors."""
        return reader.read_sql(sql, self.engine, params, **options)

    @told()
    def dump(
        self,
        select: Any,
        to: str | os.PathLike[str],
        format: str | None = None,
        progress: bool | None = None,
    ) -> DumpResult:
        """Write a query's rows to a file; see `fsql.dumps.dump` for what is raised.

        Args:
            select: a SQLAlchemy select, or SQL text.
            to: a path or an s3:// URI; a file that is there is replaced when the new one is whole.
            format: "parquet", "csv" or "jsonl"; None is what the name's suffix says, else Parquet.
            progress: show a bar; None shows it where somebody watches.
        """
        return dumps.dump(self.engine, select, to, format, progress)

    @told()
    def latest(self, fg: FeatureGroup | str, as_of: dt.datetime | None = None) -> sa.Select[Any]:
        """A SELECT of each key's newest row, unless it was deleted; see `fsql.lifecycle.latest`.

        Args:
            as_of: leave out rows and deletes with a later event time; a naive time means UTC.
        """
        group, deleted = lifecycle.with_deletes(self.catalog, fg)
        return latest(group, as_of, deleted)

    @told()
    def training_set(
        self,
        spine: Any,
        features: Any,
        time: str | None = None,
        keys: Mapping[GroupKey, Mapping[str, str]] | None = None,
        ttl: Mapping[GroupKey, dt.timedelta | None] | dt.timedelta | None = MISSING,
        known_by: str | None = None,
        as_of: dt.datetime | int | Mapping[GroupKey, int] | None = None,
        names: str = "feature",
        event_times: bool = False,
        ages: bool = False,
    ) -> TrainingSet:
        """The rows of a spine with the features that held at their times, and nothing later.

        For each row, of each group the row of the same key with the greatest event time that is no
        later than the spine's counts, NULLs and all; of several the one made known last. A delete
        counts as a row of which nothing is known. What is not found is NULL. Groups without event
        times are joined by key as they are.

        Args:
            spine: a pandas or polars frame, an Arrow table, a path or s3:// URI of Parquet files,
                a SQLAlchemy table or a SELECT: keys, a time, labels and what else there is.
            features: groups, names of groups, columns of groups such as ``plane.c.seats``, fields
                within these such as ``weather.c.wind["speed"]``, or labels of such.
            time: the spine's column of times; naive ones mean UTC. Text in ISO 8601 will do.
            keys: which columns of the spine hold a group's keys, where names differ:
                ``{group: {"group's key": "spine's column"}}``.
            ttl: how old a row may be at most, inclusive, of all groups or ``{group: timedelta}``;
                None is any age. By default what each group declares.
            known_by: "time" leaves out rows created after the spine's time, a column of the spine
                those created after what it holds. Rows without created time always count.
            as_of: leave out rows and deletes with a later event time or created time; or the
                number of the snapshot to read, of several groups ``{group: number}``.
            names: "feature", or "group__feature" to put the group's entity before each name. A
                field within a column is called as its path, joined by underscores.
            event_times: add ``<entity>__event_time``, that of the row that was found.
            ages: add ``<entity>__age``, how much older that row is than the spine's.

        Raises:
            TrainingSetError: it contradicts itself, or two columns would have one name.
            TableNotFound, NotAFeatureGroup: there is no such group.
        """
        terms = Terms(
            time, keys or {}, {} if ttl is MISSING else ttl, known_by, as_of, names,
            event_times, ages,
        )  # fmt: skip
        return TrainingSet(self.engine, self.catalog, spine, features, terms)

    @told()
    def load_training_set(self, name_or_manifest: Any) -> TrainingSet:
        """A training set that was saved: the same rows again, from the same snapshots.

        When its rows are read, their hash is compared with the one that was saved.

        Args:
            name_or_manifest: its name, its manifest or the dict of one, or where a manifest lies: a
                path or an s3:// URI.

        Raises:
            TrainingSetError: there is none, or it cannot be read any more: snapshots that were
                expired, rows that were erased and groups that were dropped are named.
            StorageError: it cannot be read.
        """
        return load(self.engine, self.catalog, name_or_manifest)

    @property
    def training_sets(self) -> Shelf:
        """The training sets that were saved, to be listed, compared and dropped."""
        return Shelf(self.catalog)

    def __repr__(self) -> str:
        return f"FeatureStore({self.engine.url.render_as_string()!r})"
