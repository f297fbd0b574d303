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
    ],
    "*": [
        ("1.1 * 1.1", Decimal("1.21"), "decimal(4,2)"),
        (
            "DECIMAL '99999999999999999999' * DECIMAL '99999999'",
            Decimal("9999999899999999999900000001"),
            "decimal(28,0)",
        ),
    ],
    "+": [
        ("1.1 + 2.22", Decimal("3.32"), "decimal(4,2)"),
        ("1.5 + 1", Decimal("2.5"), "decimal(12,1)"),
        ("NULL + 1.5", None, "decimal(3,1)"),
    ],
    "-": [
        ("1.1 - 2.22", Decimal("-1.12"), "decimal(4,2)"),
    ],
    "%": [
        ("10.5 % 3", Decimal("1.5"), "decimal(3,1)"),
        ("-10.5 % 3", Decimal("-1.5"), "decimal(3,1)"),
        ("1.5 % 0.0", "DIVISION_BY_ZERO: Division by zero"),
    ],
}
