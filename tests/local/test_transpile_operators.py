from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.local.trino_sql import Case, assert_gives, each, failure

NAN = float("nan")

ARITHMETIC: list[Case] = [
    ("5 / 2", 2, "integer"),
    ("-5 / 2", -2, "integer"),
    ("7 % 3", 1, "integer"),
    ("-7 % 3", -1, "integer"),
    ("7 % -3", 1, "integer"),
    ("5 / 2.0", Decimal("2.5"), "decimal(12,1)"),
    ("5 / 2e0", 2.5, "double"),
    ("1 + 2", 3, "integer"),
    ("1 + 3000000000", 3000000001, "bigint"),
    ("TINYINT '100' + TINYINT '27'", 127, "tinyint"),
    ("TINYINT '100' + SMALLINT '100'", 200, "smallint"),
    ("BIGINT '5' * 3", 15, "bigint"),
    ("-(5)", -5, "integer"),
    ("1.1 * 1.1", Decimal("1.21"), "decimal(4,2)"),
    ("1.1 + 2.22", Decimal("3.32"), "decimal(4,2)"),
    ("1.1 - 2.22", Decimal("-1.12"), "decimal(4,2)"),
    ("1.0 / 3.0", Decimal("0.3"), "decimal(3,1)"),
    ("2.0 / 3.0", Decimal("0.7"), "decimal(3,1)"),
    ("-2.0 / 3.0", Decimal("-0.7"), "decimal(3,1)"),
    ("1.00 / 3", Decimal("0.33"), "decimal(3,2)"),
    ("1 / 3.000", Decimal("0.333"), "decimal(16,3)"),
    ("10.5 % 3", Decimal("1.5"), "decimal(3,1)"),
    ("-10.5 % 3", Decimal("-1.5"), "decimal(3,1)"),
    ("1.5 + 1", Decimal("2.5"), "decimal(12,1)"),
    ("1.5 + 1e0", 2.5, "double"),
    ("1.5 + REAL '1'", 2.5, "real"),
    (
        "DECIMAL '99999999999999999999' * DECIMAL '99999999'",
        Decimal("9999999899999999999900000001"),
        "decimal(28,0)",
    ),
    (
        "DECIMAL '12345678901234567890.12345678' / DECIMAL '3'",
        Decimal("4115226300411522630.04115226"),
        "decimal(28,8)",
    ),
    ("CAST(10 AS decimal(38,2)) / 4", Decimal("2.50"), "decimal(38,2)"),
    ("1e0 / 0", float("inf"), "double"),
    ("0e0 / 0", NAN, "double"),
    ("5e0 % 3", 2.0, "double"),
    ("1 + NULL", None, "integer"),
    ("NULL + 1.5", None, "decimal(3,1)"),
]

CONCATENATION: list[Case] = [
    ("'a' || 'bc'", "abc", "varchar(3)"),
    ("'a' || NULL", None, "varchar"),
    ("'a' || 'b' || 'c' || 'd'", "abcd", "varchar(4)"),
    ("ARRAY[1] || ARRAY[2, 3]", [1, 2, 3], "array(integer)"),
    ("ARRAY[1] || 2", [1, 2], "array(integer)"),
    ("1 || ARRAY[2]", [1, 2], "array(integer)"),
    ("ARRAY[1] || CAST(NULL AS array(integer))", None, "array(integer)"),
    ("ARRAY[1] || BIGINT '2'", [1, 2], "array(bigint)"),
    ("X'01' || X'ff'", b"\x01\xff", "varbinary"),
]

COMPARISONS: list[Case] = [
    ("1 = 1.0", True, "boolean"),
    ("1 < 2", True, "boolean"),
    ("'a' = 'a'", True, "boolean"),
    ("'a' < 'b'", True, "boolean"),
    ("1 <> NULL", None, "boolean"),
    ("nan() = nan()", False, "boolean"),
    ("nan() <> nan()", True, "boolean"),
    ("nan() > 1", False, "boolean"),
    ("1 < nan()", False, "boolean"),
    ("nan() <= nan()", False, "boolean"),
    ("1 BETWEEN 1 AND 2", True, "boolean"),
    ("3 NOT BETWEEN 1 AND 2", True, "boolean"),
    ("2 BETWEEN 1.5 AND 2.5", True, "boolean"),
    ("1e0 BETWEEN 0e0 AND nan()", False, "boolean"),
    ("NULL IS DISTINCT FROM NULL", False, "boolean"),
    ("1 IS DISTINCT FROM NULL", True, "boolean"),
    ("1 IS NOT DISTINCT FROM 1", True, "boolean"),
    ("NULL IS NULL", True, "boolean"),
    ("1 IS NOT NULL", True, "boolean"),
    ("1 IN (1, 2)", True, "boolean"),
    ("3 IN (1, NULL)", None, "boolean"),
    ("3 NOT IN (1, 2)", True, "boolean"),
    ("1 IN (1.5, 1.0)", True, "boolean"),
    ("CAST('a' AS char(3)) = 'a'", True, "boolean"),
    ("DATE '2020-01-02' > DATE '2020-01-01'", True, "boolean"),
    ("DATE '2020-01-01' = TIMESTAMP '2020-01-01 00:00:00'", True, "boolean"),
    ("ARRAY[1, 2] = ARRAY[1, 2]", True, "boolean"),
    ("ROW(1, 'a') = ROW(1, 'a')", True, "boolean"),
    ("ROW(1, 2) < ROW(1, 3)", True, "boolean"),
    ("(1, 2) IN (SELECT 1, 2)", True, "boolean"),
    ("1 = ANY (VALUES 1, 2)", True, "boolean"),
    ("3 > ALL (VALUES 1, 2)", True, "boolean"),
    ("3 = SOME (SELECT 1)", False, "boolean"),
    ("EXISTS (SELECT 1 WHERE false)", False, "boolean"),
]

