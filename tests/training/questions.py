"""What is asked of random pasts: training sets of all forms and terms, beside the oracle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

import fsql
from fsql.types import Epoch, Instant, IsoText, Timestamp
from tests.training.histories import KINDS, Asked, spine
from tests.training.oracle import Delete, Fact, Terms, greatest, look_up
from tests.training.worlds import World, spelled, zone_of

__all__ = ["Question", "check", "question"]

Cells: TypeAlias = tuple[Any, ...]
Names: TypeAlias = tuple[str, ...]
"""Of a column, and of a field within it from the outside in."""

FORMS: Sequence[Instant] = (
    Timestamp("us"),
    IsoText(),
    Timestamp("us", "America/New_York"),
    Epoch("us"),
    Timestamp("ns", "Europe/Lisbon"),
    Timestamp("us", "Europe/Lisbon"),
    Timestamp("ms", "UTC"),
    Timestamp("s"),
    Epoch("ns"),
)
UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}
SPINES = ("arrow", "pandas", "group", "objects", "polars", "select", "parquet", "table")
FRAMES = ("arrow", "pandas", "objects", "polars", "parquet")
ONLY_IN_TABLES = (Epoch,)  # a frame's integers do not say what they count
DECLARED = "declared"
TTLS: Sequence[Any] = (
    None, DECLARED, dt.timedelta(0), dt.timedelta(microseconds=1),
    dt.timedelta(microseconds=999_999), dt.timedelta(milliseconds=1), dt.timedelta(seconds=1),
    dt.timedelta(microseconds=1_000_001), dt.timedelta(minutes=30), dt.timedelta(days=1),
)  # fmt: skip
WITHIN = {"pair": (("x",), ("inner", "y"))}
READ = ("to_arrow", "to_batches", "select")


@dataclass(frozen=True)
class Question:
    """A training set to ask for.

    Attributes:
        features: of each group what is asked for, as paths; () is the whole group.
        columns: the same, column by column.
        ttl: of each group; `DECLARED` if nothing is said.
        form: how the spine has its times.
        spine: as what the spine is given.
        read: how the training set is read.
    """

    number: int
    features: Mapping[str, Sequence[Names]]
    columns: Mapping[str, Sequence[Names]]
    ttl: Mapping[str, Any]
    known_by: str | None
    as_of: dt.datetime | None
    names: str
    notes: bool
    form: Instant
    spine: str
    read: str

    @property
    def unit(self) -> dt.timedelta:
        """How finely the spine has its times."""
        return dt.timedelta(microseconds=UNITS[getattr(self.form, "unit", "us")])


def question(world: World, number: int) -> Question:
    """A question of which every part goes round in a circle of its own, and the rest is random."""
    random = Random(f"{world.seed} question {number}")
    form = FORMS[number % len(FORMS)]
    given = SPINES[number % len(SPINES)]
    if given in FRAMES and isinstance(form, ONLY_IN_TABLES):
        given = "group"
    if given == "objects":
        form = Timestamp("us", "America/New_York")
    groups = random.sample(sorted(KINDS), 3)
    if "planes" not in groups:
        groups[random.randrange(3)] = "planes"
    features = {name: _features(random, world.groups[name]) for name in groups}
    as_of = random.choice(random.choice(world.pasts).moments) if number % 5 in (1, 3) else None
    return Question(
        number,
        features,
        {name: _columns_of(world.groups[name], paths) for name, paths in features.items()},
        {name: TTLS[(number * 3 + place) % len(TTLS)] for place, name in enumerate(groups)},
        (None, "time", "until", None, "time")[number // 2 % 5],
        as_of,
        ("feature", "group__feature")[number // 3 % 2],
        number % 3 != 1,
        form,
        given,
        READ[number % len(READ)],
    )


def _features(random: Random, group: fsql.FeatureGroup) -> list[Names]:
    if random.random() < 0.5:
        return [()]
    columns = _values(group)
    chosen = [(name,) for name in random.sample(columns, random.randint(1, len(columns)))]
    fields = [(name, *path) for name in columns for path in WITHIN.get(name.partition("_")[2], ())]
    return [*chosen, *random.sample(fields, random.randint(0, len(fields)))]


def _columns_of(group: fsql.FeatureGroup, paths: Sequence[Names]) -> list[Names]:
    whole = [(column,) for column in _values(group)]
    return [each for path in paths for each in ([path] if path else whole)]


def _values(group: fsql.FeatureGroup) -> list[str]:
    roles = {*group.keys, group.event_time, group.created_time}
    return [name for name in group.arrow_schema.names if name not in roles]


# --- asking --------------------------------------------------------------------------------------


def check(world: World, asked: Question, rows: int, folder: Path) -> int:
    """Ask a store and the oracle, and compare; how many rows were compared.

    Args:
        rows: how many of each history.
        folder: where there is room for files.

    Raises:
        AssertionError: they differ; all that is needed to see why stands in it.
    """
    units = (asked.unit, asked.unit)
    spines = [spine(world.seed, past, asked.number, rows, units) for past in world.pasts]
    given = [row for each in spines for row in each]
    found = _found(world, asked, given, folder)
    assert [cells[0] for cells in found] == list(range(len(given))), "not the spine's rows"
    at, places = 1, {}
    for name in asked.features:
        width = len(asked.columns[name]) + 2 * (asked.notes and KINDS[name].timed)
        places[name], at = slice(at, at + width), at + width
    wrong = (
        _told(world, asked, row, name, cells[place], right)
        for row, cells in zip(given, found, strict=True)
        for name, place in places.items()
        if cells[place] != (right := _right(world, asked, row, name))
    )
    first = next(wrong, None)
    assert first is None, f"{first}\n{sum(1 for _ in wrong)} more are wrong."
    return len(given)


def _found(world: World, asked: Question, given: Sequence[Asked], folder: Path) -> list[Cells]:
    """The numbers of the spine's rows and what was found for them, in order."""
    with_spine = _spine(world, asked, given, folder)
    timed = any(KINDS[name].timed for name in asked.features)
    made = world.store.training_set(
        with_spine,
        [column for name in asked.features for column in _columns(world, asked, name)],
        time="at" if timed or asked.known_by == "time" else None,
        keys={world.groups[name]: KINDS[name].keys for name in asked.features},
        ttl={world.groups[n]: ttl for n, ttl in asked.ttl.items() if ttl != DECLARED},
        known_by=asked.known_by,
        as_of=asked.as_of,
        names=asked.names,
        event_times=asked.notes,
        ages=asked.notes,
    )
    if asked.read == "select":
        table = fsql.read_arrow(made.select(), world.store.engine)
    else:
        table = made.to_arrow() if asked.read == "to_arrow" else made.to_batches().read_all()
    made.close()
    if asked.read == "select" or asked.spine in ("group", "table", "select"):
        table = table.sort_by("i")
    names = [name for name in table.schema.names if name not in _SPINE or name == "i"]
    columns = [_cells(table.column(name), name) for name in names]
    return list(zip(*columns, strict=True))


