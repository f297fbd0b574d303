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
        (
            "map(ARRAY[1, 2], ARRAY['a'])",
            "INVALID_FUNCTION_ARGUMENT: Key and value arrays must be the same length",
        ),
        ("map(ARRAY[NULL], ARRAY[1])", "INVALID_FUNCTION_ARGUMENT: map key cannot be null"),
        ("map(ARRAY[1, 2], NULL)", None, "map(integer, unknown)"),
        ("map(ARRAY[1], ARRAY[NULL])", {1: None}, "map(integer, unknown)"),
    ],
    "[]": [
        ("map(ARRAY['a'], ARRAY[1])['a']", 1, "integer"),
        ("map(ARRAY['a'], ARRAY[1])['b']", "INVALID_FUNCTION_ARGUMENT: Key not present in map: b"),
        ("map(ARRAY[1], ARRAY['a'])[NULL]", None, "varchar(1)"),
        ("map(ARRAY[1], ARRAY[NULL])[1]", None, "unknown"),
    ],
    "element_at": [
        ("element_at(map(ARRAY['a'], ARRAY[1]), 'b')", None, "integer"),
        ("element_at(map(ARRAY['a'], ARRAY[1]), 'a')", 1, "integer"),
        ("element_at(CAST(NULL AS map(varchar, integer)), 'a')", None, "integer"),
    ],
    "cardinality": [
        ("cardinality(map(ARRAY['a'], ARRAY[1]))", 1, "bigint"),
        ("cardinality(map())", 0, "bigint"),
    ],
    "map_keys": [
        ("map_keys(map(ARRAY['a', 'b'], ARRAY[1, 2]))", ["a", "b"], "array(varchar(1))"),
        ("map_keys(map())", [], "array(unknown)"),
        ("map_keys(CAST(NULL AS map(integer, integer)))", None, "array(integer)"),
    ],
    "map_values": [
        ("map_values(map(ARRAY['a', 'b'], ARRAY[1, 2]))", [1, 2], "array(integer)"),
        ("map_values(map(ARRAY[1, 2], ARRAY[NULL, 'x']))", [None, "x"], "array(varchar(1))"),
    ],
    "map_entries": [
        (
            "map_entries(map(ARRAY['a'], ARRAY[1]))",
            [{"field0": "a", "field1": 1}],
            "array(row(varchar(1), integer))",
        ),
        ("map_entries(map())", [], "array(row(unknown, unknown))"),
        ("map_entries(CAST(NULL AS map(varchar, integer)))", None, "array(row(varchar, integer))"),
    ],
    "map_from_entries": [
        (
            "map_from_entries(ARRAY[(1, 'x'), (2, 'y')])",
            {1: "x", 2: "y"},
            "map(integer, varchar(1))",
        ),
        (
            "map_from_entries(ARRAY[(1, 'x'), (1, 'y')])",
            "INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed",
        ),
        ("map_from_entries(ARRAY[(CAST(NULL AS integer), 'y')])", "INVALID_FUNCTION_ARGUMENT"),
        ("map_from_entries(ARRAY[1])", "FUNCTION_NOT_FOUND"),
    ],
    "map_concat": [
        (
            "map_concat(map(ARRAY['a'], ARRAY[1]), map(ARRAY['a'], ARRAY[2]))",
            {"a": 2},
            "map(varchar(1), integer)",
        ),
        (
            "map_concat(map(ARRAY['a'], ARRAY[1]), map(ARRAY['b'], ARRAY[2]))",
            {"a": 1, "b": 2},
            "map(varchar(1), integer)",
        ),
        ("map_concat(map(ARRAY['a'], ARRAY[1]), NULL)", None, "map(varchar(1), integer)"),
    ],
    "map_filter": [
        (
            "map_filter(map(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1)",
            {"b": 2},
            "map(varchar(1), integer)",
        ),
        ("map_filter(map(ARRAY[], ARRAY[]), (k, v) -> true)", {}, "map(unknown, unknown)"),
        (
            "map_filter(map(ARRAY[10, 20, 30], ARRAY['a', NULL, 'c']), (k, v) -> v IS NOT NULL)",
            {10: "a", 30: "c"},
            "map(integer, varchar(1))",
        ),
        (
            "map_filter(map(ARRAY['k1', 'k2', 'k3'], ARRAY[20, 3, 15]), (k, v) -> v > 10)",
            {"k1": 20, "k3": 15},
            "map(varchar(2), integer)",
        ),
    ],
    "transform_values": [
        (
            "transform_values(map(ARRAY['a'], ARRAY[1]), (k, v) -> v + 0.5)",
            {"a": Decimal("1.5")},
            "map(varchar(1), decimal(12,1))",
        ),
        (
            "transform_values(map(ARRAY[1, 2], ARRAY[NULL, 20]), (k, v) -> coalesce(v, k))",
            {1: 1, 2: 20},
            "map(integer, integer)",
        ),
        (
            "transform_values(map(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> k || CAST(v AS "
            "varchar))",
            {"a": "a1", "b": "b2"},
            "map(varchar(1), varchar)",
        ),
        ("transform_values(map(ARRAY[1], ARRAY[2]), (k, v) -> k / (v - 2))", "DIVISION_BY_ZERO"),
        (
            "TRY(transform_values(map(ARRAY[1], ARRAY[2]), (k, v) -> k / (v - 2)))",
            None,
            "map(integer, integer)",
        ),
    ],
    "transform_keys": [
        (
            "transform_keys(map(ARRAY['a'], ARRAY[1]), (k, v) -> upper(k))",
            {"A": 1},
            "map(varchar(1), integer)",
        ),
        ("transform_keys(map(ARRAY[], ARRAY[]), (k, v) -> k)", {}, "map(unknown, unknown)"),
        (
            "transform_keys(map(ARRAY[1, 2, 3], ARRAY['a', 'b', 'c']), (k, v) -> v || CAST(k "
            "AS varchar))",
            {"a1": "a", "b2": "b", "c3": "c"},
            "map(varchar, varchar(1))",
        ),
        (
            "transform_keys(map(ARRAY[1, 2], ARRAY['a', 'b']), (k, v) -> 1)",
            "INVALID_FUNCTION_ARGUMENT",
        ),
        ("transform_keys(map(ARRAY[1], ARRAY['a']), (k, v) -> NULL)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "multimap_from_entries": [
        (
            "multimap_from_entries(ARRAY[(1, 'x'), (2, 'y'), (1, 'z')])",
            {1: ["x", "z"], 2: ["y"]},
            "map(integer, array(varchar(1)))",
        ),
        ("multimap_from_entries(ARRAY[(CAST(NULL AS integer), 'y')])", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "map_zip_with": [
        (
            "map_zip_with(map(ARRAY[1, 2, 3], ARRAY['a', 'b', 'c']), map(ARRAY[1, 2, 3], "
            "ARRAY['d', 'e', 'f']), (k, v1, v2) -> concat(v1, v2))",
            {1: "ad", 2: "be", 3: "cf"},
            "map(integer, varchar)",
        ),
        (
            "map_zip_with(map(ARRAY['k1', 'k2'], ARRAY[1, 2]), map(ARRAY['k2', 'k3'], ARRAY[4, "
            "9]), (k, v1, v2) -> (v1, v2))",
            {
                "k1": {"field0": 1, "field1": None},
                "k2": {"field0": 2, "field1": 4},
                "k3": {"field0": None, "field1": 9},
            },
            "map(varchar(2), row(integer, integer))",
        ),
        (
            "map_zip_with(map(ARRAY['a', 'b'], ARRAY[1, 8]), map(ARRAY['a', 'b'], ARRAY[24, "
            "6]), (k, v1, v2) -> k || CAST(v1 / v2 AS varchar))",
            {"a": "a0", "b": "b1"},
            "map(varchar(1), varchar)",
        ),
    ],
    "=": [
        ("map(ARRAY[1], ARRAY['a']) = map(ARRAY[1], ARRAY['a'])", True, "boolean"),
        ("map(ARRAY[1], ARRAY['a']) < map(ARRAY[1], ARRAY['a'])", "TYPE_MISMATCH"),
    ],
    "cast": [
        (
            "CAST(map(ARRAY['1'], ARRAY['2']) AS map(integer, double))",
            {1: 2.0},
            "map(integer, double)",
        ),
    ],
}
