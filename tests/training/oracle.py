"""What a point-in-time join means, in plain Python: slow, and easy to check by reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
LEAST = dt.datetime.min


@dataclass(frozen=True)
class Terms:
    """On which terms rows are looked up; the names are those of `fsql.training.lookups.Lookup`."""

    keys: Mapping[str, str]
    event_time: str | None
    created_time: str | None
    ttl: dt.timedelta | None = None
    known_by: str | None = None
    as_of: dt.datetime | None = None


@dataclass(frozen=True)
class Delete:
    """From `time` on there is nothing of a key, as is known since `made`."""

    key: tuple[Any, ...]
    time: dt.datetime
    made: dt.datetime


def look_up(
    asked: Row,
    time: dt.datetime | None,
    rows: Sequence[Row],
    deletes: Iterable[Delete],
    terms: Terms,
) -> list[Row]:
    """The row that held for `asked` at a time, as far as was known; none if there was none.

    Several if they are of one event time and created time, so that any of them will do.
    """
    key = tuple(asked[name] for name in terms.keys.values())
    if None in key:
        return []
    known = time if terms.known_by == "time" else asked.get(terms.known_by or "")
    ranked: list[tuple[Any, Row | None]] = []
    for row in rows:
        created = None if terms.created_time is None else row[terms.created_time]
        held = row[terms.event_time] if terms.event_time is not None else LEAST
        same = tuple(row[name] for name in terms.keys) == key
        if same and _counts(held, created, time, known, terms):
            ranked.append(((held, created is not None, created or LEAST, False), row))
    for delete in deletes:
        if delete.key == key and _counts(delete.time, delete.made, time, known, terms):
            ranked.append(((delete.time, True, delete.made, True), None))
    best = max((rank for rank, _ in ranked), default=None)
    if best is None or (terms.ttl is not None and time is not None and time - best[0] > terms.ttl):
        return []
    return [row for rank, row in ranked if rank == best and row is not None]


def _counts(
    held: dt.datetime,
    created: dt.datetime | None,
    time: dt.datetime | None,
    known: dt.datetime | None,
    terms: Terms,
) -> bool:
    if terms.event_time is not None and (time is None or held > time):
        return False
    if terms.known_by is not None and created is not None and (known is None or created > known):
        return False
    if terms.as_of is None:
        return True
    late = terms.event_time is not None and held > terms.as_of
    return not late and (created is None or created <= terms.as_of)
