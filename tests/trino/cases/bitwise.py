"""Bitwise functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "bitwise_and": [
        ("bitwise_and(19, 25)", 17, "bigint"),
        ("bitwise_and(-1, 5)", 5, "bigint"),
        ("bitwise_and(NULL, 5)", None, "bigint"),
    ],
    "bitwise_xor": [
        ("bitwise_xor(19, 25)", 10, "bigint"),
        ("bitwise_xor(5, 5)", 0, "bigint"),
    ],
    "bitwise_not": [
        ("bitwise_not(19)", -20, "bigint"),
        ("bitwise_not(-12)", 11, "bigint"),
        ("bitwise_not(0)", -1, "bigint"),
    ],
    "bit_count": [
        ("bit_count(7, 64)", 3, "bigint"),
        ("bit_count(-7, 8)", 6, "bigint"),
        ("bit_count(9, 64)", 2, "bigint"),
        ("bit_count(9, 8)", 2, "bigint"),
        ("bit_count(-7, 64)", 62, "bigint"),
        ("bit_count(-1, 64)", 64, "bigint"),
        ("bit_count(9, 2)", "INVALID_FUNCTION_ARGUMENT"),
        (
            "bit_count(9, 1)",
            "INVALID_FUNCTION_ARGUMENT: Bits specified in bit_count must be between 2 and 64,"
            " got 1",
        ),
        ("bit_count(9, 65)", "INVALID_FUNCTION_ARGUMENT"),
        ("bit_count(7, 4)", 3, "bigint"),
    ],
    "bitwise_or": [
        ("bitwise_or(19, 25)", 27, "bigint"),
        ("bitwise_or(-8, 1)", -7, "bigint"),
    ],
    "bitwise_left_shift": [
        ("bitwise_left_shift(1, 2)", 4, "integer"),
        ("bitwise_left_shift(5, 2)", 20, "integer"),
        ("bitwise_left_shift(0, 1)", 0, "integer"),
        ("bitwise_left_shift(20, 0)", 20, "integer"),
        ("bitwise_left_shift(TINYINT '7', 2)", 28, "tinyint"),
        ("bitwise_left_shift(TINYINT '-7', 2)", -28, "tinyint"),
        ("bitwise_left_shift(TINYINT '127', 1)", -2, "tinyint"),
        ("bitwise_left_shift(BIGINT '1', 63)", -9223372036854775808, "bigint"),
        ("bitwise_left_shift(1, 40)", 0, "integer"),
        ("bitwise_left_shift(1, -1)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "bitwise_right_shift": [
        ("bitwise_right_shift(8, 3)", 1, "integer"),
        ("bitwise_right_shift(9, 1)", 4, "integer"),
        ("bitwise_right_shift(20, 0)", 20, "integer"),
        ("bitwise_right_shift(0, 1)", 0, "integer"),
        ("bitwise_right_shift(TINYINT '-8', 3)", 31, "tinyint"),
        ("bitwise_right_shift(12, 64)", 0, "integer"),
        ("bitwise_right_shift(BIGINT '-45', 64)", 0, "bigint"),
    ],
    "bitwise_right_shift_arithmetic": [
        ("bitwise_right_shift_arithmetic(8, 3)", 1, "integer"),
        ("bitwise_right_shift_arithmetic(-8, 2)", -2, "integer"),
        ("bitwise_right_shift_arithmetic(12, 64)", 0, "integer"),
        ("bitwise_right_shift_arithmetic(-45, 64)", -1, "integer"),
        ("bitwise_right_shift_arithmetic(BIGINT '-45', 1)", -23, "bigint"),
    ],
}
