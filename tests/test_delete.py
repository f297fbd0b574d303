"""Deleting keys: from a time on, with the history kept; or rows of groups that have no times."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import fsql
from fsql import planning
from fsql.cli import main
from fsql.errors import (
    ConfigError,
    DefinitionError,
    InvalidData,
    InvalidName,
    NotAFeatureGroup,
    TableExists,
)
from fsql.types import Array, Struct, Timestamp

START = dt.datetime(2020, 1, 1)
Row = tuple[int, int, int | None, str | None]


def group(entity: str = "deleted", **options: Any) -> fsql.FeatureGroup:
    columns = [
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("us")),
        sa.Column("c", Timestamp("us")),
        sa.Column("s", sa.String),
    ]
    roles = {"keys": ["k"], "event_time": "t", "created_time": "c"} | options
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a", "b", entity, "v0001", sa.MetaData(), *columns, **roles
    )
    return made


GROUP = group()
TIMELESS = group("timeless", event_time=None, created_time=None)


def day(number: float) -> dt.datetime:
    return START + dt.timedelta(days=number)


def table(*rows: Row) -> pa.Table:
    """Rows of key, event time and created time in days, and text."""
    keys, times, created, texts = zip(*rows, strict=True)
    columns = {
        "k": pa.array(keys, pa.int64()),
        "t": pa.array(map(day, times), pa.timestamp("us")),
        "c": pa.array([None if c is None else day(c) for c in created], pa.timestamp("us")),
        "s": pa.array(texts, pa.string()),
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('delete')}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    """A store with an empty group; groups take everything along when they are dropped."""
    shared.create(GROUP)
    yield shared
    for made in shared.groups():
        shared.drop(made, purge=True)
    assert [entry.name for entry in shared.catalog.entries()] == []
    assert shared.catalog.storage.list("s3://fsql-local/warehouse/") == []


def latest(
    store: fsql.FeatureStore, as_of: float | None = None, of: fsql.FeatureGroup | str = GROUP
) -> dict[int, str]:
    """The text of each key's newest row."""
    select = store.latest(of, None if as_of is None else day(as_of))
    rows = fsql.read_arrow(select, store.engine).to_pylist()
    assert len({row["k"] for row in rows}) == len(rows)
    return {row["k"]: row["s"] for row in rows}


def stored(store: fsql.FeatureStore, name: str) -> list[str]:
    return sorted(fsql.read_arrow(f"SELECT s FROM {name}", store.engine)["s"].to_pylist())


def test_a_delete_acts_from_its_time_on(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "a1"), (1, 3, 0, "a3"), (2, 1, 0, "b1")))
    result = store.delete(GROUP, {"k": 1}, event_time=day(5))
    assert [latest(store, time) for time in (0, 1, 3, 4.9999, 5, 6)] == [
        {},
        {1: "a1", 2: "b1"},
        {1: "a3", 2: "b1"},
        {1: "a3", 2: "b1"},
        {2: "b1"},
        {2: "b1"},
    ]
    assert latest(store) == {2: "b1"}
    assert stored(store, GROUP.name) == ["a1", "a3", "b1"]
    assert (result.keys, result.rows) == (1, 0)
    assert str(result) == (
        "Deleted 1 key of a_b_deleted_v0001 from 2020-01-06 00:00:00 UTC on; what was true before"
        " stays."
    )


def test_a_later_row_brings_the_key_back(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "a1")))
    store.delete(GROUP, {"k": 1}, event_time=day(2))
    store.write(GROUP, table((1, 3, 0, "a3")))
    assert [latest(store, time) for time in (1, 2, 3)] == [{1: "a1"}, {}, {1: "a3"}]
    store.delete(GROUP, {"k": 1}, event_time=day(4))
    assert latest(store) == {}
    assert latest(store, 3) == {1: "a3"}


def test_a_late_row_from_before_the_delete_brings_nothing_back(store: fsql.FeatureStore) -> None:
    store.delete(GROUP, {"k": 1}, event_time=day(5))
    store.write(GROUP, table((1, 4, 9999, "late")))
    assert latest(store) == {}
    assert latest(store, 4) == {1: "late"}


@pytest.mark.parametrize(
    ("created", "wins"),
    [(-1, False), (None, False), (100 * 365, True)],  # in days; deletes are made today
)
def test_at_equal_times_the_created_time_decides(
    store: fsql.FeatureStore, created: int | None, wins: bool
) -> None:
    store.write(GROUP, table((1, 2, created, "a")))
    store.delete(GROUP, {"k": 1}, event_time=day(2))
    assert latest(store) == ({1: "a"} if wins else {})


