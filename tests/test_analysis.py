from __future__ import annotations

import re

import pyarrow as pa
import pytest

from fsql.analysis import Analysis, Output, analyse
from tests.analysis_relations import DATABASE, RELATIONS, WEATHER, field_at, lookup


def analysed(sql: str) -> Analysis:
    return analyse(sql, lookup, DATABASE)


def described(output: Output) -> str:
    if output.origin is not None and output.field is not None:
        return f"{output.name} = {output.origin.table}.{'.'.join(output.origin.path)}"
    if output.field is not None:
        return f"{output.name} ~ {output.field.type}"
    return f"{output.name} : {output.trino_type}" if output.trino_type else f"{output.name} ?"


# Each query is followed by its outputs:
#   o = weather.origin       values of that column, restored to its exact type
#   o ~ timestamp[ms]        restored to that type, but no one column's values
#   o : bigint               the engine's type
#   o ?                      nothing is certain but the name
CASES_TEXT = """
# columns and names

SELECT origin FROM weather
    origin = weather.origin

SELECT Origin, TEMP FROM Weather
    Origin = weather.origin
    TEMP = weather.temp

SELECT "ORIGIN" FROM "WEATHER"
    ORIGIN = weather.origin

SELECT origin AS o FROM weather
    o = weather.origin

SELECT origin "an o" FROM weather
    an o = weather.origin

SELECT (origin), ((temp)) FROM weather
    origin = weather.origin
    temp = weather.temp

SELECT date, d.date FROM departure d
    date = departure.date
    date = departure.date

SELECT origin, temp AS origin FROM weather
    origin = weather.origin
    origin = weather.temp

SELECT weather.origin FROM weather
    origin = weather.origin

SELECT feature_store.weather.origin FROM weather
    origin = weather.origin

SELECT awsdatacatalog.feature_store.weather.temp FROM weather
    temp = weather.temp

SELECT w.origin FROM feature_store.weather AS w
    origin = weather.origin

SELECT seats FROM other.weather
    seats = weather.seats

SELECT a, b FROM weather AS w (a, b, c, d, e, f)
    a = weather.origin
    b = weather.time_hour

SELECT iata, since FROM codes
    iata : varchar
    since : timestamp(6)

SELECT "$path", origin FROM weather
    $path ?
    origin = weather.origin

# nested fields

SELECT wind FROM weather
    wind = weather.wind

SELECT wind.speed FROM weather
    speed = weather.wind.speed

SELECT w.wind.SPEED AS s FROM weather w
    s = weather.wind.speed

SELECT feature_store.weather.wind.dir FROM weather
    dir = weather.wind.dir

SELECT (wind).gust, (w.wind).gust FROM weather w
    gust = weather.wind.gust
    gust = weather.wind.gust

SELECT wind.dir FROM weather AS wind
    dir = weather.wind.dir

SELECT wind.wind.dir FROM weather AS wind
    dir = weather.wind.dir

SELECT engines[1] FROM plane
    _col0 = plane.engines.element

SELECT engines[1].kind, tags[2] FROM plane
    _col0 = plane.engines.element.kind
    _col1 = plane.tags.element

SELECT element_at(tags, -1) t FROM plane
    t = plane.tags.element

SELECT sensors['a'], element_at(sensors, 'a') FROM plane
    _col0 = plane.sensors.value
    _col1 = plane.sensors.value

SELECT map_keys(sensors) FROM plane
    _col0 ~ list<item: string>

# stars

SELECT * FROM weather
    * = weather.*

SELECT w.* FROM weather w, plane
    * = weather.*

SELECT weather.*, 1 FROM weather
    * = weather.*
    _col6 : integer

SELECT feature_store.weather.* FROM weather
    * = weather.*

TABLE weather
    * = weather.*

SELECT weather.wind.* FROM weather
    dir = weather.wind.dir
    speed = weather.wind.speed
    gust = weather.wind.gust

SELECT (w.wind).* FROM weather w
    dir = weather.wind.dir
    speed = weather.wind.speed
    gust = weather.wind.gust

SELECT w.* AS (a, b, c, d, e, f) FROM weather w
    a = weather.origin
    b = weather.time_hour
    c = weather.temp
    d = weather.wind
    e = weather.precip
    f = weather.humid

SELECT * FROM (SELECT temp, origin AS temp FROM weather)
    temp = weather.temp
    temp = weather.origin

# subqueries and CTEs

SELECT o FROM (SELECT origin AS o FROM weather) AS x
    o = weather.origin

SELECT x.a FROM (SELECT origin FROM weather) AS x (a)
    a = weather.origin

WITH x AS (SELECT origin FROM weather) SELECT * FROM x
    origin = weather.origin

WITH x (o) AS (SELECT origin FROM weather) SELECT X.O FROM x
    O = weather.origin

WITH x AS (SELECT temp FROM weather), y AS (SELECT temp AS t FROM x) SELECT t FROM y z
    t = weather.temp

WITH weather AS (SELECT seats FROM plane) SELECT * FROM weather
    seats = plane.seats

WITH weather AS (SELECT temp FROM weather) SELECT * FROM weather
    temp = weather.temp

WITH x AS (SELECT 1 AS a) SELECT * FROM (WITH x AS (SELECT temp FROM weather) SELECT * FROM
x)
    temp = weather.temp

WITH x AS (SELECT seats FROM plane) SELECT x.seats FROM feature_store.plane x
    seats = plane.seats

SELECT wind.speed FROM (SELECT wind FROM weather)
    speed = weather.wind.speed

SELECT * FROM (weather)
    * = weather.*

SELECT x.temp FROM (weather w CROSS JOIN plane) x
    temp = weather.temp

WITH RECURSIVE r (n) AS (SELECT temp FROM weather UNION ALL SELECT n FROM r) SELECT n FROM r
    n ?

WITH RECURSIVE r (n) AS (SELECT temp FROM weather) SELECT n FROM r
    n = weather.temp

SELECT (SELECT max(sched) FROM departure) AS latest FROM weather
    latest = departure.sched

SELECT (SELECT w.temp FROM plane LIMIT 1) FROM weather w
    _col0 = weather.temp

SELECT (SELECT time_hour FROM plane LIMIT 1) FROM weather
    _col0 = weather.time_hour

SELECT (SELECT tailnum FROM plane p WHERE p.tailnum = d.tailnum) FROM departure d
    _col0 = plane.tailnum

# joins

SELECT a.temp, b.temp FROM weather a JOIN weather b ON a.origin = b.origin
    temp = weather.temp
    temp = weather.temp

SELECT temp, flight FROM weather w, departure d WHERE w.origin = d.origin
    temp = weather.temp
    flight = departure.flight

SELECT seats FROM departure d LEFT JOIN plane p ON d.tailnum = p.tailnum
    seats = plane.seats

SELECT tailnum, seats FROM departure JOIN plane USING (tailnum)
    tailnum ~ large_string
    seats = plane.seats

SELECT origin, flight FROM weather FULL JOIN departure USING (origin)
    origin : varchar
    flight = departure.flight

SELECT * FROM (SELECT tailnum, seats FROM plane) p JOIN (SELECT flight, tailnum FROM
departure) d USING (TAILNUM)
    TAILNUM ~ large_string
    seats = plane.seats
    flight = departure.flight

SELECT c.*, seats, q.* FROM codes c, (SELECT seats FROM plane) p JOIN (SELECT n, seats FROM
codes, plane) q USING (seats)
    iata : varchar
    since : timestamp(6)
    n : integer
    seats = plane.seats
    n : integer

SELECT l.t FROM weather w CROSS JOIN LATERAL (SELECT w.temp AS t) AS l
    t = weather.temp

# unnest

SELECT t FROM plane CROSS JOIN UNNEST(tags) AS u (t)
    t = plane.tags.element

SELECT u.* FROM plane, UNNEST(engines) AS u (kind, hp)
    kind = plane.engines.element.kind
    hp = plane.engines.element.hp

SELECT k, v, n FROM plane CROSS JOIN UNNEST(sensors) WITH ORDINALITY AS u (k, v, n)
    k = plane.sensors.key
    v = plane.sensors.value
    n : bigint

SELECT x FROM UNNEST(ARRAY[1, 2]) AS u (x)
    x : integer

SELECT x, y FROM plane, UNNEST(zip(tags, tags)) AS u (x, y)
    x ?
    y ?

# set operations

SELECT time_hour FROM weather UNION ALL SELECT sched FROM departure
    time_hour ~ timestamp[ms, tz=America/New_York]

SELECT tailnum FROM plane UNION SELECT tailnum FROM departure
    tailnum ~ large_string

SELECT temp FROM weather UNION ALL SELECT temp FROM weather
    temp = weather.temp

SELECT origin FROM weather UNION SELECT origin FROM departure
    origin : varchar

SELECT humid FROM weather UNION ALL SELECT flight FROM departure
    humid : integer

SELECT humid FROM weather UNION ALL SELECT 7
    humid : integer

SELECT temp FROM weather UNION ALL SELECT NULL
    temp = weather.temp

SELECT NULL AS t UNION ALL SELECT temp FROM weather
    t = weather.temp

SELECT temp FROM weather INTERSECT SELECT temp FROM weather EXCEPT SELECT 1
    temp : real

(SELECT temp FROM weather) UNION ALL (SELECT temp FROM weather LIMIT 3)
    temp = weather.temp

# values that pass through functions

SELECT max(time_hour), min(temp) FROM weather
    _col0 = weather.time_hour
    _col1 = weather.temp

SELECT max_by(origin, temp), min_by(wind, temp) FROM weather
    _col0 = weather.origin
    _col1 = weather.wind

SELECT max(humid, 3), max_by(humid, temp, 3) FROM weather
    _col0 ~ list<item: uint8>
    _col1 ~ list<item: uint8>

SELECT max(DISTINCT humid), min(humid) FILTER (WHERE temp > 1) FROM weather
    _col0 = weather.humid
    _col1 = weather.humid

SELECT any_value(origin), arbitrary(origin) FROM weather
    _col0 = weather.origin
    _col1 = weather.origin

SELECT array_agg(time_hour ORDER BY temp) FROM weather
    _col0 ~ list<item: timestamp[ms, tz=America/New_York]>

SELECT lag(humid) OVER (ORDER BY temp), lead(humid, 2) IGNORE NULLS OVER (ORDER BY temp)
FROM weather
    _col0 = weather.humid
    _col1 = weather.humid

SELECT lag(humid, 1, 0) OVER (ORDER BY temp) FROM weather
    _col0 : integer

SELECT lag(humid, 1, humid) OVER (ORDER BY temp) FROM weather
    _col0 = weather.humid

SELECT first_value(temp) OVER w, last_value(temp) OVER w, nth_value(temp, 2) OVER w FROM
weather WINDOW w AS (ORDER BY origin)
    _col0 = weather.temp
    _col1 = weather.temp
    _col2 = weather.temp

SELECT max(temp) OVER (PARTITION BY origin) FROM weather
    _col0 = weather.temp

SELECT coalesce(temp, temp), coalesce(temp, precip) FROM weather
    _col0 = weather.temp
    _col1 : double

SELECT coalesce(a.humid, b.humid), coalesce(humid2, 0) FROM weather a, weather b, (SELECT
humid AS humid2 FROM weather)
    _col0 = weather.humid
    _col1 : integer

SELECT CASE WHEN temp > 1 THEN humid END, CASE origin WHEN 'JFK' THEN humid ELSE 1 END FROM
weather
    _col0 = weather.humid
    _col1 : integer

SELECT if(temp > 1, origin), if(temp > 1, origin, NULL), nullif(humid, 3), try(humid) FROM
weather
    _col0 = weather.origin
    _col1 = weather.origin
    _col2 = weather.humid
    _col3 = weather.humid

SELECT greatest(sched, time_hour) FROM weather, departure
    _col0 ~ timestamp[ms, tz=America/New_York]

SELECT filter(tags, t -> t <> 'x'), array_distinct(tags), slice(tags, 1, 2), reverse(tags)
FROM plane
    _col0 = plane.tags
    _col1 = plane.tags
    _col2 = plane.tags
    _col3 = plane.tags

SELECT slice(axes, 1, 2), array_max(axes) FROM plane
    _col0 ~ list<item: float>
    _col1 = plane.axes.element

# values that are computed

SELECT humid + 1, humid * 1.5, -humid, temp / 2, precip % 2 FROM weather
    _col0 : integer
    _col1 : decimal(12,1)
    _col2 : integer
    _col3 : real
    _col4 : double

SELECT CAST(humid AS integer), CAST(time_hour AS timestamp(6)), TRY_CAST(origin AS double)
FROM weather
    _col0 : integer
    _col1 : timestamp(6)
    _col2 : double

SELECT sum(humid), avg(humid), sum(temp), avg(fare), sum(fare) FROM weather, departure
    _col0 : bigint
    _col1 : double
    _col2 : real
    _col3 : decimal(9,2)
    _col4 : decimal(38,2)

SELECT count(*), count(DISTINCT origin), approx_distinct(origin), count_if(temp > 1) FROM
weather
    _col0 : bigint
    _col1 : bigint
    _col2 : bigint
    _col3 : bigint

SELECT upper(origin), origin || 'x', length(origin), substr(origin, 1, 2) FROM weather
    _col0 : varchar
    _col1 : varchar
    _col2 : bigint
    _col3 : varchar

SELECT date_trunc('day', time_hour), time_hour + INTERVAL '1' DAY, time_hour AT TIME ZONE
'UTC', year(time_hour) FROM weather
    _col0 : timestamp(6)
    _col1 : timestamp(6)
    _col2 : timestamp(6) with time zone
    _col3 : bigint

SELECT temp > 1, temp IS NULL, origin LIKE 'J%', temp IN (1, 2), EXISTS (SELECT 1) FROM
weather
    _col0 : boolean
    _col1 : boolean
    _col2 : boolean
    _col3 : boolean
    _col4 : boolean

SELECT row_number() OVER (), percent_rank() OVER (ORDER BY temp) FROM weather
    _col0 : bigint
    _col1 : double

SELECT 1, 3000000000, 1.50, 1e3, 'abc', true, NULL, DATE '2013-01-01', TIMESTAMP '2013-01-01
00:00:00.123'
    _col0 : integer
    _col1 : bigint
    _col2 : decimal(3,2)
    _col3 : double
    _col4 : varchar(3)
    _col5 : boolean
    _col6 : unknown
    _col7 : date
    _col8 : timestamp(3)

SELECT now(), current_timestamp(6), current_date, uuid(), DECIMAL '1.50', JSON '1'
    _col0 : timestamp(3) with time zone
    _col1 : timestamp(6) with time zone
    _col2 : date
    _col3 : uuid
    _col4 : decimal(3,2)
    _col5 : json

SELECT ROW(1, 'a'), CAST(ROW(1, 'a') AS ROW(n bigint, s varchar)), ARRAY[1, 2],
MAP(ARRAY['a'], ARRAY[1])
    _col0 : row(integer, varchar(1))
    _col1 : row(n bigint, s varchar)
    _col2 : array(integer)
    _col3 : map(varchar(1), integer)

SELECT map_agg(origin, temp), histogram(origin), map_values(sensors) FROM weather, plane
    _col0 : map(varchar, real)
    _col1 : map(varchar, bigint)
    _col2 : array(timestamp(6))

SELECT some_function(temp), approx_percentile(humid, 0.5), current_schema FROM weather
    _col0 ?
    _col1 ?
    _col2 : varchar

# values and grouping

VALUES (1, 'a'), (2, 'bc')
    _col0 : integer
    _col1 : varchar(2)

VALUES 1, NULL, 2.5
    _col0 : decimal(11,1)

SELECT n, s FROM (VALUES (1, 'a')) AS v (n, s)
    n : integer
    s : varchar(1)

SELECT origin, wind.dir, count(*) AS n FROM weather GROUP BY 1, 2 HAVING count(*) > 1
    origin = weather.origin
    dir = weather.wind.dir
    n : bigint

SELECT origin, avg(temp) FROM weather GROUP BY ROLLUP (origin)
    origin = weather.origin
    _col1 : real

SELECT DISTINCT origin FROM weather ORDER BY origin LIMIT 3
    origin = weather.origin

# views

SELECT * FROM weather_now
    * = weather.*

SELECT x.* FROM other.windy x
    at = weather.time_hour
    speed = weather.wind.speed

WITH weather AS (SELECT 1 AS one) SELECT temp FROM weather_now
    temp = weather.temp

SELECT * FROM stale
    origin ?

SELECT seats FROM ring, plane
    seats = plane.seats

# relations that the catalog does not know

SELECT seats, x.a, b FROM plane, nowhere x
    seats = plane.seats
    a ?
    b ?

SELECT x.seats FROM plane, nowhere x
    seats ?

SELECT "weather$snapshots".snapshot_id FROM "weather$snapshots"
    snapshot_id ?

SELECT temp FROM other_catalog.feature_store.weather
    temp ?

SELECT temp FROM weather FOR TIMESTAMP AS OF TIMESTAMP '2020-01-01 00:00:00 UTC'
    temp ?

SELECT temp FROM weather TABLESAMPLE BERNOULLI (10)
    temp = weather.temp

SELECT a FROM TABLE(sequence(1, 2)) AS s (a)
    a ?

SELECT (SELECT temp FROM nowhere LIMIT 1) FROM weather
    _col0 ?
"""
ALL_WEATHER = [f"{name.lower()} = weather.{name.lower()}" for name in WEATHER.names]


