"""Logical operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "NOT": [
        (
            "NOT 1",
            "TYPE_MISMATCH: line 1:12: Value of logical NOT expression must evaluate to a"
            " boolean: actual type integer",
        ),
        ("NOT NULL", None, "boolean"),
    ],
    "AND": [
        ("true AND NULL", None, "boolean"),
        ("false AND NULL", False, "boolean"),
    ],
    "OR": [
        ("true OR NULL", True, "boolean"),
        ("NOT true OR true", True, "boolean"),
        ("true OR true AND false", True, "boolean"),
    ],
}
