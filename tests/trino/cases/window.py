"""Window functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

from tests.trino import Cases, column

__all__ = ["CASES"]

T = (
    "(VALUES ('a', 1, BIGINT '10', 1e0, REAL '0.5', 1.00, true, 'x'),"
    " ('a', 2, 20, 2e0, REAL '0.5', 2.00, false, 'y'),"
    " ('b', 3, NULL, 4e0, REAL '1.5', 2.00, NULL, NULL)) AS t(k, i, n, d, f, p, b, s)"
)

CASES: Cases = {
    "row_number": [
        (
            "row_number()",
            "MISSING_OVER: line 1:8: Window function row_number requires an OVER clause",
        ),
        (f"SELECT row_number() OVER (ORDER BY i) FROM {T} ORDER BY i", column(1, 2, 3), "bigint"),
        (
            f"SELECT row_number() OVER (ORDER BY row_number() OVER ()) FROM {T}",
            "EXPRESSION_NOT_SCALAR: line 1:36: Cannot nest window functions inside window"
            " function: [row_number]",
        ),
        (
            "SELECT row_number() OVER (PARTITION BY k ORDER BY x DESC) FROM (VALUES ('a', 1),"
            " ('a', 2), ('b', 3)) AS t(k, x) ORDER BY x",
            column(2, 1, 1),
            "bigint",
        ),
        ("SELECT row_number() OVER () FROM (VALUES 7) AS t(x)", 1, "bigint"),
    ],
    "rank": [
        (f"SELECT rank() OVER (ORDER BY k) FROM {T} ORDER BY i", column(1, 1, 3), "bigint"),
        (
            "SELECT rank() OVER (ORDER BY x DESC) FROM (VALUES 10, 10, 20) AS t(x) ORDER BY x",
            column(2, 2, 1),
            "bigint",
        ),
        (
            "SELECT rank() OVER (ORDER BY x) FROM (VALUES NULL, 1) AS t(x) ORDER BY x NULLS LAST",
            column(1, 2),
            "bigint",
        ),
    ],
    "dense_rank": [
        (f"SELECT dense_rank() OVER (ORDER BY k) FROM {T} ORDER BY i", column(1, 1, 2), "bigint"),
        (
            "SELECT dense_rank() OVER (ORDER BY x) FROM (VALUES 10, 10, 20, 30) AS t(x) ORDER BY x",
            column(1, 1, 2, 3),
            "bigint",
        ),
    ],
    "percent_rank": [
        (
            f"SELECT percent_rank() OVER (ORDER BY i) FROM {T} ORDER BY i",
            column(0.0, 0.5, 1.0),
            "double",
        ),
        ("SELECT percent_rank() OVER (ORDER BY x) FROM (VALUES 1) AS t(x)", 0.0, "double"),
        (
            "SELECT percent_rank() OVER (ORDER BY x) FROM (VALUES 1, 1, 2, 3, 4) AS t(x) ORDER"
            " BY x",
            column(0.0, 0.0, 0.5, 0.75, 1.0),
            "double",
        ),
    ],
    "cume_dist": [
        (
            f"SELECT cume_dist() OVER (ORDER BY k) FROM {T} ORDER BY i",
            column(0.6666666666666666, 0.6666666666666666, 1.0),
            "double",
        ),
        (
            "SELECT cume_dist() OVER (ORDER BY x) FROM (VALUES 1, 2, 2, 3) AS t(x) ORDER BY x",
            column(0.25, 0.75, 0.75, 1.0),
            "double",
        ),
    ],
    "ntile": [
        (f"SELECT ntile(2) OVER (ORDER BY i) FROM {T} ORDER BY i", column(1, 1, 2), "bigint"),
        (
            "SELECT ntile(3) OVER (ORDER BY x) FROM (VALUES 1, 2, 3, 4, 5) AS t(x) ORDER BY x",
            column(1, 1, 2, 2, 3),
            "bigint",
        ),
        (
            "SELECT ntile(5) OVER (ORDER BY x) FROM (VALUES 1, 2) AS t(x) ORDER BY x",
            column(1, 2),
            "bigint",
        ),
        (
            "SELECT ntile(0) OVER (ORDER BY x) FROM (VALUES 1, 2) AS t(x) ORDER BY x",
            "INVALID_FUNCTION_ARGUMENT: Buckets must be greater than 0",
        ),
    ],
    "lag": [
        (f"SELECT lag(i) OVER (ORDER BY i) FROM {T} ORDER BY i", column(None, 1, 2), "integer"),
        (f"SELECT lag(i, 2, 0) OVER (ORDER BY i) FROM {T} ORDER BY i", column(0, 0, 1), "integer"),
        (
            f"SELECT lag(n) IGNORE NULLS OVER (ORDER BY i DESC) FROM {T} ORDER BY i",
            column(20, None, None),
            "bigint",
        ),
        (
            "SELECT lag(x, 1, 99) IGNORE NULLS OVER (ORDER BY y) FROM (VALUES (1, 1), (NULL, 2),"
            " (3, 3)) AS t(x, y) ORDER BY y",
            column(99, 1, 1),
            "integer",
        ),
        (
            "SELECT lag(x, -1) OVER (ORDER BY x) FROM (VALUES 1, 2) AS t(x) ORDER BY x",
            "INVALID_FUNCTION_ARGUMENT: Offset must be at least 0",
        ),
        (
            "SELECT lag(x, 0) OVER (ORDER BY x) FROM (VALUES 1, 2) AS t(x) ORDER BY x",
            column(1, 2),
            "integer",
        ),
    ],
    "lead": [
        (f"SELECT lead(i, 1) OVER (ORDER BY i) FROM {T} ORDER BY i", column(2, 3, None), "integer"),
        (
            "SELECT lead(x, 1, 0) OVER (ORDER BY x) FROM (VALUES 1, 2) AS t(x) ORDER BY x",
            column(2, 0),
            "integer",
        ),
        (
            "SELECT lead(x, x) OVER (ORDER BY x) FROM (VALUES 1, 2, 3) AS t(x) ORDER BY x",
            column(2, None, None),
            "integer",
        ),
        (
            "SELECT lead(x, 2) OVER (ORDER BY x) FROM (VALUES 1, 2, 3) AS t(x) ORDER BY x",
            column(3, None, None),
            "integer",
        ),
    ],
    "first_value": [
        (
            f"SELECT first_value(n) OVER (PARTITION BY k ORDER BY i) FROM {T} ORDER BY i",
            column(10, 10, None),
            "bigint",
        ),
        (
            "SELECT first_value(x) IGNORE NULLS OVER (ORDER BY y) FROM (VALUES (NULL, 1), (7,"
            " 2), (8, 3)) AS t(x, y) ORDER BY y",
            column(None, 7, 7),
            "integer",
        ),
        (
            "SELECT first_value(x) OVER (ORDER BY x DESC) FROM (VALUES 1, 2) AS t(x) ORDER BY x",
            column(2, 2),
            "integer",
        ),
    ],
    "last_value": [
        (
            f"SELECT last_value(n) IGNORE NULLS OVER (ORDER BY i) FROM {T} ORDER BY i",
            column(10, 20, 20),
            "bigint",
        ),
        (
            f"SELECT last_value(n) OVER (ORDER BY i) FROM {T} ORDER BY i",
            column(10, 20, None),
            "bigint",
        ),
        (
            "SELECT last_value(x) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND"
            " UNBOUNDED FOLLOWING) FROM (VALUES 1, 2) AS t(x) ORDER BY x",
            column(2, 2),
            "integer",
        ),
    ],
    "nth_value": [
        (
            "SELECT nth_value(i, 2) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND"
            f" UNBOUNDED FOLLOWING) FROM {T} ORDER BY i",
            column(2, 2, 2),
            "integer",
        ),
        (
            "SELECT nth_value(x, 2) OVER (ORDER BY x) FROM (VALUES 1, 2, 3) AS t(x) ORDER BY x",
            column(None, 2, 2),
            "integer",
        ),
        (
            "SELECT nth_value(x, 2) IGNORE NULLS OVER (ORDER BY y ROWS BETWEEN UNBOUNDED"
            " PRECEDING AND UNBOUNDED FOLLOWING) FROM (VALUES (NULL, 1), (10, 2), (20, 3)) AS"
            " t(x, y)",
            column(20, 20, 20),
            "integer",
        ),
        (
            "SELECT nth_value(x, 0) OVER (ORDER BY x) FROM (VALUES 1, 2) AS t(x) ORDER BY x",
            "INVALID_FUNCTION_ARGUMENT: Offset must be at least 1",
        ),
    ],
    "over": [
        (f"SELECT sum(i) OVER (ORDER BY i) FROM {T} ORDER BY i", column(1, 3, 6), "bigint"),
        (
            f"SELECT sum(i) OVER (ORDER BY i ROWS 1 PRECEDING) FROM {T} ORDER BY i",
            column(1, 3, 5),
            "bigint",
        ),
        (
            f"SELECT sum(i) OVER (ORDER BY i ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) FROM {T}"
            " ORDER BY i",
            column(2, 3, None),
            "bigint",
        ),
        (
            f"SELECT sum(i) OVER (ORDER BY d RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {T}"
            " ORDER BY i",
            column(1, 3, 3),
            "bigint",
        ),
        (
            f"SELECT avg(p) OVER (PARTITION BY k) FROM {T} ORDER BY i",
            column(Decimal("1.50"), Decimal("1.50"), Decimal("2.00")),
            "decimal(3,2)",
        ),
        (
            f"SELECT count(*) FILTER (WHERE i > 1) OVER () FROM {T} ORDER BY i",
            column(2, 2, 2),
            "bigint",
        ),
        (
            f"SELECT array_agg(i) OVER (ORDER BY i) FROM {T} ORDER BY i",
            column([1], [1, 2], [1, 2, 3]),
            "array(integer)",
        ),
        (f"SELECT max_by(k, i) OVER () FROM {T} ORDER BY i", column("b", "b", "b"), "varchar(1)"),
        (
            "SELECT sum(x) OVER w FROM (VALUES 1, 2, 3) AS t(x) WINDOW w AS (ORDER BY x) ORDER"
            " BY x",
            column(1, 3, 6),
            "bigint",
        ),
        (
            "SELECT sum(x) OVER (ORDER BY x GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM"
            " (VALUES 1, 1, 2, 3) AS t(x) ORDER BY x",
            column(2, 2, 4, 5),
            "bigint",
        ),
        (
            "SELECT sum(x) OVER (ORDER BY x RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM"
            " (VALUES 1, 2, 4) AS t(x) ORDER BY x",
            column(3, 3, 4),
            "bigint",
        ),
        (
            "SELECT count(*) OVER (ORDER BY x RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND"
            " CURRENT ROW) FROM (VALUES DATE '2020-01-01', DATE '2020-01-02', DATE '2020-01-04')"
            " AS t(x) ORDER BY x",
            column(1, 2, 1),
            "bigint",
        ),
        (
            "SELECT sum(x) OVER (ORDER BY x DESC ROWS UNBOUNDED PRECEDING) FROM (VALUES 1, 2, 3)"
            " AS t(x) ORDER BY x",
            column(6, 5, 3),
            "bigint",
        ),
        (
            "SELECT sum(x) OVER () FROM (VALUES 1, 2, 3) AS t(x) ORDER BY x",
            column(6, 6, 6),
            "bigint",
        ),
        (
            "SELECT sum(x) OVER (ORDER BY x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
            " FROM (VALUES 1, 2, 3) AS t(x) ORDER BY x",
            column(6, 5, 3),
            "bigint",
        ),
        (
            "SELECT sum(x) OVER (PARTITION BY k ORDER BY x) FROM (VALUES ('a', 1), ('b', 2),"
            " ('a', 3)) AS t(k, x) ORDER BY x",
            column(1, 2, 4),
            "bigint",
        ),
        (
            "SELECT sum(x) OVER (ORDER BY x) FROM (VALUES 1, 1, 2) AS t(x) ORDER BY x",
            column(2, 2, 4),
            "bigint",
        ),
        (
            "SELECT sum(count(*)) OVER () FROM (VALUES 1, 2) AS t(x) GROUP BY x",
            column(2, 2),
            "bigint",
        ),
        ("SELECT sum(x) OVER nope FROM (VALUES 1) AS t(x)", "INVALID_WINDOW_REFERENCE"),
        (
            "SELECT x FROM (VALUES 1, 2) AS t(x) WHERE row_number() OVER () = 1",
            "EXPRESSION_NOT_SCALAR",
        ),
        (
            "SELECT avg(x) OVER (ORDER BY x) FROM (VALUES 1.5, 7.6) AS t(x) ORDER BY x",
            column(Decimal("1.5"), Decimal("4.6")),
            "decimal(2,1)",
        ),
        (
            "SELECT rank() OVER (w ORDER BY x) FROM (VALUES (1, 1), (1, 2)) AS t(k, x) WINDOW w"
            " AS (PARTITION BY k) ORDER BY x",
            column(1, 2),
            "bigint",
        ),
        (
            "SELECT sum(DISTINCT x) OVER () FROM (VALUES 1, 1) AS t(x) ORDER BY x",
            column(1, 1),
            "bigint",
        ),
    ],
}
