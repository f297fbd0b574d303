"""Rows. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "row": [
        ("ROW(1, 2.0)", {"field0": 1, "field1": Decimal("2.0")}, "row(integer, decimal(2,1))"),
        ("(1, 'a')", {"field0": 1, "field1": "a"}, "row(integer, varchar(1))"),
        (
            "CAST(ROW(1, 2.0) AS ROW(x BIGINT, y DOUBLE))",
            {"x": 1, "y": 2.0},
            "row(x bigint, y double)",
        ),
        ("ROW(1, 2) = ROW(1, 2)", True, "boolean"),
        ("ROW(1, NULL) = ROW(1, 2)", None, "boolean"),
        ("ROW(1, NULL) = ROW(2, NULL)", False, "boolean"),
        ("ROW(1, 2) < ROW(1, 3)", True, "boolean"),
        ("ROW(1, 2) IN (ROW(1, 2), ROW(3, 4))", True, "boolean"),
        ("ROW(1) = ROW(1, 2)", "TYPE_MISMATCH"),
    ],
    ".": [
        ("CAST(ROW(1, 2.0) AS ROW(x BIGINT, y DOUBLE)).x", 1, "bigint"),
        ("CAST(ROW(1, ROW(2)) AS ROW(a BIGINT, b ROW(c BIGINT))).b.c", 2, "bigint"),
        ("CAST(NULL AS ROW(x BIGINT)).x", None, "bigint"),
        ("CAST(ROW(1) AS ROW(x BIGINT)).y", "COLUMN_NOT_FOUND"),
        ("t.r.x FROM (VALUES CAST(ROW(5) AS ROW(x BIGINT))) AS t(r)", 5, "bigint"),
    ],
    "[]": [
        ("ROW(1, 'a')[2]", "a", "varchar(1)"),
        ("ROW(1, 'a')[3]", "INVALID_FUNCTION_ARGUMENT"),
    ],
}