def test_without_created_time_the_delete_wins(store: fsql.FeatureStore) -> None:
    plain = group("plain", created_time=None)
    store.create(plain)
    store.delete(plain, {"k": 1}, event_time=day(2))
    store.write(plain, table((1, 2, 0, "a"), (2, 2, 0, "b")))
    assert latest(store, of=plain) == {2: "b"}


def test_now_is_the_time_that_is_meant(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "past"), (2, 200 * 365, 0, "future")))
    before = dt.datetime.now(dt.UTC)
    store.delete(GROUP, [{"k": 1}, {"k": 2}])
    rows = fsql.read_sql(f"SELECT * FROM {GROUP.name}__deletes ORDER BY k", store.engine)
    assert list(rows.columns) == ["k", "t", "deleted_at"]
    for name in ("t", "deleted_at"):
        times = rows[name].dt.tz_localize("UTC")
        assert ((before <= times) & (times <= dt.datetime.now(dt.UTC))).all()
    assert latest(store) == {2: "future"}
    assert latest(store, 2) == {1: "past"}


KEYS = {
    "a dict": {"k": 1},
    "dicts": [{"k": 1}, {"k": 1}],
    "a frame": pd.DataFrame({"k": [1]}),
    "its index": pd.DataFrame(index=pd.Index([1], name="k")),
    "polars": pl.DataFrame({"k": [1]}),
    "Arrow": pa.table({"k": pa.array([1], pa.int8())}),
    "SQL": f"SELECT k FROM {GROUP.name} WHERE s = 'a'",
    "a select": sa.select(GROUP.c.k).where(GROUP.c.s == "a").distinct(),
    "floats": pd.DataFrame({"k": [1.0]}),
}


@pytest.mark.parametrize("of", [GROUP, TIMELESS], ids=["tombstones", "rows"])
def test_keys_are_given_in_many_ways(store: fsql.FeatureStore, of: fsql.FeatureGroup) -> None:
    store.write(GROUP, table((1, 1, 0, "a"), (2, 1, 0, "b")))
    if of is TIMELESS:
        store.create(TIMELESS)
    for way, keys in KEYS.items():
        future = 300 * 365  # so that what was deleted before is there again
        store.write(of, table((1, future, 0, "a"), (2, 1, 0, "b")), mode="overwrite")
        time = None if of is TIMELESS else day(future)
        assert store.delete(of, keys, event_time=time).keys == 1, way
        assert latest(store, of=of) == {2: "b"}, way


def test_a_time_for_each_key(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "a"), (2, 1, 0, "b"), (3, 1, 0, "c")))
    times = pd.DataFrame({"k": [1, 2, 1], "t": [day(3), day(5), day(7)]})
    assert "from 3 times on" in str(store.delete(GROUP, times))
    assert [sorted(latest(store, time)) for time in (2, 3, 5)] == [[1, 2, 3], [2, 3], [3]]
    with pytest.raises(ConfigError, match=r"event_time= and in the column 't'"):
        store.delete(GROUP, times, event_time=day(1))


def test_times_are_instants(store: fsql.FeatureStore) -> None:
    times: list[Any] = [
        day(3),
        day(3).replace(tzinfo=dt.UTC),
        "2020-01-04",
        "2020-01-04T01:00:00+01:00",
        pd.Timestamp("2020-01-04"),
        pd.Timestamp("2020-01-04 01:00", tz="Europe/Oslo"),
        dt.date(2020, 1, 4),
    ]
    store.write(GROUP, table(*((key, 1, 0, "a") for key in range(len(times)))))
    for key, time in enumerate(times):
        store.delete(GROUP, {"k": key}, event_time=time)
    assert len(latest(store, 3 - 1e-9)) == len(times)
    assert latest(store, 3) == {}