def _cells(column: pa.ChunkedArray, name: str) -> list[Any]:
    """Values of a column; times as they are in UTC, ages as durations, which SQL has none of."""
    if name.endswith("__age"):
        return list(column.cast(pa.duration("us")).to_pylist())
    if not name.endswith("__event_time"):
        return list(column.to_pylist())
    if not pa.types.is_string(column.type):  # timestamps, and counts of microseconds
        return list(column.cast(pa.timestamp("us")).to_pylist())
    texts = (each and dt.datetime.fromisoformat(each) for each in column.to_pylist())
    return [each and each.astimezone(dt.UTC).replace(tzinfo=None) for each in texts]


_SPINE = ("i", "h", "a", "b", "name", "whence", "at", "until")


def _spine(world: World, asked: Question, given: Sequence[Asked], folder: Path) -> Any:
    """The spine in the form that was asked for."""
    columns: dict[str, Any] = {"i": range(len(given)), "h": [row.history for row in given]}
    columns |= {key: [row.keys[key] for row in given] for key in ("a", "b", "name", "whence")}
    times = {"at": [row.at for row in given], "until": [row.until for row in given]}
    if asked.spine == "objects":
        zoned = {n: [each and zone_of(each, asked.form.tz) for each in t] for n, t in times.items()}  # type: ignore[attr-defined]
        return pd.DataFrame({**columns, **zoned}, dtype=object).astype({"i": int, "h": int})
    table = pa.table({**columns, **{n: spelled(each, asked.form) for n, each in times.items()}})
    if asked.spine in ("group", "table", "select"):
        return _table(world, asked, table)
    if asked.spine == "parquet":
        pq.write_table(table, folder / f"spine{asked.number}.parquet")
        return folder / f"spine{asked.number}.parquet"
    makers = {"arrow": lambda it: it, "pandas": pa.Table.to_pandas, "polars": pl.from_arrow}
    return makers[asked.spine](table)


