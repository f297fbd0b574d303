"""INSERT: the rows of a SELECT that Athena runs, and rows that SQLAlchemy was given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from fsql.catalog import Entry
from fsql.dbapi import Connection
from fsql.errors import NotAFeatureGroup
from fsql.formats import Committed, written_by
from fsql.inserts.insertion import Insertion, Progress, Work
from fsql.inserts.matching import matched
from fsql.inserts.queries import canonical, understood
from fsql.inserts.stages import PREFIX, Stages, digest
from fsql.inserts.targets import target_of

__all__ = ["PREFIX", "Inserted", "Progress", "insert_select"]


@dataclass(frozen=True)
class Inserted:
    """What an INSERT did.

    Attributes:
        committed: what was added; None if there were no rows.
        missing: the columns that the SELECT left out, and that became NULL.
    """

    committed: Committed | None
    missing: tuple[str, ...] = ()


def _unseen(batches: int) -> nullcontext[Callable[[int], None]]:
    return nullcontext(lambda done: None)


def insert_select(
    connection: Connection,
    entry: Entry,
    sql: str,
    token: str | None = None,
    progress: Progress = _unseen,
) -> Inserted:
    """Insert a SELECT's rows into a group, all or none; see `fsql.store.FeatureStore.insert_from`.

    Args:
        entry: the group's table.
        sql: as Athena gets it, parameters rendered.

    Raises:
        InvalidData: columns or rows do not fit the group; nothing was written.
        InvalidQuery: it is no query, or Athena refuses it.
        QueryError, CommitConflict, StorageError: it was not done, and can be gone on with.
        ConfigError: the rows cannot be split as Athena needs it.
        NotAFeatureGroup: it is another table.
    """
    group, catalog = entry.group, connection.catalog
    if group is None:
        raise NotAFeatureGroup(entry.name, entry.database)
    work = entry.database, entry.name, canonical(sql)
    if token is not None:
        name = digest(*work, "token", token)
        done = written_by(catalog, entry, token)
        if done is not None:
            # Whoever did it may have been killed before it took its stages away.
            target = target_of(catalog, entry, group)
            Stages(catalog, target, name).give_up(target.added(done))
            return Inserted(done)
    query = understood(connection, sql, entry.name)
    fitting = matched(group, query)
    if token is None:
        # The same SELECT of other rows is other work.
        name = digest(*work, *query.state)
    insertion = Insertion(connection, catalog, Work(group, entry, fitting, name, token), progress)
    return Inserted(insertion.run(), fitting.missing)
