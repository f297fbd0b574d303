from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot

from fsql.analysis import UnloadSelect, analyse, unload_select
from fsql.analysis.carriage import carried
from fsql.analysis.engine_types import EngineType
from tests.analysis_relations import DATABASE, NEW_YORK, lookup

WEATHER = """
    SELECT 'JFK' AS origin, TIMESTAMP '2013-01-01' + INTERVAL (n) HOUR AS time_hour,
           CAST(n * 7 % 11 AS REAL) AS temp,
           {'dir': n % 3, 'speed': CASE WHEN n % 4 > 0 THEN n * 5 % 7 / 2 END, 'gust': 0.5} AS wind,
           n / 4 AS precip, n % 5 AS humid
    FROM range(24) AS r (n)
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for statement in (
            "SET GLOBAL TimeZone = 'UTC'",
            f"CREATE TABLE weather AS {WEATHER}",
            "CREATE TABLE codes AS SELECT 'A' AS iata, now() AS since, 1 AS n",
        ):
            connection.execute(statement).fetchall()
        yield connection


def run(engine: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """Trino SQL on DuckDB; NULLs sort as in Trino because the dialects are told apart."""
    (duck,) = sqlglot.transpile(sql, read="trino", write="duckdb")
    return engine.cursor().sql(duck).to_arrow_table()


def unloaded(sql: str) -> UnloadSelect | None:
    return unload_select(sql, analyse(sql, lookup, DATABASE))


def through_files(
    engine: duckdb.DuckDBPyConnection, select: UnloadSelect, folder: Path
) -> pa.Table:
    """The rows in files of an order of their own, read and restored."""
    rows = run(engine, select.sql)
    places = list(range(rows.num_rows))
    random.Random(7).shuffle(places)
    pq.write_table(rows.take(pa.array(places, pa.int64())), folder / "part.parquet")
    return select.restore(pq.read_table(folder / "part.parquet"))


ORDERED = [
    "SELECT temp, time_hour FROM weather ORDER BY temp, time_hour",
    "SELECT temp, time_hour FROM weather ORDER BY 1 DESC, 2",
    "SELECT time_hour FROM weather ORDER BY temp, time_hour",
    "SELECT time_hour AS temp FROM weather ORDER BY temp",
    "SELECT time_hour AS t, temp AS time_hour FROM weather ORDER BY time_hour, t",
    "SELECT wind.speed AS s, time_hour FROM weather ORDER BY s, time_hour DESC",
    "SELECT wind.speed AS s, time_hour FROM weather ORDER BY s DESC, time_hour",
    "SELECT wind.speed AS s, time_hour FROM weather ORDER BY s NULLS FIRST, time_hour",
    "SELECT wind.speed AS s, time_hour FROM weather ORDER BY s DESC NULLS FIRST, time_hour",
    "SELECT time_hour FROM weather ORDER BY wind.speed, time_hour",
    "SELECT wind, time_hour FROM weather ORDER BY wind.speed DESC, time_hour",
    "SELECT * FROM weather ORDER BY temp - humid, time_hour",
    "SELECT time_hour FROM weather w ORDER BY w.temp + 1, abs(w.humid), w.time_hour",
    "SELECT temp t, time_hour FROM weather ORDER BY -t, t * 2, time_hour LIMIT 7",
    "SELECT temp, time_hour FROM weather ORDER BY 1 DESC, 2 OFFSET 3 ROWS FETCH FIRST 5 ROWS ONLY",
    "SELECT time_hour FROM weather ORDER BY temp, time_hour LIMIT 5;",
    "SELECT DISTINCT humid FROM weather ORDER BY humid DESC",
    "SELECT DISTINCT humid AS h, temp FROM weather ORDER BY 1, h, temp LIMIT 9",
    "SELECT humid, count(*) AS n FROM weather GROUP BY humid ORDER BY count(*) DESC, 1",
    "SELECT humid, sum(temp) AS s FROM weather GROUP BY 1 ORDER BY s / 2, humid",
    "SELECT humid FROM weather GROUP BY humid ORDER BY max(temp) DESC, humid",
    "SELECT humid FROM weather ORDER BY row_number() OVER (ORDER BY temp DESC, time_hour)",
    "SELECT humid FROM weather UNION SELECT n FROM codes ORDER BY humid DESC",
    "SELECT humid AS a FROM weather UNION ALL SELECT n FROM codes ORDER BY a + 1 LIMIT 3",
    "WITH w AS (SELECT * FROM weather ORDER BY temp) SELECT time_hour FROM w ORDER BY temp, 1",
    "(SELECT time_hour FROM weather ORDER BY temp, time_hour)",
    "SELECT temp IS DISTINCT FROM 3 AS d, time_hour FROM weather w ORDER BY d, w.time_hour",
    "SELECT time_hour -- a\nFROM weather /* all */ ORDER BY temp, -- warm last\n time_hour -- x",
    'SELECT time_hour AS "order by" FROM weather ORDER BY "order by" DESC',
    "SELECT CASE WHEN temp > 3 THEN 1 ELSE 2 END AS c, time_hour FROM weather"
    " ORDER BY CASE c WHEN 1 THEN 9 ELSE 3 END, time_hour",
]


@pytest.mark.parametrize("sql", ORDERED)
def test_the_order_survives_files_that_have_none(
    sql: str, engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    select = unloaded(sql)
    assert select is not None
    assert select.ordinal is not None
    expected = [tuple(row.values()) for row in run(engine, sql.replace(";", "")).to_pylist()]
    restored = through_files(engine, select, tmp_path)
    assert [tuple(map(_naive, row.values())) for row in restored.to_pylist()] == expected


def _naive(value: object) -> object:
    """Restored times are in New York, DuckDB's plain ones are the stored ones; names fold."""
    if isinstance(value, dict):
        return {name.lower(): inner for name, inner in value.items()}
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value


