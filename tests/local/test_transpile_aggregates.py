from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.local.trino_sql import Case, Table, each, failure, run

NUMBERS = Table(
    {
        "k": "varchar",
        "i": "integer",
        "n": "bigint",
        "d": "double",
        "f": "real",
        "p": "decimal(10,2)",
        "b": "boolean",
        "s": "varchar(1)",
    },
    """('a', 1, 10, 1.0e0, 0.5, 1.00, true, 'x'),
       ('a', 2, 20, 2.0e0, 0.5, 2.00, false, 'y'),
       ('b', 3, NULL, 4.0e0, 1.5, 2.00, NULL, NULL)""",
)
TABLES = {"t": NUMBERS}

AGGREGATES: list[Case] = [
    ("count(*)", 3, "bigint"),
    ("count()", 3, "bigint"),
    ("count(n)", 2, "bigint"),
    ("count(DISTINCT k)", 2, "bigint"),
    ("count_if(i > 1)", 2, "bigint"),
    ("sum(i)", 6, "bigint"),
    ("sum(n)", 30, "bigint"),
    ("sum(d)", 7.0, "double"),
    ("sum(f)", 2.5, "real"),
    ("sum(p)", Decimal("5.00"), "decimal(38,2)"),
    ("sum(DISTINCT p)", Decimal("3.00"), "decimal(38,2)"),
    ("sum(i) FILTER (WHERE k = 'a')", 3, "bigint"),
    ("avg(i)", 2.0, "double"),
    ("avg(p)", Decimal("1.67"), "decimal(10,2)"),
    ("avg(f)", 0.8333333134651184, "real"),
    ("min(s)", "x", "varchar(1)"),
    ("max(p)", Decimal("2.00"), "decimal(10,2)"),
    ("max(i, 2)", [3, 2], "array(integer)"),
    ("min_by(k, n)", "a", "varchar"),
    ("max_by(s, i)", None, "varchar(1)"),
    ("max_by(i, d, 2)", [3, 2], "array(integer)"),
    ("arbitrary(n) IS NOT NULL", True, "boolean"),
    ("any_value(k) IN ('a', 'b')", True, "boolean"),
    ("array_agg(s ORDER BY i)", ["x", "y", None], "array(varchar(1))"),
    ("array_agg(i ORDER BY d DESC) FILTER (WHERE i < 3)", [2, 1], "array(integer)"),
    ("bool_and(b)", False, "boolean"),
    ("bool_or(b)", True, "boolean"),
    ("every(b)", False, "boolean"),
    ("listagg(s, ',') WITHIN GROUP (ORDER BY s DESC)", "y,x", "varchar"),
    ("approx_distinct(k)", 2, "bigint"),
    ("approx_percentile(d, 0.5)", 2.0, "double"),
    ("approx_percentile(n, 0.5)", 10, "bigint"),
    ("approx_percentile(d, ARRAY[0.0, 1.0])", [1.0, 4.0], "array(double)"),
    ("stddev(i)", 1.0, "double"),
    ("stddev_pop(n)", 5.0, "double"),
    ("variance(i)", 1.0, "double"),
    ("var_pop(n)", 25.0, "double"),
    ("corr(i, d)", 0.9819805060619657, "double"),
    ("covar_pop(n, n)", 25.0, "double"),
    ("regr_slope(n, i)", 10.0, "double"),
    ("geometric_mean(d)", 2.0, "double"),
    ("bitwise_or_agg(i)", 3, "bigint"),
    ("histogram(k)", {"a": 2, "b": 1}, "map(varchar, bigint)"),
    ("map_agg(s, i)", {"x": 1, "y": 2}, "map(varchar(1), integer)"),
    ("multimap_agg(k, i)", {"a": [1, 2], "b": [3]}, "map(varchar, array(integer))"),
    ("sum(n) / count(*)", 10, "bigint"),
    ("sum(p) / count(*)", Decimal("1.67"), "decimal(38,2)"),
    ("transform(array_agg(i ORDER BY i), x -> x * 2)", [2, 4, 6], "array(integer)"),
    ("round(avg(d), 1)", 2.3, "double"),
]