WRONG: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "type": ({"k": "one"}, {}, InvalidData, "column 'k'"),
    "null": ([{"k": 1}, {"k": None}], {}, InvalidData, r"column 'k': is NULL.*\(row 1\)"),
    "fraction": ({"k": 1.5}, {}, InvalidData, "column 'k'"),
    "missing": ({}, {}, InvalidData, "column 'k': is missing"),
    "stranger": ({"k": 1, "s": "a"}, {}, InvalidData, "'s': is no part of the key. Expected k, an"),
    "mixed": ([{"k": 1}, {"k": "b"}], {}, InvalidData, "values of several types"),
    "null time": (pd.DataFrame({"k": [1], "t": [pd.NaT]}), {}, InvalidData, "column 't': is NULL"),
    "no time": ({"k": 1}, {"event_time": "soon"}, InvalidData, "'t': is no ISO 8601 time"),
    "nanoseconds": (
        {"k": 1},
        {"event_time": pd.Timestamp(1, unit="ns")},
        InvalidData,
        "is finer than",
    ),
    "no key": ([1], {}, TypeError, "A key is a dict of column and value, not int"),
    "nothing like it": (1, {}, TypeError, "int"),
    "token": (
        {"k": 1},
        {"purge": True, "token": "x"},
        ConfigError,
        "token= does not go with purge",
    ),
}


@pytest.mark.parametrize(("keys", "options", "error", "words"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_told_before_anything_is_done(
    checked: fsql.FeatureStore,
    keys: Any,
    options: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        checked.delete("a_b_checked", keys, **options)
    assert checked.catalog.find("a_b_checked_v0001__deletes") is None


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('checked')}/store")
    made.create(group("checked"))
    return made


@pytest.mark.parametrize("keys", [[], pa.table({"k": pa.array([], pa.int64())})], ids=type)
def test_no_keys_delete_nothing(store: fsql.FeatureStore, keys: Any) -> None:
    for purge in (False, True):
        result = store.delete(GROUP, keys, purge=purge)
        assert (result.keys, result.snapshot_id) == (0, None)
        assert str(result).startswith("No keys were given; nothing was deleted")
    assert store.catalog.find(f"{GROUP.name}__deletes") is None


def test_a_token_counts_once(store: fsql.FeatureStore) -> None:
    store.create(TIMELESS)
    store.write(GROUP, table((1, 1, 0, "a")))
    store.write(TIMELESS, table((1, 1, 0, "a")))
    for of in (GROUP, TIMELESS):
        first = store.delete(of, {"k": 1}, token="night")
        store.write(of, table((1, 300 * 365, 0, "again")))
        second = store.delete(of, {"k": 1}, token="night")
        assert second.snapshot_id == first.snapshot_id
        assert second.rows == 0
        assert "of this token was made" in str(second)
        assert latest(store, of=of) == {1: "again"}


def test_the_same_twice_does_no_harm(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "a"), (2, 1, 0, "b")))
    for _ in range(3):
        store.delete(GROUP, {"k": 1}, event_time=day(2))
    assert latest(store) == {2: "b"}
    assert latest(store, 1) == {1: "a", 2: "b"}


def test_many_may_delete_at_once(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table(*((key, 1, 0, "a") for key in range(8))))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: store.delete(GROUP, {"k": key}), range(7)))
    assert latest(store) == {7: "a"}


def test_a_table_that_has_the_name_is_left_alone(store: fsql.FeatureStore) -> None:
    other = f"{GROUP.name}__deletes"
    with store.engine.begin() as connection:
        where = "LOCATION 's3://fsql-local/warehouse/other/' TBLPROPERTIES ('table_type'='ICEBERG')"
        connection.execute(sa.text(f"CREATE TABLE {other} (k bigint) {where}"))
        store.write(GROUP, table((1, 1, 0, "a")))
        with pytest.raises(TableExists, match="Deletes are kept under this name"):
            store.delete(GROUP, {"k": 1})
        assert latest(store) == {1: "a"}
        connection.execute(sa.text(f"DROP TABLE {other}"))


def test_overwriting_and_upserting_leave_deletes_in_force(store: fsql.FeatureStore) -> None:
    store.delete(GROUP, {"k": 1}, event_time=day(2))
    store.write(GROUP, table((1, 1, 0, "a"), (2, 1, 0, "b")), mode="overwrite")
    store.write(GROUP, table((1, 1, 1, "A")), mode="upsert")
    assert latest(store) == {2: "b"}


def test_the_tombstones_are_no_group_and_go_with_theirs(store: fsql.FeatureStore) -> None:
    store.delete(GROUP, {"k": 1})
    name = f"{GROUP.name}__deletes"
    assert name not in [made.name for made in store.groups()]
    with pytest.raises(NotAFeatureGroup):
        store.describe(name)
    entry = store.catalog.get(name)
    assert entry.parameters["fsql.deletes_of"] == GROUP.name
    assert "1 tombstone in a_b_deleted_v0001__deletes" in str(store.describe(GROUP))
    store.drop(GROUP)
    assert store.catalog.find(name) is None
    store.create(GROUP)
    store.write(GROUP, table((1, 1, 0, "a")))
    assert latest(store) == {1: "a"}
    store.catalog.storage.delete_prefix(f"{entry.location}/")