def parsed_cases() -> list[tuple[str, list[str]]]:
    cases = []
    for block in re.sub(r"^#.*\n", "", CASES_TEXT, flags=re.MULTILINE).strip().split("\n\n"):
        lines = block.strip("\n").splitlines()
        sql = " ".join(line for line in lines if not line.startswith("    "))
        written = [line.strip() for line in lines if line.startswith("    ")]
        expected = [o for w in written for o in (ALL_WEATHER if w == "* = weather.*" else [w])]
        cases.append((sql, expected))
    return cases


CASES = parsed_cases()


@pytest.mark.parametrize(("sql", "expected"), CASES, ids=[sql for sql, _ in CASES])
def test_outputs_are_traced_to_the_stored_columns(sql: str, expected: list[str]) -> None:
    outputs = analysed(sql).outputs
    assert outputs is not None
    assert [described(output) for output in outputs] == expected


@pytest.mark.parametrize(("sql", "expected"), CASES, ids=[sql for sql, _ in CASES])
def test_the_exact_field_is_the_one_at_the_origin(sql: str, expected: list[str]) -> None:
    for output in analysed(sql).outputs or ():
        if output.field is not None:
            assert output.field.name == output.name
        if (
            output.origin is not None
            and output.field is not None
            and output.origin.database == DATABASE
        ):
            exact = field_at(".".join((output.origin.table, *output.origin.path)))
            assert output.field.type.equals(exact.type, check_metadata=True)
            assert output.field.metadata == exact.metadata


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM nowhere",
        "SELECT * FROM ring",
        "SELECT * FROM broken",
        "SELECT nothing FROM weather",
        "SELECT w.temp FROM weather",
        "SELECT temp FROM weather a, weather b",
        "SELECT wind.dir FROM weather AS wind, weather AS x",
        "SELECT a FROM weather AS w (a, b)",
        "SELECT temp FROM weather UNION SELECT temp, origin FROM weather",
        "SELECT origin FROM weather NATURAL JOIN departure",
        "SELECT temp FROM weather QUALIFY row_number() OVER () = 1",
        "SELECT * EXCEPT (temp) FROM weather",
        "SELECT DISTINCT ON (origin) temp FROM weather",
        "SELECT origin.* FROM weather",
        "SELECT wind.* FROM weather",
        "SELECT (wind).* FROM weather",
        "SELECT feature_store.weather.* FROM weather, (SELECT 1 AS weather) AS feature_store",
        "SELECT temp FROM weather UNION BY NAME SELECT temp FROM weather",
        "SELECT x FROM weather MATCH_RECOGNIZE (MEASURES A.temp AS x PATTERN (A) DEFINE A AS true)",
        "SELECT 1; SELECT 2",
        "SELECT FROM WHERE",
        "SELECT temp FROM weather WHERE temp == 1",
        "SELECT temp FROM weather WHERE temp <=> 1",
        "SELECT temp FROM weather WHERE temp NOTNULL",
        "SELECT temp::integer FROM weather",
        "SELECT 'unfinished",
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT 1" + " UNION ALL SELECT 1" * 3000,
        "WITH x AS (SELECT 1",
        "select",
    ],
    ids=lambda sql: sql[:60],
)
def test_what_is_not_understood_has_no_outputs_and_no_error(sql: str) -> None:
    analysis = analysed(sql)
    assert analysis.is_query
    assert analysis.outputs is None
    assert analysis.scan is None