@each(AGGREGATES)
def test_aggregate(expression: str, value: Any, type_: str) -> None:
    answer = run(f"SELECT {expression} FROM t", TABLES)
    found = answer.value
    assert found == (pytest.approx(value) if isinstance(value, float) else value)
    assert type(found) is type(value)
    assert answer.types == (type_,)


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [
        *[(f"{name}(n)", None) for name in ("sum", "avg", "min", "max", "stddev", "array_agg")],
        *[("count(n)", 0), ("approx_distinct(n)", 0), ("count_if(b)", 0), ("bool_and(b)", None)],
        *[("max_by(k, n)", None), ("histogram(k)", None), ("map_agg(k, n)", None)],
        *[("listagg(s, ',') WITHIN GROUP (ORDER BY s)", None), ("approx_percentile(n, 0.5)", None)],
    ],
)
def test_aggregates_of_no_rows(aggregate: str, value: object) -> None:
    assert run(f"SELECT {aggregate} FROM t WHERE false", TABLES).value == value


WINDOWS: list[tuple[str, list[Any], str]] = [
    ("row_number() OVER (ORDER BY i)", [1, 2, 3], "bigint"),
    ("rank() OVER (ORDER BY k)", [1, 1, 3], "bigint"),
    ("dense_rank() OVER (ORDER BY k)", [1, 1, 2], "bigint"),
    ("percent_rank() OVER (ORDER BY i)", [0.0, 0.5, 1.0], "double"),
    ("cume_dist() OVER (ORDER BY k)", [2 / 3, 2 / 3, 1.0], "double"),
    ("ntile(2) OVER (ORDER BY i)", [1, 1, 2], "bigint"),
    ("lag(i) OVER (ORDER BY i)", [None, 1, 2], "integer"),
    ("lag(i, 2, 0) OVER (ORDER BY i)", [0, 0, 1], "integer"),
    ("lag(n) IGNORE NULLS OVER (ORDER BY i DESC)", [20, None, None], "bigint"),
    ("lead(i, 1) OVER (ORDER BY i)", [2, 3, None], "integer"),
    ("first_value(n) OVER (PARTITION BY k ORDER BY i)", [10, 10, None], "bigint"),
    ("last_value(n) IGNORE NULLS OVER (ORDER BY i)", [10, 20, 20], "bigint"),
    ("last_value(n) OVER (ORDER BY i)", [10, 20, None], "bigint"),
    (
        "nth_value(i, 2) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING"
        " AND UNBOUNDED FOLLOWING)",
        [2, 2, 2],
        "integer",
    ),
    ("sum(i) OVER (ORDER BY i)", [1, 3, 6], "bigint"),
    ("sum(i) OVER (ORDER BY i ROWS 1 PRECEDING)", [1, 3, 5], "bigint"),
    ("sum(i) OVER (ORDER BY i ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING)", [2, 3, None], "bigint"),
    ("sum(i) OVER (ORDER BY d RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)", [1, 3, 3], "bigint"),
    ("avg(p) OVER (PARTITION BY k)", [Decimal("1.50")] * 2 + [Decimal("2.00")], "decimal(10,2)"),
    ("count(*) FILTER (WHERE i > 1) OVER ()", [2, 2, 2], "bigint"),
    ("array_agg(i) OVER (ORDER BY i)", [[1], [1, 2], [1, 2, 3]], "array(integer)"),
    ("max_by(k, i) OVER ()", ["b", "b", "b"], "varchar"),
]


@pytest.mark.parametrize(("window", "values", "type_"), WINDOWS, ids=[w[0] for w in WINDOWS])
def test_window(window: str, values: list[Any], type_: str) -> None:
    answer = run(f"SELECT {window} FROM t ORDER BY i", TABLES)
    assert answer.column == values
    assert answer.types == (type_,)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "sum(k)",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function sum. "
            "Expected: sum(tinyint), sum(smallint), sum(integer), sum(bigint), sum(decimal), "
            "sum(real), sum(double), sum(interval day to second), sum(interval year to month)",
        ),
        (
            "sum(x) FROM (VALUES 9223372036854775807, 1) AS v(x)",
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775808",
        ),
        (
            "approx_percentile(d, d)",
            "NOT_SUPPORTED: line 1:8: approx_percentile needs a constant percentage",
        ),
        (
            "row_number() OVER (ORDER BY row_number() OVER ())",
            "EXPRESSION_NOT_SCALAR: line 1:36: Cannot nest window functions inside window "
            "function: [row_number",
        ),
        (
            "grouping(k)",
            "EXPRESSION_NOT_AGGREGATE: line 1:8: A GROUPING() operation needs a GROUP BY clause",
        ),
    ],
)
def test_aggregate_errors(expression: str, message: str) -> None:
    sql = expression if "FROM" in expression else f"{expression} FROM t"
    assert failure(f"SELECT {sql}", TABLES).startswith(message)
