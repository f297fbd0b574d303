"""Random pasts of several groups, and rows that ask about them; nothing of fsql's is in here.

A number and a seed say all of a past but when its deletes were made, which the clock says; the
times around these move along with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any, TypeAlias

from tests.training.oracle import Fact

__all__ = ["KINDS", "Asked", "Key", "Kind", "Outline", "Past", "floor", "outline", "past", "spine"]

Key: TypeAlias = tuple[Any, ...]
Deletes: TypeAlias = list[tuple[Key, dt.datetime]]

MICROSECOND = dt.timedelta(microseconds=1)
NEW_YORK_BACK = dt.datetime(2026, 11, 1, 5, 30)  # in UTC; clocks there go back at 6:00
LISBON_BACK = dt.datetime(2026, 10, 25, 0, 30)  # at 1:00
LISBON_FORTH = dt.datetime(2026, 3, 29, 0, 30)  # at 1:00
BASES = (dt.datetime(2026, 1, 1), NEW_YORK_BACK, LISBON_BACK, LISBON_FORTH)
STEPS = (0, 1, 2, 1_000, 999_999, 1_000_000, 1_000_001, 1_800_000_000, 3_600_000_000)
"""Microseconds between the moments of a past."""

NUMBERS = tuple(product((1, 11, 111), repeat=2))
TEXTS = (
    ("a", "b|c"), ("a|b", "c"), ("a", "b"), ("", "a|b"), ("a|b", ""), ("A", "b"), ("a ", "b"),
    ("1", "11"), ("11", "1"), ("NULL", "NULL"), ("\u00e4", "'"), ("a\u0308", "'"),
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What pasts know of a group.

    Attributes:
        keys: its keys after the history's number, and the spine's columns that ask for them.
        like: the values of its keys that there are.
        unit, known_unit: of its event times and created times.
        timed: whether it has event times.
        ttl: what it declares.
    """

    keys: Mapping[str, str]
    like: Sequence[Key]
    unit: dt.timedelta = MICROSECOND
    known_unit: dt.timedelta = MICROSECOND
    timed: bool = True
    ttl: dt.timedelta | None = None


KINDS: Mapping[str, Kind] = {
    "steps": Kind({"a": "a", "b": "b"}, NUMBERS),
    "notes": Kind({"who": "name", "place": "whence"}, TEXTS, ttl=dt.timedelta(hours=1)),
    "gauges": Kind(
        {"a": "b"}, [(1,), (11,), (111,)], dt.timedelta(milliseconds=1), dt.timedelta(seconds=1)
    ),
    "planes": Kind({"b": "a"}, [(1,), (11,), (111,)], timed=False),
    "blanks": Kind({"who": "whence"}, [("a",)]),
}


@dataclass(frozen=True)
class Outline:
    """What is settled of a past before the clock comes in.

    Attributes:
        number: which history it is.
        moments: times that meet and almost meet.
        texts: the text keys that are about.
        first: for each group what is deleted before anything is written.
    """

    number: int
    moments: Sequence[dt.datetime]
    texts: Sequence[Key]
    first: Mapping[str, Deletes]


@dataclass(frozen=True)
class Past:
    """What happened to the groups of one history.

    Attributes:
        moments: times that meet and almost meet, some of them about when deletes were made.
        facts: for each group the rows of three writes, with their keys.
        deletes: for each group what was deleted before the first, the last, and after it.
    """

    outline: Outline
    moments: Sequence[dt.datetime]
    facts: Mapping[str, Sequence[Sequence[tuple[Key, Fact]]]]
    deletes: Mapping[str, Sequence[Deletes]]


@dataclass(frozen=True)
class Asked:
    """A row of a spine: the history, keys by the spine's names, and times."""

    history: int
    keys: Mapping[str, Any]
    at: dt.datetime | None
    until: dt.datetime | None


def floor(time: dt.datetime, unit: dt.timedelta) -> dt.datetime:
    """The last whole unit before a time."""
    return time - (time - dt.datetime(1970, 1, 1)) % unit


