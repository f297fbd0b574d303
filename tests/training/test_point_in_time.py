"""Point-in-time joins on the embedded store beside an oracle in plain Python."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.training.joins import point_in_time
from fsql.training.lookups import Deleted, Feature, Lookup
from fsql.types import Struct, Timestamp
from tests.training.oracle import Delete, Row, Terms, look_up

HISTORIES, ASKED = 60, 120  # 60 groups' worth of rows, each with as many rows of a spine
START = dt.datetime(2026, 1, 1)
SMALL = (0, 1, 2, 999_999, 1_000_000, 1_000_001, 3_600_000_000)  # microseconds between times
KEYS = ("h", "a", "b")


class History(NamedTuple):
    """One random past, and what is asked of it."""

    rows: list[dict[str, Any]]
    deletes: list[Delete]
    spine: list[dict[str, Any]]


def history(number: int, seed: int) -> History:
    """A random past of a few keys that look alike, at a few times that meet and almost meet."""
    random = np.random.default_rng([seed, number])
    times = [START + dt.timedelta(microseconds=int(m)) for m in random.choice(SMALL, 6).cumsum()]
    numbers = (1, 11, 111)

    def moment() -> dt.datetime:
        return times[random.integers(len(times))]

    def key() -> tuple[int, int]:
        return int(random.choice(numbers)), int(random.choice(numbers))

    rows = []
    for value in range(int(random.integers(0, 30))):
        a, b = key()
        created = None if random.random() < 0.3 else moment()
        f = None if random.random() < 0.3 else value
        w = None if random.random() < 0.3 else {"x": value}
        rows.append({"h": number, "a": a, "b": b, "t": moment(), "c": created, "f": f, "w": w})
    deletes = [Delete((number, *key()), moment(), moment()) for _ in range(random.integers(0, 5))]
    spine = []
    for place in range(ASKED):
        a, b = key()
        edge = dt.timedelta(microseconds=int(random.integers(-1, 2)))
        asked: dict[str, Any] = {"i": number * ASKED + place, "h": number, "a": a, "b": b}
        asked["at"] = None if random.random() < 0.02 else moment() + edge
        asked["until"] = moment()
        if random.random() < 0.05:
            asked[str(random.choice(["a", "b"]))] = None
        spine.append(asked)
    spine += [{**row, "i": row["i"] + HISTORIES * ASKED} for row in spine[:10]]
    return History(rows, deletes, spine)


class World(NamedTuple):
    """Random histories, in Python and in a store."""

    store: fsql.FeatureStore
    histories: list[History]
    group: fsql.FeatureGroup
    spine: sa.Table
    deleted: Deleted


MICROS = Timestamp("us")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("world")
    store = fsql.FeatureStore(f"fsql:///{folder}/store")
    metadata = sa.MetaData()
    keys = [sa.Column(name, sa.BigInteger) for name in KEYS]
    group = fsql.FeatureGroup(
        "point", "in", "time", "v0001", metadata, *keys,
        sa.Column("t", MICROS), sa.Column("c", MICROS),
        sa.Column("f", sa.BigInteger), sa.Column("w", Struct(x=sa.BigInteger)),
        keys=KEYS, event_time="t", created_time="c",
    )  # fmt: skip
    spine = sa.Table(
        "spine", metadata, sa.Column("i", sa.BigInteger),
        *[sa.Column(name, sa.BigInteger) for name in KEYS],
        sa.Column("at", MICROS), sa.Column("until", MICROS),
    )  # fmt: skip
    histories = [history(number, seed=2026) for number in range(HISTORIES)]
    store.create(group)
    schema = group.arrow_schema
    store.write(group, pa.Table.from_pylist([r for h in histories for r in h.rows], schema))
    _without_keys(store, group)
    deleted = _deletes(store, [d for h in histories for d in h.deletes], metadata)
    _table(store, spine, [row for h in histories for row in h.spine])
    yield World(store, histories, group, spine, deleted)
    store.engine.dispose()


def _without_keys(store: fsql.FeatureStore, group: fsql.FeatureGroup) -> None:
    """Rows of another engine's, which may have NULL keys: nothing matches them."""
    with store.engine.begin() as connection:
        connection.execute(
            sa.text(
                f"INSERT INTO {group.name} SELECT h, NULL, b, t, c, 1000 + f, w FROM {group.name}"
            )
        )


