"""Rows in the place of those of the same key and event time, whoever came first."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from botocore.awsrequest import AWSResponse, HTTPHeaders

import fsql
from fsql.errors import InvalidData, InvalidQuery, PartlyWritten, StorageError
from fsql.types import Array, Struct, Timestamp
from tests.programs import Program

START = dt.datetime(2013, 1, 1)
Row = tuple[int, int, int | None, str | None]


def group(entity: str = "upserted", **options: Any) -> fsql.FeatureGroup:
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


def table(*rows: Row) -> pa.Table:
    """Rows of key, event time and created time in microseconds, and text."""
    keys, times, created, texts = zip(*rows, strict=True)
    columns = {
        "k": pa.array(keys, pa.int64()),
        "t": pa.array(times, pa.timestamp("us")),
        "c": pa.array(created, pa.timestamp("us")),
        "s": pa.array(texts, pa.string()),
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('upsert')}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    """A store with an empty group, in which no test may leave anything staged."""
    shared.create(GROUP)
    yield shared
    for made in shared.groups():
        shared.drop(made, purge=True)
    assert list(shared.catalog.entries()) == []
    assert shared.catalog.storage.list(f"{shared.catalog.aws.staging}stage/") == []


def read(store: fsql.FeatureStore, name: str = GROUP.name) -> list[Row]:
    sql = f"SELECT k, t, c, s FROM {name} ORDER BY k, t"
    columns = fsql.read_arrow(sql, store.engine).to_pydict()
    epoch = dt.datetime(1970, 1, 1)
    for name in ("t", "c"):
        columns[name] = [
            None if value is None else (value - epoch) // dt.timedelta(microseconds=1)
            for value in columns[name]
        ]
    return list(zip(*columns.values(), strict=True))


def test_rows_are_inserted_and_updated(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "a"), (2, 1, 0, "b")))
    result = store.write(GROUP, table((2, 1, 0, "B"), (2, 2, 0, "c"), (3, 1, 0, "d")), "upsert")
    assert read(store) == [(1, 1, 0, "a"), (2, 1, 0, "B"), (2, 2, 0, "c"), (3, 1, 0, "d")]
    assert result.rows == 3
    assert result.snapshot_id == store.describe(GROUP).totals.snapshot_id
    assert str(result).startswith("Wrote 3 rows to a_b_upserted_v0001: 1 file, ")


@pytest.mark.parametrize(
    ("stored", "given", "wins"),
    [
        (5, 6, True),
        (5, 5, True),  # a tie is a repetition, or a correction
        (5, 4, False),
        (5, None, False),
        (None, 5, True),
        (None, None, True),
    ],
)
def test_a_late_row_never_takes_the_place_of_a_newer_one(
    store: fsql.FeatureStore, stored: int | None, given: int | None, wins: bool
) -> None:
    store.write(GROUP, table((1, 1, stored, "old")))
    result = store.write(GROUP, table((1, 1, given, "new")), mode="upsert")
    assert read(store) == [(1, 1, given, "new") if wins else (1, 1, stored, "old")]
    assert result.rows == int(wins)
    assert ("1 row repeated or older than what is stored." in str(result)) is not wins


@pytest.mark.parametrize("stored", [True, False])
def test_of_rows_of_one_key_and_time_the_newest_counts_then_the_last(
    store: fsql.FeatureStore, stored: bool
) -> None:
    if stored:
        store.write(GROUP, table((1, 1, 0, "old"), (2, 1, None, "old"), (3, 1, None, "old")))
    batch = table(
        (1, 1, 1, "a"),
        (1, 1, 3, "b"),
        (1, 1, 2, "c"),
        (2, 1, None, "a"),
        (2, 1, 1, "b"),
        (2, 1, 1, "c"),
        (3, 1, None, "a"),
        (3, 1, None, "b"),
    )
    result = store.write(GROUP, batch, mode="upsert")
    assert read(store) == [(1, 1, 3, "b"), (2, 1, 1, "c"), (3, 1, None, "b")]
    assert result.rows == 3


def test_without_created_time_the_data_wins(store: fsql.FeatureStore) -> None:
    plain = group("plain", created_time=None)
    store.create(plain)
    store.write(plain, table((1, 1, 9, "old"), (2, 1, 9, "kept")))
    store.write(plain, table((1, 1, 1, "a"), (1, 1, 5, "b"), (1, 1, 2, "c")), mode="upsert")
    assert read(store, plain.name) == [(1, 1, 2, "c"), (2, 1, 9, "kept")]


def test_without_event_time_keys_decide(store: fsql.FeatureStore) -> None:
    timeless = group("timeless", event_time=None, created_time=None, keys=["k", "s"])
    store.create(timeless)
    store.write(timeless, table((1, 1, 0, "a"), (1, 1, 0, "b")))
    store.write(timeless, table((1, 2, 0, "a"), (1, 3, None, "a")), mode="upsert")
    assert read(store, timeless.name) == [(1, 1, 0, "b"), (1, 3, None, "a")]


def test_a_group_of_nothing_but_its_key(store: fsql.FeatureStore) -> None:
    all_key = group("all", event_time="t", created_time=None, keys=["k", "c", "s"])
    store.create(all_key)
    batch = table((1, 1, 0, "a"), (1, 1, 0, "a"), (1, 1, 1, "a"))
    assert store.write(all_key, batch, mode="upsert").rows == 2
    assert store.write(all_key, batch, mode="upsert").rows == 0
    assert sorted(read(store, all_key.name)) == [(1, 1, 0, "a"), (1, 1, 1, "a")]


def test_partitions_are_found(store: fsql.FeatureStore) -> None:
    parts = group("parts", partition_by=["day(t)", "bucket(2, k)"])
    store.create(parts)
    day = 86_400_000_000
    first = [(k, d * day + 1, 0, "old") for k in range(4) for d in range(3)]
    store.write(parts, table(*first))
    second = [(k, d * day + 1, 1, "new") for k in (1, 9) for d in (1, 2, 3)]
    assert store.write(parts, table(*second), mode="upsert").rows == 6
    model = {row[:2]: row for row in first} | {row[:2]: row for row in second}
    assert read(store, parts.name) == sorted(model.values())


def test_nested_and_awkward_columns_are_carried(store: fsql.FeatureStore) -> None:
    columns = [
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("ns", "Europe/Oslo")),
        sa.Column("row_", Struct({"a": sa.BigInteger, "b": Array(sa.String)})),
        sa.Column("order", Array(Struct({"x": sa.Double}))),
        sa.Column("u", sa.LargeBinary),
    ]
    nested = fsql.FeatureGroup(
        "a",
        "b",
        "nested",
        "v0001",
        sa.MetaData(),
        *columns,
        keys=["k"],
        event_time="t",
    )
    store.create(nested)
    times = pa.array([1_001_000, 2_002_000, 3_003_000], pa.timestamp("ns", "Europe/Oslo"))

    def rows(number: int, keys: list[int]) -> pa.Table:
        given = {
            "k": keys,
            "t": times.take(pa.array(keys)),
            "row_": [{"a": number, "b": ["x, y", None, ""]}, None][: len(keys)],
            "order": [[{"x": 0.5}, None, {"x": None}], []][: len(keys)],
            "u": [b"\x00\xff", None][: len(keys)],
        }
        return pa.table(given).cast(nested.arrow_schema)

    store.write(nested, rows(1, [0, 1]), mode="upsert")
    assert store.write(nested, rows(2, [1, 2]), mode="upsert").rows == 2
    found = fsql.read_arrow(f"SELECT * FROM {nested.name} ORDER BY k", store.engine)
    expected = pa.concat_tables([rows(1, [0]), rows(2, [1, 2])])
    assert found.cast(expected.schema).equals(expected)


def test_random_batches_leave_what_a_dictionary_would_hold(store: fsql.FeatureStore) -> None:
    chance, model = random.Random(7), dict[tuple[int, int], Row]()
    for number in range(6):
        batch: list[Row] = []
        for place in range(40):
            created = chance.choice([None, 1, 2, 3])
            batch.append((chance.randrange(6), chance.randrange(4), created, f"{number} {place}"))
        for row in batch:
            before = model.get(row[:2])
            if before is None or (row[2] or 0) >= (before[2] or 0):
                model[row[:2]] = row
        # In several blocks, as a stream comes.
        store.write(GROUP, table(*batch).to_reader(7), mode="upsert")
    assert read(store) == sorted(model.values(), key=lambda row: row[:2])


# --- what goes wrong ---------------------------------------------------------------------------


def test_nothing_to_write_is_said(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "a")))
    result = store.write(GROUP, table((1, 1, 0, "b")).slice(1), mode="upsert")
    assert str(result) == f"The data has no rows; nothing was written to {GROUP.name}."
    assert read(store) == [(1, 1, 0, "a")]


def test_what_does_not_fit_changes_nothing(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "a")))
    bad = table((1, 1, 1, "b"), (2, 2, 2, "c")).set_column(0, "k", pa.array([1, None]))
    with pytest.raises(InvalidData, match="its whole key"):
        store.write(GROUP, bad, mode="upsert")
    assert read(store) == [(1, 1, 0, "a")]


def test_athena_that_refuses_changes_nothing(store: fsql.FeatureStore) -> None:
    store.write(GROUP, table((1, 1, 0, "a")))
    error = {"Code": "AccessDeniedException", "Message": "not you"}

    def refuse(**_: Any) -> object:
        parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return AWSResponse("https://athena", 400, HTTPHeaders(), None), parsed

    events: Any = store.catalog.aws.session.events
    events.register_first("before-call.athena.StartQueryExecution", refuse)
    try:
        with pytest.raises(StorageError, match="not you"):
            store.write(GROUP, table((1, 1, 1, "b")), mode="upsert")
    finally:
        events.unregister("before-call.athena.StartQueryExecution", refuse)
    assert read(store) == [(1, 1, 0, "a")]


def test_a_table_that_is_dropped_meanwhile_leaves_nothing_staged(store: fsql.FeatureStore) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from table((1, 1, 0, "a")).to_batches()
        store.drop(GROUP, purge=True)

    reader = pa.RecordBatchReader.from_batches(table((1, 1, 0, "a")).schema, batches())
    with pytest.raises(InvalidQuery, match="does not exist"):
        store.write(GROUP, reader, mode="upsert")


WRITER = f"""
import sys
import pyarrow as pa
import fsql

