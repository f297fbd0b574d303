"""Files of several partitionings in one table: reads, every way of writing, and upkeep."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fsql
from fsql.errors import CommitConflict
from fsql.reader import estimated
from tests.evolving import both, evolve, loaded

START = dt.datetime(2026, 1, 1)
SCHEMA = pa.schema(
    [("id", pa.int64()), ("t", pa.timestamp("us")), ("o", pa.string()), ("v", pa.int32())]
)
entities = (f"parts{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    folder: Path = tmp_path_factory.mktemp("partitions")
    return fsql.FeatureStore(f"fsql:///{folder}/store")


def group(
    by: Sequence[str], entity: str, schema: pa.Schema = SCHEMA, **options: Any
) -> fsql.FeatureGroup:
    options = {"keys": "id", "event_time": "t", **options}
    frame = schema.empty_table()
    return fsql.FeatureGroup.from_frame(
        "a", "b", entity, "v0001", frame=frame, partition_by=by, **options
    )


def day(k: int) -> dt.datetime:
    return START + dt.timedelta(days=k)


def origin(k: int) -> str | None:
    return None if k % 5 == 4 else f"o{k % 3}"


def rows(ids: Iterable[int], v: int) -> pa.Table:
    given = [{"id": k, "t": day(k), "o": origin(k), "v": v} for k in ids]
    return pa.Table.from_pylist(given, SCHEMA)


def stored(store: fsql.FeatureStore, table: str) -> list[tuple[int, int]]:
    found = both(store, f"SELECT id, v FROM {table}").to_pylist()
    return sorted((row["id"], row["v"]) for row in found)


PLACES: dict[str, Callable[[int, int], Any]] = {
    "day(t)": lambda k, v: day(k).date(),
    "month(t)": lambda k, v: (day(k).year, day(k).month),
    "o": lambda k, v: origin(k),
    "v": lambda k, v: v,
    "truncate(1, o)": lambda k, v: (origin(k) or "")[:1],
}


def place(by: Sequence[str], k: int, v: int) -> tuple[Any, ...]:
    return tuple(PLACES[part](k, v) for part in by)


steps = st.lists(
    st.tuples(
        st.sampled_from(["append", "upsert", "overwrite_partitions", "delete", "compact", "sql"]),
        st.lists(st.sampled_from([0, 1, 2, 4, 31, 33, 60]), min_size=1, max_size=3, unique=True),
        st.lists(st.sampled_from(list(PLACES)), max_size=2, unique=True),
    ),
    min_size=3,
    max_size=4,
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_any_writes_under_any_partitionings(store: fsql.FeatureStore, given: Any) -> None:
    _life(store, given)


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_many_writes_under_any_partitionings(store: fsql.FeatureStore, given: Any) -> None:
    _life(store, given)


def _life(store: fsql.FeatureStore, given: Sequence[tuple[str, list[int], list[str]]]) -> None:
    entity = next(entities)
    made = group(["o"], entity)
    store.create(made)
    store.write(made, rows([0, 1, 2, 31, 60], 0))
    expected = [(k, 0) for k in (0, 1, 2, 31, 60)]
    for number, (what, ids, by) in enumerate(given, 1):
        made = group(by, entity)
        evolve(store, made)
        new = [(k, number) for k in ids]
        touched = {place(by, *row) for row in new}
        match what:
            case "append":
                store.write(made, rows(ids, number))
                expected += new
            case "upsert":
                store.write(made, rows(ids, number), mode="upsert")
                had = [row for row in expected if row[0] in ids]
                once = [row for row in new if row[0] not in {k for k, _ in had}]
                kept = [row for row in expected if row[0] not in ids]
                expected = [*kept, *once, *((k, number) for k, _ in had)]
            case "overwrite_partitions" if by:
                store.write(made, rows(ids, number), mode=what)
                expected = [row for row in expected if place(by, *row) not in touched] + new
            case "delete":
                store.delete(made, [{"id": k} for k in ids], purge=True)
                expected = [row for row in expected if row[0] not in ids]
            case "sql":
                listed = ", ".join(map(str, ids))
                sql = f"UPDATE {made.name} SET v = {number} WHERE id IN ({listed})"
                execute(store, sql)
                expected = [(k, number if k in ids else v) for k, v in expected]
            case _:
                store.compact(made, min_files=2)
        assert stored(store, made.name) == sorted(expected), (what, ids, by)
    when = f"t >= TIMESTAMP '{day(2)}' AND o = 'o2'"
    wanted = sorted(k for k, _ in expected if k >= 2 and origin(k) == "o2")
    assert (
        sorted(both(store, f"SELECT id FROM {made.name} WHERE {when}")["id"].to_pylist()) == wanted
    )
    store.drop(made, purge=True)


def execute(store: fsql.FeatureStore, sql: str) -> None:
    connection: Any = store.engine.raw_connection()
    connection.cursor().execute(sql)
    connection.close()


def test_the_columns_of_an_older_partitioning_are_dropped(store: fsql.FeatureStore) -> None:
    """pyiceberg alone could not rewrite their files, nor merge their manifests."""
    entity = next(entities)
    before = group(["o", "v"], entity)
    store.create(before)
    store.write(before, rows([0, 1, 2, 3, 40], 1))
    schema = pa.schema([("id", pa.int64()), ("t", pa.timestamp("us")), ("w", pa.int64())])
    after = group(["day(t)"], entity, schema)
    evolve(store, after, {"v": "w"})

    def wide(ids: Sequence[int], w: int) -> pa.Table:
        return pa.Table.from_pylist([{"id": k, "t": day(k), "w": w} for k in ids], schema)

    def check(*expected: tuple[int, int]) -> None:
        found = both(store, f"SELECT id, w FROM {after.name}").to_pylist()
        assert sorted((row["id"], row["w"]) for row in found) == sorted(expected)

    store.write(after, wide([41], 2**40))
    check((0, 1), (1, 1), (2, 1), (3, 1), (40, 1), (41, 2**40))
    big = both(store, f"SELECT id FROM {after.name} WHERE w > 1")
    assert big["id"].to_pylist() == [41]
    store.write(after, wide([0, 50], 2), mode="upsert")
    store.delete(after, [{"id": 1}], purge=True)
    execute(store, f"UPDATE {after.name} SET w = 5 WHERE id = 2")
    store.write(after, wide([3], 6), mode="overwrite_partitions")
    check((0, 2), (2, 5), (3, 6), (40, 1), (41, 2**40), (50, 2))
    for listing, width in (("files", 14), ("partitions", 5), ("manifests", 11)):
        assert store.read(f'SELECT * FROM "{after.name}${listing}"').shape[1] == width
    table = loaded(store, after.name)
    with table.transaction() as transaction:
        transaction.set_properties({"commit.manifest.min-count-to-merge": "2"})
    store.write(after, wide([60], 7))
    store.write(after, wide([61], 7), mode="overwrite")
    check((61, 7))


def test_compaction_goes_over_to_the_present_partitioning(store: fsql.FeatureStore) -> None:
    entity = next(entities)
    store.create(group([], entity))
    for k in (0, 1, 31):
        store.write(group([], entity), rows([k, k + 1], k))
    after = group(["month(t)"], entity)
    evolve(store, after)
    expected = stored(store, after.name)
    store.compact(after, min_files=2)
    table = loaded(store, after.name)
    files = [task.file for task in table.scan().plan_files()]
    assert {file.spec_id for file in files} == {table.spec().spec_id}
    assert sorted(file.partition[0] for file in files) == [672, 673]
    assert stored(store, after.name) == expected


def test_estimates_and_listings_know_all_partitionings(store: fsql.FeatureStore) -> None:
    entity = next(entities)
    store.create(group(["o"], entity))
    store.write(group(["o"], entity), rows(range(4), 1))
    after = group(["month(t)"], entity)
    evolve(store, after)
    store.write(after, rows([31, 60], 2))
    table = after.name
    one = fsql.read_sql(f"SELECT v FROM {table} WHERE id = 60", store.engine)
    assert one["v"].tolist() == [2]
    late = f"SELECT v FROM {table} WHERE t >= TIMESTAMP '2026-02-01 00:00:00'"
    for transport in ("engine", "scan"):
        some, every = (
            estimated(sql, store.engine, transport) for sql in (late, f"SELECT v FROM {table}")
        )
        assert 0 < some.bytes < every.bytes
    listed = f'SELECT "partition".t_month AS month, record_count AS n FROM "{table}$partitions"'
    found = fsql.read_arrow(listed, store.engine).to_pylist()
    assert sorted((row["month"] or 0, row["n"]) for row in found) == [(0, 4), (673, 1), (674, 1)]
    assert len(store.read(f'SELECT * FROM "{table}$files"')) == 5


def test_partitions_change_while_rows_are_written(store: fsql.FeatureStore) -> None:
    entity = next(entities)
    before = group(["o"], entity)
    store.create(before)
    store.write(before, rows([0], 0))

    def batches() -> Iterable[pa.RecordBatch]:
        yield from rows([1], 1).to_batches()
        evolve(store, group(["day(t)"], entity))
        yield from rows([2], 1).to_batches()

    reader = pa.RecordBatchReader.from_batches(SCHEMA, batches())
    with pytest.raises(CommitConflict, match="partitioned otherwise"):
        store.write(before.name, reader)
    assert stored(store, before.name) == [(0, 0)]
