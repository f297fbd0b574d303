"""What a query would scan, said before it runs: never less than what is measured then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from sqlalchemy import Column

import fsql
from fsql import dbapi
from fsql.errors import QueryError, TooExpensive
from fsql.estimates import Estimate
from fsql.types import Struct, Timestamp

ROWS = 100_000
# DuckDB reads 16 KiB of the end of a file for its footer, and the end again with the last column.
FOOTER = 20 << 10
metadata = sa.MetaData()


def group(entity: str, *columns: Column[Any], **options: Any) -> fsql.FeatureGroup:
    return fsql.FeatureGroup(
        "shop", "web", entity, "v0001", metadata, Column("id", sa.BigInteger), *columns,
        keys=["id"], **options,
    )  # fmt: skip


visit = group(
    "visit",
    Column("at", Timestamp("us")),
    Column("cost", sa.Double),
    Column("note", sa.String),
    Column("place", Struct(lat=sa.Double, lon=sa.Double)),
    event_time="at",
    partition_by=["month(at)"],
)
person = group("person", Column("age", sa.Integer), Column("name", sa.String))


def visits() -> pa.Table:
    random = np.random.default_rng(7)
    start = np.datetime64("2026-01-01", "us")
    places = [pa.array(random.random(ROWS)) for _ in range(2)]
    columns = [
        pa.array(np.arange(ROWS)),
        pa.array(start + random.integers(0, 86_400_000_000 * 90, ROWS)),
        pa.array(random.random(ROWS)),
        pa.array([f"note {n}" for n in random.integers(0, 1 << 40, ROWS)]),
        pa.StructArray.from_arrays(places, ["lat", "lon"]),
    ]
    return pa.Table.from_arrays(columns, ["id", "at", "cost", "note", "place"])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('estimates')}/store")
    made.create(visit)
    made.create(person)
    made.write(visit, visits(), progress=False)
    ages = np.arange(ROWS) * 7919 % 100_003
    names = [f"name {n}" for n in ages]
    people = {"id": np.arange(ROWS), "age": ages.astype("int32"), "name": names}
    made.write(person, pa.table(people), progress=False)
    with made.engine.connect() as connection:
        for sql in VIEWS:
            connection.exec_driver_sql(sql)
    yield made
    made.engine.dispose()


VIEWS = (
    "CREATE VIEW costs AS SELECT id, cost AS price FROM shop_web_visit",
    "CREATE VIEW dear AS SELECT DISTINCT * FROM costs WHERE price > 0.5",
)
SIMPLE = [
    "SELECT id FROM shop_web_visit_v0001",
    "SELECT id, cost FROM shop_web_visit WHERE cost > 0.5",
    "SELECT * FROM shop_web_person_v0001",
    "SELECT note FROM shop_web_visit WHERE at >= TIMESTAMP '2026-03-01 00:00:00'",
    "SELECT place FROM shop_web_visit",
    "SELECT sum(cost), max(at) FROM shop_web_visit",
    "SELECT age, count(*) FROM shop_web_person GROUP BY age ORDER BY 2 DESC LIMIT 5",
    "SELECT sum(price) FROM costs",
    "SELECT v.cost, p.age FROM shop_web_visit v JOIN shop_web_person p ON p.id = v.id",
    "WITH v AS (SELECT * FROM shop_web_visit) SELECT sum(cost) FROM v",
    "SELECT sum(place.lat + place.lon) FROM shop_web_visit",
]
OTHERS = [
    "SELECT place.lat FROM shop_web_visit WHERE place.lon < 0.5",
    "SELECT count(*) FROM shop_web_visit",
    "SELECT * FROM shop_web_visit v JOIN shop_web_person p USING (id)",
    "WITH v AS (SELECT id, cost AS c FROM shop_web_visit)"
    " SELECT sum(a.c) FROM v a JOIN v b ON a.id = b.id + 1",
    "WITH v(k, t) AS (SELECT * FROM (SELECT id, note FROM shop_web_visit)) SELECT max(t) FROM v",
    "WITH p(a, b, c) AS (SELECT * FROM shop_web_person) SELECT max(c) FROM p",
    "SELECT max(c) FROM shop_web_person AS p(a, b, c)",
    "SELECT max(c) FROM (SELECT * FROM shop_web_person) AS p(a, b, c)",
    "SELECT sum(price) FROM dear",
    "SELECT cost FROM shop_web_visit WHERE id IN (SELECT id FROM shop_web_person WHERE age < 9)",
    "SELECT id FROM shop_web_visit UNION ALL SELECT age FROM shop_web_person",
    "SELECT max(k) FROM (SELECT note AS k FROM shop_web_visit UNION SELECT name"
    " FROM shop_web_person)",
    "SELECT id, (SELECT max(age) FROM shop_web_person) FROM shop_web_visit",
    "SELECT row_number() OVER (PARTITION BY age ORDER BY name) FROM shop_web_person",
    "SELECT 1",
    "SELECT table_name FROM information_schema.tables",
]


def estimated(store: fsql.FeatureStore, sql: str, transport: Any = "engine") -> Estimate:
    connection = store.engine.raw_connection()
    try:
        cursor: Any = connection.cursor()
        found: Estimate = cursor.estimate(sql, transport=transport)
        return found
    finally:
        connection.close()


def footers(store: fsql.FeatureStore, sql: str) -> int:
    """What the embedded engine reads of the files' ends, for all files and each time."""
    connection = store.engine.raw_connection()
    try:
        planner = connection.driver_connection.planner  # type: ignore[union-attr]  # it is ours
        times = planner.touched(planner.plan(sql, "feature_store")).times
    finally:
        connection.close()
    files = list((Path(store.engine.url.database or "") / "s3").rglob("*.parquet"))
    return sum(
        FOOTER * count * sum(table in file.parts for file in files)
        for (_, table), count in times.items()
    )


