"""Array functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

import datetime
from decimal import Decimal

from tests.trino import Cases, column, rows

__all__ = ["CASES"]

CASES: Cases = {
    "concat": [
        ("concat(ARRAY[1], ARRAY[2], ARRAY[3])", [1, 2, 3], "array(integer)"),
        ("concat(ARRAY[1], CAST(NULL AS array(integer)))", None, "array(integer)"),
        ("concat(ARRAY[1], ARRAY[2.5])", [Decimal("1.0"), Decimal("2.5")], "array(decimal(11,1))"),
    ],
    "element_at": [
        ("element_at(ARRAY[1, 2], 2)", 2, "integer"),
        ("element_at(ARRAY[1, 2], 3)", None, "integer"),
        ("element_at(ARRAY[1, 2], -1)", 2, "integer"),
        ("element_at(ARRAY[1], 0)", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
        ("element_at(ARRAY[1, 2, 3], -4)", None, "integer"),
        ("element_at(ARRAY['a'], NULL)", None, "varchar(1)"),
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
        ("ARRAY[1, 1.2, 4][2]", Decimal("1.2"), "decimal(11,1)"),
        ("ARRAY['a', NULL][2]", None, "varchar(1)"),
        ("ARRAY[]['a']", "TYPE_MISMATCH"),
        ("CAST(NULL AS array(integer))[1]", None, "integer"),
    ],
    "cardinality": [
        ("cardinality(ARRAY[1, NULL])", 2, "bigint"),
        ("cardinality(ARRAY[])", 0, "bigint"),
        ("cardinality(CAST(NULL AS array(integer)))", None, "bigint"),
    ],
    "contains": [
        ("contains(ARRAY[1, 2], 2)", True, "boolean"),
        ("contains(ARRAY[1, NULL], 2)", None, "boolean"),
        ("contains(ARRAY[1, 2], 3)", False, "boolean"),
        ("contains(ARRAY['a'], NULL)", None, "boolean"),
        ("contains(ARRAY[ARRAY[1]], ARRAY[1])", True, "boolean"),
    ],
    "array_distinct": [
        ("array_distinct(ARRAY[3, 1, 3, NULL, NULL])", [3, 1, None], "array(integer)"),
        ("array_distinct(ARRAY[])", [], "array(unknown)"),
        (
            "array_distinct(ARRAY[ARRAY[1], ARRAY[1], NULL, NULL])",
            [[1], None],
            "array(array(integer))",
        ),
    ],
    "array_except": [
        ("array_except(ARRAY[1, 2, 3], ARRAY[2])", [1, 3], "array(integer)"),
        ("array_except(ARRAY[1, 1, NULL, 2], ARRAY[2])", [1, None], "array(integer)"),
        ("array_except(ARRAY[1, NULL], ARRAY[NULL])", [1], "array(integer)"),
    ],
    "array_intersect": [
        ("array_intersect(ARRAY[1, 2, 2, NULL], ARRAY[2, NULL])", [2, None], "array(integer)"),
        ("array_intersect(ARRAY[1, 2], ARRAY[3])", [], "array(integer)"),
        ("array_intersect(ARRAY[1], NULL)", None, "array(integer)"),
        ("array_intersect(ARRAY['b', 'a', 'b'], ARRAY['a', 'b'])", ["b", "a"], "array(varchar(1))"),
    ],
    "array_union": [
        ("array_union(ARRAY[1, 2], ARRAY[2, 3])", [1, 2, 3], "array(integer)"),
        ("array_union(ARRAY[1, NULL], ARRAY[NULL, 2, 1])", [1, None, 2], "array(integer)"),
    ],
    "array_join": [
        ("array_join(ARRAY[1, NULL, 2], ',')", "1,2", "varchar"),
        ("array_join(ARRAY[1, NULL, 2], ',', '?')", "1,?,2", "varchar"),
        ("array_join(ARRAY[1.5e0], ',')", "1.5E0", "varchar"),
        ("array_join(ARRAY[true, NULL], '-')", "true", "varchar"),
        ("array_join(ARRAY[], ',')", "", "varchar"),
        ("array_join(ARRAY[NULL], ',', 'x')", "x", "varchar"),
        (
            "array_join(ARRAY[DATE '2020-01-01', DATE '2020-01-02'], '/')",
            "2020-01-01/2020-01-02",
            "varchar",
        ),
        ("array_join(ARRAY[ARRAY[1]], ',')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "array_max": [
        ("array_max(ARRAY[1, 3, 2])", 3, "integer"),
        ("array_max(ARRAY[1, NULL])", None, "integer"),
        ("array_max(ARRAY[])", None, "unknown"),
        ("array_max(ARRAY[1e0, nan()])", float("nan"), "double"),
    ],
    "array_min": [
        ("array_min(ARRAY['b', 'a'])", "a", "varchar(1)"),
        ("array_min(ARRAY[3, 1, 2])", 1, "integer"),
        ("array_min(ARRAY[1, NULL])", None, "integer"),
    ],
    "array_position": [
        ("array_position(ARRAY[5, 6], 6)", 2, "bigint"),
        ("array_position(ARRAY[5, 6], 7)", 0, "bigint"),
        ("array_position(ARRAY['a', 'b', 'a'], 'a')", 1, "bigint"),
        ("array_position(ARRAY[1], NULL)", None, "bigint"),
    ],
    "array_remove": [
        ("array_remove(ARRAY[1, 2, 1], 1)", [2], "array(integer)"),
        ("array_remove(ARRAY[1, NULL, 2], 1)", [None, 2], "array(integer)"),
    ],
    "array_sort": [
        ("array_sort(ARRAY[3, NULL, 1])", [1, 3, None], "array(integer)"),
        ("array_sort(ARRAY['b', 'a', NULL, 'c'])", ["a", "b", "c", None], "array(varchar(1))"),
        (
            "array_sort(ARRAY[3, 2, 5, 1, 2], (x, y) -> IF(x < y, 1, IF(x = y, 0, -1)))",
            [5, 3, 2, 2, 1],
            "array(integer)",
        ),
        (
            "array_sort(ARRAY['bc', 'ab', 'dc'], (x, y) -> IF(x < y, 1, IF(x = y, 0, -1)))",
            ["dc", "bc", "ab"],
            "array(varchar(2))",
        ),
        (
            "array_sort(ARRAY[3, 2, NULL, 5, NULL, 1, 2], (x, y) -> CASE WHEN x IS NULL THEN "
            "-1 WHEN y IS NULL THEN 1 WHEN x < y THEN 1 WHEN x = y THEN 0 ELSE -1 END)",
            [None, None, 5, 3, 2, 2, 1],
            "array(integer)",
        ),
        (
            "array_sort(ARRAY['a', 'abcd', 'abc'], (x, y) -> IF(length(x) < length(y), -1, "
            "IF(length(x) = length(y), 0, 1)))",
            ["a", "abc", "abcd"],
            "array(varchar(4))",
        ),
        ("array_sort(ARRAY[], (x, y) -> 0)", [], "array(unknown)"),
        (
            "array_sort(ARRAY[1, 2], (x, y) -> 5)",
            "INVALID_FUNCTION_ARGUMENT: Lambda comparator must return either -1, 0, or 1",
        ),
        (
            "array_sort(ARRAY[ROW(2, 1), ROW(1, 5)])",
            [{"field0": 1, "field1": 5}, {"field0": 2, "field1": 1}],
            "array(row(integer, integer))",
        ),
    ],
    "arrays_overlap": [
        ("arrays_overlap(ARRAY[1, 2], ARRAY[2, 3])", True, "boolean"),
        ("arrays_overlap(ARRAY[1, NULL], ARRAY[2])", None, "boolean"),
        ("arrays_overlap(ARRAY[1, 2], ARRAY[3])", False, "boolean"),
        ("arrays_overlap(ARRAY[1, NULL], ARRAY[1])", True, "boolean"),
        ("arrays_overlap(ARRAY[], ARRAY[1])", False, "boolean"),
    ],
    "filter": [
        ("filter(ARRAY[1, -2, 3, NULL], x -> x > 0)", [1, 3], "array(integer)"),
        ("filter(ARRAY[], x -> true)", [], "array(unknown)"),
        ("filter(ARRAY[5, NULL, 7, NULL], x -> x IS NOT NULL)", [5, 7], "array(integer)"),
        ("filter(NULL, x -> true)", None, "array(unknown)"),
    ],
    "flatten": [
        ("flatten(ARRAY[ARRAY[1], ARRAY[2, 3]])", [1, 2, 3], "array(integer)"),
        ("flatten(ARRAY[ARRAY[1], NULL, ARRAY[2, NULL]])", [1, 2, None], "array(integer)"),
        ("flatten(ARRAY[])", [], "array(unknown)"),
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
        ("transform(ARRAY[], x -> x)", [], "array(unknown)"),
        ("transform(ARRAY[5, NULL, 6], x -> coalesce(x, 0) + 1)", [6, 1, 7], "array(integer)"),
        (
            "transform(ARRAY[ARRAY[1, NULL, 2], ARRAY[3, NULL]], a -> filter(a, x -> x IS NOT "
            "NULL))",
            [[1, 2], [3]],
            "array(array(integer))",
        ),
        (
            "transform(ARRAY[1, 2], x -> x > y) FROM (VALUES 1) AS t(y)",
            [False, True],
            "array(boolean)",
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
        ("reduce(ARRAY[5, 20, NULL, 50], 0, (s, x) -> s + x, s -> s)", None, "integer"),
        ("reduce(ARRAY[5, 20, NULL, 50], 0, (s, x) -> s + coalesce(x, 0), s -> s)", 75, "integer"),
        ("reduce(ARRAY[2147483647, 1], BIGINT '0', (s, x) -> s + x, s -> s)", 2147483648, "bigint"),
        (
            "reduce(ARRAY[1, 2], CAST('' AS varchar), (s, x) -> s || CAST(x AS varchar), s -> "
            "length(s))",
            2,
            "bigint",
        ),
    ],
    "any_match": [
        ("any_match(ARRAY[1, 2], x -> x > 1)", True, "boolean"),
        ("any_match(ARRAY[1, NULL], x -> x > 1)", None, "boolean"),
        ("any_match(ARRAY[], x -> true)", False, "boolean"),
        ("any_match(ARRAY[1, 2], x -> x > 5)", False, "boolean"),
        ("any_match(ARRAY[NULL, 7], x -> x > 5)", True, "boolean"),
    ],
    "all_match": [
        ("all_match(ARRAY[1, 2], x -> x > 0)", True, "boolean"),
        ("all_match(ARRAY[1, NULL], x -> x > 1)", False, "boolean"),
        ("all_match(ARRAY[], x -> false)", True, "boolean"),
        ("all_match(ARRAY[1, NULL], x -> x > 0)", None, "boolean"),
        ("all_match(ARRAY[1, 2], x -> x > 1)", False, "boolean"),
        ("all_match(NULL, x -> true)", None, "boolean"),
    ],
    "none_match": [
        ("none_match(ARRAY[1, 2], x -> x > 5)", True, "boolean"),
        ("none_match(ARRAY[], x -> true)", True, "boolean"),
        ("none_match(ARRAY[1, 2], x -> x = 2)", False, "boolean"),
        ("none_match(ARRAY[1, NULL], x -> x = 2)", None, "boolean"),
    ],
    "repeat": [
        ("repeat('a', 3)", ["a", "a", "a"], "array(varchar(1))"),
        ("repeat(NULL, 2)", [None, None], "array(unknown)"),
        ("repeat(1, 0)", [], "array(integer)"),
        ("repeat(1, -1)", "INVALID_FUNCTION_ARGUMENT"),
        ("repeat(1, 10001)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "reverse": [
        ("reverse(ARRAY[1, 2])", [2, 1], "array(integer)"),
        ("reverse(ARRAY[1, NULL, 3])", [3, None, 1], "array(integer)"),
        ("reverse(CAST(NULL AS array(integer)))", None, "array(integer)"),
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
        ("sequence(3, 1)", [3, 2, 1], "array(bigint)"),
        ("sequence(1, 1)", [1], "array(bigint)"),
        ("sequence(1, 5, 0)", "INVALID_FUNCTION_ARGUMENT"),
        ("sequence(1, 5, -1)", "INVALID_FUNCTION_ARGUMENT"),
        ("sequence(1, 20000)", "INVALID_FUNCTION_ARGUMENT"),
        (
            "sequence(DATE '2020-01-02', DATE '2020-01-01')",
            [datetime.date(2020, 1, 2), datetime.date(2020, 1, 1)],
            "array(date)",
        ),
        (
            "sequence(DATE '2020-01-01', DATE '2020-01-05', INTERVAL '2' DAY)",
            [datetime.date(2020, 1, 1), datetime.date(2020, 1, 3), datetime.date(2020, 1, 5)],
            "array(date)",
        ),
    ],
    "slice": [
        ("slice(ARRAY[1, 2, 3, 4], 2, 2)", [2, 3], "array(integer)"),
        ("slice(ARRAY[1, 2, 3, 4], -2, 2)", [3, 4], "array(integer)"),
        ("slice(ARRAY[1, 2], 2, 5)", [2], "array(integer)"),
        ("slice(ARRAY[1, 2], 5, 1)", [], "array(integer)"),
        ("slice(ARRAY[1, 2], 0, 1)", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
        ("slice(ARRAY[1, 2], 1, -1)", "INVALID_FUNCTION_ARGUMENT"),
        ("slice(ARRAY[1, 2], 1, 0)", [], "array(integer)"),
    ],
    "trim_array": [
        ("trim_array(ARRAY[1, 2, 3], 2)", [1], "array(integer)"),
        ("trim_array(ARRAY[1, 2, 3, 4], 1)", [1, 2, 3], "array(integer)"),
        ("trim_array(ARRAY[1, 2], 2)", [], "array(integer)"),
        (
            "trim_array(ARRAY[1], 2)",
            "INVALID_FUNCTION_ARGUMENT: size must not exceed array cardinality 1: 2",
        ),
        ("trim_array(ARRAY[1], -1)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "zip": [
        (
            "zip(ARRAY[1, 2], ARRAY['a'])",
            [{"field0": 1, "field1": "a"}, {"field0": 2, "field1": None}],
            "array(row(integer, varchar(1)))",
        ),
        (
            "zip(ARRAY[1, 2], ARRAY['1b', NULL, '3b'])",
            [
                {"field0": 1, "field1": "1b"},
                {"field0": 2, "field1": None},
                {"field0": None, "field1": "3b"},
            ],
            "array(row(integer, varchar(2)))",
        ),
        (
            "zip(ARRAY[1], ARRAY[2], ARRAY[3], ARRAY[4], ARRAY[5])",
            [{"field0": 1, "field1": 2, "field2": 3, "field3": 4, "field4": 5}],
            "array(row(integer, integer, integer, integer, integer))",
        ),
    ],
    "zip_with": [
        ("zip_with(ARRAY[1, 2], ARRAY[10, 20], (x, y) -> x * y)", [10, 40], "array(integer)"),
        (
            "zip_with(ARRAY[1, 3, 5], ARRAY['a', 'b', 'c'], (x, y) -> (y, x))",
            [
                {"field0": "a", "field1": 1},
                {"field0": "b", "field1": 3},
                {"field0": "c", "field1": 5},
            ],
            "array(row(varchar(1), integer))",
        ),
        ("zip_with(ARRAY[1, 2], ARRAY[3, 4], (x, y) -> x + y)", [4, 6], "array(integer)"),
        (
            "zip_with(ARRAY['a', 'b', 'c'], ARRAY['d', 'e', 'f'], (x, y) -> concat(x, y))",
            ["ad", "be", "cf"],
            "array(varchar)",
        ),
        (
            "zip_with(ARRAY['a'], ARRAY['d', NULL, 'f'], (x, y) -> coalesce(x, y))",
            ["a", None, "f"],
            "array(varchar(1))",
        ),
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
        ("ARRAY[1] || ARRAY[2]", [1, 2], "array(integer)"),
        ("2 || ARRAY[1]", [2, 1], "array(integer)"),
    ],
    "array_first": [
        ("array_first(ARRAY[3, 4])", 3, "integer"),
        ("array_first(ARRAY[])", None, "unknown"),
    ],
    "array_last": [
        ("array_last(ARRAY[3, 4])", 4, "integer"),
        ("array_last(CAST(NULL AS array(integer)))", None, "integer"),
    ],
    "array_histogram": [
        ("array_histogram(ARRAY[42, 7, 42, NULL])", {7: 1, 42: 2}, "map(integer, bigint)"),
        ("array_histogram(ARRAY[NULL, NULL])", {}, "map(unknown, bigint)"),
        ("array_histogram(CAST(NULL AS array(integer)))", None, "map(integer, bigint)"),
    ],
    "combinations": [
        (
            "combinations(ARRAY['foo', 'bar', 'baz'], 2)",
            [["foo", "bar"], ["foo", "baz"], ["bar", "baz"]],
            "array(array(varchar(3)))",
        ),
        ("combinations(ARRAY[1, 2, 2], 2)", [[1, 2], [1, 2], [2, 2]], "array(array(integer))"),
        ("combinations(ARRAY[1, 2, 3], 3)", [[1, 2, 3]], "array(array(integer))"),
        ("combinations(ARRAY[1, 2], 3)", [], "array(array(integer))"),
        ("combinations(ARRAY[1, 2], 0)", [[]], "array(array(integer))"),
        ("combinations(ARRAY[1, 2], -1)", "INVALID_FUNCTION_ARGUMENT"),
        ("combinations(ARRAY[1, 2], 6)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "contains_sequence": [
        ("contains_sequence(ARRAY[1, 2, 3, 4], ARRAY[2, 3])", True, "boolean"),
        ("contains_sequence(ARRAY[1, 2, 3, 4], ARRAY[2, 4])", False, "boolean"),
        ("contains_sequence(ARRAY[1, 2], ARRAY[])", True, "boolean"),
        ("contains_sequence(ARRAY[1], ARRAY[1, 2])", False, "boolean"),
        ("contains_sequence(ARRAY[1], NULL)", None, "boolean"),
    ],
    "ngrams": [
        (
            "ngrams(ARRAY['foo', 'bar', 'baz', 'foo'], 2)",
            [["foo", "bar"], ["bar", "baz"], ["baz", "foo"]],
            "array(array(varchar(3)))",
        ),
        (
            "ngrams(ARRAY['foo', 'bar', 'baz', 'foo'], 3)",
            [["foo", "bar", "baz"], ["bar", "baz", "foo"]],
            "array(array(varchar(3)))",
        ),
        (
            "ngrams(ARRAY['foo', 'bar', 'baz', 'foo'], 5)",
            [["foo", "bar", "baz", "foo"]],
            "array(array(varchar(3)))",
        ),
        ("ngrams(ARRAY[1, 2, 3, 4], 2)", [[1, 2], [2, 3], [3, 4]], "array(array(integer))"),
        ("ngrams(ARRAY[1], 0)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "shuffle": [
        ("cardinality(shuffle(ARRAY[1, 2, 3]))", 3, "bigint"),
        ("array_sort(shuffle(ARRAY[3, 1, 2]))", [1, 2, 3], "array(integer)"),
    ],
    "dot_product": [
        ("dot_product(ARRAY[1.0, 2.0], ARRAY[3.0, 4.0])", 11.0, "double"),
        ("dot_product(ARRAY[1.0], ARRAY[3.0, 4.0])", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "euclidean_distance": [
        ("euclidean_distance(ARRAY[1.0, 2.0], ARRAY[3.0, 4.0])", 2.8284271247461903, "double"),
    ],
    "UNNEST": [
        (
            "SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['a']) WITH ORDINALITY AS t(n, a, o)",
            rows((1, "a", 1), (2, None, 2)),
            "integer, varchar(1), bigint",
        ),
        (
            "SELECT * FROM UNNEST(map(ARRAY['a', 'b'], ARRAY[1, 2])) AS t(k, v)",
            rows(("a", 1), ("b", 2)),
            "varchar(1), integer",
        ),
        (
            "SELECT * FROM UNNEST(ARRAY[ROW(1, 'x'), ROW(2, 'y')]) AS t(a, b)",
            rows((1, "x"), (2, "y")),
            "integer, varchar(1)",
        ),
        (
            "SELECT x, y FROM (VALUES (1, ARRAY[1, 2]), (2, ARRAY[])) AS t(x, ys) CROSS JOIN "
            "UNNEST(ys) AS u(y)",
            rows((1, 1), (1, 2)),
            "integer, integer",
        ),
        (
            "SELECT x, y FROM (VALUES (1, ARRAY[1]), (2, ARRAY[])) AS t(x, ys) LEFT JOIN "
            "UNNEST(ys) AS u(y) ON TRUE",
            rows((1, 1), (2, None)),
            "integer, integer",
        ),
        ("SELECT * FROM UNNEST(CAST(NULL AS array(integer))) AS t(x)", rows(), "integer"),
        (
            "SELECT * FROM UNNEST(ARRAY[NULL, ROW(1, 2)]) WITH ORDINALITY",
            rows((None, None, 1), (1, 2, 2)),
            "integer, integer, bigint",
        ),
        (
            "SELECT * FROM UNNEST(ARRAY[ARRAY[1], ARRAY[2, 3]]) AS t(x)",
            column([1], [2, 3]),
            "array(integer)",
        ),
        ("SELECT x FROM UNNEST(sequence(1, 3)) AS t(x) WHERE x > 1", column(2, 3), "bigint"),
        (
            "SELECT * FROM UNNEST(5)",
            "INVALID_FUNCTION_ARGUMENT: line 1:22: Cannot unnest type: integer",
        ),
        ("SELECT * FROM UNNEST(ARRAY[1]) AS t(a, b)", "MISMATCHED_COLUMN_ALIASES"),
    ],
    "=": [
        ("ARRAY[1, 2] = ARRAY[1, NULL]", None, "boolean"),
        ("ARRAY[1, 2] = ARRAY[1, 2, 3]", False, "boolean"),
        ("ARRAY[1, 2] IS DISTINCT FROM ARRAY[1, NULL]", True, "boolean"),
    ],
    "<": [
        ("ARRAY[1, 2] < ARRAY[1, 3]", True, "boolean"),
        ("ARRAY[1] < ARRAY[1, 0]", True, "boolean"),
    ],
    "cast": [
        ("CAST(ARRAY[1, 2] AS array(varchar))", ["1", "2"], "array(varchar)"),
        ("CAST(ARRAY['x'] AS array(integer))", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT"),
        ("TRY_CAST(ARRAY['x'] AS array(integer))", None, "array(integer)"),
        ("CAST(ARRAY[1] AS varchar)", "TYPE_MISMATCH"),
        (
            "CAST(ARRAY[ROW(1, '2')] AS array(ROW(a varchar, b integer)))",
            [{"a": "1", "b": 2}],
            "array(row(a varchar, b integer))",
        ),
    ],
}