@pytest.mark.parametrize(
    ("sql", "is_query"),
    [
        ("SELECT 1", True),
        ("  -- note\n /* more */ ( (select 1))", True),
        ("with x as (select 1) select * from x", True),
        ("VALUES 1", True),
        ("TABLE weather", True),
        ("CREATE TABLE x AS SELECT 1", False),
        ("INSERT INTO x SELECT 1", False),
        ("UNLOAD (SELECT 1) TO 's3://b/k' WITH (format = 'PARQUET')", False),
        ("SHOW TABLES", False),
        ("DESCRIBE weather", False),
        ("EXPLAIN SELECT 1", False),
        ("", False),
        ("-- SELECT 1", False),
        ("§", False),
    ],
)
def test_queries_are_told_from_other_statements(sql: str, is_query: bool) -> None:
    analysis = analysed(sql)
    assert analysis.is_query is is_query
    assert is_query or analysis == Analysis(is_query=False)


def test_a_null_that_a_query_adds_makes_the_field_nullable() -> None:
    queries = {
        "SELECT origin FROM weather": False,
        "SELECT w.origin FROM departure LEFT JOIN weather w ON true": True,
        "SELECT w.origin FROM weather w LEFT JOIN departure ON true": False,
        "SELECT w.origin FROM weather w FULL JOIN departure ON true": True,
        "SELECT max(origin) FROM weather": True,
        "SELECT lag(origin) OVER (ORDER BY temp) FROM weather": True,
        "SELECT (SELECT origin FROM weather LIMIT 1)": True,
        "SELECT origin FROM weather GROUP BY ROLLUP (origin)": True,
        "SELECT origin FROM weather GROUP BY origin": False,
    }
    for sql, nullable in queries.items():
        (output,) = analysed(sql).outputs or ()
        assert output.field is not None
        assert output.field.nullable is nullable, sql


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 1", set()),
        ("SELECT * FROM weather", {"weather"}),
        ("SELECT 1 FROM weather w, other.weather", {"weather", "other.weather"}),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM plane)", {"plane"}),
        ("SELECT 1 FROM weather ORDER BY (SELECT max(seats) FROM plane)", {"weather", "plane"}),
        ("SELECT * FROM other.windy", {"other.windy", "weather_now", "weather"}),
        ("SELECT * FROM ring", {"ring"}),
        ("WITH x AS (SELECT * FROM plane) SELECT * FROM x", {"plane"}),
        ("WITH plane AS (SELECT * FROM plane) SELECT * FROM plane", {"plane"}),
        ("WITH x AS (SELECT 1), y AS (SELECT * FROM x) SELECT * FROM y, z", {"z"}),
        ("WITH y AS (SELECT * FROM x), x AS (SELECT 1) SELECT * FROM y", {"x"}),
        ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT * FROM r", set()),
        ("WITH x AS (SELECT 1) SELECT * FROM feature_store.x", {"x"}),
        ("SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x), x", {"x"}),
        ("SELECT * FROM nowhere NATURAL JOIN weather", {"nowhere", "weather"}),
        ("SELECT * FROM lake.db.t", {"lake.db.t"}),
    ],
)
def test_every_table_read_is_named_those_behind_views_too(sql: str, tables: set[str]) -> None:
    found = analysed(sql).tables
    assert found is not None
    assert {t if d == DATABASE else f"{d}.{t}" for d, t in found} == tables


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT now()",
        "SELECT 1 WHERE current_date > DATE '2013-01-01'",
        "SELECT random(), uuid()",
        "SELECT 1 FROM weather ORDER BY rand()",
        "SELECT localtimestamp",
        "SELECT shuffle(tags) FROM plane",
        "SELECT * FROM weather TABLESAMPLE SYSTEM (5)",
        "SELECT * FROM broken",
        "SELECT (",
    ],
)
def test_what_may_change_by_itself_is_not_deterministic(sql: str) -> None:
    assert not analysed(sql).deterministic