store, who = fsql.FeatureStore(sys.argv[1]), int(sys.argv[2])
for number in range(4):
    keys = [*range(5), *range(100 * who + 5 * number, 100 * who + 5 * number + 5)]
    data = pa.table({{
        "k": keys,
        "t": pa.array([0] * 10, pa.timestamp("us")),
        "c": pa.array([10 * number + who] * 10, pa.timestamp("us")),
        "s": [f"{{who}}"] * 10,
    }})
    store.write("{GROUP.name}", data, mode="upsert")
"""


@pytest.mark.slow
def test_processes_that_upsert_at_once_lose_nothing(store: fsql.FeatureStore) -> None:
    url = store.engine.url.render_as_string()
    running = [Program(WRITER, url, str(who)) for who in (1, 2, 3, 4)]
    assert [process.wait() for process in running] == [0] * 4
    mine = [
        (100 * who + k, 0, 10 * (k // 5) + who, str(who)) for who in (1, 2, 3, 4) for k in range(20)
    ]
    assert read(store) == [*((k, 0, 34, "4") for k in range(5)), *mine]


# --- more partitions than one statement may write to ---------------------------------------------

DAY = 86_400_000_000


def in_parts(store: fsql.FeatureStore, *partition_by: str) -> fsql.FeatureGroup:
    parts = group("many", partition_by=list(partition_by))
    store.create(parts)
    return parts


def sent(store: fsql.FeatureStore, statements: list[str]) -> Any:
    """Notes the statements that are sent, until the function that is returned is called."""

    def note(params: Any, **_: Any) -> None:
        statements.append(params["QueryString"])

    events: Any = store.catalog.aws.session.events
    events.register_first("provide-client-params.athena.StartQueryExecution", note)
    return lambda: events.unregister("provide-client-params.athena.StartQueryExecution", note)


def test_rows_of_many_partitions_take_several_statements(store: fsql.FeatureStore) -> None:
    parts = in_parts(store, "day(t)")
    first = [(0, day * DAY, 1, "old") for day in range(0, 230, 3)]
    store.write(parts, table(*first))
    second = [(0, day * DAY, 0 if day % 9 else 2, "new") for day in range(205)]
    statements: list[str] = []
    done = sent(store, statements)
    result = store.write(parts, table(*second, (0, 0, 3, "newest"), (0, 0, 1, "late")), "upsert")
    done()
    assert [text.partition(" ")[0] for text in statements] == ["MERGE"] * 3
    model = {row[1]: row for row in first}
    for row in [*second, (0, 0, 3, "newest")]:
        if row[2] >= model.get(row[1], row)[2]:
            model[row[1]] = row
    assert read(store, parts.name) == [model[t] for t in sorted(model)]
    assert result.rows == sum(row[3] != "old" for row in model.values())


def test_rows_that_change_their_partition_are_found(store: fsql.FeatureStore) -> None:
    parts = in_parts(store, "s")
    store.write(parts, table(*[(k, 0, 0, f"p{k % 90}") for k in range(120)]))
    # The same key twice in the batch, in different partitions: only the later one counts.
    batch = [(k, 0, 1, f"p{k % 90 + 60}") for k in range(120)]
    again = [(k, 0, 1, f"p{k}") for k in range(0, 120, 2)]
    store.write(parts, table(*batch, *again), mode="upsert")
    expected = [(k, 0, 1, f"p{k}" if k % 2 == 0 else f"p{k % 90 + 60}") for k in range(120)]
    assert read(store, parts.name) == expected


def test_what_is_done_is_said_when_one_of_several_statements_fails(
    store: fsql.FeatureStore,
) -> None:
    parts = in_parts(store, "day(t)")
    rows = [(0, day * DAY, 0, "new") for day in range(250)]
    count = 0

    def refuse_second(**_: Any) -> object:
        nonlocal count
        count += 1
        if count != 2:
            return None
        error = {"Code": "AccessDeniedException", "Message": "not you"}
        parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return AWSResponse("https://athena", 400, HTTPHeaders(), None), parsed

    events: Any = store.catalog.aws.session.events
    events.register_first("before-call.athena.StartQueryExecution", refuse_second)
    try:
        with pytest.raises(PartlyWritten, match=r"1 of them were done.* not you") as caught:
            store.write(parts, table(*rows), mode="upsert")
    finally:
        events.unregister("before-call.athena.StartQueryExecution", refuse_second)
    assert "Rows of 250 partitions" in str(caught.value)
    assert read(store, parts.name) == rows[:100]
    store.write(parts, table(*rows), mode="upsert")
    assert read(store, parts.name) == rows


# --- keys that are floats ------------------------------------------------------------------------


@pytest.mark.parametrize("type_", [sa.Double, sa.REAL])
def test_zero_has_no_sign_and_infinities_are_keys(store: fsql.FeatureStore, type_: Any) -> None:
    columns = [sa.Column("k", type_), sa.Column("g", sa.String), sa.Column("v", sa.BigInteger)]
    floats = fsql.FeatureGroup(
        "a", "b", "floats", "v0001", sa.MetaData(), *columns, keys=["k", "g"]
    )
    store.create(floats)
    inf = float("inf")

    def batch(first: int, keys: list[float]) -> pa.Table:
        data = {"k": keys, "g": ["g"] * len(keys), "v": range(first, first + len(keys))}
        return pa.table(data).cast(floats.arrow_schema)

    store.write(floats, batch(0, [0.0, -inf, 0.1]), mode="upsert")
    assert store.write(floats, batch(10, [-0.0, inf, 0.1, 0.0]), mode="upsert").rows == 3
    found = fsql.read_arrow(f"SELECT k, v FROM {floats.name} ORDER BY k", store.engine)
    assert [f"{key:.3g}" for key in found["k"].to_pylist()] == ["-inf", "0", "0.1", "inf"]
    assert found["v"].to_pylist() == [1, 13, 12, 11]
    with pytest.raises(InvalidData, match="its whole key"):
        store.write(floats, batch(20, [float("nan")]), mode="upsert")