LOGIC: list[Case] = [
    ("true AND NULL", None, "boolean"),
    ("false AND NULL", False, "boolean"),
    ("true OR NULL", True, "boolean"),
    ("NOT NULL", None, "boolean"),
    ("NOT true OR true", True, "boolean"),
    ("true OR true AND false", True, "boolean"),
]

LIKES: list[Case] = [
    ("'abc' LIKE 'a%'", True, "boolean"),
    ("'abc' LIKE 'a_c'", True, "boolean"),
    ("'abc' LIKE 'A%'", False, "boolean"),
    ("'a%c' LIKE 'a$%c' ESCAPE '$'", True, "boolean"),
    ("'abc' LIKE 'a$%c' ESCAPE '$'", False, "boolean"),
    ("'abc' NOT LIKE 'b%'", True, "boolean"),
    ("'abc' NOT LIKE 'a$_c' ESCAPE '$'", True, "boolean"),
    (r"'a\c' LIKE 'a\c'", True, "boolean"),
]

CONDITIONS: list[Case] = [
    ("CASE WHEN false THEN 1 END", None, "integer"),
    ("CASE WHEN true THEN 1 ELSE 2.5 END", Decimal("1.0"), "decimal(11,1)"),
    ("CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two", "varchar(3)"),
    ("CASE 'x' WHEN 'y' THEN 1 ELSE NULL END", None, "integer"),
    ("CASE NULL WHEN NULL THEN 1 ELSE 2 END", 2, "integer"),
    ("if(true, 1, 2)", 1, "integer"),
    ("if(false, 1)", None, "integer"),
    ("coalesce(NULL, 2, 3)", 2, "integer"),
    ("coalesce(NULL, 'a')", "a", "varchar(1)"),
    ("coalesce(1, 1 / 0)", 1, "integer"),
    ("nullif(1, 1)", None, "integer"),
    ("nullif(1, 2)", 1, "integer"),
    ("nullif(1, 1.0)", None, "integer"),
    ("greatest(1, 3, 2)", 3, "integer"),
    ("greatest(1, NULL)", None, "integer"),
    ("least(1.5, 1)", Decimal("1.0"), "decimal(11,1)"),
    ("least('b', 'a')", "a", "varchar(1)"),
    ("greatest(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)", 12, "integer"),
    ("try(1 / 0)", None, "integer"),
    ("try(CAST('x' AS bigint))", None, "bigint"),
    ("coalesce(try(5 / 0), -1)", -1, "integer"),
    ("try(1 / (SELECT 0))", None, "integer"),
    ("try(sum(x) / 0)", None, "bigint"),
]


@each(ARITHMETIC)
def test_arithmetic(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(CONCATENATION)
def test_concatenation(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(COMPARISONS)
def test_comparison(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(LOGIC)
def test_logic(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(LIKES)
def test_like(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(CONDITIONS)
def test_condition(expression: str, value: Any, type_: str) -> None:
    assert_gives(f"{expression} FROM (VALUES 1) AS t(x)", value, type_)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("1 % 0", "DIVISION_BY_ZERO: Division by zero"),
        ("1.5 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("1.5 % 0.0", "DIVISION_BY_ZERO: Division by zero"),
        (
            "9223372036854775807 + BIGINT '1'",
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775807 + 1",
        ),
        (
            "2147483647 * 2",
            "NUMERIC_VALUE_OUT_OF_RANGE: integer multiplication overflow: 2147483647 * 2",
        ),
        (
            "TINYINT '-128' - TINYINT '1'",
            "NUMERIC_VALUE_OUT_OF_RANGE: tinyint subtraction overflow: -128 - 1",
        ),
        (
            "CAST(99999999999999999999999999999999999999 AS decimal(38,0))",
            "SYNTAX_ERROR: line 1:13: Invalid numeric literal: "
            "99999999999999999999999999999999999999",
        ),
        ("1 + 'a'", "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer + varchar(1)"),
        ("1 = 'a'", "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer = varchar(1)"),
        (
            "DATE '2020-01-01' = '2020-01-01'",
            "TYPE_MISMATCH: line 1:26: Cannot apply operator: date = varchar(10)",
        ),
        ("'a' || 1", "TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) || integer"),
        ("-'a'", "TYPE_MISMATCH: line 1:8: Cannot negate varchar(1)"),
        (
            "JSON '1' < JSON '2'",
            "TYPE_MISMATCH: line 1:17: Cannot apply operator: json < json",
        ),
        (
            "1 LIKE 'a'",
            "TYPE_MISMATCH: line 1:8: Left side of LIKE expression must evaluate to a "
            "varchar: actual type integer",
        ),
        (
            "NOT 1",
            "TYPE_MISMATCH: line 1:12: Value of logical NOT expression must evaluate to a "
            "boolean: actual type integer",
        ),
        (
            "(SELECT x FROM (VALUES 1, 2) AS t(x))",
            "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
        ),
    ],
)
def test_operator_errors(expression: str, message: str) -> None:
    assert failure(f"SELECT {expression}") == message
