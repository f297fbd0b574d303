"""Rows of a SELECT into a group's table: Athena stages them, and one commit adopts them.

One INSERT is tried first. Where it would write to more partitions than Athena takes, the SELECT
runs once more, into a stage without partitions, and that is inserted part by part: so all parts
are of one and the same result, whatever becomes of the tables that the SELECT reads.

Whatever is killed, the stages are found again by whoever begins the same work. A query that went
on after its process was killed may have staged rows twice; of each partition the rows that came
first count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from pyiceberg.manifest import DataFile

from fsql.catalog import Catalog, Entry
from fsql.dbapi import Connection
from fsql.errors import ConfigError, InvalidData, InvalidQuery, QueryError
from fsql.failures import repeated
from fsql.formats import Committed, written_by
from fsql.inserts.batches import batches
from fsql.inserts.checks import check_sql, checks, refuse
from fsql.inserts.matching import Matched
from fsql.inserts.queries import quoted
from fsql.inserts.stages import Stage, StageGone, Stages
from fsql.inserts.targets import target_of
from fsql.inserts.transforms import Partitioning, Values
from fsql.model import FeatureGroup

__all__ = ["Insertion", "Progress", "Work"]

Progress: TypeAlias = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Takes how many batches there are; gives what is called with each number of those done."""

TOO_MANY = "TOO_MANY_OPEN_PARTITIONS"  # with HIVE_ or ICEBERG_ before it
_KEPT = "What is staged is kept: the same insert_from goes on from there."


@dataclass(frozen=True)
class Work:
    """What is to be inserted where.

    Attributes:
        name: of the work, the same each time that it is tried.
        token: names it in the table's history; None leaves that to the stage.
    """

    group: FeatureGroup
    entry: Entry
    matched: Matched
    name: str
    token: str | None


class Insertion:
    """One piece of work, from the beginning or from where another process left it."""

    def __init__(
        self, connection: Connection, catalog: Catalog, work: Work, progress: Progress
    ) -> None:
        self._connection, self._catalog, self._work = connection, catalog, work
        self._progress = progress
        self._target = target_of(catalog, work.entry, work.group)
        self._stages = Stages(catalog, self._target, work.name)
        self._token = work.token

    def run(self) -> Committed | None:
        """Stage, check and adopt; None if the SELECT gives no rows.

        Raises:
            InvalidData, ConfigError: the rows cannot be the group's; nothing is left of them.
            QueryError, CommitConflict, StorageError: it was not done, and can be gone on with.
        """
        done = self._left_by_another()
        if done is not None:
            return done
        try:
            return self._staged_and_adopted()
        except (QueryError, InvalidData, ConfigError, FileNotFoundError, StageGone) as error:
            # Whoever does the same work may have been quicker, and have taken the stages away.
            done = self._done()
            if done is not None:
                self._take_away(self._target.added(done))
                return done
            if isinstance(error, InvalidQuery | InvalidData | ConfigError):
                self._stages.discard()
            else:
                error.add_note(_KEPT)
            raise

    def _done(self) -> Committed | None:
        if self._token is None:
            return None
        return written_by(self._catalog, self._work.entry, self._token)

    def _left_by_another(self) -> Committed | None:
        """What an earlier try has done to the end, but for taking its stages away."""
        stage = self._stages.find(partitioned=True)
        if stage is not None:
            self._token = self._work.token or stage.token
        done = self._done()
        if done is not None:
            self._take_away(self._target.added(done))
        elif self._stages.unfit():
            self._stages.discard()
        return done

    def _staged_and_adopted(self) -> Committed | None:
        stage = self._stages.open(partitioned=True)
        self._token = self._work.token or stage.token
        self._fill(stage)
        stage = self._stages.again(partitioned=True)
        files = self._files(stage)
        if not files:
            self._stages.discard()
            return None
        self._check(stage)
        self._stages.claim(stage)
        done = self._target.adopt(files, self._token)
        added = self._target.added(done) if done.repeated else {f.file_path for f in files}
        self._take_away(added)
        return done

    def _take_away(self, added: Collection[str] | None) -> None:
        """Delete the stages of work that is done, without the files that the target has now."""
        # Only a token says that stages which were made since are of the same work.
        self._stages.give_up(added, self._token if self._work.token is None else None)

    # --- rows into the stage -------------------------------------------------------------------

    def _fill(self, stage: Stage) -> None:
        rows = self._stages.find(partitioned=False)
        if rows is None:
            if stage.first_snapshot is not None or self._inserted_at_once(stage):
                return
            rows = self._stages.open(partitioned=False)
        if rows.first_snapshot is None:
            self._insert(rows, self._work.matched.sql)
            rows = self._stages.again(partitioned=False)
        if rows.first_snapshot is not None:
            self._insert_parts(f"{rows.sql} FOR VERSION AS OF {rows.first_snapshot}")

    def _inserted_at_once(self, stage: Stage) -> bool:
        try:
            with self._progress(1) as show:
                self._insert(stage, self._work.matched.sql)
                show(1)
        except QueryError as error:
            if TOO_MANY not in str(error):
                raise
            return False
        return True

    def _insert_parts(self, rows: str) -> None:
        stage, partitioning = self._stages.again(partitioned=True), self._partitioning()
        distinct = partitioning.distinct_sql(rows)
        found = [] if distinct is None else self._rows(distinct)
        parts = batches(partitioning, found, self._work.group.name)
        done = {partitioning.key_of(entry.data_file.partition) for entry in stage.entries()}
        columns = ", ".join(map(quoted, self._work.matched.names))
        with self._progress(len(parts)) as show:
            for part in parts:
                # An INSERT is one commit, so that a part is staged as a whole or not at all.
                if partitioning.key(part[0]) not in done:
                    where = partitioning.where(part)
                    self._insert(stage, f"SELECT {columns} FROM {rows} WHERE {where}")
                show(1)

    def _partitioning(self) -> Partitioning:
        metadata = self._target.metadata
        return Partitioning(metadata.spec(), metadata.schema())

    def _insert(self, stage: Stage, select: str) -> None:
        columns = ", ".join(map(quoted, self._work.matched.names))

        def run() -> None:
            with self._connection.cursor() as cursor:
                cursor.execute(f"INSERT INTO {stage.sql} ({columns})\n{select}")

        repeated(run)  # what is staged twice counts once

    def _rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            rows: Sequence[tuple[Any, ...]] = cursor.execute(sql).fetchall()
            return rows

    # --- rows out of the stage -----------------------------------------------------------------

    def _check(self, stage: Stage) -> None:
        found = checks(self._work.group, self._work.matched.counted)
        if found:
            (counts,) = self._rows(check_sql(stage.sql, found))
            refuse(self._work.group, found, counts)

    def _files(self, stage: Stage) -> list[DataFile]:
        """The staged files that count: of each partition those of the first commit."""
        in_parts = self._stages.find(partitioned=False) is not None
        partitioning = self._partitioning()
        owner: dict[Values, int | None] = {}
        files = []
        for entry in stage.entries():
            key = partitioning.key_of(entry.data_file.partition) if in_parts else ()
            if owner.setdefault(key, entry.snapshot_id) == entry.snapshot_id:
                files.append(entry.data_file)
        return files
