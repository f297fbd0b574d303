"""Bitwise functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "bitwise_and": [
        ("bitwise_and(19, 25)", 17, "bigint"),
    ],
    "bitwise_xor": [
        ("bitwise_xor(19, 25)", 10, "bigint"),
    ],
    "bitwise_not": [
        ("bitwise_not(19)", -20, "bigint"),
    ],
    "bit_count": [
        ("bit_count(7, 64)", 3, "bigint"),
        ("bit_count(-7, 8)", 6, "bigint"),
    ],
}
