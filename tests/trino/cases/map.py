"""Map functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "map": [
        ("map()", {}, "map(unknown, unknown)"),
        ("map(ARRAY['a'], ARRAY[1])", {"a": 1}, "map(varchar(1), integer)"),
        (
            "map(ARRAY['a', 'a'], ARRAY[1, 2])",
            "INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed",
        ),
    ],
    "[]": [
        ("map(ARRAY['a'], ARRAY[1])['a']", 1, "integer"),
        ("map(ARRAY['a'], ARRAY[1])['b']", "INVALID_FUNCTION_ARGUMENT: Key not present in map: b"),
    ],
    "element_at": [
        ("element_at(map(ARRAY['a'], ARRAY[1]), 'b')", None, "integer"),
    ],
    "cardinality": [
        ("cardinality(map(ARRAY['a'], ARRAY[1]))", 1, "bigint"),
    ],
    "map_keys": [
        ("map_keys(map(ARRAY['a', 'b'], ARRAY[1, 2]))", ["a", "b"], "array(varchar(1))"),
    ],
    "map_values": [
        ("map_values(map(ARRAY['a', 'b'], ARRAY[1, 2]))", [1, 2], "array(integer)"),
    ],
    "map_entries": [
        (
            "map_entries(map(ARRAY['a'], ARRAY[1]))",
            [{"field0": "a", "field1": 1}],
            "array(row(varchar(1), integer))",
        ),
    ],
    "map_from_entries": [
        (
            "map_from_entries(ARRAY[(1, 'x'), (2, 'y')])",
            {1: "x", 2: "y"},
            "map(integer, varchar(1))",
        ),
    ],
    "map_concat": [
        (
            "map_concat(map(ARRAY['a'], ARRAY[1]), map(ARRAY['a'], ARRAY[2]))",
            {"a": 2},
            "map(varchar(1), integer)",
        ),
    ],
    "map_filter": [
        (
            "map_filter(map(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1)",
            {"b": 2},
            "map(varchar(1), integer)",
        ),
    ],
    "transform_values": [
        (
            "transform_values(map(ARRAY['a'], ARRAY[1]), (k, v) -> v + 0.5)",
            {"a": Decimal("1.5")},
            "map(varchar(1), decimal(12,1))",
        ),
    ],
    "transform_keys": [
        (
            "transform_keys(map(ARRAY['a'], ARRAY[1]), (k, v) -> upper(k))",
            {"A": 1},
            "map(varchar(1), integer)",
        ),
    ],
}