def test_plain_queries_are_deterministic() -> None:
    assert analysed("SELECT max(temp), date_trunc('day', time_hour) FROM weather").deterministic


@pytest.mark.parametrize(
    ("sql", "ordered"),
    [
        ("SELECT 1 FROM weather ORDER BY temp", True),
        ("(SELECT 1 FROM weather ORDER BY temp)", True),
        ("SELECT 1 UNION SELECT 2 ORDER BY 1", True),
        ("WITH x AS (SELECT 1 AS a) SELECT a FROM x ORDER BY a LIMIT 1", True),
        ("SELECT * FROM (SELECT 1 AS a ORDER BY 1)", False),
        ("SELECT row_number() OVER (ORDER BY temp) FROM weather", False),
        ("SELECT array_agg(temp ORDER BY temp) FROM weather", False),
    ],
)
def test_only_the_outermost_order_counts(sql: str, ordered: bool) -> None:
    assert analysed(sql).ordered is ordered


@pytest.mark.parametrize(
    ("sql", "bound"),
    [
        ("SELECT 1", 1),
        ("VALUES 1, 2, 3", 3),
        ("SELECT * FROM weather", 26_115),
        ("SELECT * FROM weather WHERE temp > 1", 26_115),
        ("SELECT * FROM weather LIMIT 7", 7),
        ("SELECT * FROM plane LIMIT 7", 7),
        ("SELECT * FROM plane", None),
        ("SELECT * FROM plane FETCH FIRST 3 ROWS ONLY", 3),
        ("SELECT * FROM plane FETCH FIRST ROW ONLY", 1),
        ("SELECT * FROM plane FETCH FIRST 3 ROWS WITH TIES", None),
        ("SELECT * FROM plane LIMIT ALL", None),
        ("SELECT count(*) FROM plane", 1),
        ("SELECT max(seats) + 1 FROM plane HAVING count(*) > 3", 1),
        ("SELECT sum(seats) OVER () FROM plane", None),
        ("SELECT sum(seats) FILTER (WHERE seats > 1) OVER () FROM codes, plane", None),
        ("SELECT n, count(*) FROM codes GROUP BY n", 10),
        ("SELECT n, count(*) FROM codes GROUP BY CUBE (n)", None),
        ("SELECT 1 FROM codes a, codes b", 100),
        ("SELECT 1 FROM codes a LEFT JOIN codes b ON a.n = b.n", 110),
        ("SELECT 1 FROM codes a FULL JOIN codes b ON a.n = b.n", 120),
        ("SELECT 1 FROM codes CROSS JOIN UNNEST(ARRAY[1, 2])", None),
        ("SELECT n FROM codes UNION ALL SELECT 1", 11),
        ("SELECT n FROM codes UNION ALL SELECT 1 LIMIT 5", 5),
        ("SELECT * FROM (SELECT * FROM codes LIMIT 4) WHERE n > 1", 4),
        ("SELECT * FROM weather_now", 26_115),
        ("WITH x AS (SELECT * FROM codes LIMIT 2) SELECT 1 FROM x a, x b", 4),
    ],
)
def test_a_bound_of_rows_is_seen_where_it_is_evident(sql: str, bound: int | None) -> None:
    assert analysed(sql).row_bound == bound


