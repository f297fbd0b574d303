from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.local.trino_sql import Table, failure, run

WEATHER = Table(
    {
        "origin": "varchar",
        "hour": "bigint",
        "temp": "double",
        "wind": "row(dir bigint, speed double, gust row(top double))",
        "tags": "array(varchar)",
        "extra": "map(varchar, bigint)",
        "price": "decimal(10,2)",
        "at": "timestamp(6)",
    },
    """('JFK', 1, 1.5e0, {'dir': 10, 'speed': 2.5, 'gust': {'top': 9.0}}, ['a', 'b'],
        MAP {'k': 1}, 1.25, TIMESTAMP '2020-01-01 00:00:00.123456'),
       ('LGA', 2, NULL, {'dir': NULL, 'speed': 3.5, 'gust': NULL}, [], MAP {}, 2.50, NULL),
       ('JFK', 3, 'NaN'::DOUBLE, NULL, NULL, NULL, NULL, NULL)""",
)
PLANES = Table(
    {"origin": "varchar", "seats": "integer"}, "('JFK', 100), ('EWR', 200), ('JFK', NULL)"
)
TABLES = {"weather": WEATHER, "planes": PLANES}

QUERIES: dict[str, list[tuple[Any, ...]]] = {
    # rows and names
    "SELECT hour, wind.speed FROM weather WHERE hour < 3": [(1, 2.5), (2, 3.5)],
    "SELECT w.wind.gust.top FROM weather w WHERE hour = 1": [(9.0,)],
    "SELECT weather.wind.dir FROM weather WHERE weather.hour = 1": [(10,)],
    'SELECT "HOUR", Hour FROM Weather ORDER BY 1 LIMIT 1': [(1, 1)],
    "SELECT (wind).speed FROM weather WHERE hour = 1": [(2.5,)],
    "SELECT wind[1] FROM weather WHERE hour = 1": [(10,)],
    "SELECT wind.* FROM (SELECT wind FROM weather WHERE hour = 1) t": [(10, 2.5, {"top": 9.0})],
    "SELECT extra['k'], tags[2] FROM weather WHERE hour = 1": [(1, "b")],
    # order
    "SELECT temp FROM weather WHERE hour < 3 ORDER BY temp": [(1.5,), (None,)],
    "SELECT temp FROM weather WHERE hour < 3 ORDER BY temp DESC": [(1.5,), (None,)],
    "SELECT temp FROM weather WHERE hour < 3 ORDER BY temp NULLS FIRST": [(None,), (1.5,)],
    "SELECT hour AS h FROM weather ORDER BY h DESC": [(3,), (2,), (1,)],
    "SELECT -hour AS hour FROM weather ORDER BY hour": [(-3,), (-2,), (-1,)],
    "SELECT hour FROM weather ORDER BY hour % 2, hour DESC": [(2,), (3,), (1,)],
    "SELECT hour FROM weather ORDER BY 1 OFFSET 1 ROW FETCH FIRST 1 ROW ONLY": [(2,)],
    "SELECT hour FROM weather ORDER BY 1 OFFSET 1 LIMIT ALL": [(2,), (3,)],
    "SELECT DISTINCT origin FROM weather ORDER BY origin DESC": [("LGA",), ("JFK",)],
    "SELECT DISTINCT origin AS o FROM weather ORDER BY o": [("JFK",), ("LGA",)],
    "SELECT origin FROM weather GROUP BY origin ORDER BY max(hour)": [("LGA",), ("JFK",)],
    # aggregates
    "SELECT count(*), count(temp), count(DISTINCT origin) FROM weather": [(3, 2, 2)],
    "SELECT origin, sum(hour) FROM weather GROUP BY origin ORDER BY 2 DESC": [
        ("JFK", 4),
        ("LGA", 2),
    ],
    "SELECT upper(origin) FROM weather GROUP BY upper(origin) ORDER BY 1": [("JFK",), ("LGA",)],
    "SELECT origin || '!', count(*) + 1 FROM weather GROUP BY 1 ORDER BY 1": [
        ("JFK!", 3),
        ("LGA!", 2),
    ],
    "SELECT 5, count(*) FROM weather GROUP BY 1": [(5, 3)],
    "SELECT origin FROM weather GROUP BY origin HAVING count(*) > 1": [("JFK",)],
    "SELECT sum(hour) FILTER (WHERE origin = 'JFK') FROM weather": [(4,)],
    "SELECT array_agg(hour ORDER BY hour DESC) FROM weather": [([3, 2, 1],)],
    "SELECT array_agg(DISTINCT origin ORDER BY origin) FROM weather": [(["JFK", "LGA"],)],
    "SELECT sum(1) FROM weather WHERE false": [(None,)],
    "SELECT count(*) FROM weather HAVING count(*) > 5": [],
    "SELECT origin, sum(hour) FROM weather GROUP BY ROLLUP (origin) ORDER BY 2": [
        ("LGA", 2),
        ("JFK", 4),
        (None, 6),
    ],
    "SELECT grouping(origin), count(*) FROM weather GROUP BY GROUPING SETS ((origin), ()) "
    "ORDER BY 1, 2": [(0, 1), (0, 2), (1, 3)],
    "SELECT count(*) FROM weather GROUP BY CUBE (origin, hour) ORDER BY 1 DESC LIMIT 2": [
        (3,),
        (2,),
    ],
    "SELECT max(x) FROM (SELECT count(*) AS x FROM weather GROUP BY origin)": [(2,)],
    # windows
    "SELECT row_number() OVER (ORDER BY hour DESC) FROM weather ORDER BY hour": [(3,), (2,), (1,)],
    "SELECT hour, last_value(temp) IGNORE NULLS OVER (ORDER BY hour ROWS BETWEEN UNBOUNDED "
    "PRECEDING AND CURRENT ROW) FROM weather WHERE hour < 3 ORDER BY 1": [(1, 1.5), (2, 1.5)],
    "SELECT last_value(CAST(ROW(hour, temp) AS row(h bigint, t double))) IGNORE NULLS OVER "
    "(ORDER BY hour) FROM weather WHERE hour = 1": [({"h": 1, "t": 1.5},)],
    "SELECT lag(hour) OVER w, lead(hour, 1, BIGINT '0') OVER w FROM weather "
    "WINDOW w AS (ORDER BY hour) ORDER BY hour": [(None, 2), (1, 3), (2, 0)],
    "SELECT sum(hour) OVER (PARTITION BY origin ORDER BY hour) FROM weather ORDER BY hour": [
        (1,),
        (2,),
        (4,),
    ],
    "SELECT sum(hour) OVER (ORDER BY hour RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) "
    "FROM weather ORDER BY hour": [(1,), (3,), (5,)],
    "SELECT sum(count(*)) OVER (), origin FROM weather GROUP BY origin ORDER BY 2": [
        (3, "JFK"),
        (3, "LGA"),
    ],
    "SELECT rank() OVER (ORDER BY origin) FROM weather ORDER BY 1": [(1,), (1,), (3,)],
    "SELECT first_value(hour) OVER (ORDER BY hour), nth_value(hour, 2) OVER (ORDER BY hour "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM weather LIMIT 1": [(1, 2)],
    # joins
    "SELECT hour, seats FROM weather w JOIN planes p ON w.origin = p.origin ORDER BY 1, 2": [
        (1, 100),
        (1, None),
        (3, 100),
        (3, None),
    ],
    "SELECT origin, hour, seats FROM weather RIGHT JOIN planes USING (origin) WHERE hour IS NULL": [
        ("EWR", None, 200)
    ],
    "SELECT origin FROM weather FULL JOIN planes USING (origin) WHERE hour IS NULL "
    "OR origin = 'LGA' ORDER BY 1": [("EWR",), ("LGA",)],
    "SELECT count(*) FROM weather, planes": [(9,)],
    "SELECT count(*) FROM weather CROSS JOIN planes p1 LEFT JOIN planes p2 ON p2.seats > 500": [
        (9,)
    ],
    "SELECT count(*) FROM (weather w JOIN planes p ON w.origin = p.origin)": [(4,)],
    "SELECT a.hour, b.hour FROM weather a LEFT JOIN weather b ON b.hour = a.hour + 2 ORDER BY 1": [
        (1, 3),
        (2, None),
        (3, None),
    ],
    # unnest
    "SELECT hour, tag, n FROM weather CROSS JOIN UNNEST(tags) WITH ORDINALITY AS u(tag, n)": [
        (1, "a", 1),
        (1, "b", 2),
    ],
    "SELECT hour, tag FROM weather LEFT JOIN UNNEST(tags) AS u(tag) ON true ORDER BY 1, 2": [
        (1, "a"),
        (1, "b"),
        (2, None),
        (3, None),
    ],
    "SELECT k, v FROM weather, UNNEST(extra) AS u(k, v)": [("k", 1)],
    "SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS u(x, y)": [(1, "a"), (2, None)],
    "SELECT * FROM UNNEST(ARRAY[ROW(1, 'a'), ROW(2, 'b')]) AS u(x, y)": [(1, "a"), (2, "b")],
    "SELECT x + y FROM UNNEST(sequence(1, 2)) AS a(x) CROSS JOIN UNNEST(ARRAY[10]) AS b(y)": [
        (11,),
        (12,),
    ],
    "SELECT * FROM UNNEST(sequence(1, 1000)) AS u(x) LIMIT 3": [(1,), (2,), (3,)],
    # subqueries
    "SELECT (SELECT max(hour) FROM weather)": [(3,)],
    "SELECT hour FROM weather w WHERE EXISTS (SELECT 1 FROM planes p WHERE p.origin = w.origin "
    "AND p.seats > 50) ORDER BY 1": [(1,), (3,)],
    "SELECT hour FROM weather WHERE origin NOT IN (SELECT origin FROM planes)": [(2,)],
    "SELECT hour FROM weather WHERE hour IN (SELECT 2.0)": [(2,)],
    "SELECT (SELECT count(*) FROM planes p WHERE p.origin = w.origin) FROM weather w "
    "ORDER BY hour": [(2,), (0,), (2,)],
    "SELECT x FROM weather w CROSS JOIN LATERAL (SELECT w.hour * 2 AS x) ORDER BY 1": [
        (2,),
        (4,),
        (6,),
    ],
    "SELECT t.x FROM (SELECT 1 AS x, 2 AS x, 3 AS y) AS t(x, z, y)": [(1,)],
    "SELECT 1 FROM weather WHERE hour = (SELECT min(hour) FROM weather)": [(1,)],
    # WITH
    "WITH a AS (SELECT hour AS h FROM weather), b AS (SELECT h + 1 AS h FROM a) "
    "SELECT * FROM b ORDER BY 1": [(2,), (3,), (4,)],
    "WITH weather AS (SELECT 7 AS x) SELECT x FROM weather": [(7,)],
    "WITH a(x, y) AS (SELECT 1, 2) SELECT y, x FROM a": [(2, 1)],
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) "
    "SELECT sum(n) FROM t": [(10,)],
    "SELECT * FROM (WITH a AS (SELECT 1 AS x) SELECT x FROM a)": [(1,)],
    # set operations and VALUES
    "SELECT hour FROM weather UNION SELECT 2 ORDER BY 1": [(1,), (2,), (3,)],
    "SELECT 1 UNION ALL SELECT 2.5": [(Decimal("1.0"),), (Decimal("2.5"),)],
    "SELECT 1 UNION ALL SELECT 1 EXCEPT SELECT 2": [(1,)],
    "SELECT hour FROM weather INTERSECT SELECT 3": [(3,)],
    "SELECT hour FROM weather EXCEPT SELECT 3 ORDER BY hour DESC LIMIT 1": [(2,)],
    "(SELECT 1) UNION ALL (SELECT 2 ORDER BY 1 LIMIT 1)": [(1,), (2,)],
    "SELECT 1 UNION (SELECT 2 UNION ALL SELECT 2) ORDER BY 1": [(1,), (2,)],
    "VALUES (1, 'a'), (2, NULL)": [(1, "a"), (2, None)],
    "VALUES 1, 2.5": [(Decimal("1.0"),), (Decimal("2.5"),)],
    "SELECT b, a FROM (VALUES (1, 2)) AS t(a, b)": [(2, 1)],
    "TABLE planes": [("JFK", 100), ("EWR", 200), ("JFK", None)],
    # other
    "SELECT count(*) FROM weather TABLESAMPLE BERNOULLI (100)": [(3,)],
    "SELECT 1 WHERE 1 = 2": [],
    "SELECT * FROM (SELECT 1 AS a, 2 AS a)": [(1, 2)],
    "SELECT CAST(at AS timestamp(3)) = TIMESTAMP '2020-01-01 00:00:00.123' FROM weather "
    "WHERE at IS NOT NULL": [(True,)],
    "SELECT sum(price), avg(price) FROM weather": [(Decimal("3.75"), Decimal("1.88"))],
    "SELECT count(*) FROM weather WHERE temp = temp": [(1,)],
    "SELECT 1 -- a comment\n;": [(1,)],
}

NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "SELECT 1, 'a' AS Mixed, hour, wind.speed, -hour FROM weather": (
        ("_col0", "Mixed", "hour", "speed", "_col4"),
        ("integer", "varchar(1)", "bigint", "double", "bigint"),
    ),
    "SELECT p.*, hour FROM planes p, weather": (
        ("origin", "seats", "hour"),
        ("varchar", "integer", "bigint"),
    ),
    "SELECT * FROM planes JOIN planes AS b USING (origin)": (
        ("origin", "seats", "seats"),
        ("varchar", "integer", "integer"),
    ),
    "SELECT 1 AS a, 2 AS a": (("a", "a"), ("integer", "integer")),
    "SELECT * FROM (SELECT count(*), sum(seats) AS s FROM planes)": (
        ("_col0", "s"),
        ("bigint", "bigint"),
    ),
    "SELECT hour AS a FROM weather UNION SELECT 1 AS b": (("a",), ("bigint",)),
    "VALUES (1, NULL)": (("_col0", "_col1"), ("integer", "unknown")),
    "SELECT NULL AS n, wind, tags, extra, price, at FROM weather": (
        ("n", "wind", "tags", "extra", "price", "at"),
        (
            "unknown",
            "row(dir bigint, speed double, gust row(top double))",
            "array(varchar)",
            "map(varchar, bigint)",
            "decimal(10,2)",
            "timestamp(6)",
        ),
    ),
    "SELECT sum(price) s, avg(price) a, sum(temp), avg(hour), sum(seats), max(tags) "
    "FROM weather, planes": (
        ("s", "a", "_col2", "_col3", "_col4", "_col5"),
        ("decimal(38,2)", "decimal(10,2)", "double", "double", "bigint", "array(varchar)"),
    ),
}


