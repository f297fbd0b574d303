"""What is looked up for the rows of a spine: features of one group, and on which terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

__all__ = ["AT_TIME", "Deleted", "Feature", "Lookup"]

AT_TIME = "time"
"""`Lookup.known_by`: what was known at the spine's own time."""


@dataclass(frozen=True)
class Feature:
    """A column of a group, or a field within one.

    Attributes:
        label: what it is called in the training set.
        column: the group's column.
        path: the names of nested fields, from the outside in.
    """

    label: str
    column: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deleted:
    """Where a group's tombstones are.

    Attributes:
        table: with the group's keys.
        time: the column that says from which event time on a key is deleted.
        made: the column that says since when that is known.
        version: as in `Lookup`.
    """

    table: sa.FromClause
    time: str
    made: str
    version: int | None = None


@dataclass(frozen=True)
class Lookup:
    """Features of one group for each row of a spine.

    Attributes:
        table: the group's rows.
        keys: the group's keys, and the spine's columns that hold their values.
        features: what is looked up.
        event_time: the group's column that says since when a row holds; None for timeless groups.
        created_time: the column that says since when a row is known; NULL is always.
        ttl: how old a row may be at most, inclusive; None is any age.
        known_by: `AT_TIME` for rows that were known at the spine's time, or a column of the spine
            that holds until when; None for all.
        as_of: rows of later times, or known only later, do not count; in UTC, without zone.
        version: the snapshot to read, None is the newest.
        deleted: the group's tombstones, if it has any.
        event_time_label: what to call the event time of the row that was found; None leaves it out.
        age_label: what to call its age in microseconds.
    """

    table: sa.FromClause
    keys: Mapping[str, str]
    features: Sequence[Feature]
    event_time: str | None = None
    created_time: str | None = None
    ttl: dt.timedelta | None = None
    known_by: str | None = None
    as_of: dt.datetime | None = None
    version: int | None = None
    deleted: Deleted | None = None
    event_time_label: str | None = None
    age_label: str | None = None
