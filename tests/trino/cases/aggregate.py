"""Aggregate functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trino import Cases

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
    ],
    "count_if": [
        (f"count_if(i > 1) FROM {T}", 2, "bigint"),
        (f"count_if(b) FROM {T} WHERE false", 0, "bigint"),
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
    ],
    "avg": [
        (f"round(avg(d), 1) FROM {T}", 2.3, "double"),
        (f"avg(i) FROM {T}", pytest.approx(2.0), "double"),
        (f"avg(p) FROM {T}", Decimal("1.67"), "decimal(3,2)"),
        (f"avg(f) FROM {T}", pytest.approx(0.8333333134651184), "real"),
        (f"avg(n) FROM {T} WHERE false", None, "double"),
    ],
    "min": [
        (f"min(s) FROM {T}", "x", "varchar(1)"),
        (f"min(n) FROM {T} WHERE false", None, "bigint"),
    ],
    "max": [
        (f"max(p) FROM {T}", Decimal("2.00"), "decimal(3,2)"),
        (f"max(i, 2) FROM {T}", [3, 2], "array(integer)"),
        (f"max(n) FROM {T} WHERE false", None, "bigint"),
    ],
    "min_by": [
        (f"min_by(k, n) FROM {T}", "a", "varchar(1)"),
    ],
    "max_by": [
        (f"max_by(s, i) FROM {T}", None, "varchar(1)"),
        (f"max_by(i, d, 2) FROM {T}", [3, 2], "array(integer)"),
        (f"max_by(k, n) FROM {T} WHERE false", None, "varchar(1)"),
    ],
    "arbitrary": [
        (f"arbitrary(n) IS NOT NULL FROM {T}", True, "boolean"),
    ],
    "any_value": [
        (f"any_value(k) IN ('a', 'b') FROM {T}", True, "boolean"),
    ],
    "array_agg": [
        (f"transform(array_agg(i ORDER BY i), x -> x * 2) FROM {T}", [2, 4, 6], "array(integer)"),
        (f"array_agg(s ORDER BY i) FROM {T}", ["x", "y", None], "array(varchar(1))"),
        (f"array_agg(i ORDER BY d DESC) FILTER (WHERE i < 3) FROM {T}", [2, 1], "array(integer)"),
        (f"array_agg(n) FROM {T} WHERE false", None, "array(bigint)"),
    ],
    "bool_and": [
        (f"bool_and(b) FROM {T}", False, "boolean"),
        (f"bool_and(b) FROM {T} WHERE false", None, "boolean"),
    ],
    "bool_or": [
        (f"bool_or(b) FROM {T}", True, "boolean"),
    ],
    "every": [
        (f"every(b) FROM {T}", False, "boolean"),
    ],
    "listagg": [
        (f"listagg(s, ',') WITHIN GROUP (ORDER BY s DESC) FROM {T}", "y,x", "varchar"),
        (f"listagg(s, ',') WITHIN GROUP (ORDER BY s) FROM {T} WHERE false", None, "varchar"),
    ],
    "approx_distinct": [
        (f"approx_distinct(k) FROM {T}", 2, "bigint"),
        (f"approx_distinct(n) FROM {T} WHERE false", 0, "bigint"),
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
    ],
    "stddev": [
        (f"stddev(i) FROM {T}", 1.0, "double"),
        (f"stddev(n) FROM {T} WHERE false", None, "double"),
    ],
    "stddev_pop": [
        (f"stddev_pop(n) FROM {T}", 5.0, "double"),
    ],
    "variance": [
        (f"variance(i) FROM {T}", 1.0, "double"),
    ],
    "var_pop": [
        (f"var_pop(n) FROM {T}", 25.0, "double"),
    ],
    "corr": [
        (f"corr(i, d) FROM {T}", pytest.approx(0.9819805060619657), "double"),
    ],
    "covar_pop": [
        (f"covar_pop(n, n) FROM {T}", 25.0, "double"),
    ],
    "regr_slope": [
        (f"regr_slope(n, i) FROM {T}", 10.0, "double"),
    ],
    "geometric_mean": [
        (f"geometric_mean(d) FROM {T}", pytest.approx(2.0), "double"),
    ],
    "bitwise_or_agg": [
        (f"bitwise_or_agg(i) FROM {T}", 3, "bigint"),
    ],
    "histogram": [
        (f"histogram(k) FROM {T}", {"a": 2, "b": 1}, "map(varchar(1), bigint)"),
        (f"histogram(k) FROM {T} WHERE false", None, "map(varchar(1), bigint)"),
    ],
    "map_agg": [
        (f"map_agg(s, i) FROM {T}", {"x": 1, "y": 2}, "map(varchar(1), integer)"),
        (f"map_agg(k, n) FROM {T} WHERE false", None, "map(varchar(1), bigint)"),
    ],
    "multimap_agg": [
        (
            f"multimap_agg(k, i) FROM {T}",
            {"a": [1, 2], "b": [3]},
            "map(varchar(1), array(integer))",
        ),
    ],
    "grouping": [
        (
            f"SELECT grouping(k) FROM {T}",
            "EXPRESSION_NOT_AGGREGATE: line 1:8: A GROUPING() operation needs a GROUP BY clause",
        ),
    ],
}

PARTLY = {"approx_percentile": "the percentage has to be constant"}