def test_deletes_of_a_table_that_sql_has_dropped_are_forgotten(store: fsql.FeatureStore) -> None:
    store.delete(GROUP, {"k": 1})
    with store.engine.begin() as connection:
        connection.execute(sa.text(f"DROP TABLE {GROUP.name}"))
    store.create(GROUP)
    store.write(GROUP, table((1, 1, 0, "a"), (2, 1, 0, "b")))
    assert latest(store) == {1: "a", 2: "b"}
    store.delete(GROUP, {"k": 2})
    assert latest(store) == {1: "a"}


def test_rows_without_times_are_taken_out_in_one_commit(store: fsql.FeatureStore) -> None:
    store.create(TIMELESS)
    for first in (0, 10, 20):
        rows = [(key, 1, 0, f"{key}") for key in range(first, first + 10)]
        before = store.write(TIMELESS, table(*rows))
    result = store.delete(TIMELESS, pd.DataFrame({"k": [3, 5, 25, 99]}))
    left = sorted(str(key) for key in range(30) if key not in (3, 5, 25))
    assert stored(store, TIMELESS.name) == left
    assert (result.keys, result.rows, result.files) == (4, 3, 2)
    assert str(result) == "Deleted 3 rows of 4 keys from a_b_timeless_v0001."
    totals = store.describe(TIMELESS).totals
    assert (totals.rows, totals.snapshot_id) == (27, result.snapshot_id)
    old = f"{TIMELESS.name} FOR VERSION AS OF {before.snapshot_id}"
    assert len(stored(store, old)) == 30
    assert store.delete(TIMELESS, {"k": 99}).snapshot_id == result.snapshot_id
    assert fsql.read_arrow(sa.select(TIMELESS), store.engine, transport="scan").num_rows == 27


def test_all_rows_can_go(store: fsql.FeatureStore) -> None:
    store.create(TIMELESS)
    store.write(TIMELESS, table((1, 1, 0, "a"), (2, 1, 0, "b")))
    store.delete(TIMELESS, f"SELECT k FROM {TIMELESS.name}")
    assert stored(store, TIMELESS.name) == []
    store.write(TIMELESS, table((1, 1, 0, "c")))
    assert stored(store, TIMELESS.name) == ["c"]


@pytest.mark.parametrize("purge", [False, True])
def test_a_time_needs_an_event_time(store: fsql.FeatureStore, purge: bool) -> None:
    store.create(TIMELESS)
    with pytest.raises(DefinitionError, match="group 'a_b_timeless_v0001' has none"):
        store.delete(TIMELESS, {"k": 1}, event_time=day(1), purge=purge)


def test_a_name_that_leaves_no_room(store: fsql.FeatureStore) -> None:
    long = group("x" * 240)
    store.create(long)
    with pytest.raises(InvalidName, match="Glue allows 255"):
        store.delete(long, {"k": 1})


# --- keys and times of all types ---------------------------------------------------------------

TYPED: dict[str, tuple[Any, list[Any]]] = {
    "text": (sa.String(), ["a", "", "A", "ü\U0001f600"]),
    "bytes": (sa.LargeBinary(), [b"", b"\x00\xff", b"a"]),
    "decimal": (sa.Numeric(38, 3), [Decimal("1.500"), Decimal("-0.001"), Decimal(10) ** 30]),
    "date": (sa.Date(), [dt.date(2020, 2, 29), dt.date(1900, 1, 1)]),
    "bool": (sa.Boolean(), [True, False]),
    "double": (sa.Double(), [0.1, -0.0, 1e300]),
    "time": (Timestamp("s", "Asia/Tokyo"), [dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]),
    "small": (sa.SmallInteger(), [-32768, 0]),
}


