"""Aggregate functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from tests.trino import Cases, column, rows

__all__ = ["CASES", "PARTLY"]

T = (
    "(VALUES ('a', 1, BIGINT '10', 1e0, REAL '0.5', 1.00, true, 'x'),"
    " ('a', 2, 20, 2e0, REAL '0.5', 2.00, false, 'y'),"
    " ('b', 3, NULL, 4e0, REAL '1.5', 2.00, NULL, NULL)) AS t(k, i, n, d, f, p, b, s)"
)

CASES: Cases = {
    "count": [
        (f"count(*) FROM {T}", 3, "bigint"),
        (f"count() FROM {T}", 3, "bigint"),
        (f"count(n) FROM {T}", 2, "bigint"),
        (f"count(DISTINCT k) FROM {T}", 2, "bigint"),
        (f"count(n) FROM {T} WHERE false", 0, "bigint"),
        ("count(x, x) FROM (VALUES 1) AS t(x)", "FUNCTION_NOT_FOUND"),
        ("count(*) FROM (VALUES NULL, NULL) AS t(x)", 2, "bigint"),
        ("count(DISTINCT x) FILTER (WHERE x > 1) FROM (VALUES 1, 2, 2, 3) AS t(x)", 2, "bigint"),
        ("count(*) FILTER (WHERE NULL) FROM (VALUES 1) AS t(x)", 0, "bigint"),
        ("SELECT count(*) FROM (VALUES 1) AS t(x) WHERE false GROUP BY ()", 0, "bigint"),
        ("SELECT x, count(*) FROM (VALUES 1) AS t(x)", "EXPRESSION_NOT_AGGREGATE"),
        (
            "SELECT k FROM (VALUES ('a', 1), ('b', 5)) AS t(k, v) GROUP BY k HAVING count(*) > 1",
            column(),
            "varchar(1)",
        ),
    ],
    "count_if": [
        (f"count_if(i > 1) FROM {T}", 2, "bigint"),
        (f"count_if(b) FROM {T} WHERE false", 0, "bigint"),
        ("count_if(x) FROM (VALUES true, NULL, false) AS t(x)", 1, "bigint"),
    ],
    "sum": [
        (f"sum(i) FROM {T}", 6, "bigint"),
        (f"sum(n) FROM {T}", 30, "bigint"),
        (f"sum(d) FROM {T}", 7.0, "double"),
        (f"sum(f) FROM {T}", 2.5, "real"),
        (f"sum(p) FROM {T}", Decimal("5.00"), "decimal(38,2)"),
        (f"sum(DISTINCT p) FROM {T}", Decimal("3.00"), "decimal(38,2)"),
        (f"sum(i) FILTER (WHERE k = 'a') FROM {T}", 3, "bigint"),
        (f"sum(n) / count(*) FROM {T}", 10, "bigint"),
        (f"sum(p) / count(*) FROM {T}", Decimal("1.67"), "decimal(38,2)"),
        (f"sum(n) FROM {T} WHERE false", None, "bigint"),
        (
            f"SELECT sum(k) FROM {T}",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar(1)) for function sum."
            " Expected: sum(tinyint), sum(smallint), sum(integer), sum(bigint), sum(decimal),"
            " sum(real), sum(double), sum(interval day to second), sum(interval year to month)",
        ),
        (
            "SELECT sum(x) FROM (VALUES 9223372036854775807, 1) AS v(x)",
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775808",
        ),
        ("sum(x) FROM (VALUES TINYINT '100', TINYINT '100') AS t(x)", 200, "bigint"),
        ("sum(x) FROM (VALUES REAL '1.5', REAL '2.25') AS t(x)", 3.75, "real"),
        ("sum(INTERVAL '1' DAY)", 86400000, "interval day to second"),
        (
            "sum(x) FROM (VALUES DECIMAL '99999999999999999999999999999999999999', 1) AS t(x)",
            "NUMERIC_VALUE_OUT_OF_RANGE",
        ),
        ("SELECT sum(sum(x)) FROM (VALUES 1) AS t(x)", "EXPRESSION_NOT_SCALAR"),
        ("sum(x) FROM (VALUES NULL, 3) AS t(x)", 3, "bigint"),
    ],
    "avg": [
        (f"round(avg(d), 1) FROM {T}", 2.3, "double"),
        (f"avg(i) FROM {T}", pytest.approx(2.0), "double"),
        (f"avg(p) FROM {T}", Decimal("1.67"), "decimal(3,2)"),
        (f"avg(f) FROM {T}", pytest.approx(0.8333333134651184), "real"),
        (f"avg(n) FROM {T} WHERE false", None, "double"),
        ("avg(x) FROM (VALUES 1.00, 2.005) AS t(x)", Decimal("1.503"), "decimal(4,3)"),
        ("avg(x) FROM (VALUES -1.00, -2.005) AS t(x)", Decimal("-1.503"), "decimal(4,3)"),
        ("avg(x) FROM (VALUES 1, 2) AS t(x)", 1.5, "double"),
        ("avg(DISTINCT x) FROM (VALUES 1, 1, 4) AS t(x)", 2.5, "double"),
        (
            "avg(x) FROM (VALUES DECIMAL '99999999999999999999.9', DECIMAL"
            " '99999999999999999999.7') AS t(x)",
            Decimal("99999999999999999999.8"),
            "decimal(21,1)",
        ),
        ("avg(x) FROM (VALUES 'a') AS t(x)", "FUNCTION_NOT_FOUND"),
    ],
    "min": [
        (f"min(s) FROM {T}", "x", "varchar(1)"),
        (f"min(n) FROM {T} WHERE false", None, "bigint"),
        ("min(x) FROM (VALUES 'b', 'a') AS t(x)", "a", "varchar(1)"),
        ("min(x, 2) FROM (VALUES 3, 1, 2) AS t(x)", [1, 2], "array(integer)"),
        ("min(x) FROM (VALUES true, false) AS t(x)", False, "boolean"),
    ],
    "max": [
        (f"max(p) FROM {T}", Decimal("2.00"), "decimal(3,2)"),
        (f"max(i, 2) FROM {T}", [3, 2], "array(integer)"),
        (f"max(n) FROM {T} WHERE false", None, "bigint"),
        ("max(x, 2) FROM (VALUES 1, NULL, 3) AS t(x)", [3, 1], "array(integer)"),
        ("max(x, 0) FROM (VALUES 1) AS t(x)", "INVALID_FUNCTION_ARGUMENT"),
        ("max(x) FROM (VALUES 'b', 'ba', 'a') AS t(x)", "ba", "varchar(2)"),
        (
            "max(x) FROM (VALUES DATE '2020-01-01', DATE '2021-01-01') AS t(x)",
            datetime.date(2021, 1, 1),
            "date",
        ),
    ],
    "min_by": [
        (f"min_by(k, n) FROM {T}", "a", "varchar(1)"),
        (
            "min_by(x, y, 2) FROM (VALUES ('a', 3), ('b', 1), ('c', 2)) AS t(x, y)",
            ["b", "c"],
            "array(varchar(1))",
        ),
    ],
    "max_by": [
        (f"max_by(s, i) FROM {T}", None, "varchar(1)"),
        (f"max_by(i, d, 2) FROM {T}", [3, 2], "array(integer)"),
        (f"max_by(k, n) FROM {T} WHERE false", None, "varchar(1)"),
        ("max_by(x, y) FROM (VALUES (1, NULL), (2, NULL)) AS t(x, y)", None, "integer"),
        ("max_by(x, y) FROM (VALUES (NULL, 2), (7, 1)) AS t(x, y)", None, "integer"),
        ("max_by(x, y, 0) FROM (VALUES (1, 1)) AS t(x, y)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "arbitrary": [
        (f"arbitrary(n) IS NOT NULL FROM {T}", True, "boolean"),
        ("arbitrary(x) FROM (VALUES NULL, 5) AS t(x)", 5, "integer"),
        ("arbitrary(x) FROM (VALUES CAST(NULL AS bigint)) AS t(x)", None, "bigint"),
    ],
    "any_value": [
        (f"any_value(k) IN ('a', 'b') FROM {T}", True, "boolean"),
        ("any_value(x) FROM (VALUES NULL, 5) AS t(x)", 5, "integer"),
    ],
    "array_agg": [
        (f"transform(array_agg(i ORDER BY i), x -> x * 2) FROM {T}", [2, 4, 6], "array(integer)"),
        (f"array_agg(s ORDER BY i) FROM {T}", ["x", "y", None], "array(varchar(1))"),
        (f"array_agg(i ORDER BY d DESC) FILTER (WHERE i < 3) FROM {T}", [2, 1], "array(integer)"),
        (f"array_agg(n) FROM {T} WHERE false", None, "array(bigint)"),
        (
            "array_agg(x) FILTER (WHERE x IS NOT NULL) FROM (VALUES 1, NULL) AS t(x)",
            [1],
            "array(integer)",
        ),
        (
            "array_agg(DISTINCT x ORDER BY x DESC) FROM (VALUES 1, 2, 1) AS t(x)",
            [2, 1],
            "array(integer)",
        ),
        (
            "array_agg(x ORDER BY x NULLS FIRST) FROM (VALUES 1, NULL) AS t(x)",
            [None, 1],
            "array(integer)",
        ),
    ],
    "bool_and": [
        (f"bool_and(b) FROM {T}", False, "boolean"),
        (f"bool_and(b) FROM {T} WHERE false", None, "boolean"),
        ("bool_and(x) FROM (VALUES true, NULL) AS t(x)", True, "boolean"),
    ],
    "bool_or": [
        (f"bool_or(b) FROM {T}", True, "boolean"),
        ("bool_or(x) FROM (VALUES false, NULL) AS t(x)", False, "boolean"),
        ("bool_or(x) FROM (VALUES CAST(NULL AS boolean)) AS t(x)", None, "boolean"),
    ],
    "every": [
        (f"every(b) FROM {T}", False, "boolean"),
        ("every(x) FROM (VALUES true, true) AS t(x)", True, "boolean"),
    ],
    "listagg": [
        (f"listagg(s, ',') WITHIN GROUP (ORDER BY s DESC) FROM {T}", "y,x", "varchar"),
        (f"listagg(s, ',') WITHIN GROUP (ORDER BY s) FROM {T} WHERE false", None, "varchar"),
        (
            "listagg(x, '-') WITHIN GROUP (ORDER BY x) FROM (VALUES 'b', NULL, 'a') AS t(x)",
            "a-b",
            "varchar",
        ),
        (
            "listagg(x) WITHIN GROUP (ORDER BY x DESC) FROM (VALUES 'b', 'a') AS t(x)",
            "ba",
            "varchar",
        ),
        (
            "listagg(DISTINCT x, ',') WITHIN GROUP (ORDER BY x) FROM (VALUES 'b', 'a', 'b') AS"
            " t(x)",
            "a,b",
            "varchar",
        ),
    ],
    "approx_distinct": [
        (f"approx_distinct(k) FROM {T}", 2, "bigint"),
        (f"approx_distinct(n) FROM {T} WHERE false", 0, "bigint"),
        ("approx_distinct(x, 0.01) FROM (VALUES 1, 1, 2) AS t(x)", 2, "bigint"),
        ("approx_distinct(x) FROM (VALUES NULL, 'a') AS t(x)", 1, "bigint"),
    ],
    "approx_percentile": [
        (f"approx_percentile(d, 0.5) FROM {T}", 2.0, "double"),
        (f"approx_percentile(n, 0.5) FROM {T}", 10, "bigint"),
        (f"approx_percentile(d, ARRAY[0.0, 1.0]) FROM {T}", [1.0, 4.0], "array(double)"),
        (f"approx_percentile(n, 0.5) FROM {T} WHERE false", None, "bigint"),
        (
            f"SELECT approx_percentile(d, d) FROM {T}",
            "NOT_SUPPORTED: line 1:8: approx_percentile needs a constant percentage",
        ),
        ("approx_percentile(x, 0.5) FROM (VALUES 1, 2, 3) AS t(x)", 2, "bigint"),
        ("approx_percentile(x, 0.5) FROM (VALUES 1.5e0, 2.5e0, 9e0) AS t(x)", 2.5, "double"),
        (
            "approx_percentile(x, ARRAY[0.0, 0.5, 1.0]) FROM (VALUES 1, 2, 3) AS t(x)",
            [1, 2, 3],
            "array(bigint)",
        ),
        (
            "approx_percentile(x, 1.5) FROM (VALUES 1, 2) AS t(x)",
            "INVALID_FUNCTION_ARGUMENT: Percentile must be between 0 and 1",
        ),
    ],
    "stddev": [
        (f"stddev(i) FROM {T}", 1.0, "double"),
        (f"stddev(n) FROM {T} WHERE false", None, "double"),
        ("stddev(x) FROM (VALUES 1) AS t(x)", None, "double"),
        (
            "stddev(x) FROM (VALUES 2, 4, 4, 4, 5, 5, 7, 9) AS t(x)",
            pytest.approx(2.138089935299395),
            "double",
        ),
    ],
    "stddev_pop": [
        (f"stddev_pop(n) FROM {T}", 5.0, "double"),
        ("stddev_pop(x) FROM (VALUES 1) AS t(x)", 0.0, "double"),
        (
            "stddev_pop(x) FROM (VALUES 2, 4, 4, 4, 5, 5, 7, 9) AS t(x)",
            pytest.approx(2.0),
            "double",
        ),
    ],
    "variance": [
        (f"variance(i) FROM {T}", 1.0, "double"),
        ("variance(x) FROM (VALUES 1, 2, 3, 4) AS t(x)", pytest.approx(5 / 3), "double"),
    ],
    "var_pop": [
        (f"var_pop(n) FROM {T}", 25.0, "double"),
        ("var_pop(x) FROM (VALUES 1, 2, 3, 4) AS t(x)", pytest.approx(1.25), "double"),
    ],
    "corr": [
        (f"corr(i, d) FROM {T}", pytest.approx(0.9819805060619657), "double"),
        ("corr(y, x) FROM (VALUES (1, 1), (2, 2)) AS t(y, x)", pytest.approx(1.0), "double"),
        (
            "corr(y, x) FROM (VALUES (1, 3), (2, 2), (3, 1)) AS t(y, x)",
            pytest.approx(-1.0),
            "double",
        ),
        ("corr(y, x) FROM (VALUES (1, 1)) AS t(y, x)", None, "double"),
        ("corr(y, x) FROM (VALUES (1, 1), (1, 2)) AS t(y, x)", None, "double"),
    ],
    "covar_pop": [
        (f"covar_pop(n, n) FROM {T}", 25.0, "double"),
        (
            "covar_pop(y, x) FROM (VALUES (1, 2), (2, 4), (3, 6)) AS t(y, x)",
            pytest.approx(4 / 3),
            "double",
        ),
    ],
    "regr_slope": [
        (f"regr_slope(n, i) FROM {T}", 10.0, "double"),
        (
            "regr_slope(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) AS t(y, x)",
            pytest.approx(2.0),
            "double",
        ),
        ("regr_slope(y, x) FROM (VALUES (1, 1)) AS t(y, x)", None, "double"),
    ],
    "geometric_mean": [
        (f"geometric_mean(d) FROM {T}", pytest.approx(2.0), "double"),
        ("geometric_mean(x) FROM (VALUES 2, 8) AS t(x)", pytest.approx(4.0), "double"),
    ],
    "bitwise_or_agg": [
        (f"bitwise_or_agg(i) FROM {T}", 3, "bigint"),
        ("bitwise_or_agg(x) FROM (VALUES 1, 2, 4) AS t(x)", 7, "bigint"),
    ],
    "histogram": [
        (f"histogram(k) FROM {T}", {"a": 2, "b": 1}, "map(varchar(1), bigint)"),
        (f"histogram(k) FROM {T} WHERE false", None, "map(varchar(1), bigint)"),
        ("histogram(x) FROM (VALUES 1, 1, NULL) AS t(x)", {1: 2}, "map(integer, bigint)"),
    ],
    "map_agg": [
        (f"map_agg(s, i) FROM {T}", {"x": 1, "y": 2}, "map(varchar(1), integer)"),
        (f"map_agg(k, n) FROM {T} WHERE false", None, "map(varchar(1), bigint)"),
        (
            "map_agg(k, v) FROM (VALUES ('a', 1), (NULL, 2)) AS t(k, v)",
            {"a": 1},
            "map(varchar(1), integer)",
        ),
    ],
    "multimap_agg": [
        (
            f"multimap_agg(k, i) FROM {T}",
            {"a": [1, 2], "b": [3]},
            "map(varchar(1), array(integer))",
        ),
        (
            "multimap_agg(k, v) FROM (VALUES ('a', 1), ('a', NULL)) AS t(k, v)",
            {"a": [1, None]},
            "map(varchar(1), array(integer))",
        ),
    ],
    "grouping": [
        (
            f"SELECT grouping(k) FROM {T}",
            "EXPRESSION_NOT_AGGREGATE: line 1:8: A GROUPING() operation needs a GROUP BY clause",
        ),
        (
            "SELECT k, sum(x), grouping(k) FROM (VALUES ('a', 1), ('b', 2)) AS t(k, x) GROUP BY"
            " ROLLUP (k) ORDER BY k",
            rows(("a", 1, 0), ("b", 2, 0), (None, 3, 1)),
            "varchar(1), bigint, integer",
        ),
        (
            "SELECT a, b, count(*), grouping(a, b) FROM (VALUES (1, 2), (1, 3)) AS t(a, b) GROUP"
            " BY CUBE (a, b) ORDER BY 1, 2",
            rows(
                (1, 2, 1, 0),
                (1, 3, 1, 0),
                (1, None, 2, 1),
                (None, 2, 1, 2),
                (None, 3, 1, 2),
                (None, None, 2, 3),
            ),
            "integer, integer, bigint, integer",
        ),
        (
            "SELECT a, b, sum(x) FROM (VALUES (1, 2, 5), (1, 3, 6)) AS t(a, b, x) GROUP BY"
            " GROUPING SETS ((a), (a, b), ()) ORDER BY 1, 2, 3",
            rows((1, 2, 5), (1, 3, 6), (1, None, 11), (None, None, 11)),
            "integer, integer, bigint",
        ),
    ],
    "approx_most_frequent": [
        (
            "approx_most_frequent(2, x, 15) FROM (VALUES 'A', 'B', 'A', 'C', 'A', 'B') AS t(x)",
            {"A": 3, "B": 2},
            "map(varchar(1), bigint)",
        ),
        (
            "approx_most_frequent(5, x, 15) FROM (VALUES 7, 7) AS t(x)",
            {7: 2},
            "map(integer, bigint)",
        ),
    ],
    "bitwise_and_agg": [
        ("bitwise_and_agg(x) FROM (VALUES 6, 3) AS t(x)", 2, "bigint"),
        ("bitwise_and_agg(x) FROM (VALUES 6, NULL) AS t(x)", 6, "bigint"),
    ],
    "bitwise_xor_agg": [
        ("bitwise_xor_agg(x) FROM (VALUES 6, 3) AS t(x)", 5, "bigint"),
    ],
    "checksum": [
        (
            "checksum(x) FROM (VALUES 1) AS t(x)",
            "NOT_SUPPORTED: line 1:8: Function 'checksum' is not supported",
        ),
    ],
    "covar_samp": [
        (
            "covar_samp(y, x) FROM (VALUES (1, 2), (2, 4), (3, 6)) AS t(y, x)",
            pytest.approx(2.0),
            "double",
        ),
        ("covar_samp(y, x) FROM (VALUES (1, 2)) AS t(y, x)", None, "double"),
    ],
    "kurtosis": [
        (
            "kurtosis(x) FROM (VALUES 1, 2, 10, 4) AS t(x)",
            pytest.approx(2.0307692307692307),
            "double",
        ),
        ("kurtosis(x) FROM (VALUES 1, 2, 10) AS t(x)", None, "double"),
    ],
    "map_union": [
        (
            "map_union(m) FROM (VALUES map(ARRAY['a'], ARRAY[1]), map(ARRAY['b'], ARRAY[2]),"
            " NULL) AS t(m)",
            {"a": 1, "b": 2},
            "map(varchar(1), integer)",
        ),
        (
            "map_union(m) FROM (VALUES map(ARRAY['a'], ARRAY[1])) AS t(m) WHERE false",
            None,
            "map(varchar(1), integer)",
        ),
        (
            "cardinality(map_union(m)) FROM (VALUES map(ARRAY[1, 2], ARRAY[1, 1]), map(ARRAY[2,"
            " 3], ARRAY[1, 1])) AS t(m)",
            3,
            "bigint",
        ),
    ],
    "reduce_agg": [
        (
            "reduce_agg(x, 0, (a, b) -> a + b, (a, b) -> a + b) FROM (VALUES 1, 2, NULL, 7) AS"
            " t(x)",
            10,
            "integer",
        ),
        (
            "reduce_agg(x, 1, (a, b) -> a * b, (a, b) -> a * b) FROM (VALUES 2, 3, 7) AS t(x)",
            42,
            "integer",
        ),
        (
            "reduce_agg(x, 1, (a, b) -> a * b, (a, b) -> a * b) FROM (VALUES 2) AS t(x) WHERE"
            " false",
            None,
            "integer",
        ),
        (
            "SELECT k, reduce_agg(x, 0, (a, b) -> a + b, (a, b) -> a + b) FROM (VALUES ('a', 1),"
            " ('b', 2), ('a', 5)) AS t(k, x) GROUP BY k ORDER BY k",
            rows(("a", 6), ("b", 2)),
            "varchar(1), integer",
        ),
    ],
    "regr_intercept": [
        (
            "regr_intercept(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) AS t(y, x)",
            pytest.approx(1.0),
            "double",
        ),
    ],
    "regr_avgx": [
        (
            "regr_avgx(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) AS t(y, x)",
            pytest.approx(2.0),
            "double",
        ),
    ],
    "regr_avgy": [
        (
            "regr_avgy(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) AS t(y, x)",
            pytest.approx(5.0),
            "double",
        ),
    ],
    "regr_count": [
        ("regr_count(y, x) FROM (VALUES (3, 1), (5, NULL), (7, 3)) AS t(y, x)", 2, "bigint"),
    ],
    "regr_r2": [
        (
            "regr_r2(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) AS t(y, x)",
            pytest.approx(1.0),
            "double",
        ),
    ],
    "regr_sxx": [
        (
            "regr_sxx(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) AS t(y, x)",
            pytest.approx(2.0),
            "double",
        ),
    ],
    "regr_sxy": [
        (
            "regr_sxy(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) AS t(y, x)",
            pytest.approx(4.0),
            "double",
        ),
    ],
    "regr_syy": [
        (
            "regr_syy(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) AS t(y, x)",
            pytest.approx(8.0),
            "double",
        ),
    ],
    "skewness": [
        ("skewness(x) FROM (VALUES 1, 2, 10) AS t(x)", pytest.approx(0.6745554845457656), "double"),
        ("skewness(x) FROM (VALUES 1, 2, 3) AS t(x)", pytest.approx(0.0), "double"),
        ("skewness(x) FROM (VALUES 1, 2) AS t(x)", None, "double"),
    ],
    "stddev_samp": [
        ("stddev_samp(x) FROM (VALUES 1, 3) AS t(x)", pytest.approx(1.4142135623730951), "double"),
    ],
    "var_samp": [
        ("var_samp(x) FROM (VALUES 1) AS t(x)", None, "double"),
        ("var_samp(x) FROM (VALUES 1, 2, 3, 4) AS t(x)", pytest.approx(5 / 3), "double"),
    ],
}

PARTLY = {"approx_percentile": "the percentage has to be constant"}