def test_only_text_is_analysed() -> None:
    with pytest.raises(TypeError):
        analyse(b"SELECT 1", lookup, DATABASE)  # type: ignore[arg-type] # that it is refused is the point


def test_the_catalog_is_asked_once_for_each_table_in_lower_case() -> None:
    asked: list[tuple[str | None, str]] = []

    def listening(database: str | None, table: str) -> object:
        asked.append((database, table))
        return RELATIONS.get((database or "", table))

    analyse("SELECT * FROM Weather A, WEATHER b, other.windy", listening, "Feature_Store")  # type: ignore[arg-type] # narrower on purpose
    assert sorted(asked) == [
        ("feature_store", "weather"),
        ("feature_store", "weather_now"),
        ("other", "windy"),
    ]


def test_errors_of_the_catalog_pass_through() -> None:
    def failing(database: str | None, table: str) -> None:
        raise ConnectionError("no network")

    with pytest.raises(ConnectionError):
        analyse("SELECT * FROM weather", failing, DATABASE)


def test_fields_that_differ_in_case_only_are_never_guessed() -> None:
    from fsql.analysis import Relation

    field = pa.field("s", pa.struct([("a", pa.int8()), ("A", pa.int16())]))
    outputs = analyse("SELECT s.a FROM t", lambda _, __: Relation({"s": field}, True), "d").outputs
    assert outputs is not None
    assert outputs[0].field is None