def _table(world: World, asked: Question, rows: pa.Table) -> Any:
    types: dict[str, Any] = {
        "name": sa.String,
        "whence": sa.String,
        "at": asked.form,
        "until": asked.form,
    }
    group = fsql.FeatureGroup(
        "random", "spine", f"n{asked.number}", "v0001", sa.MetaData(),
        *(sa.Column(name, types.get(name, sa.BigInteger)) for name in rows.column_names), keys="i",
    )  # fmt: skip
    world.store.create(group)
    world.store.write(group, rows, progress=False)
    if asked.spine == "table":
        return sa.Table(group.name, sa.MetaData(), autoload_with=world.store.engine)
    return group if asked.spine == "group" else sa.select(group).where(group.c.i >= 0)


def _columns(world: World, asked: Question, name: str) -> Iterator[Any]:
    group = world.groups[name]
    for path in asked.features[name]:
        inner: Any = group.c[path[0]] if path else group
        yield reduce(lambda value, field: value[field], path[1:], inner)


# --- what is right -------------------------------------------------------------------------------


def _right(world: World, asked: Question, row: Asked, name: str) -> Cells:
    """What is to be found of a group."""
    paths = asked.columns[name]
    notes = asked.notes and KINDS[name].timed
    facts = look_up(_history(world, row, name), row.at, *_until(world, asked, row, name))
    if not facts:
        return (None,) * (len(paths) + 2 * notes)
    values = greatest([[_value(fact, name, path) for path in paths] for fact in facts])
    time = facts[0].time
    return (*values, *((time, row.at and time and row.at - time) if notes else ()))


def _history(world: World, row: Asked, name: str) -> Sequence[Fact | Delete]:
    keys = [row.history, *(row.keys[column] for column in KINDS[name].keys.values())]
    return [] if None in keys else world.known[name].get(tuple(keys), [])


def _until(
    world: World, asked: Question, row: Asked, name: str
) -> tuple[dt.datetime | None, Terms]:
    kind = KINDS[name]
    ttl = kind.ttl if asked.ttl[name] == DECLARED else asked.ttl[name]
    terms = Terms(kind.timed, ttl if kind.timed else None, asked.known_by is not None, asked.as_of)
    return row.at if asked.known_by == "time" else row.until, terms


def _value(fact: Fact, name: str, path: Names) -> Any:
    value = fact.features[path[0].removeprefix(f"{name}_")]
    return reduce(lambda inner, field: inner and inner[field], path[1:], value)


def _told(world: World, asked: Question, row: Asked, name: str, found: Cells, right: Cells) -> str:
    """A wrong answer with all that led to it."""
    history = sorted(_history(world, row, name), key=lambda each: each.time or dt.datetime.min)
    paths = asked.columns[name]
    shown = [f"    {_fact(each, name, paths)}" for each in islice(history, 30)]
    return "\n".join(
        [
            f"seed {world.seed}, history {row.history}, question {asked.number}: {name} is wrong.",
            f"  question: {asked}",
            f"  spine's row: at {row.at}, until {row.until}, {dict(row.keys)}",
            f"  columns: {paths}",
            f"  found:    {found}",
            f"  expected: {right}",
            "  what happened to the key:",
            *shown,
        ]
    )


def _fact(each: Fact | Delete, name: str, paths: Sequence[Names]) -> str:
    what: Any = "deleted"
    if isinstance(each, Fact):
        what = tuple(_value(each, name, path) for path in paths)
    return f"{each.time}, known {each.created}: {what}"
