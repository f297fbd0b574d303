"""Decimal functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "/": [
        ("5 / 2.0", Decimal("2.5"), "decimal(12,1)"),
        ("1.0 / 3.0", Decimal("0.3"), "decimal(3,1)"),
        ("2.0 / 3.0", Decimal("0.7"), "decimal(3,1)"),
        ("-2.0 / 3.0", Decimal("-0.7"), "decimal(3,1)"),
        ("1.00 / 3", Decimal("0.33"), "decimal(3,2)"),
        ("1 / 3.000", Decimal("0.333"), "decimal(16,3)"),
        (
            "DECIMAL '12345678901234567890.12345678' / DECIMAL '3'",
            Decimal("4115226300411522630.04115226"),
            "decimal(28,8)",
        ),
        ("CAST(10 AS decimal(38,2)) / 4", Decimal("2.50"), "decimal(38,2)"),
        ("1.5 / 0", "DIVISION_BY_ZERO: Division by zero"),
        (
            "DECIMAL '12345678901234567890.123456789012345678' / 3",
            Decimal("4115226300411522630.041152263004115226"),
            "decimal(38,18)",
        ),
        ("1.5 / 0.0", "DIVISION_BY_ZERO"),
        ("1.0 / 3", Decimal("0.3"), "decimal(2,1)"),
        ("0.05 / 0.1", Decimal("0.50"), "decimal(3,2)"),
        ("5.5 / 2.2", Decimal("2.5"), "decimal(3,1)"),
    ],
    "*": [
        ("1.1 * 1.1", Decimal("1.21"), "decimal(4,2)"),
        (
            "DECIMAL '99999999999999999999' * DECIMAL '99999999'",
            Decimal("9999999899999999999900000001"),
            "decimal(28,0)",
        ),
        (
            "DECIMAL '0.00000000000000000000000000000000000001' * 2",
            Decimal("2E-38"),
            "decimal(38,38)",
        ),
        (
            "x * 10 FROM (VALUES DECIMAL '99999999999999999999999999999999999999') AS t(x)",
            "NUMERIC_VALUE_OUT_OF_RANGE",
        ),
        ("1.10 * 2.0", Decimal("2.200"), "decimal(5,3)"),
    ],
    "+": [
        ("1.1 + 2.22", Decimal("3.32"), "decimal(4,2)"),
        ("1.5 + 1", Decimal("2.5"), "decimal(12,1)"),
        ("NULL + 1.5", None, "decimal(3,1)"),
        (
            "DECIMAL '12345678901234567890123456789012345678' + 1",
            Decimal("12345678901234567890123456789012345679"),
            "decimal(38,0)",
        ),
        (
            "DECIMAL '99999999999999999999999999999999999999' + 1",
            "NUMERIC_VALUE_OUT_OF_RANGE: Decimal overflow",
        ),
        ("1.5 + 2", Decimal("3.5"), "decimal(12,1)"),
        ("1.5 + 1.05", Decimal("2.55"), "decimal(4,2)"),
        ("1.5 + BIGINT '1'", Decimal("2.5"), "decimal(21,1)"),
    ],
    "-": [
        ("1.1 - 2.22", Decimal("-1.12"), "decimal(4,2)"),
        (
            "DECIMAL '9999999999999999999999999999999999999.9' - 1.5",
            Decimal("9999999999999999999999999999999999998.4"),
            "decimal(38,1)",
        ),
        ("0.1 - 0.1", Decimal("0.0"), "decimal(2,1)"),
    ],
    "%": [
        ("10.5 % 3", Decimal("1.5"), "decimal(3,1)"),
        ("-10.5 % 3", Decimal("-1.5"), "decimal(3,1)"),
        ("1.5 % 0.0", "DIVISION_BY_ZERO: Division by zero"),
        (
            "DECIMAL '12345678901234567890.123456789012345678' % 7",
            Decimal("1.123456789012345678"),
            "decimal(28,18)",
        ),
        ("3 % CAST(0 AS decimal(1,0))", "DIVISION_BY_ZERO"),
        ("5.5 % 2.25", Decimal("1.00"), "decimal(3,2)"),
    ],
    "=": [
        ("1.50 = 1.5", True, "boolean"),
        (
            "DECIMAL '12345678901234567890123456789012345678' = DECIMAL"
            " '12345678901234567890123456789012345679'",
            False,
            "boolean",
        ),
        ("1.1 < 1.10001", True, "boolean"),
        ("2.5 > 2", True, "boolean"),
    ],
    "negation": [
        ("-1.5", Decimal("-1.5"), "decimal(2,1)"),
        ("-(-1.50)", Decimal("1.50"), "decimal(3,2)"),
    ],
    "literal": [
        ("DECIMAL '1.20'", Decimal("1.20"), "decimal(3,2)"),
        (
            "DECIMAL '99999999999999999999999999999999999999'",
            Decimal("99999999999999999999999999999999999999"),
            "decimal(38,0)",
        ),
        ("DECIMAL '123456789012345678901234567890123456789'", "INVALID_LITERAL"),
        ("00012.50", Decimal("12.50"), "decimal(4,2)"),
        ("DECIMAL 'x'", "INVALID_LITERAL"),
    ],
}