def _deletes(store: fsql.FeatureStore, deletes: list[Delete], metadata: sa.MetaData) -> Deleted:
    columns = [sa.Column(name, sa.BigInteger) for name in KEYS]
    times = [sa.Column("t", MICROS), sa.Column("made", MICROS)]
    table = sa.Table("deletes", metadata, *columns, *times)
    rows = [dict(zip(KEYS, d.key, strict=True)) | {"t": d.time, "made": d.made} for d in deletes]
    _table(store, table, rows)
    return Deleted(table, "t", "made")


def _table(store: fsql.FeatureStore, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    table.create(store.engine)
    with store.engine.begin() as connection:
        connection.execute(sa.insert(table), rows)


TERMS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "ttl of nothing": {"ttl": dt.timedelta(0)},
    "ttl of a microsecond": {"ttl": dt.timedelta(microseconds=1)},
    "ttl just under a second": {"ttl": dt.timedelta(microseconds=999_999)},
    "ttl of a second": {"ttl": dt.timedelta(seconds=1)},
    "known by its time": {"known_by": "time"},
    "known by its time, ttl": {"known_by": "time", "ttl": dt.timedelta(microseconds=1_000_001)},
    "known by another time": {"known_by": "until"},
    "as of": {"as_of": START + dt.timedelta(seconds=1)},
    "as of, known": {"as_of": START + dt.timedelta(seconds=1), "known_by": "time"},
    "timeless": {"event_time": None},
    "timeless, known by its time": {"event_time": None, "known_by": "time"},
    "timeless, known by another time": {"event_time": None, "known_by": "until"},
    "timeless, as of": {"event_time": None, "as_of": START + dt.timedelta(seconds=1)},
    "no created time": {"created_time": None},
}


@pytest.mark.parametrize("deletes", [True, False], ids=["deletes", "no deletes"])
@pytest.mark.parametrize("options", TERMS.values(), ids=TERMS)
def test_beside_the_oracle(world: World, options: Mapping[str, Any], deletes: bool) -> None:
    chosen = {"event_time": "t", "created_time": "c", **options}
    if deletes and chosen["event_time"] is None:
        pytest.skip("timeless groups have no tombstones")
    keys = {name: name for name in KEYS}
    features = [Feature("f", "f"), Feature("x", "w", ("x",)), Feature("w", "w")]
    timed = chosen["event_time"] is not None
    lookup = Lookup(
        world.group, keys, features, **chosen,
        deleted=world.deleted if deletes else None, event_time_label="t" if timed else None,
    )  # fmt: skip
    asked = point_in_time(world.spine, "at", [lookup])
    found = {row["i"]: row for row in fsql.read_arrow(asked, world.store.engine).to_pylist()}
    terms = Terms(keys, **chosen)
    spine = [row for history in world.histories for row in history.spine]
    assert sorted(found) == sorted(row["i"] for row in spine)
    wrong = [
        (row, found[row["i"]], right)
        for history in world.histories
        for row, right in _answers(history, terms, deletes=deletes)
        if not any(_is(found[row["i"]], row, one, timed) for one in right)
    ]
    assert wrong == []


def _answers(
    history: History, terms: Terms, *, deletes: bool
) -> Iterator[tuple[Row, Sequence[Row | None]]]:
    by_key: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in history.rows:
        by_key[tuple(row[name] for name in KEYS)].append(row)
    for asked in history.spine:
        rows = by_key[tuple(asked[name] for name in KEYS)]
        gone = history.deletes if deletes else []
        yield asked, look_up(asked, asked["at"], rows, gone, terms) or [None]


def _is(found: Row, asked: Row, right: Row | None, timed: bool) -> bool:
    """Whether a row of the training set is the spine's with the features of `right`."""
    w = None if right is None else right["w"]
    features: dict[str, Any] = {
        "f": None if right is None else right["f"],
        "x": None if w is None else w["x"],
        "w": w,
    }
    if timed:
        features["t"] = None if right is None else right["t"]
    return found == {**asked, **features}