@pytest.mark.parametrize(("type_", "values"), TYPED.values(), ids=list(TYPED))
def test_keys_of_every_type(store: fsql.FeatureStore, type_: Any, values: list[Any]) -> None:
    for entity, time in (("typed", "t"), ("typedrows", None)):
        columns = [
            sa.Column("k", type_),
            sa.Column("n", sa.Integer),
            sa.Column("t", Timestamp("s")),
        ]
        made = fsql.FeatureGroup(
            "a", "b", entity, "v0001", sa.MetaData(), *columns, keys=["k", "n"], event_time=time
        )
        store.create(made)
        rows = [{"k": value, "n": n, "t": START} for value in values for n in (1, 2)]
        store.write(made, pa.Table.from_pylist(rows, schema=made.arrow_schema))
        for value in values:
            store.delete(made, {"k": value, "n": 1})
        read = fsql.read_arrow(store.latest(made), store.engine)
        assert read.schema == made.arrow_schema
        assert read["n"].to_pylist() == [2] * len(values)


def test_event_times_that_are_dates(store: fsql.FeatureStore) -> None:
    columns = [sa.Column("k", sa.Integer), sa.Column("d", sa.Date)]
    made = fsql.FeatureGroup(
        "a", "b", "daily", "v0001", sa.MetaData(), *columns, keys=["k"], event_time="d"
    )
    store.create(made)
    dates = [dt.date(2020, 1, 1), dt.date(2020, 1, 5), dt.date(2300, 1, 1)]
    store.write(made, pd.DataFrame({"k": pd.array([1, 1, 2], "Int32"), "d": dates}))
    with pytest.raises(InvalidData, match="has a time of day"):
        store.delete(made, {"k": 1}, event_time="2020-01-03T12:00:00")
    store.delete(made, {"k": 1}, event_time="2020-01-03")
    store.delete(made, {"k": 2})

    def keys(as_of: dt.datetime | None = None) -> list[int]:
        return sorted(fsql.read_sql(store.latest(made, as_of), store.engine)["k"])

    assert keys() == [1, 2]
    assert [keys(day(time)) for time in (1, 2, 4)] == [[1], [], [1]]


def test_an_event_time_that_is_a_key(store: fsql.FeatureStore) -> None:
    made = group("timekey", keys=["k", "t"])
    store.create(made)
    store.write(made, table((1, 1, 0, "a"), (1, 2, 0, "b")))
    store.delete(made, pd.DataFrame({"k": [1], "t": [day(1)]}), event_time=day(1))
    assert list(fsql.read_sql(store.latest(made), store.engine)["s"]) == ["b"]


@pytest.mark.parametrize("transport", ["auto", "engine"])
@pytest.mark.parametrize("unload", [False, True])
def test_types_come_back_exactly(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch, transport: Any, unload: bool
) -> None:
    monkeypatch.setattr(planning, "prefers_unload", lambda *a, **k: unload)
    columns = [
        sa.Column("k", sa.SmallInteger),
        sa.Column("t", Timestamp("ms", "Europe/Oslo")),
        sa.Column("w", Struct(a=sa.SmallInteger, b=Array(sa.String))),
        sa.Column("amount", sa.Numeric(20, 2)),
    ]
    made = fsql.FeatureGroup(
        "a", "b", "exact", "v0001", sa.MetaData(), *columns, keys=["k"], event_time="t"
    )
    store.create(made)
    rows: list[dict[str, Any]] = [
        {"k": 1, "t": day(1), "w": {"a": 1, "b": ["x", None]}, "amount": Decimal("1.50")},
        {"k": 2, "t": day(1), "w": None, "amount": None},
        {"k": 3, "t": day(1), "w": {"a": None, "b": []}, "amount": Decimal("-0.01")},
    ]
    written = pa.Table.from_pylist(rows, schema=made.arrow_schema)
    store.write(made, written)
    store.delete(made, {"k": 2}, event_time=day(2))
    select = store.latest(made).order_by("k")
    read = fsql.read_arrow(select, store.engine, transport=transport)
    assert read.equals(written.take([0, 2]))


# --- against an oracle -------------------------------------------------------------------------

Event = tuple[str, int, int, int | None]
"""Written or deleted, the key, the event time, and of a row the created time, in days."""

TODAY, FUTURE = 3000, 50000  # later than all created times but one


def oracle(history: list[Event], as_of: int | None) -> dict[int, str]:
    """What `latest` has to say."""
    newest: dict[int, tuple[tuple[int, float, int], str | None]] = {}
    for number, (kind, key, time, created) in enumerate(history):
        if as_of is not None and time > as_of:
            continue
        is_delete = kind == "delete"
        made = TODAY if is_delete else -1 if created is None else created
        rank = (time, made, int(is_delete))
        if key not in newest or rank > newest[key][0]:
            newest[key] = rank, None if is_delete else f"{number}"
    return {key: text for key, (_, text) in newest.items() if text is not None}


