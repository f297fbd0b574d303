"""HyperLogLog functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases, rows

__all__ = ["CASES"]

CASES: Cases = {
    "approx_set": [
        ("cardinality(approx_set(x)) FROM (VALUES 1, 2, 2, NULL) AS t(x)", 2, "bigint"),
        ("cardinality(approx_set(x)) FROM (VALUES 'a', 'b', 'a') AS t(x)", 2, "bigint"),
        ("cardinality(approx_set(x)) FROM (VALUES 1.5e0, 2.5e0) AS t(x)", 2, "bigint"),
        ("cardinality(approx_set(x)) FROM (VALUES 1) AS t(x) WHERE false", None, "bigint"),
        (
            "abs(cardinality(approx_set(x)) - 100000) < 6000"
            " FROM UNNEST(sequence(1, 10000)) AS a(i)"
            " CROSS JOIN UNNEST(sequence(0, 90000, 10000)) AS b(j)"
            " CROSS JOIN UNNEST(ARRAY[i + j]) AS t(x)",
            True,
            "boolean",
        ),
        ("typeof(approx_set(1))", "HyperLogLog", "varchar(11)"),
        ("CAST(approx_set(1) AS varbinary)", "TYPE_MISMATCH"),
    ],
    "cardinality": [
        ("cardinality(approx_set(7))", 1, "bigint"),
        ("cardinality(empty_approx_set())", 0, "bigint"),
    ],
    "empty_approx_set": [
        ("typeof(empty_approx_set())", "HyperLogLog", "varchar(11)"),
    ],
    "merge": [
        (
            "WITH s AS (SELECT k, approx_set(x) AS h FROM (VALUES ('a', 1), ('a', 2), ('b', 2),"
            " ('b', 3)) AS t(k, x) GROUP BY k) SELECT cardinality(merge(h)) FROM s",
            3,
            "bigint",
        ),
        (
            "SELECT k, cardinality(merge(h)) FROM (VALUES ('a', empty_approx_set()), ('b', NULL))"
            " AS t(k, h) GROUP BY k ORDER BY k",
            rows(("a", 0), ("b", None)),
            "varchar(1), bigint",
        ),
    ],
}
