"""JSON functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "json_parse": [
        ('json_parse(\'{"b": 1, "a": [1, 2]}\')', '{"a":[1,2],"b":1}', "json"),
        ("json_parse('{')", "INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{'"),
    ],
    "json_format": [
        ("json_format(json_parse('[1, \"x\"]'))", '[1,"x"]', "varchar"),
    ],
    "json_extract": [
        ("json_extract('{\"a\": {\"b\": 1}}', '$.a')", '{"b":1}', "json"),
        ("json_extract('{\"a b\": 1}', '$[\"a b\"]')", "1", "json"),
        ("json_extract('not json', '$.a')", None, "json"),
    ],
    "json_extract_scalar": [
        ('json_extract_scalar(\'{"a": {"b": "x"}}\', \'$.a.b\')', "x", "varchar"),
        ('json_extract_scalar(\'{"a": {"b": "x"}}\', \'$.a\')', None, "varchar"),
        ("json_extract_scalar('{\"a\": [1, 2]}', '$.a[1]')", "2", "varchar"),
        ("json_extract_scalar('{\"a\": true}', '$.a')", "true", "varchar"),
    ],
    "json_array_length": [
        ("json_array_length('[1, 2, 3]')", 3, "bigint"),
        ("json_array_length('{}')", None, "bigint"),
    ],
    "json_array_contains": [
        ("json_array_contains('[1, 2]', 2)", True, "boolean"),
    ],
    "json_array_get": [
        ("json_array_get('[1, 2]', 0)", "1", "json"),
    ],
    "json_size": [
        ('json_size(\'{"x": {"a": 1, "b": 2}}\', \'$.x\')', 2, "bigint"),
    ],
    "is_json_scalar": [
        ("is_json_scalar('1')", True, "boolean"),
    ],
    "cast": [
        ("CAST(JSON '5' AS bigint)", 5, "bigint"),
        ("CAST(JSON '\"x\"' AS varchar)", "x", "varchar"),
        ("CAST(JSON 'null' AS varchar)", None, "varchar"),
        ("CAST(JSON '[1, 2]' AS array(bigint))", [1, 2], "array(bigint)"),
        ("CAST(JSON '{\"a\": 1}' AS map(varchar, bigint))", {"a": 1}, "map(varchar, bigint)"),
        (
            'CAST(JSON \'{"a": 1, "b": "x"}\' AS row(a bigint, b varchar))',
            {"a": 1, "b": "x"},
            "row(a bigint, b varchar)",
        ),
        (
            'CAST(JSON \'[{"b": [1.5], "c": 0}, null]\' AS array(row(a bigint, b array(double))))',
            [{"a": None, "b": [1.5]}, None],
            "array(row(a bigint, b array(double)))",
        ),
        (
            "CAST(JSON '[1, \"x\"]' AS row(a bigint, b varchar))",
            {"a": 1, "b": "x"},
            "row(a bigint, b varchar)",
        ),
        (
            'CAST(JSON \'{"1": {"x": true}}\' AS map(bigint, row(x boolean)))',
            {1: {"x": True}},
            "map(bigint, row(x boolean))",
        ),
        ("CAST(JSON 'null' AS array(bigint))", None, "array(bigint)"),
        ("CAST(ARRAY[1, 2] AS json)", "[1,2]", "json"),
        ("CAST(map(ARRAY['k'], ARRAY[1]) AS json)", '{"k":1}', "json"),
        ("CAST(CAST(ROW(1, 'x') AS row(a bigint, b varchar)) AS json)", '{"a":1,"b":"x"}', "json"),
        ("CAST('x' AS json)", '"x"', "json"),
    ],
    "=": [
        ("JSON '[1]' = JSON '[ 1 ]'", True, "boolean"),
    ],
}