def test_duplicate_names_come_back_and_types_are_restored(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    select = unloaded("SELECT time_hour AS a, humid AS a, count(*) OVER () FROM weather")
    assert select is not None
    assert select.ordinal is None
    restored = through_files(engine, select, tmp_path)
    assert restored.schema == select.schema
    assert restored.schema.names == ["a", "a", "_col2"]
    assert restored.schema.types == [pa.timestamp("ms", NEW_YORK), pa.uint8(), pa.int64()]


def test_rows_that_come_in_order_stay_so() -> None:
    select = unloaded("SELECT 1 AS one ORDER BY 1")
    assert select is not None
    for numbers, values in (([1, 2, 3], [7, 8, 9]), ([2, 3, 1], [8, 9, 7]), ([1], [9]), ([], [])):
        columns = {"c0": pa.array(values, pa.int32()), "ordinal": pa.array(numbers, pa.int64())}
        assert select.restore(pa.table(columns))["one"].to_pylist() == sorted(values)


def test_an_empty_result_keeps_its_schema(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    select = unloaded("SELECT *, NULL AS nothing FROM weather WHERE false ORDER BY temp")
    assert select is not None
    restored = through_files(engine, select, tmp_path)
    assert restored.num_rows == 0
    assert restored.schema == select.schema
    assert restored.schema.field("nothing").type == pa.null()
    assert restored.schema.field("humid").type == pa.uint8()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM nowhere",
        "CREATE TABLE x AS SELECT 1",
        "SELECT some_function(temp) FROM weather",
        "SELECT CAST(temp AS timestamp(9)) FROM weather",
        "SELECT temp AS a, humid AS a FROM weather ORDER BY a",
        "SELECT temp AS a FROM weather ORDER BY a + humid",
        "SELECT temp AS a FROM weather ORDER BY (SELECT max(a) FROM codes)",
        "SELECT avg(temp) AS temp FROM weather ORDER BY avg(temp)",
        "SELECT DISTINCT temp FROM weather ORDER BY temp + 1",
        "SELECT DISTINCT temp FROM weather w ORDER BY w.temp",
        "SELECT temp FROM weather ORDER BY 2",
        "SELECT temp FROM weather UNION SELECT 1 ORDER BY abs(humid)",
        "(SELECT temp FROM weather ORDER BY temp) LIMIT 3",
        "TABLE weather ORDER BY temp + precip + codes.n",
        "VALUES 2, 1 ORDER BY 1",
    ],
)
def test_what_cannot_be_unloaded_for_certain_is_not(sql: str) -> None:
    assert unloaded(sql) is None


def test_a_plain_select_is_only_given_names() -> None:
    select = unloaded("SELECT temp, 'x' FROM weather; -- done")
    assert select is not None
    assert select.sql == (
        "SELECT c0 AS c0, c1 AS c1\nFROM (\nSELECT temp, 'x' FROM weather\n) AS unloaded (c0, c1)"
    )


def test_an_order_with_a_limit_stays_where_it_chooses_rows() -> None:
    select = unloaded("SELECT origin FROM weather ORDER BY temp DESC LIMIT 3")
    assert select is not None
    assert select.sql == (
        "SELECT c0 AS c0, row_number() OVER (ORDER BY c1 DESC NULLS LAST) AS ordinal\n"
        "FROM (\nSELECT origin, temp AS fsql_key0\n"
        "FROM weather ORDER BY temp DESC LIMIT 3\n) AS unloaded (c0, c1)"
    )


# --- types that travel as others ---------------------------------------------------------------

MICROSECONDS = [
    0,
    1,
    -1,
    -999_999,
    -1_000_001,
    1_356_998_400_123_456,
    4_102_444_799_999_999,
    253_402_300_799_999_999,
    -62_135_596_800_000_000,
    -62_135_596_799_999_999,
    None,
]
TIMESTAMP = EngineType("timestamp", (6,))
ZONED = EngineType("timestamp with time zone", (6,))


