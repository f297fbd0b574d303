"""Mathematical functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

from tests.trino import Cases

__all__ = ["CASES"]

NAN = float("nan")
INFINITY = float("inf")

CASES: Cases = {
    "abs": [
        ("abs(-5)", 5, "integer"),
        ("abs(-1.5)", Decimal("1.5"), "decimal(2,1)"),
        ("abs(TINYINT '-5')", 5, "tinyint"),
    ],
    "ceil": [
        ("ceil(1.2)", Decimal("2"), "decimal(2,0)"),
        ("ceil(5)", 5, "integer"),
    ],
    "ceiling": [
        ("ceiling(1.2e0)", 2.0, "double"),
    ],
    "floor": [
        ("floor(-1.5)", Decimal("-2"), "decimal(2,0)"),
    ],
    "round": [
        ("round(2.5)", Decimal("3"), "decimal(2,0)"),
        ("round(-2.5e0)", -3.0, "double"),
        ("round(123.456, 2)", Decimal("123.460"), "decimal(7,3)"),
        ("round(123.456e0, 1)", 123.5, "double"),
        ("round(155, -1)", 160, "integer"),
    ],
    "truncate": [
        ("truncate(-1.9)", Decimal("-1"), "decimal(1,0)"),
        ("truncate(-1.9e0)", -1.0, "double"),
    ],
    "sign": [
        ("sign(-5)", -1, "integer"),
        ("sign(-1.5)", Decimal("-1"), "decimal(1,0)"),
        ("sign(-1.5e0)", -1.0, "double"),
    ],
    "mod": [
        ("mod(7, 3)", 1, "integer"),
        ("mod(7.5, 2)", Decimal("1.5"), "decimal(2,1)"),
    ],
    "power": [
        ("power(2, 10)", 1024.0, "double"),
    ],
    "pow": [
        ("pow(2.0, 0.5)", 1.4142135623730951, "double"),
    ],
    "sqrt": [
        ("sqrt(9)", 3.0, "double"),
        ("sqrt(-1)", NAN, "double"),
    ],
    "ln": [
        ("ln(0)", -INFINITY, "double"),
    ],
    "log": [
        ("log(2, 8)", 3.0, "double"),
    ],
    "log10": [
        ("log10(1000)", 3.0, "double"),
    ],
    "cbrt": [
        ("cbrt(27)", 3.0, "double"),
    ],
    "exp": [
        ("exp(0)", 1.0, "double"),
    ],
    "degrees": [
        ("degrees(pi())", 180.0, "double"),
    ],
    "e": [
        ("e()", 2.718281828459045, "double"),
    ],
    "atan2": [
        ("atan2(0, 1)", 0.0, "double"),
    ],
    "infinity": [
        ("infinity()", INFINITY, "double"),
    ],
    "is_nan": [
        ("is_nan(nan())", True, "boolean"),
    ],
    "is_finite": [
        ("is_finite(1)", True, "boolean"),
    ],
    "is_infinite": [
        ("is_infinite(-infinity())", True, "boolean"),
    ],
    "width_bucket": [
        ("width_bucket(5.3, 0.2, 10.6, 5)", 3, "bigint"),
        ("width_bucket(5.0, ARRAY[1.0, 4.0, 8.0])", 2, "bigint"),
    ],
    "to_base": [
        ("to_base(255, 16)", "ff", "varchar"),
    ],
    "random": [
        ("random() < 1", True, "boolean"),
        ("random(1)", 0, "integer"),
    ],
    "/": [
        ("5 / 2", 2, "integer"),
        ("-5 / 2", -2, "integer"),
        ("5 / 2e0", 2.5, "double"),
        ("1e0 / 0", INFINITY, "double"),
        ("0e0 / 0", NAN, "double"),
        ("1 / 0", "DIVISION_BY_ZERO: Division by zero"),
    ],
    "%": [
        ("7 % 3", 1, "integer"),
        ("-7 % 3", -1, "integer"),
        ("7 % -3", 1, "integer"),
        ("5e0 % 3", 2.0, "double"),
        ("1 % 0", "DIVISION_BY_ZERO: Division by zero"),
    ],
    "+": [
        ("1 + 2", 3, "integer"),
        ("1 + 3000000000", 3000000001, "bigint"),
        ("TINYINT '100' + TINYINT '27'", 127, "tinyint"),
        ("TINYINT '100' + SMALLINT '100'", 200, "smallint"),
        ("1.5 + 1e0", 2.5, "double"),
        ("1.5 + REAL '1'", 2.5, "real"),
        ("1 + NULL", None, "integer"),
        (
            "9223372036854775807 + BIGINT '1'",
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775807 + 1",
        ),
        ("1 + 'a'", "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer + varchar(1)"),
    ],
    "*": [
        ("BIGINT '5' * 3", 15, "bigint"),
        (
            "2147483647 * 2",
            "NUMERIC_VALUE_OUT_OF_RANGE: integer multiplication overflow: 2147483647 * 2",
        ),
    ],
    "-": [
        ("-(5)", -5, "integer"),
        (
            "TINYINT '-128' - TINYINT '1'",
            "NUMERIC_VALUE_OUT_OF_RANGE: tinyint subtraction overflow: -128 - 1",
        ),
        ("-'a'", "TYPE_MISMATCH: line 1:8: Cannot negate varchar(1)"),
    ],
}
