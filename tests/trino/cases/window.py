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
    ],
    "rank": [
        (f"SELECT rank() OVER (ORDER BY k) FROM {T} ORDER BY i", column(1, 1, 3), "bigint"),
    ],
    "dense_rank": [
        (f"SELECT dense_rank() OVER (ORDER BY k) FROM {T} ORDER BY i", column(1, 1, 2), "bigint"),
    ],
    "percent_rank": [
        (
            f"SELECT percent_rank() OVER (ORDER BY i) FROM {T} ORDER BY i",
            column(0.0, 0.5, 1.0),
            "double",
        ),
    ],
    "cume_dist": [
        (
            f"SELECT cume_dist() OVER (ORDER BY k) FROM {T} ORDER BY i",
            column(0.6666666666666666, 0.6666666666666666, 1.0),
            "double",
        ),
    ],
    "ntile": [
        (f"SELECT ntile(2) OVER (ORDER BY i) FROM {T} ORDER BY i", column(1, 1, 2), "bigint"),
    ],
    "lag": [
        (f"SELECT lag(i) OVER (ORDER BY i) FROM {T} ORDER BY i", column(None, 1, 2), "integer"),
        (f"SELECT lag(i, 2, 0) OVER (ORDER BY i) FROM {T} ORDER BY i", column(0, 0, 1), "integer"),
        (
            f"SELECT lag(n) IGNORE NULLS OVER (ORDER BY i DESC) FROM {T} ORDER BY i",
            column(20, None, None),
            "bigint",
        ),
    ],
    "lead": [
        (f"SELECT lead(i, 1) OVER (ORDER BY i) FROM {T} ORDER BY i", column(2, 3, None), "integer"),
    ],
    "first_value": [
        (
            f"SELECT first_value(n) OVER (PARTITION BY k ORDER BY i) FROM {T} ORDER BY i",
            column(10, 10, None),
            "bigint",
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
    ],
    "nth_value": [
        (
            "SELECT nth_value(i, 2) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND"
            f" UNBOUNDED FOLLOWING) FROM {T} ORDER BY i",
            column(2, 2, 2),
            "integer",
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
    ],
}