def measured(store: fsql.FeatureStore, sql: str) -> int:
    scanned = fsql.read_sql(sql, store.engine, transport="engine").attrs["fsql"]["scanned_bytes"]
    return int(scanned)


@pytest.mark.parametrize("sql", SIMPLE + OTHERS)
def test_an_estimate_is_never_too_low(store: fsql.FeatureStore, sql: str) -> None:
    found = estimated(store, sql)
    assert found.unknown is None
    assert found.bytes >= measured(store, sql) - footers(store, sql)


@pytest.mark.parametrize("sql", SIMPLE)
def test_an_estimate_of_something_simple_is_close(store: fsql.FeatureStore, sql: str) -> None:
    assert 0 < estimated(store, sql).bytes <= 3 * measured(store, sql)


def test_a_scan_is_known_exactly(store: fsql.FeatureStore) -> None:
    sql = "SELECT cost FROM shop_web_visit WHERE at < TIMESTAMP '2026-02-01 00:00:00'"
    found = estimated(store, sql, "auto")
    read = fsql.read_sql(sql, store.engine).attrs["fsql"]
    assert (read["transport"], read["scanned_bytes"]) == ("scan", found.bytes)
    assert (found.is_query, found.dollars) == (False, 0)


def test_partitions_that_cannot_match_cost_nothing(store: fsql.FeatureStore) -> None:
    whole = estimated(store, "SELECT cost FROM shop_web_visit").bytes
    month = "SELECT cost FROM shop_web_visit WHERE at >= TIMESTAMP '2026-03-01 00:00:00'"
    none = "SELECT cost FROM shop_web_visit WHERE at < TIMESTAMP '2020-01-01 00:00:00'"
    assert estimated(store, none).bytes == 0 < estimated(store, month).bytes < whole * 2


def test_a_table_counts_each_time_it_is_read(store: fsql.FeatureStore) -> None:
    once = estimated(store, "WITH p AS (SELECT id FROM shop_web_person) SELECT id FROM p").bytes
    twice = "WITH p AS (SELECT id FROM shop_web_person) SELECT a.id FROM p a, p b, costs c"
    found = dict(estimated(store, twice).tables)
    assert found["feature_store.shop_web_person_v0001"] == 2 * once
    assert found["feature_store.shop_web_visit_v0001"] > 0


READERS = [fsql.read_sql, fsql.read_arrow, fsql.read_batches]


def queries(store: fsql.FeatureStore) -> int:
    athena = store.catalog.aws.client("athena")
    return len(athena.list_query_executions()["QueryExecutionIds"])


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("transport", ["engine", "auto"])
def test_too_much_is_refused_before_it_runs(
    store: fsql.FeatureStore, read: Any, transport: Any
) -> None:
    before = queries(store)
    sql = "SELECT id, note FROM shop_web_visit"
    with pytest.raises(TooExpensive, match=r"shop_web_visit_v0001 [0-9,]+.*=100,000") as caught:
        read(sql, store.engine, transport=transport, max_bytes_scanned=100_000)
    assert caught.value.limit == 100_000 < (caught.value.estimate or 0)
    assert isinstance(caught.value, QueryError)
    assert isinstance(caught.value, dbapi.OperationalError)
    assert queries(store) == before
    read(sql, store.engine, transport=transport, max_bytes_scanned=caught.value.estimate)


