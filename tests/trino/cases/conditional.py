"""Conditional expressions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "CASE": [
        ("CASE WHEN false THEN 1 END", None, "integer"),
        ("CASE WHEN true THEN 1 ELSE 2.5 END", Decimal("1.0"), "decimal(11,1)"),
        ("CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two", "varchar(3)"),
        ("CASE 'x' WHEN 'y' THEN 1 ELSE NULL END", None, "integer"),
        ("CASE NULL WHEN NULL THEN 1 ELSE 2 END", 2, "integer"),
    ],
    "IF": [
        ("if(true, 1, 2)", 1, "integer"),
        ("if(false, 1)", None, "integer"),
    ],
    "coalesce": [
        ("coalesce(NULL, 2, 3)", 2, "integer"),
        ("coalesce(NULL, 'a')", "a", "varchar(1)"),
        ("coalesce(1, 1 / 0)", 1, "integer"),
        ("coalesce(try(5 / 0), -1)", -1, "integer"),
    ],
    "nullif": [
        ("nullif(1, 1)", None, "integer"),
        ("nullif(1, 2)", 1, "integer"),
        ("nullif(1, 1.0)", None, "integer"),
    ],
    "try": [
        ("try(1 / 0)", None, "integer"),
        ("try(CAST('x' AS bigint))", None, "bigint"),
        ("try(1 / (SELECT 0))", None, "integer"),
        ("try(sum(x) / 0) FROM (VALUES 1) AS t(x)", None, "bigint"),
    ],
}