def outline(seed: int, number: int) -> Outline:
    """How a random past begins."""
    random = Random(f"{seed} {number}")
    steps = (dt.timedelta(microseconds=random.choice(STEPS)) for _ in range(4))
    moments = [random.choice(BASES)]
    for step in steps:
        moments.append(moments[-1] + step)
    texts = random.sample(TEXTS, 4)
    first = {name: _deletes(random, name, texts, moments) for name in KINDS}
    return Outline(number, moments, texts, first)


def past(seed: int, begun: Outline, made: Mapping[str, dt.datetime]) -> Past:
    """A random past.

    Args:
        made: when each group's first deletes were made.
    """
    random = Random(f"{seed} {begun.number} on")
    now = made[random.choice(sorted(made))] if made else begun.moments[0]
    about_now = [now - MICROSECOND, now, now + MICROSECOND]
    moments = [*begun.moments, *about_now[: random.choice((0, 0, 3))]]
    facts: dict[str, list[list[tuple[Key, Fact]]]] = {}
    deletes: dict[str, list[Deletes]] = {}
    for name, kind in KINDS.items():
        like = begun.texts if kind.like is TEXTS else kind.like
        about = made.get(name, now)
        known = [*moments, about - MICROSECOND, about, about + MICROSECOND]
        many = 0 if name == "blanks" else random.choice((0, 3, 12, 24))
        rows = [_fact(random, kind, like, moments, known) for _ in range(many)]
        facts[name] = [rows[place::3] for place in range(3)]
        again = [each for each in begun.first[name] if random.random() < 0.5]
        later = (_deletes(random, name, begun.texts, moments) for _ in range(2))
        deletes[name] = [
            begun.first[name],
            next(later),
            list(dict.fromkeys([*next(later), *again])),
        ]
    return Past(begun, moments, facts, deletes)


def _fact(
    random: Random,
    kind: Kind,
    like: Sequence[Key],
    moments: Sequence[dt.datetime],
    known: Sequence[dt.datetime],
) -> tuple[Key, Fact]:
    time = floor(random.choice(moments), kind.unit) if kind.timed else None
    created = None if random.random() < 0.3 else floor(random.choice(known), kind.known_unit)
    number = None if random.random() < 0.3 else random.randrange(1000)
    text = random.choice((None, "", "x", "NULL", "{y=1}"))
    features = {
        "number": number,
        "text": text,
        "pair": random.choice((None, {"x": number, "inner": {"y": text}})),
        "many": random.choice((None, [], [number], [number, None])),
        "map": random.choice((None, [], [("k,2", number), ("", 1)])),
    }
    blank = random.random() < 0.1
    return random.choice(like), Fact(time, created, dict.fromkeys(features) if blank else features)


def _deletes(
    random: Random, name: str, texts: Sequence[Key], moments: Sequence[dt.datetime]
) -> Deletes:
    kind = KINDS[name]
    like = texts if kind.like is TEXTS else kind.like
    many = 0 if name == "blanks" else random.choice((0, 0, 1, 3))
    return [(random.choice(like), floor(random.choice(moments), kind.unit)) for _ in range(many)]


def spine(
    seed: int, about: Past, question: int, rows: int, units: tuple[dt.timedelta, dt.timedelta]
) -> list[Asked]:
    """Random rows that ask about a past, the first of them twice.

    Args:
        units: how finely times are asked for, and until when things were known.
    """
    random = Random(f"{seed} {about.outline.number} {question}")

    def moment(unit: dt.timedelta) -> dt.datetime | None:
        edge = random.choice((-1, 0, 0, 1)) * MICROSECOND
        moment = floor(random.choice(about.moments) + edge, unit)
        return None if random.random() < 0.02 else moment

    asked = []
    for _ in range(rows - 2):
        a, b = random.choice(NUMBERS)
        name, whence = random.choice(about.outline.texts if random.random() < 0.9 else TEXTS)
        keys: dict[str, Any] = {"a": a, "b": b, "name": name, "whence": whence}
        if random.random() < 0.08:
            keys[random.choice(list(keys))] = None
        asked.append(Asked(about.outline.number, keys, moment(units[0]), moment(units[1])))
    return [*asked, *asked[:2]]
