"""The newest row of each key, as a SELECT."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from fsql.deletes import Tombstones
from fsql.errors import DefinitionError
from fsql.model import FeatureGroup
from fsql.ties import tie_breakers

__all__ = ["latest"]

_GONE = "fsql_deleted_"  # begins the names of what is joined of tombstones


def latest(
    group: FeatureGroup, as_of: dt.datetime | None = None, deletes: Tombstones | None = None
) -> sa.Select[Any]:
    """Select exactly one row for each key: the one with the greatest event time.

    Ties go to the greatest created time, NULL being lowest, and what is still tied to the greatest
    values, column by column; see `fsql.ties`. A group without times gives the greatest values.
    fsql writes no NULL keys; where another engine did, they count as one key.

    A key whose newest tombstone is no older than that row has none: by event time, then by created
    time. At most one tombstone is joined to each row, so that rows are sorted once, as without.

    Args:
        as_of: leave out rows and tombstones with a later event time; a naive time means UTC.
        deletes: the group's tombstones.

    Raises:
        DefinitionError: `as_of` is given and the group has no event time.
    """
    if as_of is not None and group.event_time is None:
        raise DefinitionError(f"as_of is given, and group {group.name!r} has no event time.")
    times = list(_times(group))
    values = [c.name for c in group.columns if c.name not in (*group.keys, *times)]
    rows = _newest(group, group.keys, times, as_of, "rows", values)
    chosen = sa.select(*[rows.columns[column.name] for column in group.columns])
    chosen = chosen.where(rows.columns[_rank(group)] == 1)
    if deletes is None:
        return chosen
    named = deletes.names
    gone = _newest(
        deletes.table, group.keys, [named.time, named.made], as_of, "deletes", prefix=_GONE
    )
    same = [rows.columns[key] == gone.columns[_GONE + key] for key in group.keys]
    newest = gone.columns[_rank(deletes.table)] == 1
    joined = chosen.join_from(rows, gone, sa.and_(*same, newest), isouter=True)
    return joined.where(_is_newer(group, rows, deletes, gone))


def _newest(
    table: sa.Table,
    keys: Sequence[str],
    times: Sequence[str],
    as_of: Any,
    name: str,
    values: Sequence[str] = (),
    prefix: str = "",
) -> sa.Subquery:
    """The rows of a table with their rank within their key, the newest first.

    Args:
        prefix: of its columns' names, so that ``order_by("k")`` can mean one column only.
    """
    ties = tie_breakers(table.columns[value] for value in values)
    order = [each.desc().nulls_last() for each in (*(table.columns[t] for t in times), *ties)]
    partition = [table.columns[key] for key in keys]
    number = sa.func.row_number().over(partition_by=partition, order_by=order or None)
    columns = [column.label(prefix + column.name) for column in table.columns]
    rows = sa.select(*columns, number.label(_rank(table)))
    if as_of is not None:
        rows = rows.where(table.columns[times[0]] <= as_of)
    return rows.subquery(name)


def _is_newer(
    group: FeatureGroup, rows: sa.Subquery, deletes: Tombstones, gone: sa.Subquery
) -> sa.ColumnElement[bool]:
    named = deletes.names
    time, end = rows.columns[group.event_time or ""], gone.columns[_GONE + named.time]
    newer = [gone.columns[_GONE + group.keys[0]].is_(None), time > end]
    if group.created_time is not None:
        created = rows.columns[group.created_time]
        newer.append(sa.and_(time == end, created > gone.columns[_GONE + named.made]))
    return sa.or_(*newer)


def _rank(table: sa.Table) -> str:
    rank = "fsql_rank"
    while rank in table.columns:
        rank += "_"
    return rank


def _times(group: FeatureGroup) -> Iterator[str]:
    for name in (group.event_time, group.created_time):
        if name is not None:
            yield name
