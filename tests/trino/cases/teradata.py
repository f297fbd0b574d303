"""Teradata functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

import datetime

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "char2hexint": [
        ("char2hexint('ab')", "00610062", "varchar"),
    ],
    "index": [
        ("index('hello', 'l')", 3, "bigint"),
        ("index('hello', 'z')", 0, "bigint"),
    ],
    "to_char": [
        (
            "to_char(TIMESTAMP '2020-01-02 03:04:05', 'yyyy/mm/dd hh24:mi:ss')",
            "2020/01/02 03:04:05",
            "varchar",
        ),
        ("to_char(TIMESTAMP '2020-01-02 03:04:05', 'ww')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "to_date": [
        ("to_date('2020/01/02', 'yyyy/mm/dd')", datetime.date(2020, 1, 2), "date"),
    ],
    "to_timestamp": [
        (
            "to_timestamp('2020-01-02 03', 'yyyy-mm-dd hh24')",
            datetime.datetime(2020, 1, 2, 3, 0),
            "timestamp(3)",
        ),
    ],
}
