"""Whatever changes what a query gives, by whatever client, a result from before is not found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

import fsql
from fsql.analysis import analyse
from fsql.cache import Cache
from fsql.dialect import catalog_of

DAYS = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"])
FRAME = pd.DataFrame({"k": [1, 2, 3], "x": [1.5, 2.5, None], "at": DAYS})
NAME = "a_b_c_v0001"
ALL = f"SELECT k, x FROM {NAME} ORDER BY k"


class Reads:
    """Reads through one cache, each beside one without, and what the cache said of them."""

    def __init__(self, store: fsql.FeatureStore, cache: Cache) -> None:
        self._store, self._cache = store, cache

    def __call__(self, sql: Any = ALL, **options: Any) -> str:
        found = self._store.read(sql, cache=self._cache, transport="engine", **options)
        anew = self._store.read(sql, cache=False, transport="engine", **options)
        pd.testing.assert_frame_equal(found, anew)
        return str(found.attrs["fsql"]["cache"])


@pytest.fixture
def store(tmp_path: Path, table_format: str) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    made.create(group(table_format))
    made.write(NAME, FRAME)
    yield made
    made.engine.dispose()


def group(table_format: str) -> fsql.FeatureGroup:
    return fsql.FeatureGroup.from_frame(
        "a", "b", "c", "v0001", frame=FRAME, keys="k", event_time="at",
        table_format=table_format, partition_by="day(at)" if table_format == "hive" else (),
    )  # fmt: skip


@pytest.fixture
def reads(store: fsql.FeatureStore, tmp_path: Path) -> Reads:
    return Reads(store, Cache(tmp_path / "cache"))


@pytest.fixture
def table_format() -> str:
    return "iceberg"


def test_iceberg_written_by_pyiceberg(store: fsql.FeatureStore, reads: Reads) -> None:
    table = store.catalog.iceberg.load_table(("feature_store", NAME))
    reads()
    assert reads() == "hit"
    table.append(table.scan().to_arrow())
    assert reads() == "miss"
    table.delete("k = 1")
    assert reads() == "miss"
    with table.update_schema() as change:
        change.rename_column("x", "y")
    assert reads(f"SELECT * FROM {NAME} ORDER BY k") == "miss"


def test_iceberg_rolled_back_in_glue(store: fsql.FeatureStore, reads: Reads) -> None:
    """What was kept of the state that comes back is right again."""
    reads()
    before = _entry(store)
    store.write(NAME, FRAME.assign(k=[7, 8, 9]))
    assert reads() == "miss"
    _update(store, before)
    assert reads() == "hit"


@pytest.mark.parametrize("table_format", ["hive"])
def test_partitions_dropped_in_glue_and_by_athena(store: fsql.FeatureStore, reads: Reads) -> None:
    reads()
    where = {"DatabaseName": "feature_store", "TableName": NAME}
    store.catalog.glue.delete_partition(**where, PartitionValues=["2026", "1", "1"])
    assert reads() == "miss"
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {NAME} DROP PARTITION (y=2026, m=1, d=2)")
    assert reads() == "miss"
    assert reads() == "hit"


@pytest.mark.parametrize("table_format", ["hive"])
def test_hive_table_moved_in_glue(store: fsql.FeatureStore, reads: Reads) -> None:
    reads()
    entry = _entry(store)
    (first, *_) = store.catalog.glue.get_partitions(
        DatabaseName="feature_store", TableName=NAME
    )["Partitions"]  # fmt: skip
    storage = {**first["StorageDescriptor"], "Location": f"{entry['Name']}-nowhere"}
    storage["Location"] = first["StorageDescriptor"]["Location"].replace("d=1", "d=2")
    store.catalog.glue.update_partition(
        DatabaseName="feature_store", TableName=NAME, PartitionValueList=first["Values"],
        PartitionInput={"Values": first["Values"], "StorageDescriptor": storage},
    )  # fmt: skip
    assert reads() == "miss"


@pytest.mark.parametrize("table_format", ["iceberg", "hive"])
def test_dropped_and_made_again(store: fsql.FeatureStore, reads: Reads, table_format: str) -> None:
    reads()
    store.drop(NAME, purge=True)
    store.create(group(table_format))
    assert reads() == "miss"
    store.write(NAME, FRAME)
    assert reads() == "miss"


def test_a_view_is_looked_through_where_it_was_made(store: fsql.FeatureStore, reads: Reads) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE DATABASE other")
        connection.exec_driver_sql(f"CREATE TABLE other.{NAME} AS SELECT 1 AS k, 2.5 AS x")
        connection.exec_driver_sql(f"CREATE VIEW other.mine AS SELECT k, x FROM {NAME}")
        connection.exec_driver_sql("CREATE VIEW over AS SELECT k AS n FROM other.mine")
    sql = "SELECT * FROM over ORDER BY n"
    reads(sql)
    assert reads(sql) == "hit"
    store.write(NAME, FRAME.assign(k=[4, 5, 6]))
    assert reads(sql) == "miss"


def test_a_table_function_may_read_anything() -> None:
    for call in (f"exclude_columns(TABLE({NAME}), DESCRIPTOR(x))", "mine.system.query('SELECT 1')"):
        found = analyse(f"SELECT * FROM TABLE({call})", lambda database, table: None, "b")
        assert found.is_query
        assert found.tables is None


def test_answers_that_athena_reuses_are_not_kept(store: fsql.FeatureStore, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    reuse = {"result_reuse_enable": True, "result_reuse_minutes": 60}
    sql = f"SELECT count(*) AS n FROM {NAME}"
    with fsql.connect(str(store.engine.url)) as connection, connection.cursor() as cursor:
        assert cursor.execute(sql, **reuse).fetchall() == [(3,)]
        store.write(NAME, FRAME)
        assert cursor.execute(sql, cache=cache, **reuse).fetchall() == [(3,)]
        assert cursor.statistics["cache"].startswith("not kept: it may be an earlier result")
        assert cursor.execute(sql, cache=cache).fetchall() == [(6,)]
        store.write(NAME, FRAME)
        cursor.execute(sql, cache=cache, cache_size=10).fetchall()
        assert cursor.statistics["cache"].startswith("not kept: it may be an earlier result")
        assert cursor.execute(sql, cache=cache).fetchall() == [(9,)]


# --- what makes queries the same ------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    """A store that no test writes to."""
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('stale')}/store")
    made.create(group("iceberg"))
    made.write(NAME, FRAME)
    yield made
    made.engine.dispose()


VALUES: list[tuple[Any, Any]] = [
    (1, "1"),
    (Decimal("1.10"), Decimal("1.1")),
    (Decimal("1"), 1),
    (1.0, 1),
    (dt.date(2026, 1, 1), dt.datetime(2026, 1, 1)),
    (dt.date(2026, 1, 1), "2026-01-01"),
    (dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, 0, 0, 0, 1)),
    (b"a", b"A"),
    (b"ab", "6162"),
    ("it's", "it''s"),
    ("a", "a "),
    ("and", "AND"),
    ("-- x", "-- y"),
    ("ä", "a\u0308"),
    (True, "true"),
    (None, "NULL"),
    ((1, 2), (2, 1)),
]


@pytest.mark.parametrize(("one", "other"), VALUES)
def test_other_values_are_other_queries(
    stored: fsql.FeatureStore, tmp_path: Path, one: Any, other: Any
) -> None:
    reads = Reads(stored, Cache(tmp_path))
    listed = isinstance(one, tuple)
    sql = f"SELECT k FROM {NAME} WHERE k IN %(v)s" if listed else "SELECT %(v)s AS v"
    assert [reads(sql, params={"v": value}) for value in (one, other, one, other)] == [
        "miss", "miss", "hit", "hit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('SELECT k AS "a" FROM {}', 'SELECT k AS "A" FROM {}'),
        ("SELECT 'a' AS v FROM {}", 'SELECT "a".k AS v FROM {} AS "a"'),
        ("SELECT x'61' AS v FROM {}", "SELECT x'62' AS v FROM {}"),
        ("SELECT U&'\\0061' AS v FROM {}", "SELECT U&'\\0062' AS v FROM {}"),
        ("SELECT DECIMAL '1.0' AS v FROM {}", "SELECT DECIMAL '1.00' AS v FROM {}"),
        ("SELECT 1 AS v --, 2 AS w\nFROM {}", "SELECT 1 AS v , 2 AS w\nFROM {}"),
        ("SELECT k FROM {} LIMIT 1", "SELECT k FROM {} LIMIT 2"),
        ("SELECT 1 /* */ + 2 AS v FROM {}", "SELECT '1 /* */ + 2' AS v FROM {}"),
    ],
)
def test_other_texts_are_other_queries(
    stored: fsql.FeatureStore, tmp_path: Path, one: str, other: str
) -> None:
    reads = Reads(stored, Cache(tmp_path))
    assert [reads(sql.format(NAME)) for sql in (one, other)] == ["miss", "miss"]


def test_the_default_database_counts(store: fsql.FeatureStore, tmp_path: Path) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE DATABASE other")
        connection.exec_driver_sql(
            f"CREATE TABLE other.{NAME} WITH (table_type = 'ICEBERG', is_external = false,"
            f" location = 's3://fsql-local/other/') AS SELECT 9 AS k, DOUBLE '1' AS x"
        )
    cache = Cache(tmp_path / "cache")
    assert len(store.read(ALL, cache=cache)) == 3
    there = fsql.create_engine(store.engine.url.update_query_dict({"database": "other"}))
    assert fsql.read_sql(ALL, there, cache=cache)["k"].tolist() == [9]


def test_two_stores_share_nothing(store: fsql.FeatureStore, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    other = fsql.FeatureStore(f"fsql:///{tmp_path}/other")
    other.create(group("iceberg"))
    for each in (store, other):
        assert each.read(ALL, cache=cache).attrs["fsql"]["cache"] == "miss"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT k FROM {} FOR TIMESTAMP AS OF now()",
        "SELECT k FROM {} TABLESAMPLE BERNOULLI (50)",
        "SELECT k FROM {} WHERE at < current_date",
        "SELECT uuid() AS id FROM {}",
        "SELECT shuffle(ARRAY[1, 2]) AS v FROM {}",
        'SELECT * FROM "{}$snapshots"',
        "SELECT transform(ARRAY[k], n -> rand()) AS v FROM {}",
        "WITH a AS (SELECT localtimestamp AS t) SELECT * FROM a, {}",
    ],
)
def test_what_changes_by_itself_is_not_kept(
    stored: fsql.FeatureStore, tmp_path: Path, sql: str
) -> None:
    cache = Cache(tmp_path / "cache")
    said = stored.read(sql.format(NAME), cache=cache).attrs["fsql"]["cache"]
    assert said.startswith("not kept: ")
    assert cache.local.kept() == []


def test_a_hit_asks_glue_once_for_each_table(
    store: fsql.FeatureStore, reads: Reads, tmp_path: Path
) -> None:
    url = f"{store.engine.url}?cache=true&cache_folder={tmp_path}/cache"
    engine = fsql.create_engine(url)
    sql = f"SELECT a.k FROM {NAME} AS a JOIN {NAME} AS b ON a.k = b.k"
    fsql.read_sql(sql, engine)
    asked = _asked(engine)
    assert fsql.read_sql(sql, engine).attrs["fsql"]["cache"] == "hit"
    assert asked() == ["GetTable"]


def _asked(engine: sa.Engine) -> Callable[[], list[str]]:
    """The operations that an engine asks AWS for from now on."""
    found: list[str] = []
    for service in ("glue", "athena", "s3"):
        client = catalog_of(engine).aws.client(service)
        client.meta.events.register("before-call", lambda model, **_: found.append(model.name))
    return lambda: list(found)


def _entry(store: fsql.FeatureStore) -> dict[str, Any]:
    found: dict[str, Any] = store.catalog.glue.get_table(DatabaseName="feature_store", Name=NAME)
    return dict(found["Table"])


def _update(store: fsql.FeatureStore, entry: dict[str, Any]) -> None:
    known = ("Name", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
    kept = {name: entry[name] for name in known if name in entry}
    store.catalog.glue.update_table(DatabaseName="feature_store", TableInput=kept)
