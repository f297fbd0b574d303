"""What a point-in-time join means, in plain Python: slow, and easy to check by reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Delete", "Fact", "History", "Terms", "greatest", "look_up"]

Value: TypeAlias = Any
"""A dict is a struct, a list of pairs a map, and another list an array of numbers or text."""

LEAST = dt.datetime.min


@dataclass(frozen=True)
class Fact:
    """A row of a group: of one key, since `time`, known since `created`; None is always."""

    time: dt.datetime | None
    created: dt.datetime | None
    features: Mapping[str, Any]


@dataclass(frozen=True)
class Delete:
    """From `time` on there is nothing of a key, as is known since `created`."""

    time: dt.datetime
    created: dt.datetime


History: TypeAlias = Iterable[Fact | Delete]


@dataclass(frozen=True)
class Terms:
    """On which terms facts are looked up.

    Attributes:
        timed: whether the group has event times.
        ttl: how old a fact may be at most; None is any age.
        known: whether only what was known then counts.
        as_of: nothing later counts, nor what was known only later.
    """

    timed: bool = True
    ttl: dt.timedelta | None = None
    known: bool = False
    as_of: dt.datetime | None = None


def look_up(
    history: History, time: dt.datetime | None, known: dt.datetime | None, terms: Terms
) -> list[Fact]:
    """The fact of one key that held at a time, as far as was known; none if there was none.

    Several if they are of one event time and created time; see `greatest`.

    Args:
        history: facts and deletes of the key that is asked for, and of no other.
        known: until when things were known, if `terms.known`.
    """
    ranked = [(_rank(each), each) for each in history if _counts(each, time, known, terms)]
    best = max((rank for rank, _ in ranked), default=None)
    found = [each for rank, each in ranked if rank == best and isinstance(each, Fact)]
    if terms.ttl is None:
        return found
    return [each for each in found if time and each.time and time - each.time <= terms.ttl]


def _rank(each: Fact | Delete) -> tuple[Any, ...]:
    """By event time, then by created time, of which none is the least; then deletes win."""
    created = (each.created is not None, each.created or LEAST)
    return each.time or LEAST, *created, isinstance(each, Delete)


def _counts(
    each: Fact | Delete, time: dt.datetime | None, known: dt.datetime | None, terms: Terms
) -> bool:
    if terms.timed and (time is None or each.time is None or each.time > time):
        return False
    if terms.known and each.created is not None and (known is None or each.created > known):
        return False
    if terms.as_of is None:
        return True
    late = each.time is not None and each.time > terms.as_of
    return not late and (each.created is None or each.created <= terms.as_of)


def greatest(rows: Sequence[Sequence[Value]]) -> Sequence[Value]:
    """Of the features of facts that are tied, those that count: the greatest values."""
    return max(rows, key=lambda row: [each for value in row for each in _order(value)])


def _order(value: Value) -> list[tuple[Any, ...]]:
    """How a value sorts: NULL is the least, structs go by their fields, maps by their keys first.

    Of arrays, and of the values of maps, it comes first in which places there is NULL.
    """
    if value is None:
        return [(0,)]
    if isinstance(value, dict):
        return [(1,), *(each for inner in value.values() for each in _order(inner))]
    if not isinstance(value, list):
        return [(1, value)]
    if value and isinstance(value[0], tuple):
        pairs = sorted(value)
        return [(1, [key for key, _ in pairs]), *_order([inner for _, inner in pairs])]
    places = [inner is not None for inner in value]
    return [(1, places), (1, [inner for inner in value if inner is not None])]