def travelled(
    engine: duckdb.DuckDBPyConnection, values: pa.Array, type_: EngineType
) -> pa.ChunkedArray:
    rows = pa.table({"n": range(len(values)), "c0": values})
    cursor = engine.cursor()
    cursor.register("given", rows)
    way = carried("c0", type_)
    assert way is not None
    (duck,) = sqlglot.transpile(f"SELECT {way.sql} AS x", read="trino", write="duckdb")
    arrived = cursor.sql(f"{duck} FROM given ORDER BY n").to_arrow_table()
    return arrived["x"].cast(way.type)


@pytest.mark.parametrize(
    ("arrow", "type_"), [(pa.timestamp("us"), TIMESTAMP), (pa.timestamp("us", "UTC"), ZONED)]
)
def test_timestamps_travel_exactly_over_all_years(
    arrow: pa.DataType, type_: EngineType, engine: duckdb.DuckDBPyConnection
) -> None:
    values = pa.array(MICROSECONDS, pa.int64()).cast(arrow)
    assert travelled(engine, values, type_).combine_chunks() == values


def test_times_of_day_travel_exactly(engine: duckdb.DuckDBPyConnection) -> None:
    values = pa.array([0, 1, 86_399_999_999, 43_200_000_001, None], pa.int64()).cast(
        pa.time64("us")
    )
    assert travelled(engine, values, EngineType("time", (6,))).combine_chunks() == values


def test_times_inside_of_arrays_and_rows_travel_exactly(engine: duckdb.DuckDBPyConnection) -> None:
    row = EngineType("row", fields=(("at", TIMESTAMP), ("n", EngineType("bigint"))))
    type_ = EngineType("array", fields=((None, row),))
    arrow = pa.list_(pa.struct([("at", pa.timestamp("us")), ("n", pa.int64())]))
    instant = dt.datetime(2013, 1, 1, 5, 0, 0, 1)
    rows = [[{"at": instant, "n": 1}, None, {"at": None, "n": None}], [], None]
    assert travelled(engine, pa.array(rows, arrow), type_).to_pylist() == rows


@pytest.mark.parametrize(
    ("type_", "sql", "arrow"),
    [
        (EngineType("json"), "json_format(x)", pa.string()),
        (EngineType("uuid"), "CAST(x AS varchar)", pa.string()),
        (EngineType("interval day to second"), "CAST(x AS varchar)", pa.string()),
        (EngineType("char", (3,)), "CAST(x AS varchar)", pa.string()),
        (EngineType("varchar", (0,)), "CAST(x AS varchar)", pa.string()),
        (EngineType("varchar", (70_000,)), "CAST(x AS varchar)", pa.string()),
        (EngineType("varchar", (7,)), "x", pa.string()),
        (EngineType("decimal", (9, 2)), "x", pa.decimal128(9, 2)),
        (EngineType("unknown"), "CAST(x AS varchar)", pa.null()),
        (
            EngineType("map", fields=((None, EngineType("varchar")), (None, EngineType("json")))),
            "transform_values(x, (k0, v0) -> json_format(v0))",
            pa.map_(pa.string(), pa.string()),
        ),
        (
            EngineType("map", fields=((None, EngineType("uuid")), (None, EngineType("bigint")))),
            "transform_keys(x, (k0, v0) -> CAST(k0 AS varchar))",
            pa.map_(pa.string(), pa.int64()),
        ),
        (
            EngineType(
                "row", fields=((None, EngineType("bigint")), ("select", EngineType("uuid")))
            ),
            'IF(x IS NULL, NULL, CAST(ROW(x[1], CAST(x."select" AS varchar))'
            ' AS row("field0" bigint, "select" varchar)))',
            pa.struct([("field0", pa.int64()), ("select", pa.string())]),
        ),
        (
            EngineType("array", fields=((None, EngineType("unknown")),)),
            "transform(x, e0 -> CAST(e0 AS varchar))",
            pa.list_(pa.string()),
        ),
    ],
    ids=str,
)
def test_types_that_parquet_lacks_travel_as_text(
    type_: EngineType, sql: str, arrow: pa.DataType
) -> None:
    way = carried("x", type_)
    assert way is not None
    assert (way.sql, way.type) == (sql, arrow)
    sqlglot.parse_one(f"SELECT {way.sql}", read="trino")


@pytest.mark.parametrize(
    "type_",
    [
        EngineType("timestamp", (9,)),
        EngineType("timestamp with time zone", (12,)),
        EngineType("time", (7,)),
        EngineType("hyperloglog"),
        EngineType("array", fields=((None, EngineType("timestamp", (9,))),)),
        EngineType("row", fields=(("a", EngineType("hyperloglog")), ("b", EngineType("bigint")))),
        EngineType("row", fields=(("a", EngineType("bigint")), ("A", EngineType("bigint")))),
    ],
    ids=str,
)
def test_types_without_a_lossless_way_do_not_travel(type_: EngineType) -> None:
    assert carried("x", type_) is None
