"""Comparison functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "=": [
        ("1 = 'a'", "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer = varchar(1)"),
        (
            "DATE '2020-01-01' = '2020-01-01'",
            "TYPE_MISMATCH: line 1:26: Cannot apply operator: date = varchar(10)",
        ),
        ("1 = 1.0", True, "boolean"),
        ("'a' = 'a'", True, "boolean"),
        ("nan() = nan()", False, "boolean"),
        ("CAST('a' AS char(3)) = 'a'", True, "boolean"),
        ("DATE '2020-01-01' = TIMESTAMP '2020-01-01 00:00:00'", True, "boolean"),
        ("ARRAY[1, 2] = ARRAY[1, 2]", True, "boolean"),
        ("ROW(1, 'a') = ROW(1, 'a')", True, "boolean"),
    ],
    "<": [
        ("JSON '1' < JSON '2'", "TYPE_MISMATCH: line 1:17: Cannot apply operator: json < json"),
        ("1 < 2", True, "boolean"),
        ("'a' < 'b'", True, "boolean"),
        ("1 < nan()", False, "boolean"),
        ("ROW(1, 2) < ROW(1, 3)", True, "boolean"),
    ],
    "LIKE": [
        (
            "1 LIKE 'a'",
            "TYPE_MISMATCH: line 1:8: Left side of LIKE expression must evaluate to a varchar:"
            " actual type integer",
        ),
        ("'abc' LIKE 'a%'", True, "boolean"),
        ("'abc' LIKE 'a_c'", True, "boolean"),
        ("'abc' LIKE 'A%'", False, "boolean"),
        ("'a%c' LIKE 'a$%c' ESCAPE '$'", True, "boolean"),
        ("'abc' LIKE 'a$%c' ESCAPE '$'", False, "boolean"),
        ("'abc' NOT LIKE 'b%'", True, "boolean"),
        ("'abc' NOT LIKE 'a$_c' ESCAPE '$'", True, "boolean"),
        ("'a\\c' LIKE 'a\\c'", True, "boolean"),
    ],
    "subquery": [
        (
            "(SELECT x FROM (VALUES 1, 2) AS t(x))",
            "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
        ),
    ],
    "<>": [
        ("1 <> NULL", None, "boolean"),
        ("nan() <> nan()", True, "boolean"),
    ],
    ">": [
        ("nan() > 1", False, "boolean"),
        ("DATE '2020-01-02' > DATE '2020-01-01'", True, "boolean"),
    ],
    "<=": [
        ("nan() <= nan()", False, "boolean"),
    ],
    "BETWEEN": [
        ("1 BETWEEN 1 AND 2", True, "boolean"),
        ("3 NOT BETWEEN 1 AND 2", True, "boolean"),
        ("2 BETWEEN 1.5 AND 2.5", True, "boolean"),
        ("1e0 BETWEEN 0e0 AND nan()", False, "boolean"),
    ],
    "IS_DISTINCT_FROM": [
        ("NULL IS DISTINCT FROM NULL", False, "boolean"),
        ("1 IS DISTINCT FROM NULL", True, "boolean"),
        ("1 IS NOT DISTINCT FROM 1", True, "boolean"),
    ],
    "IS_NULL": [
        ("NULL IS NULL", True, "boolean"),
        ("1 IS NOT NULL", True, "boolean"),
    ],
    "IN": [
        ("1 IN (1, 2)", True, "boolean"),
        ("3 IN (1, NULL)", None, "boolean"),
        ("3 NOT IN (1, 2)", True, "boolean"),
        ("1 IN (1.5, 1.0)", True, "boolean"),
        ("(1, 2) IN (SELECT 1, 2)", True, "boolean"),
    ],
    "ANY": [
        ("1 = ANY (VALUES 1, 2)", True, "boolean"),
    ],
    "ALL": [
        ("3 > ALL (VALUES 1, 2)", True, "boolean"),
    ],
    "SOME": [
        ("3 = SOME (SELECT 1)", False, "boolean"),
    ],
    "EXISTS": [
        ("EXISTS (SELECT 1 WHERE false)", False, "boolean"),
    ],
    "greatest": [
        ("greatest(1, 3, 2)", 3, "integer"),
        ("greatest(1, NULL)", None, "integer"),
        ("greatest(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)", 12, "integer"),
    ],
    "least": [
        ("least(1.5, 1)", Decimal("1.0"), "decimal(11,1)"),
        ("least('b', 'a')", "a", "varchar(1)"),
    ],
}
