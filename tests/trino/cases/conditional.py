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
        ("CASE 1 WHEN 1 THEN 'a' WHEN 1 / 0 THEN 'b' END", "a", "varchar(1)"),
        ("CASE WHEN 1 THEN 2 END", "TYPE_MISMATCH"),
        ("CASE WHEN true THEN 1 ELSE 'a' END", "TYPE_MISMATCH"),
        ("CASE 1 WHEN 'a' THEN 1 END", "TYPE_MISMATCH"),
        ("CASE WHEN NULL THEN 1 ELSE 2 END", 2, "integer"),
        ("CASE WHEN true THEN 'a' ELSE 'bcd' END", "a", "varchar(3)"),
        ("CASE WHEN true THEN 1 WHEN true THEN 2 END", 1, "integer"),
        ("CASE WHEN false THEN 1 / 0 ELSE 3 END", 3, "integer"),
        ("CASE WHEN true THEN 1 ELSE 2e0 END", 1.0, "double"),
    ],
    "IF": [
        ("if(true, 1, 2)", 1, "integer"),
        ("if(false, 1)", None, "integer"),
        ("if(NULL, 1, 2)", 2, "integer"),
        ("if(1, 2)", "TYPE_MISMATCH"),
        ("if(true, 1, 'a')", "TYPE_MISMATCH"),
        ("if(true, 1, 1 / 0)", 1, "integer"),
        ("if(true, 'a', NULL)", "a", "varchar(1)"),
        ("if(false, 1, 2.5)", Decimal("2.5"), "decimal(11,1)"),
    ],
    "coalesce": [
        ("coalesce(NULL, 2, 3)", 2, "integer"),
        ("coalesce(NULL, 'a')", "a", "varchar(1)"),
        ("coalesce(1, 1 / 0)", 1, "integer"),
        ("coalesce(try(5 / 0), -1)", -1, "integer"),
        ("coalesce(CAST(NULL AS bigint), 1)", 1, "bigint"),
        ("coalesce(NULL, NULL)", None, "unknown"),
        ("coalesce(NULL, 1, 2.5)", Decimal("1.0"), "decimal(11,1)"),
    ],
    "nullif": [
        ("nullif(1, 1)", None, "integer"),
        ("nullif(1, 2)", 1, "integer"),
        ("nullif(1, 1.0)", None, "integer"),
        ("nullif(NULL, 1)", None, "unknown"),
        ("nullif(1, 'a')", "TYPE_MISMATCH"),
        ("nullif('a', 'b')", "a", "varchar(1)"),
        ("nullif(1, NULL)", 1, "integer"),
        ("nullif(2, 2e0)", None, "integer"),
    ],
    "try": [
        ("try(1 / 0)", None, "integer"),
        ("try(CAST('x' AS bigint))", None, "bigint"),
        ("try(1 / (SELECT 0))", None, "integer"),
        ("try(sum(x) / 0) FROM (VALUES 1) AS t(x)", None, "bigint"),
        ("try(CAST('2020-99-99' AS date))", None, "date"),
        ("try(ARRAY[1][2])", None, "integer"),
        ("try(1 + 1)", 2, "integer"),
        ("try(BIGINT '9223372036854775807' + 1)", None, "bigint"),
        ("try(from_base('x', 10))", None, "bigint"),
        ("try(json_parse('{'))", None, "json"),
        ("coalesce(try(CAST('x' AS double)), 0e0)", 0.0, "double"),
    ],
    "fail": [
        ("if(true, 1, fail('no'))", 1, "integer"),
    ],
}
