"""Upserts into Hive-style groups: the partitions they touch are written anew, one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import ConfigError, InvalidData
from fsql.types import Array, Timestamp
from tests.programs import Program

HOUR = 3_600_000
Row = tuple[int, int, int | None, str | None]


def group(*partition_by: str, entity: str = "merged", **options: Any) -> fsql.FeatureGroup:
    roles = {"keys": ["k"], "event_time": "t", "created_time": "c", "table_format": "hive"}
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a",
        "b",
        entity,
        "v0001",
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("ms", "UTC")),
        sa.Column("c", Timestamp("ms")),
        sa.Column("s", sa.String),
        sa.Column("tags", Array(sa.String)),
        **roles | {"partition_by": partition_by} | options,
    )
    return made


def table(*rows: Row) -> pa.Table:
    """Rows of key, event time in hours, created time and text."""
    keys, hours, created, texts = zip(*rows, strict=True)
    times = pa.array([hour * HOUR for hour in hours], pa.timestamp("ms", "UTC"))
    return pa.table(
        {
            "k": pa.array(keys, pa.int64()),
            "t": times,
            "c": pa.array(created, pa.timestamp("ms")),
            "s": pa.array(texts, pa.string()),
            "tags": pa.array([[text, None] if text else None for text in texts]),
        }
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('upsert')}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    """A store in which no test may leave anything staged."""
    yield shared
    for made in shared.groups():
        shared.drop(made, purge=True)
    assert list(shared.catalog.entries()) == []
    assert shared.catalog.storage.list(f"{shared.catalog.aws.staging}stage/") == []


def read(store: fsql.FeatureStore, made: fsql.FeatureGroup) -> list[Row]:
    found = []
    for transport in ("engine", "scan"):
        rows = fsql.read_arrow(sa.select(made), store.engine, transport=transport)
        assert rows.schema.equals(made.arrow_schema)
        milliseconds = [rows[name].cast(pa.int64()).to_pylist() for name in ("t", "c")]
        columns = (rows["k"].to_pylist(), *milliseconds, rows["s"].to_pylist())
        found.append(sorted(zip(*columns, strict=True), key=lambda row: row[:2]))
    assert found[0] == found[1]
    return [(k, t // HOUR, c, s) for k, t, c, s in found[0]]


KINDS = [(), ("day(t)",), ("k",), ("month(t)", "k"), ("hour(t)",)]


@pytest.mark.parametrize("by", KINDS, ids=str)
def test_rows_are_inserted_and_updated(store: fsql.FeatureStore, by: tuple[str, ...]) -> None:
    made = group(*by)
    store.create(made)
    store.write(made, table((1, 0, 0, "a"), (2, 30, 0, "b"), (4, 990, 0, "z")))
    batch = table((2, 30, 0, "B"), (2, 60, 0, None), (3, 0, 0, "d"))
    result = store.write(made, batch, mode="upsert")
    expected = [(1, 0, 0, "a"), (2, 30, 0, "B"), (2, 60, 0, None), (3, 0, 0, "d"), (4, 990, 0, "z")]
    assert read(store, made) == expected
    assert (result.rows, result.snapshot_id) == (3, None)
    assert store.describe(made).totals.rows == 5


@pytest.mark.parametrize(
    ("stored", "given", "wins"),
    [
        (5, 6, True),
        (5, 5, True),
        (5, 4, False),
        (5, None, False),
        (None, 5, True),
        (None,) * 2 + (True,),
    ],
)
def test_a_late_row_never_takes_the_place_of_a_newer_one(
    store: fsql.FeatureStore, stored: int | None, given: int | None, wins: bool
) -> None:
    made = group("day(t)")
    store.create(made)
    store.write(made, table((1, 1, stored, "old")))
    before = files(store, made)
    result = store.write(made, table((1, 1, given, "new")), mode="upsert")
    assert read(store, made) == [(1, 1, given, "new") if wins else (1, 1, stored, "old")]
    assert result.rows == int(wins)
    assert ("1 row repeated or older than what is stored." in str(result)) is not wins
    assert wins or files(store, made) == before


def files(store: fsql.FeatureStore, made: fsql.FeatureGroup) -> list[str]:
    return [found.uri for found in store.catalog.storage.list(f"{store.describe(made).location}/")]


@pytest.mark.parametrize("created", ["c", None])
def test_random_batches_leave_what_a_dictionary_would_hold(
    store: fsql.FeatureStore, created: str | None
) -> None:
    made, chance = group("day(t)", created_time=created), random.Random(7)
    store.create(made)
    model: dict[tuple[int, int], Row] = {}
    for number in range(5):
        batch: list[Row] = []
        for place in range(40):
            at = chance.choice([None, 1, 2, 3])
            batch.append((chance.randrange(6), chance.randrange(60), at, f"{number} {place}"))
        for row in batch:
            before = model.get(row[:2])
            newer = before is None or created is None or (row[2] or 0) >= (before[2] or 0)
            if newer:
                model[row[:2]] = row
        # In several blocks, as a stream comes.
        store.write(made, table(*batch).to_reader(7), mode="upsert")
    assert read(store, made) == sorted(model.values(), key=lambda row: row[:2])


def test_more_partitions_than_one_query_names(store: fsql.FeatureStore) -> None:
    made = group("day(t)")
    store.create(made)
    rows: list[Row] = [(1, 24 * day, 0, "a") for day in range(120)]
    store.write(made, table(*rows))
    batch: list[Row] = [(1, 24 * day, 1, "b") for day in range(10, 130)]
    assert store.write(made, table(*batch), mode="upsert").rows == 120
    assert read(store, made) == rows[:10] + batch


def test_what_came_meanwhile_is_merged_too(store: fsql.FeatureStore) -> None:
    made, others = group("day(t)"), iter([table((3, 2, 9, "theirs")), table((1, 3, 9, "theirs"))])
    store.create(made)
    store.write(made, table((1, 1, 0, "a"), (2, 50, 0, "b")))
    with after_queries(store) as queries:
        queries.then = lambda: [store.write(made, rows) for rows in islice(others, 1)]
        batch = table((1, 1, 1, "A"), (3, 2, 1, "late"), (2, 50, 1, "B"))
        store.write(made, batch, mode="upsert")
    assert next(others, None) is None
    assert read(store, made) == [
        (1, 1, 1, "A"),
        (1, 3, 9, "theirs"),
        (2, 50, 1, "B"),
        (3, 2, 9, "theirs"),
    ]


class Queries:
    """Does something at the first look into the catalog after each query of an upsert."""

    def __init__(self) -> None:
        self.fresh = False
        self.then: Callable[[], Any] = lambda: None

    def note(self, params: Any, **kw: Any) -> None:
        self.fresh = params["QueryString"].startswith(("WITH s", "UNLOAD"))

    def look(self, **kw: Any) -> None:
        if self.fresh:
            self.fresh = False
            self.then()


@contextmanager
def after_queries(store: fsql.FeatureStore) -> Iterator[Queries]:
    made, events = Queries(), store.catalog.aws.session.events
    glue = store.catalog.aws.client("glue").meta.events
    events.register_first("provide-client-params.athena.StartQueryExecution", made.note)
    glue.register_first("before-call.glue.GetTable", made.look)
    yield made
    events.unregister("provide-client-params.athena.StartQueryExecution", made.note)
    glue.unregister("before-call.glue.GetTable", made.look)


def test_a_partition_has_to_follow_from_key_and_time(store: fsql.FeatureStore) -> None:
    made = group("day(t)", "s")
    store.create(made)
    with pytest.raises(ConfigError, match="partitioned by s, which is neither key nor event time"):
        store.write(made, table((1, 1, 0, "a")), mode="upsert")


def test_what_does_not_fit_changes_nothing(store: fsql.FeatureStore) -> None:
    made = group("day(t)")
    store.create(made)
    store.write(made, table((1, 1, 0, "a")))
    wrong = table((1, 1, 0, "b"), (2, 1, 0, "b"))
    wrong = wrong.set_column(0, "k", pa.array([1, None], pa.int64()))
    with pytest.raises(InvalidData, match="column 'k': is NULL"):
        store.write(made, wrong, mode="upsert")
    assert store.write(made, wrong.slice(0, 0), mode="upsert").rows == 0
    assert read(store, made) == [(1, 1, 0, "a")]


WRITER = """
import sys
import fsql
from tests.test_hive_upsert import table

store, who = fsql.FeatureStore(sys.argv[1]), int(sys.argv[3])
for number in range(3):
    shared = [(k, 0, 10 * number + who, f"{who}") for k in range(5)]
    mine = [(100 * who + 5 * number + k, 30, 0, f"{who}") for k in range(5)]
    store.write(sys.argv[2], table(*shared, *mine), mode="upsert")
"""


@pytest.mark.slow
def test_processes_that_upsert_at_once_lose_nothing(store: fsql.FeatureStore) -> None:
    made = group("day(t)")
    store.create(made)
    url = store.engine.url.render_as_string()
    running = [Program(WRITER, url, made.name, str(who)) for who in (1, 2, 3)]
    assert [process.wait() for process in running] == [0] * 3
    mine = [(100 * who + k, 30, 0, str(who)) for who in (1, 2, 3) for k in range(15)]
    assert read(store, made) == [*((k, 0, 23, "3") for k in range(5)), *mine]
