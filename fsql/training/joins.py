"""Point-in-time joins, as one SELECT in SQLAlchemy Core; nothing is read here.

For each group the spine's rows and the group's go into one stream, sorted by key and time, in which
each spine row takes the last of the group's rows before it. That is one sort for each group: no
row of the spine meets more than one row of the group, so that nothing can fan out.

    SELECT …, LAST_VALUE(found) IGNORE NULLS OVER (PARTITION BY keys ORDER BY time, …, values)
    FROM (SELECT … FROM spine UNION ALL SELECT … FROM features UNION ALL SELECT … FROM deletes)

The values come last, so that of rows that are tied in all else it is never by chance which counts.
What was learnt after the spine's own time is left out by sorting by the time at which a row both
held and was known, and taking the greatest event time so far. A column of the spine that says
until when things were known is independent of its time, so that no order serves both; then, and
only then, rows are joined by key and the best is taken of each spine row's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import sqlalchemy as sa

from fsql.training.lookups import AT_TIME, Lookup
from fsql.training.streams import joined, merged, timeless

__all__ = ["point_in_time"]


def point_in_time(
    spine: sa.FromClause, time: str | None, lookups: Sequence[Lookup]
) -> sa.Select[Any]:
    """The spine's rows, one for one, with the features that held then.

    Args:
        spine: keys, a time, and what else is to come along; its columns come first.
        time: the spine's time column; None if all groups are timeless.
        lookups: for each group what to look up, in the order of the columns.
    """
    rows: sa.FromClause = reduce(
        lambda rows, lookup: _looked_up(rows, time, lookup).subquery(), lookups, spine
    )
    return sa.select(*rows.columns)


def _looked_up(rows: sa.FromClause, time: str | None, lookup: Lookup) -> sa.Select[Any]:
    if lookup.created_time is not None and lookup.known_by == AT_TIME:
        return merged(rows, time, lookup, by_arrival=True)
    if lookup.created_time is not None and lookup.known_by is not None:
        return joined(rows, time, lookup, lookup.known_by)
    if lookup.event_time is None:
        return timeless(rows, time, lookup)
    return merged(rows, time, lookup, by_arrival=False)