EVENTS = st.tuples(
    st.sampled_from(["write", "write", "delete"]),
    st.integers(1, 60),
    st.integers(0, 3),
    st.sampled_from([None, 1, 2, FUTURE]),
)


def test_the_oracle_knows_ties() -> None:
    assert oracle([("write", 1, 1, 5), ("delete", 1, 1, None)], None) == {}
    assert oracle([("delete", 1, 1, None), ("write", 1, 2, None)], None) == {1: "1"}
    assert oracle([("write", 1, 1, 5), ("delete", 1, 2, None)], 1) == {1: "0"}


@pytest.fixture(scope="module")
def random_store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('random')}/store")


@settings(max_examples=8, phases=[Phase.explicit, Phase.generate])  # to shrink would take minutes
@given(st.lists(EVENTS, min_size=200, max_size=300, unique=True), st.integers(0, 2**32))
def test_any_history_reads_as_the_oracle_says(
    random_store: fsql.FeatureStore, history: list[Event], seed: int
) -> None:
    """Sixty histories at once, of a key each, in batches and in an order of their own.

    No two rows of a key have the same times, for of such any may be the newest.
    """
    events = list(enumerate(history))
    random.Random(seed).shuffle(events)
    made = group("random")
    random_store.create(made)
    try:
        _replay(random_store, made, events)
        for as_of in (None, 0, 2):
            assert latest(random_store, as_of, made) == oracle(history, as_of), as_of
    finally:
        random_store.drop(made, purge=True)


def _replay(
    store: fsql.FeatureStore, made: fsql.FeatureGroup, events: list[tuple[int, Event]]
) -> None:
    rows = [(key, t, c, str(number)) for number, (kind, key, t, c) in events if kind == "write"]
    deletes = [(key, t) for _, (kind, key, t, _) in events if kind == "delete"]
    for some in filter(None, (rows[::2], rows[1::2])):
        store.write(made, table(*some))
    for part in filter(None, (deletes[::2], deletes[1::2])):
        times = [day(time) for _, time in part]
        store.delete(made, pd.DataFrame({"k": [key for key, _ in part], "t": times}))


# --- the command -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a store with a group of two keys."""
    url = f"fsql:///{tmp_path_factory.mktemp('command')}/store"
    store = fsql.FeatureStore(url)
    store.create(group("shop", keys=["k", "s"], created_time=None))
    store.write("a_b_shop", table((1, 1, 0, "a"), (1, 1, 0, "b"), (2, 1, 0, "a")))
    return url


def command(url: str, *arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["delete", "a_b_shop", "--url", url, *arguments], input=text)


def test_the_command_takes_several_keys(shop: str) -> None:
    keys = ["--key", "k=1", "--key", "s=a", "--key", "k=2", "--key", "s=a"]
    done = command(shop, *keys, "--from", "2020-01-03T02:00+01:00")
    assert "Deleted 2 keys of a_b_shop_v0001 from 2020-01-03 01:00:00 UTC on" in done.stdout
    assert latest(fsql.FeatureStore(shop), of="a_b_shop") == {1: "b"}


def test_the_command_asks_before_it_erases(shop: str) -> None:
    keys = ["--key", "k=1", "--key", "s=b"]
    asked = command(shop, *keys, "--purge", text="n\n")
    assert asked.exit_code == 1
    assert "Erase 1 key of a_b_shop_v0001 and the time travel to before, for good?" in asked.output
    assert stored(fsql.FeatureStore(shop), "a_b_shop") == ["a", "a", "b"]
    assert "Erased 1 row of 1 key" in command(shop, *keys, "--purge", "--yes").stdout
    assert stored(fsql.FeatureStore(shop), "a_b_shop") == ["a", "a"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["--key", "k=one", "--key", "s=a"], "column 'k': 'one' is no int64"),
        (["--key", "k=1"], "column 's': is missing"),
        (["--key", "k=1", "--key", "s=a", "--key", "x=a"], "'x': is no part of the key"),
        (["--key", "k"], "--key k. Expected COLUMN=VALUE."),
        ([], "Missing option '--key'"),
        (["--key", "k=1", "--key", "s=a", "--from", "soon"], "is no ISO 8601 time"),
    ],
)
def test_the_command_says_what_is_wrong(shop: str, keys: list[str], words: str) -> None:
    done = command(shop, *keys)
    assert done.exit_code != 0
    assert words in done.stderr