def test_chunks_and_the_store_take_a_limit(store: fsql.FeatureStore) -> None:
    sql = "SELECT id FROM shop_web_visit"
    with pytest.raises(TooExpensive):
        store.read(sql, max_bytes_scanned=10)
    with pytest.raises(TooExpensive):
        next(fsql.read_sql(sql, store.engine, chunksize=10, max_bytes_scanned=10))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SHOW TABLES", "no SELECT"),
        ("CREATE TABLE t AS SELECT 1 AS a", "no SELECT"),
        ("SELECT id FROM shop_web_visit FOR VERSION AS OF 1", "not understood"),
        ("SELECT id FROM other.feature_store.shop_web_visit", "not understood"),
        ("SELECT ] FROM shop_web_visit", "not understood"),
        (
            "WITH RECURSIVE t(n) AS (SELECT id FROM shop_web_person UNION ALL"
            " SELECT p.id FROM t JOIN shop_web_person p ON p.id = n + 1) SELECT n FROM t",
            "not understood",
        ),
        ('SELECT * FROM "shop_web_visit_v0001$files"', "metadata of a table"),
    ],
)
def test_what_cannot_be_told_is_refused(store: fsql.FeatureStore, sql: str, said: str) -> None:
    with pytest.raises(TooExpensive, match=f"cannot be estimated: .*{said}") as caught:
        fsql.read_sql(sql, store.engine, max_bytes_scanned=1 << 40)
    assert caught.value.estimate is None


def test_a_missing_table_is_the_engines_to_tell(store: fsql.FeatureStore) -> None:
    with pytest.raises(QueryError, match="Did you mean 'shop_web_visit'"):
        fsql.read_sql("SELECT id FROM shop_web_visits", store.engine, max_bytes_scanned=10)


def test_other_tables_count_whole(store: fsql.FeatureStore) -> None:
    """Files of a Hive table, those of partitions that lie elsewhere too."""
    for place, rows in (("plain", 5000), ("plain/day=1", 3000), ("elsewhere", 2000)):
        path = store.catalog.storage.for_writing(f"s3://fsql-local/{place}/a.parquet")
        table = pa.table({"n": np.arange(rows)})
        pq.write_table(table, path, filesystem=store.catalog.storage.filesystem)
    with store.engine.connect() as connection:
        for sql in (
            "CREATE EXTERNAL TABLE plain (n bigint) PARTITIONED BY (day int)"
            " STORED AS PARQUET LOCATION 's3://fsql-local/plain/'",
            "ALTER TABLE plain ADD PARTITION (day=1) LOCATION 's3://fsql-local/plain/day=1/'",
            "ALTER TABLE plain ADD PARTITION (day=2) LOCATION 's3://fsql-local/elsewhere/'",
        ):
            connection.exec_driver_sql(sql)
    places = [f"s3://fsql-local/{place}/" for place in ("plain", "elsewhere")]
    size = sum(found.size for place in places for found in store.catalog.storage.list(place))
    sql = "SELECT sum(n) AS s FROM plain"
    assert estimated(store, sql).tables == (("feature_store.plain", size),)
    assert measured(store, sql) <= size + 2 * FOOTER


def test_rows_that_other_statements_changed_count(store: fsql.FeatureStore) -> None:
    """Tables of Athena's own, with files that delete rows."""
    with store.engine.connect() as connection:
        for sql in (
            "CREATE TABLE mine (id bigint, text string) LOCATION 's3://fsql-local/mine/'"
            " TBLPROPERTIES ('table_type' = 'ICEBERG')",
            "INSERT INTO mine SELECT id, note FROM shop_web_visit WHERE id < 20000",
            "DELETE FROM mine WHERE id % 3 = 0",
        ):
            connection.exec_driver_sql(sql)
    sql = "SELECT max(text) AS t FROM mine WHERE id > 5"
    assert estimated(store, sql).bytes >= measured(store, sql) - footers(store, sql)


def test_dollars_are_athenas() -> None:
    assert Estimate((("t", 1 << 40),)).dollars == 5
    assert Estimate((("t", 1),)).dollars == Estimate(()).dollars == 5 * 10 / (1 << 20)
    assert Estimate((("t", (20 << 20) + 1),)).dollars == 5 * 21 / (1 << 20)
