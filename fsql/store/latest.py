"""The newest row of each key, as a SELECT."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from fsql.errors import DefinitionError
from fsql.model import FeatureGroup

__all__ = ["latest"]


def latest(group: FeatureGroup, as_of: dt.datetime | None = None) -> sa.Select[Any]:
    """Select exactly one row for each key: the one with the greatest event time.

    Ties go to the greatest created time, NULL being lowest; what is still tied, any row. A
    group without times gives any row. fsql writes no NULL keys; where another engine did,
    they count as one key.

    Args:
        as_of: leave out rows with a later event time; a naive time means UTC.

    Raises:
        DefinitionError: `as_of` is given and the group has no event time.
    """
    rank = "fsql_rank"
    while rank in group.columns:
        rank += "_"
    order = [group.columns[name].desc().nulls_last() for name in _times(group)]
    keys = [group.columns[name] for name in group.keys]
    number = sa.func.row_number().over(partition_by=keys, order_by=order or None)
    rows = sa.select(*group.columns, number.label(rank))
    if as_of is not None:
        rows = rows.where(_event_time(group) <= as_of)
    ranked = rows.subquery("ranked")
    columns = [ranked.columns[column.name] for column in group.columns]
    return sa.select(*columns).where(ranked.columns[rank] == 1)


def _times(group: FeatureGroup) -> Iterator[str]:
    for name in (group.event_time, group.created_time):
        if name is not None:
            yield name


def _event_time(group: FeatureGroup) -> sa.Column[Any]:
    if group.event_time is None:
        raise DefinitionError(f"as_of is given, and group {group.name!r} has no event time.")
    return group.columns[group.event_time]
