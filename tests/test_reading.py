"""Reading SQL into frames: the schema restored, whatever the query and the transport."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy import Column, select

import fsql
from fsql.errors import ConfigError, InvalidQuery, QueryError
from fsql.types import Array, Arrow, Map, Struct, Timestamp

ZONE = "America/New_York"
BIG = 2**60 + 1

metadata = sa.MetaData()
trip = fsql.FeatureGroup(
    "city",
    "taxi",
    "trip",
    "v0001",
    metadata,
    Column("id", sa.BigInteger),
    Column("at", Timestamp("s", ZONE)),
    Column("seats", Arrow(pa.uint8())),
    Column("fare", sa.Numeric(10, 2)),
    Column("big", sa.BigInteger),
    Column("paid", sa.Boolean),
    Column("note", sa.String),
    Column("photo", sa.LargeBinary),
    Column("day", sa.Date),
    Column("tip", sa.REAL),
    Column("kind", Arrow(pa.dictionary(pa.int8(), pa.string()))),
    Column("place", Struct({"Lat": sa.Double, "tags": Array(sa.String)})),
    Column("costs", Map(sa.String, sa.Integer)),
    keys=["id"],
    event_time="at",
)
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "at": dt.datetime(2013, 7, 1, 9, tzinfo=dt.UTC),
        "seats": 200,
        "fare": Decimal("12.50"),
        "big": BIG,
        "paid": True,
        "note": 'a "b", {c=d}\n',
        "photo": b"\x00\xff",
        "day": dt.date(2013, 7, 1),
        "tip": 1.1,
        "kind": "day",
        "place": {"Lat": 1.5, "tags": ["b=x", "y=z", None]},
        "costs": [("k,2", 1), ("", None)],
    },
    {
        "id": 2,
        "at": dt.datetime(2013, 11, 3, 6, tzinfo=dt.UTC),
        "note": "",
        "place": {"Lat": None, "tags": []},
        "costs": [],
        "kind": "night",
    },
    {"id": 3, "at": dt.datetime(2013, 12, 1, tzinfo=dt.UTC), "big": -BIG},
]
TABLE = pa.Table.from_pylist(
    [{**dict.fromkeys(trip.columns.keys()), **row} for row in ROWS], trip.arrow_schema
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('reading')}/store")
    made.create(trip)
    made.write(trip, TABLE, progress=False)
    yield made
    made.engine.dispose()


@pytest.fixture
def engine(store: fsql.FeatureStore) -> sa.Engine:
    return store.engine


TRANSPORTS = ["auto", "engine", "scan"]
PASSING_THROUGH = [
    "SELECT * FROM city_taxi_trip_v0001 ORDER BY id",
    "SELECT * FROM city_taxi_trip ORDER BY 1",
    "WITH t AS (SELECT * FROM city_taxi_trip_v0001) SELECT * FROM t ORDER BY at",
    "SELECT t.* FROM (SELECT * FROM city_taxi_trip_v0001) AS t ORDER BY t.id",
    "SELECT a.* FROM city_taxi_trip_v0001 a JOIN city_taxi_trip b ON a.id = b.id ORDER BY 1",
]


def pylist(table: pa.Table) -> list[list[Any]]:
    return [column.to_pylist() for column in table.columns]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_table_comes_back_exactly(engine: sa.Engine, transport: Any) -> None:
    read = fsql.read_arrow("SELECT * FROM city_taxi_trip_v0001", engine, transport=transport)
    assert read.schema.equals(TABLE.schema)
    assert pylist(read.sort_by("id")) == pylist(TABLE)


@pytest.mark.parametrize("sql", PASSING_THROUGH)
@pytest.mark.parametrize("transport", ["auto", "engine"])
def test_types_and_order_survive_any_query(engine: sa.Engine, sql: str, transport: Any) -> None:
    read = fsql.read_arrow(sql, engine, transport=transport)
    assert {f.name: f.type for f in read.schema} == {f.name: f.type for f in TABLE.schema}
    assert pylist(read.select(TABLE.column_names)) == pylist(TABLE)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nested_fields_filters_and_aliases(engine: sa.Engine, transport: Any) -> None:
    sql = (
        "SELECT id AS trip, place.lat AS lat, at FROM city_taxi_trip_v0001"
        " WHERE place.lat > 1 AND at < TIMESTAMP '2013-07-02 00:00:00'"
    )
    read = fsql.read_arrow(sql, engine, transport=transport)
    assert read.schema.types == [pa.int64(), pa.float64(), pa.timestamp("s", ZONE)]
    assert read.to_pylist()[0]["lat"] == 1.5
    assert read.num_rows == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_empty_result_keeps_its_schema(engine: sa.Engine, transport: Any) -> None:
    sql = "SELECT * FROM city_taxi_trip_v0001 WHERE id > 99"
    read = fsql.read_arrow(sql, engine, transport=transport)
    assert (read.num_rows, read.schema) == (0, TABLE.schema)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_duplicate_names_are_kept(engine: sa.Engine, transport: Any) -> None:
    sql = "SELECT id, big AS id, place AS id FROM city_taxi_trip_v0001 WHERE id = 1"
    read = fsql.read_arrow(sql, engine, transport=transport)
    assert read.column_names == ["id", "id", "id"]
    assert pylist(read)[1] == [BIG]
    assert fsql.read_sql(sql, engine, transport=transport).iloc[0, 1] == BIG


def test_what_the_engine_makes_has_the_engines_type(engine: sa.Engine) -> None:
    sql = """SELECT sum(seats) AS s, avg(fare) AS f, max(at) AS a, count(*) AS n, 1.5 AS d,
             array_agg(id ORDER BY id) AS ids, CAST(1 AS bigint) AS b, current_date AS today
             FROM city_taxi_trip_v0001"""
    types = {field.name: field.type for field in fsql.read_arrow(sql, engine).schema}
    assert types["s"] == types["n"] == types["b"] == pa.int64()
    assert types["f"] == pa.decimal128(10, 2)
    assert types["a"] == pa.timestamp("s", ZONE)
    assert types["ids"].value_type == pa.int64()
    assert types["d"] == pa.decimal128(2, 1)
    assert types["today"] == pa.date32()


def test_branches_of_other_types_are_not_restored(engine: sa.Engine) -> None:
    sql = "SELECT seats FROM (SELECT seats FROM city_taxi_trip_v0001 UNION ALL SELECT 300)"
    read = fsql.read_arrow(sql, engine)
    assert read.schema.field("seats").type == pa.int32()  # the branches disagree: the engine's


def test_a_frame_says_what_it_cost(engine: sa.Engine) -> None:
    sql = "SELECT id, note FROM city_taxi_trip_v0001"
    scan = fsql.read_sql(sql, engine).attrs["fsql"]
    assert (scan["transport"], scan["query_id"]) == ("scan", None)
    ran = fsql.read_sql(sql, engine, transport="engine").attrs["fsql"]
    assert ran["transport"] == "rows"
    assert ran["query_id"]
    assert scan["scanned_bytes"] > 0
    assert ran["scanned_bytes"] > 0
    nested = fsql.read_sql("SELECT place FROM city_taxi_trip ORDER BY id", engine)
    assert nested.attrs["fsql"]["transport"] == "unload"


def test_fsql_read_sql_keeps_pandas_exact(engine: sa.Engine) -> None:
    frame = fsql.read_sql("SELECT * FROM city_taxi_trip ORDER BY id", engine)
    dtypes = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert dtypes["id"] == "int64"
    assert dtypes["big"] == "Int64"
    assert dtypes["seats"] == "UInt8"
    assert dtypes["paid"] == "boolean"
    assert dtypes["at"] == f"datetime64[s, {ZONE}]"
    assert dtypes["kind"] == "category"
    assert frame["big"].iloc[0] == BIG
    assert frame["costs"].iloc[0] == {"k,2": 1, "": None}
    assert list(frame["place"].iloc[0]["tags"]) == ["b=x", "y=z", None]


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_dtype_backends(engine: sa.Engine, backend: Any) -> None:
    sql = "SELECT id, big, note FROM city_taxi_trip_v0001 ORDER BY id"
    for frame in (
        fsql.read_sql(sql, engine, dtype_backend=backend),
        pd.read_sql(sql, engine, dtype_backend=backend),
    ):
        assert frame["big"].iloc[0] == BIG
        assert frame["big"].isna().tolist() == [False, True, False]
        assert pd.api.types.is_integer_dtype(frame["big"].dtype)


def test_pandas_reads_typed_python_values(engine: sa.Engine) -> None:
    frame = pd.read_sql("SELECT * FROM city_taxi_trip_v0001 ORDER BY id", engine)
    row = frame.iloc[0]
    assert row["at"] == ROWS[0]["at"]
    assert row["fare"] == Decimal("12.50")
    assert row["note"] == ROWS[0]["note"]
    assert row["photo"] == b"\x00\xff"
    assert row["day"] == dt.date(2013, 7, 1)
    assert row["place"] == {"Lat": 1.5, "tags": ["b=x", "y=z", None]}
    assert row["costs"] == {"k,2": 1, "": None}
    assert frame["note"].tolist()[1:] == ["", None] or pd.isna(frame["note"].iloc[2])


def test_selects_with_parameters(engine: sa.Engine) -> None:
    since = dt.datetime(2013, 11, 3, 1, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    late = select(trip.c.id, trip.c.place["Lat"].label("lat")).where(trip.c.at >= since)
    assert pd.read_sql(late.order_by(trip.c.id), engine)["id"].tolist() == [2, 3]
    assert sorted(fsql.read_sql(late, engine)["id"]) == [2, 3]
    chosen = select(trip.c.id).where(trip.c.id.in_([1, 3]), trip.c.note.like('%"b"%'))
    assert fsql.read_sql(chosen, engine)["id"].tolist() == [1]
    costs = select(trip.c.costs["k,2"]).where(trip.c.id == 1)
    assert fsql.read_arrow(costs, engine).column(0).to_pylist() == [1]
    bound = sa.text("SELECT id FROM city_taxi_trip_v0001 WHERE note LIKE 'a%' AND id = :id")
    assert pd.read_sql(bound, engine, params={"id": 1})["id"].tolist() == [1]


def test_text_with_and_without_parameters(engine: sa.Engine) -> None:
    like = "SELECT id FROM city_taxi_trip_v0001 WHERE note LIKE 'a%'"
    assert pd.read_sql(like, engine)["id"].tolist() == [1]
    assert fsql.read_sql(like, engine)["id"].tolist() == [1]
    named = "SELECT id FROM city_taxi_trip_v0001 WHERE at = %(at)s"
    at = pd.Timestamp("2013-07-01 05:00", tz=ZONE)
    assert fsql.read_sql(named, engine, {"at": at})["id"].tolist() == [1]
    marks = "SELECT id FROM city_taxi_trip_v0001 WHERE id = ? OR note = ?"
    assert sorted(fsql.read_sql(marks, engine, [3, ""])["id"]) == [2, 3]


def test_any_connection_will_do(store: fsql.FeatureStore) -> None:
    sql, url = "SELECT count(*) AS n FROM city_taxi_trip", store.engine.url
    with store.engine.connect() as connection:
        assert fsql.read_sql(sql, connection)["n"].tolist() == [3]
    with fsql.connect(url) as connection:
        assert fsql.read_sql(sql, connection)["n"].tolist() == [3]
    assert fsql.read_sql(sql, url.render_as_string())["n"].tolist() == [3]
    assert store.read(sql)["n"].tolist() == [3]


def test_chunks_and_batches(engine: sa.Engine) -> None:
    sql = "SELECT id FROM city_taxi_trip_v0001 ORDER BY id"
    chunks = list(fsql.read_sql(sql, engine, chunksize=2))
    assert [chunk["id"].tolist() for chunk in chunks] == [[1, 2], [3]]
    (empty,) = fsql.read_sql(
        "SELECT id FROM city_taxi_trip_v0001 WHERE id < 0", engine, chunksize=2
    )
    assert (len(empty), str(empty["id"].dtype)) == (0, "int64")
    with fsql.read_batches(sql, engine) as reader:
        assert reader.read_all().column("id").to_pylist() == [1, 2, 3]


def test_more_rows_than_a_page(engine: sa.Engine) -> None:
    sql = "SELECT * FROM UNNEST(sequence(1, 2500)) AS t(n) ORDER BY n DESC"
    read = fsql.read_arrow(sql, engine)
    assert read.column("n").to_pylist() == list(range(2500, 0, -1))
    texts = "SELECT CASE WHEN n % 2 = 0 THEN '' END AS t FROM UNNEST(sequence(1, 2500)) AS t(n)"
    assert fsql.read_arrow(texts, engine).column("t").null_count == 1250


def test_staged_files_are_gone_afterwards(store: fsql.FeatureStore, engine: sa.Engine) -> None:
    folder = Path(engine.url.database or "")
    fsql.read_sql("SELECT place FROM city_taxi_trip ORDER BY id", engine)
    pd.read_sql("SELECT place FROM city_taxi_trip ORDER BY id", engine)
    with pytest.raises(QueryError):
        fsql.read_sql("SELECT place, nothing FROM city_taxi_trip ORDER BY id", engine)
    assert not [path for path in folder.rglob("*") if "unload" in path.parts and path.is_file()]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM city_taxi_trop_v0001", "Did you mean 'city_taxi_trip_v0001'"),
        ("SELECT nothing FROM city_taxi_trip_v0001", "COLUMN_NOT_FOUND: line 1:8"),
        ("SELEC 1", "line 1:1"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
        ("SELECT nonsense(1)", "FUNCTION_NOT_FOUND"),
        (f"SELECT '{'x' * 262_144}'", "Athena takes 262,144"),
    ],
)
def test_what_athena_would_reject(engine: sa.Engine, sql: str, said: str) -> None:
    with pytest.raises(InvalidQuery, match=said):
        fsql.read_sql(sql, engine)


def test_a_failure_while_running(engine: sa.Engine) -> None:
    with pytest.raises(QueryError, match="DIVISION_BY_ZERO") as caught:
        fsql.read_sql("SELECT id / (id - id) FROM city_taxi_trip_v0001", engine)
    assert caught.value.query_id


def test_a_scan_has_to_be_one(engine: sa.Engine) -> None:
    with pytest.raises(ConfigError, match="plain projection and filter"):
        fsql.read_sql("SELECT count(*) FROM city_taxi_trip_v0001", engine, transport="scan")
    with pytest.raises(ConfigError, match="Expected 'auto', 'engine', 'scan'"):
        fsql.read_sql("SELECT 1", engine, transport="fast")  # type: ignore[call-overload]


def test_statements_without_rows_are_not_read(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE IF NOT EXISTS other")
    assert "other" in sa.inspect(engine).get_schema_names()