@pytest.mark.parametrize(("sql", "rows"), QUERIES.items(), ids=QUERIES)
def test_query(sql: str, rows: list[tuple[Any, ...]]) -> None:
    answer = run(sql, TABLES)
    ordered = "ORDER BY" in sql
    assert (
        answer.rows == rows if ordered else sorted(answer.rows, key=repr) == sorted(rows, key=repr)
    )


@pytest.mark.parametrize("sql", NAMES)
def test_names_and_types_of_columns(sql: str) -> None:
    answer = run(sql, TABLES)
    assert (answer.names, answer.types) == NAMES[sql]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "SELECT nope FROM weather",
            "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved",
        ),
        (
            "SELECT\n  w.nope\nFROM weather w",
            "COLUMN_NOT_FOUND: line 2:3: Column 'w.nope' cannot be resolved",
        ),
        (
            "SELECT wind.nope FROM weather",
            "COLUMN_NOT_FOUND: line 1:8: Column 'wind.nope' cannot be resolved",
        ),
        (
            "SELECT hour.x FROM weather",
            "COLUMN_NOT_FOUND: line 1:8: Column 'hour.x' cannot be resolved",
        ),
        ("SELECT 1 FROM nope", "TABLE_NOT_FOUND: line 1:15: Table 'nope' does not exist"),
        (
            "SELECT origin FROM weather, planes",
            "AMBIGUOUS_NAME: line 1:8: Column 'origin' is ambiguous",
        ),
        (
            "SELECT hour AS h FROM weather WHERE h = 1",
            "COLUMN_NOT_FOUND: line 1:37: Column 'h' cannot be resolved",
        ),
        (
            "SELECT hour AS h FROM weather GROUP BY h",
            "COLUMN_NOT_FOUND: line 1:40: Column 'h' cannot be resolved",
        ),
        (
            "SELECT weather.hour FROM weather w",
            "COLUMN_NOT_FOUND: line 1:8: Column 'weather.hour' cannot be resolved",
        ),
        (
            "SELECT hour, count(*) FROM weather",
            "EXPRESSION_NOT_AGGREGATE: line 1:8: 'hour' must "
            "be an aggregate expression or appear in GROUP BY clause",
        ),
        (
            "SELECT hour + 1 FROM weather GROUP BY hour + 2",
            "EXPRESSION_NOT_AGGREGATE: line 1:8: "
            "'hour' must be an aggregate expression or appear in GROUP BY clause",
        ),
        (
            "SELECT * FROM weather GROUP BY hour",
            "EXPRESSION_NOT_AGGREGATE: line 1:8: '*' must be "
            "an aggregate expression or appear in GROUP BY clause",
        ),
        (
            "SELECT 1 FROM weather WHERE count(*) > 1",
            "EXPRESSION_NOT_SCALAR: line 1:29: WHERE "
            "clause cannot contain aggregations, window functions or grouping operations: "
            "[count(*)]",
        ),
        (
            "SELECT sum(sum(hour)) FROM weather",
            "EXPRESSION_NOT_SCALAR: line 1:12: Cannot nest "
            "aggregations inside aggregation: [sum(hour)]",
        ),
        (
            "SELECT 1 FROM weather WHERE hour",
            "TYPE_MISMATCH: line 1:29: WHERE clause must evaluate to a boolean: actual type bigint",
        ),
        (
            "SELECT hour FROM weather ORDER BY 5",
            "INVALID_COLUMN_REFERENCE: line 1:35: ORDER BY position 5 is not in select list",
        ),
        (
            "SELECT hour FROM weather GROUP BY 0",
            "INVALID_COLUMN_REFERENCE: line 1:35: GROUP BY position 0 is not in select list",
        ),
        (
            "SELECT DISTINCT origin FROM weather ORDER BY hour",
            "EXPRESSION_NOT_IN_DISTINCT: "
            "line 1:46: For SELECT DISTINCT, ORDER BY expressions must appear in select list",
        ),
        (
            "SELECT 1 UNION SELECT 1, 2",
            "TYPE_MISMATCH: line 1:8: UNION query has different number of fields: 1, 2",
        ),
        (
            "SELECT 1 UNION SELECT 'a'",
            "TYPE_MISMATCH: line 1:8: column 1 in UNION query has "
            "incompatible types: integer, varchar(1)",
        ),
        (
            "VALUES (1), (1, 2)",
            "TYPE_MISMATCH: line 1:9: Values rows have mismatched sizes: 1 vs 2",
        ),
        (
            "SELECT * FROM (SELECT 1) AS t(a, b)",
            "MISMATCHED_COLUMN_ALIASES: line 1:23: Column "
            "alias list has 2 entries but 't' has 1 columns available",
        ),
        (
            "SELECT *",
            "COLUMN_NOT_FOUND: line 1:8: SELECT * not allowed in queries without FROM clause",
        ),
        ("SELECT t.* FROM weather", "TABLE_NOT_FOUND: line 1:8: Unable to resolve reference t"),
        (
            'SELECT "$path" FROM weather',
            "NOT_SUPPORTED: line 1:8: Hidden column '$path' is not supported",
        ),
        (
            "SELECT * FROM weather NATURAL JOIN planes",
            "NOT_SUPPORTED: line 1:36: NATURAL join is not supported",
        ),
        (
            "SELECT a FROM weather JOIN planes USING (nope)",
            "COLUMN_NOT_FOUND: line 1:42: Column 'nope' is missing from left side of join",
        ),
        (
            "SELECT 1 FROM UNNEST(1)",
            "INVALID_FUNCTION_ARGUMENT: line 1:22: Cannot unnest type: integer",
        ),
        (
            "SELECT (SELECT 1, 2)",
            "NOT_SUPPORTED: line 1:8: Multiple columns returned by subquery "
            "are not yet supported. Found 2",
        ),
        (
            "SELECT lag(hour) OVER nope FROM weather",
            "INVALID_WINDOW_REFERENCE: line 1:8: Cannot resolve WINDOW name nope",
        ),
        (
            "SELECT hour FROM weather LIMIT hour",
            "COLUMN_NOT_FOUND: line 1:32: Column 'hour' cannot be resolved",
        ),
        (
            "SELECT ?",
            "INVALID_PARAMETER_USAGE: line 1:8: Incorrect number of parameters: "
            "a value for each ? is needed",
        ),
    ],
)
def test_query_errors(sql: str, message: str) -> None:
    assert failure(sql, TABLES) == message


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", "line 1:1: mismatched input '<EOF>'. Expecting: "),
        ("-- nothing", "line 1:1: mismatched input '<EOF>'. Expecting: "),
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'. Expecting: "),
        ("SELECT 1 1", "line 1:10: mismatched input '1'"),
        ("SELECT (1", "line 1:10: mismatched input '<EOF>'. Expecting: ')'"),
        ("SELECT\n *\nFROM t WHERE", "line 3:13: mismatched input '<EOF>'"),
        ("SELECT 'abc", "line 1:12: mismatched input '<EOF>'"),
        ("SELECT a::int FROM t", "line 1:9: mismatched input '::'"),
        ("SELECT CAST(a AS int FROM t", "line 1:28: mismatched input '<EOF>'. Expecting: '<type>'"),
        (
            "SELECT hour FROM weather QUALIFY row_number() OVER () = 1",
            "line 1:34: mismatched input 'row_number'",
        ),
        ("SELECT hour ILIKE 'x' FROM weather", "line 1:13: mismatched input 'ILIKE'"),
        ("SELECT * EXCLUDE (hour) FROM weather", "line 1:19: mismatched input 'hour'"),
        ("SELECT DISTINCT ON (hour) hour FROM weather", "line 1:21: mismatched input 'ON'"),
        ("SELECT hour FROM weather LIMIT 1 BY hour", "line 1:37: mismatched input 'hour'"),
        ("SELECT {'a': 1}", "line 1:8: mismatched input '{'"),
        ("SELECT 5 & 3", "line 1:10: mismatched input '&'"),
        ("SELECT 1 LIMIT 5 OFFSET 2", "line 1:25: mismatched input 'OFFSET'"),
        ("SELECT INTERVAL 1 DAY", "line 1:17: mismatched input '1'. Expecting: '<string>'"),
    ],
)
def test_syntax_errors(sql: str, message: str) -> None:
    assert failure(sql, TABLES).removeprefix("SYNTAX_ERROR: ").startswith(message)
