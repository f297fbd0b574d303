"""Array functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

import datetime
from decimal import Decimal

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "concat": [
        ("concat(ARRAY[1], ARRAY[2], ARRAY[3])", [1, 2, 3], "array(integer)"),
        ("concat(ARRAY[1], CAST(NULL AS array(integer)))", None, "array(integer)"),
    ],
    "element_at": [
        ("element_at(ARRAY[1, 2], 2)", 2, "integer"),
        ("element_at(ARRAY[1, 2], 3)", None, "integer"),
        ("element_at(ARRAY[1, 2], -1)", 2, "integer"),
        ("element_at(ARRAY[1], 0)", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
    ],
    "[]": [
        ("ARRAY[1, 2][1]", 1, "integer"),
        (
            "ARRAY[1, 2][3]",
            "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array"
            " length: 3 > 2",
        ),
        ("ARRAY[1][0]", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
        ("ARRAY[1][-1]", "INVALID_FUNCTION_ARGUMENT: Array subscript is negative: -1"),
    ],
    "cardinality": [
        ("cardinality(ARRAY[1, NULL])", 2, "bigint"),
    ],
    "contains": [
        ("contains(ARRAY[1, 2], 2)", True, "boolean"),
        ("contains(ARRAY[1, NULL], 2)", None, "boolean"),
        ("contains(ARRAY[1, 2], 3)", False, "boolean"),
    ],
    "array_distinct": [
        ("array_distinct(ARRAY[3, 1, 3, NULL, NULL])", [3, 1, None], "array(integer)"),
    ],
    "array_except": [
        ("array_except(ARRAY[1, 2, 3], ARRAY[2])", [1, 3], "array(integer)"),
    ],
    "array_intersect": [
        ("array_intersect(ARRAY[1, 2, 2, NULL], ARRAY[2, NULL])", [2, None], "array(integer)"),
    ],
    "array_union": [
        ("array_union(ARRAY[1, 2], ARRAY[2, 3])", [1, 2, 3], "array(integer)"),
    ],
    "array_join": [
        ("array_join(ARRAY[1, NULL, 2], ',')", "1,2", "varchar"),
        ("array_join(ARRAY[1, NULL, 2], ',', '?')", "1,?,2", "varchar"),
        ("array_join(ARRAY[1.5e0], ',')", "1.5E0", "varchar"),
    ],
    "array_max": [
        ("array_max(ARRAY[1, 3, 2])", 3, "integer"),
        ("array_max(ARRAY[1, NULL])", None, "integer"),
    ],
    "array_min": [
        ("array_min(ARRAY['b', 'a'])", "a", "varchar(1)"),
    ],
    "array_position": [
        ("array_position(ARRAY[5, 6], 6)", 2, "bigint"),
        ("array_position(ARRAY[5, 6], 7)", 0, "bigint"),
    ],
    "array_remove": [
        ("array_remove(ARRAY[1, 2, 1], 1)", [2], "array(integer)"),
    ],
    "array_sort": [
        ("array_sort(ARRAY[3, NULL, 1])", [1, 3, None], "array(integer)"),
    ],
    "arrays_overlap": [
        ("arrays_overlap(ARRAY[1, 2], ARRAY[2, 3])", True, "boolean"),
        ("arrays_overlap(ARRAY[1, NULL], ARRAY[2])", None, "boolean"),
    ],
    "filter": [
        ("filter(ARRAY[1, -2, 3, NULL], x -> x > 0)", [1, 3], "array(integer)"),
    ],
    "flatten": [
        ("flatten(ARRAY[ARRAY[1], ARRAY[2, 3]])", [1, 2, 3], "array(integer)"),
    ],
    "transform": [
        (
            "transform(ARRAY[1, 2], x -> x / 2.0)",
            [Decimal("0.5"), Decimal("1.0")],
            "array(decimal(12,1))",
        ),
        ("transform(ARRAY['a'], x -> x || 'b')", ["ab"], "array(varchar(2))"),
        (
            "transform(ARRAY[ARRAY[1, 2]], a -> transform(a, x -> x + cardinality(a)))",
            [[3, 4]],
            "array(array(bigint))",
        ),
    ],
    "reduce": [
        ("reduce(ARRAY[5, 20, 50], 0, (s, x) -> s + x, s -> s)", 75, "integer"),
        ("reduce(ARRAY[5, 6], 0.0e0, (s, x) -> s + x, s -> s / 2)", 5.5, "double"),
        ("reduce(ARRAY[], 7, (s, x) -> s, s -> s)", 7, "integer"),
        (
            "reduce(ARRAY[5, 7], CAST(ROW(0.0, 0) AS row(sum double, count integer)), (s, x) ->"
            " CAST(ROW(x + s.sum, s.count + 1) AS row(sum double, count integer)), s -> if(s.count"
            " = 0, NULL, s.sum / s.count))",
            6.0,
            "double",
        ),
    ],
    "any_match": [
        ("any_match(ARRAY[1, 2], x -> x > 1)", True, "boolean"),
        ("any_match(ARRAY[1, NULL], x -> x > 1)", None, "boolean"),
    ],
    "all_match": [
        ("all_match(ARRAY[1, 2], x -> x > 0)", True, "boolean"),
        ("all_match(ARRAY[1, NULL], x -> x > 1)", False, "boolean"),
    ],
    "none_match": [
        ("none_match(ARRAY[1, 2], x -> x > 5)", True, "boolean"),
    ],
    "repeat": [
        ("repeat('a', 3)", ["a", "a", "a"], "array(varchar(1))"),
    ],
    "reverse": [
        ("reverse(ARRAY[1, 2])", [2, 1], "array(integer)"),
    ],
    "sequence": [
        ("sequence(1, 4)", [1, 2, 3, 4], "array(bigint)"),
        ("sequence(5, 1, -2)", [5, 3, 1], "array(bigint)"),
        (
            "sequence(DATE '2020-01-30', DATE '2020-02-01')",
            [datetime.date(2020, 1, 30), datetime.date(2020, 1, 31), datetime.date(2020, 2, 1)],
            "array(date)",
        ),
        (
            "sequence(DATE '2020-01-01', DATE '2020-03-01', INTERVAL '1' MONTH)",
            [datetime.date(2020, 1, 1), datetime.date(2020, 2, 1), datetime.date(2020, 3, 1)],
            "array(date)",
        ),
        (
            "sequence(TIMESTAMP '2020-01-01 00:00:00', TIMESTAMP '2020-01-01 02:00:00', INTERVAL"
            " '1' HOUR)",
            [
                datetime.datetime(2020, 1, 1, 0, 0),
                datetime.datetime(2020, 1, 1, 1, 0),
                datetime.datetime(2020, 1, 1, 2, 0),
            ],
            "array(timestamp(0))",
        ),
    ],
    "slice": [
        ("slice(ARRAY[1, 2, 3, 4], 2, 2)", [2, 3], "array(integer)"),
        ("slice(ARRAY[1, 2, 3, 4], -2, 2)", [3, 4], "array(integer)"),
    ],
    "trim_array": [
        ("trim_array(ARRAY[1, 2, 3], 2)", [1], "array(integer)"),
    ],
    "zip": [
        (
            "zip(ARRAY[1, 2], ARRAY['a'])",
            [{"field0": 1, "field1": "a"}, {"field0": 2, "field1": None}],
            "array(row(integer, varchar(1)))",
        ),
    ],
    "zip_with": [
        ("zip_with(ARRAY[1, 2], ARRAY[10, 20], (x, y) -> x * y)", [10, 40], "array(integer)"),
    ],
    "literal": [
        (
            "ARRAY[1, 'a']",
            "TYPE_MISMATCH: line 1:17: All ARRAY elements must be the same type or coercible to a"
            " common type. Cannot find common type between integer and varchar(1), all types"
            " (without duplicates): [integer, varchar(1)]",
        ),
    ],
    "||": [
        ("ARRAY[1] || ARRAY[2, 3]", [1, 2, 3], "array(integer)"),
        ("ARRAY[1] || 2", [1, 2], "array(integer)"),
        ("1 || ARRAY[2]", [1, 2], "array(integer)"),
        ("ARRAY[1] || CAST(NULL AS array(integer))", None, "array(integer)"),
        ("ARRAY[1] || BIGINT '2'", [1, 2], "array(bigint)"),
    ],
}
