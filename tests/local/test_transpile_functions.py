from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.local.trino_sql import Case, assert_gives, each, failure

STRINGS: list[Case] = [
    ("chr(65)", "A", "varchar"),
    ("codepoint('A')", 65, "integer"),
    ("concat('a', 'b', 'c')", "abc", "varchar"),
    ("concat('a', NULL)", None, "varchar"),
    ("concat_ws(',', 'a', NULL, 'b')", "a,b", "varchar"),
    ("concat_ws(',', ARRAY['a', NULL, 'b'])", "a,b", "varchar"),
    ("concat(ARRAY[1], ARRAY[2], ARRAY[3])", [1, 2, 3], "array(integer)"),
    ("concat(ARRAY[1], CAST(NULL AS array(integer)))", None, "array(integer)"),
    ("length('héllo')", 5, "bigint"),
    ("length(X'0102')", 2, "bigint"),
    ("lower('ABC')", "abc", "varchar(3)"),
    ("upper('abc')", "ABC", "varchar(3)"),
    ("reverse('abc')", "cba", "varchar(3)"),
    ("lpad('abc', 5, 'xy')", "xyabc", "varchar"),
    ("lpad('abc', 2, 'x')", "ab", "varchar"),
    ("rpad('abc', 6, 'xy')", "abcxyx", "varchar"),
    ("trim('  a \t')", "a", "varchar(5)"),
    ("trim(BOTH '$' FROM '$a$')", "a", "varchar(3)"),
    ("trim(LEADING FROM '  a ')", "a ", "varchar(4)"),
    ("trim(TRAILING 'x' FROM 'axx')", "a", "varchar(3)"),
    ("ltrim('  a ')", "a ", "varchar(4)"),
    ("rtrim('  a ')", "  a", "varchar(4)"),
    ("replace('abcabc', 'b')", "acac", "varchar(6)"),
    ("replace('abc', 'b', 'xx')", "axxc", "varchar"),
    ("split('a,b,c', ',')", ["a", "b", "c"], "array(varchar)"),
    ("split('a,b,c', ',', 2)", ["a", "b,c"], "array(varchar)"),
    ("split('', ',')", [""], "array(varchar)"),
    ("split_part('a,b', ',', 2)", "b", "varchar"),
    ("split_part('a,b', ',', 3)", None, "varchar"),
    ("split_to_map('a=1;b=2', ';', '=')", {"a": "1", "b": "2"}, "map(varchar, varchar)"),
    ("starts_with('abc', 'ab')", True, "boolean"),
    ("strpos('hello', 'l')", 3, "bigint"),
    ("strpos('hello', 'z')", 0, "bigint"),
    ("position('l' IN 'hello')", 3, "bigint"),
    ("substr('hello', 2)", "ello", "varchar"),
    ("substr('hello', 2, 3)", "ell", "varchar"),
    ("substr('hello', -3)", "llo", "varchar"),
    ("substr('hello', -3, 2)", "ll", "varchar"),
    ("substr('hello', 0)", "", "varchar"),
    ("substr('hello', -9)", "", "varchar"),
    ("substr('hello', 9)", "", "varchar"),
    ("substr('hello', 2, -1)", "", "varchar"),
    ("substring('hello' FROM 2 FOR 2)", "el", "varchar"),
    ("translate('abcd', 'abc', 'xy')", "xyd", "varchar"),
    ("levenshtein_distance('kitten', 'sitting')", 3, "bigint"),
    ("hamming_distance('abc', 'abd')", 1, "bigint"),
    ("to_utf8('é')", "é".encode(), "varbinary"),
    ("from_utf8(X'c3a9')", "é", "varchar"),
    ("normalize('é')", "é", "varchar"),
    ("url_extract_host('http://user@example.com:80/a/b?x=1#f')", "example.com", "varchar"),
    ("url_extract_port('http://example.com:80/a')", 80, "bigint"),
    ("url_extract_path('http://example.com/a/b?x=1')", "/a/b", "varchar"),
    ("url_extract_query('http://example.com/a?x=1&y=2#f')", "x=1&y=2", "varchar"),
    ("url_encode('a b/c')", "a+b%2Fc", "varchar"),
    ("url_decode('a+b%2Fc')", "a b/c", "varchar"),
    ("lower(NULL)", None, "varchar(0)"),
]

REGEXPS: list[Case] = [
    (r"regexp_like('1a 2b', '\d+b')", True, "boolean"),
    ("regexp_like('abc', '^b')", False, "boolean"),
    (r"regexp_extract('1a 2b', '\d+')", "1", "varchar"),
    (r"regexp_extract('1a 2b', '(\d+)([a-z]+)', 2)", "a", "varchar"),
    (r"regexp_extract('abc', '\d+')", None, "varchar"),
    (r"regexp_extract_all('1a 2b 14m', '\d+')", ["1", "2", "14"], "array(varchar)"),
    (r"regexp_extract_all('1a 2b', '(\d+)([a-z]+)', 2)", ["a", "b"], "array(varchar)"),
    (r"regexp_replace('1a 2b', '\d+[ab] ?')", "", "varchar"),
    (r"regexp_replace('1a 2b', '(\d+)([ab])', '3c$2 ')", "3ca  3cb ", "varchar"),
    (r"regexp_replace('ab', 'b', '\$1')", "a$1", "varchar"),
    (r"regexp_split('1a 2b 14m', '\s*[a-z]+\s*')", ["1", "2", "14", ""], "array(varchar)"),
    (r"regexp_count('1a 2b 14m', '\s*[a-z]+\s*')", 3, "bigint"),
]

NUMBERS: list[Case] = [
    ("abs(-5)", 5, "integer"),
    ("abs(-1.5)", Decimal("1.5"), "decimal(2,1)"),
    ("abs(TINYINT '-5')", 5, "tinyint"),
    ("ceil(1.2)", Decimal(2), "decimal(2,0)"),
    ("ceiling(1.2e0)", 2.0, "double"),
    ("ceil(5)", 5, "integer"),
    ("floor(-1.5)", Decimal(-2), "decimal(2,0)"),
    ("round(2.5)", Decimal(3), "decimal(2,0)"),
    ("round(-2.5e0)", -3.0, "double"),
    ("round(123.456, 2)", Decimal("123.460"), "decimal(7,3)"),
    ("round(123.456e0, 1)", 123.5, "double"),
    ("round(155, -1)", 160, "integer"),
    ("truncate(-1.9)", Decimal(-1), "decimal(1,0)"),
    ("truncate(-1.9e0)", -1.0, "double"),
    ("sign(-5)", -1, "integer"),
    ("sign(-1.5)", Decimal(-1), "decimal(1,0)"),
    ("sign(-1.5e0)", -1.0, "double"),
    ("mod(7, 3)", 1, "integer"),
    ("mod(7.5, 2)", Decimal("1.5"), "decimal(2,1)"),
    ("power(2, 10)", 1024.0, "double"),
    ("pow(2.0, 0.5)", 2**0.5, "double"),
    ("sqrt(9)", 3.0, "double"),
    ("sqrt(-1)", float("nan"), "double"),
    ("ln(0)", float("-inf"), "double"),
    ("log(2, 8)", 3.0, "double"),
    ("log10(1000)", 3.0, "double"),
    ("cbrt(27)", 3.0, "double"),
    ("exp(0)", 1.0, "double"),
    ("degrees(pi())", 180.0, "double"),
    ("e()", 2.718281828459045, "double"),
    ("atan2(0, 1)", 0.0, "double"),
    ("infinity()", float("inf"), "double"),
    ("is_nan(nan())", True, "boolean"),
    ("is_finite(1)", True, "boolean"),
    ("is_infinite(-infinity())", True, "boolean"),
    ("width_bucket(5.3, 0.2, 10.6, 5)", 3, "bigint"),
    ("width_bucket(5.0, ARRAY[1.0, 4.0, 8.0])", 2, "bigint"),
    ("bitwise_and(19, 25)", 17, "bigint"),
    ("bitwise_xor(19, 25)", 10, "bigint"),
    ("bitwise_not(19)", -20, "bigint"),
    ("bit_count(7, 64)", 3, "bigint"),
    ("bit_count(-7, 8)", 6, "bigint"),
    ("to_base(255, 16)", "ff", "varchar"),
]

BINARY: list[Case] = [
    ("to_hex(X'00ff')", "00FF", "varchar"),
    ("from_hex('00ff')", b"\x00\xff", "varbinary"),
    ("to_base64(to_utf8('abc'))", "YWJj", "varchar"),
    ("from_base64('YWJj')", b"abc", "varbinary"),
    ("to_hex(md5(to_utf8('a')))", "0CC175B9C0F1B6A831C399E269772661", "varchar"),
    (
        "to_hex(sha256(to_utf8('a')))",
        "CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB",
        "varchar",
    ),
    ("to_hex(sha1(to_utf8('a')))", "86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8", "varchar"),
]

JSON: list[Case] = [
    ("""json_parse('{"b": 1, "a": [1, 2]}')""", '{"a":[1,2],"b":1}', "json"),
    ("json_format(json_parse('[1, \"x\"]'))", '[1,"x"]', "varchar"),
    ("""json_extract('{"a": {"b": 1}}', '$.a')""", '{"b":1}', "json"),
    ("""json_extract('{"a b": 1}', '$["a b"]')""", "1", "json"),
    ("json_extract('not json', '$.a')", None, "json"),
    ("""json_extract_scalar('{"a": {"b": "x"}}', '$.a.b')""", "x", "varchar"),
    ("""json_extract_scalar('{"a": {"b": "x"}}', '$.a')""", None, "varchar"),
    ("""json_extract_scalar('{"a": [1, 2]}', '$.a[1]')""", "2", "varchar"),
    ("""json_extract_scalar('{"a": true}', '$.a')""", "true", "varchar"),
    ("json_array_length('[1, 2, 3]')", 3, "bigint"),
    ("json_array_length('{}')", None, "bigint"),
    ("json_array_contains('[1, 2]', 2)", True, "boolean"),
    ("json_array_get('[1, 2]', 0)", "1", "json"),
    ("""json_size('{"x": {"a": 1, "b": 2}}', '$.x')""", 2, "bigint"),
    ("is_json_scalar('1')", True, "boolean"),
    ("CAST(JSON '5' AS bigint)", 5, "bigint"),
    ("CAST(JSON '\"x\"' AS varchar)", "x", "varchar"),
    ("CAST(JSON 'null' AS varchar)", None, "varchar"),
    ("CAST(JSON '[1, 2]' AS array(bigint))", [1, 2], "array(bigint)"),
    ("""CAST(JSON '{"a": 1}' AS map(varchar, bigint))""", {"a": 1}, "map(varchar, bigint)"),
    (
        """CAST(JSON '{"a": 1, "b": "x"}' AS row(a bigint, b varchar))""",
        {"a": 1, "b": "x"},
        "row(a bigint, b varchar)",
    ),
    (
        """CAST(JSON '[{"b": [1.5], "c": 0}, null]' AS array(row(a bigint, b array(double))))""",
        [{"a": None, "b": [1.5]}, None],
        "array(row(a bigint, b array(double)))",
    ),
    (
        "CAST(JSON '[1, \"x\"]' AS row(a bigint, b varchar))",
        {"a": 1, "b": "x"},
        "row(a bigint, b varchar)",
    ),
    (
        """CAST(JSON '{"1": {"x": true}}' AS map(bigint, row(x boolean)))""",
        {1: {"x": True}},
        "map(bigint, row(x boolean))",
    ),
    ("CAST(JSON 'null' AS array(bigint))", None, "array(bigint)"),
    ("CAST(ARRAY[1, 2] AS json)", "[1,2]", "json"),
    ("CAST(map(ARRAY['k'], ARRAY[1]) AS json)", '{"k":1}', "json"),
    ("CAST(CAST(ROW(1, 'x') AS row(a bigint, b varchar)) AS json)", '{"a":1,"b":"x"}', "json"),
    ("CAST('x' AS json)", '"x"', "json"),
    ("JSON '[1]' = JSON '[ 1 ]'", True, "boolean"),
]

ARRAYS: list[Case] = [
    ("element_at(ARRAY[1, 2], 2)", 2, "integer"),
    ("element_at(ARRAY[1, 2], 3)", None, "integer"),
    ("element_at(ARRAY[1, 2], -1)", 2, "integer"),
    ("ARRAY[1, 2][1]", 1, "integer"),
    ("cardinality(ARRAY[1, NULL])", 2, "bigint"),
    ("contains(ARRAY[1, 2], 2)", True, "boolean"),
    ("contains(ARRAY[1, NULL], 2)", None, "boolean"),
    ("contains(ARRAY[1, 2], 3)", False, "boolean"),
    ("array_distinct(ARRAY[3, 1, 3, NULL, NULL])", [3, 1, None], "array(integer)"),
    ("array_except(ARRAY[1, 2, 3], ARRAY[2])", [1, 3], "array(integer)"),
    ("array_intersect(ARRAY[1, 2, 2, NULL], ARRAY[2, NULL])", [2, None], "array(integer)"),
    ("array_union(ARRAY[1, 2], ARRAY[2, 3])", [1, 2, 3], "array(integer)"),
    ("array_join(ARRAY[1, NULL, 2], ',')", "1,2", "varchar"),
    ("array_join(ARRAY[1, NULL, 2], ',', '?')", "1,?,2", "varchar"),
    ("array_join(ARRAY[1.5e0], ',')", "1.5E0", "varchar"),
    ("array_max(ARRAY[1, 3, 2])", 3, "integer"),
    ("array_max(ARRAY[1, NULL])", None, "integer"),
    ("array_min(ARRAY['b', 'a'])", "a", "varchar(1)"),
    ("array_position(ARRAY[5, 6], 6)", 2, "bigint"),
    ("array_position(ARRAY[5, 6], 7)", 0, "bigint"),
    ("array_remove(ARRAY[1, 2, 1], 1)", [2], "array(integer)"),
    ("array_sort(ARRAY[3, NULL, 1])", [1, 3, None], "array(integer)"),
    ("arrays_overlap(ARRAY[1, 2], ARRAY[2, 3])", True, "boolean"),
    ("arrays_overlap(ARRAY[1, NULL], ARRAY[2])", None, "boolean"),
    ("filter(ARRAY[1, -2, 3, NULL], x -> x > 0)", [1, 3], "array(integer)"),
    ("flatten(ARRAY[ARRAY[1], ARRAY[2, 3]])", [1, 2, 3], "array(integer)"),
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
    ("reduce(ARRAY[5, 20, 50], 0, (s, x) -> s + x, s -> s)", 75, "integer"),
    ("reduce(ARRAY[5, 6], 0.0e0, (s, x) -> s + x, s -> s / 2)", 5.5, "double"),
    ("reduce(ARRAY[], 7, (s, x) -> s, s -> s)", 7, "integer"),
    (
        "reduce(ARRAY[5, 7], CAST(ROW(0.0, 0) AS row(sum double, count integer)),"
        " (s, x) -> CAST(ROW(x + s.sum, s.count + 1) AS row(sum double, count integer)),"
        " s -> if(s.count = 0, NULL, s.sum / s.count))",
        6.0,
        "double",
    ),
    ("any_match(ARRAY[1, 2], x -> x > 1)", True, "boolean"),
    ("any_match(ARRAY[1, NULL], x -> x > 1)", None, "boolean"),
    ("all_match(ARRAY[1, 2], x -> x > 0)", True, "boolean"),
    ("all_match(ARRAY[1, NULL], x -> x > 1)", False, "boolean"),
    ("none_match(ARRAY[1, 2], x -> x > 5)", True, "boolean"),
    ("repeat('a', 3)", ["a", "a", "a"], "array(varchar(1))"),
    ("reverse(ARRAY[1, 2])", [2, 1], "array(integer)"),
    ("sequence(1, 4)", [1, 2, 3, 4], "array(bigint)"),
    ("sequence(5, 1, -2)", [5, 3, 1], "array(bigint)"),
    ("slice(ARRAY[1, 2, 3, 4], 2, 2)", [2, 3], "array(integer)"),
    ("slice(ARRAY[1, 2, 3, 4], -2, 2)", [3, 4], "array(integer)"),
    ("trim_array(ARRAY[1, 2, 3], 2)", [1], "array(integer)"),
    (
        "zip(ARRAY[1, 2], ARRAY['a'])",
        [{"field0": 1, "field1": "a"}, {"field0": 2, "field1": None}],
        "array(row(integer, varchar(1)))",
    ),
    ("zip_with(ARRAY[1, 2], ARRAY[10, 20], (x, y) -> x * y)", [10, 40], "array(integer)"),
]

MAPS: list[Case] = [
    ("map()", {}, "map(unknown, unknown)"),
    ("map(ARRAY['a'], ARRAY[1])", {"a": 1}, "map(varchar(1), integer)"),
    ("map(ARRAY['a'], ARRAY[1])['a']", 1, "integer"),
    ("element_at(map(ARRAY['a'], ARRAY[1]), 'b')", None, "integer"),
    ("cardinality(map(ARRAY['a'], ARRAY[1]))", 1, "bigint"),
    ("map_keys(map(ARRAY['a', 'b'], ARRAY[1, 2]))", ["a", "b"], "array(varchar(1))"),
    ("map_values(map(ARRAY['a', 'b'], ARRAY[1, 2]))", [1, 2], "array(integer)"),
    (
        "map_entries(map(ARRAY['a'], ARRAY[1]))",
        [{"field0": "a", "field1": 1}],
        "array(row(varchar(1), integer))",
    ),
    ("map_from_entries(ARRAY[(1, 'x'), (2, 'y')])", {1: "x", 2: "y"}, "map(integer, varchar(1))"),
    (
        "map_concat(map(ARRAY['a'], ARRAY[1]), map(ARRAY['a'], ARRAY[2]))",
        {"a": 2},
        "map(varchar(1), integer)",
    ),
    (
        "map_filter(map(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1)",
        {"b": 2},
        "map(varchar(1), integer)",
    ),
    (
        "transform_values(map(ARRAY['a'], ARRAY[1]), (k, v) -> v + 0.5)",
        {"a": Decimal("1.5")},
        "map(varchar(1), decimal(12,1))",
    ),
    (
        "transform_keys(map(ARRAY['a'], ARRAY[1]), (k, v) -> upper(k))",
        {"A": 1},
        "map(varchar(1), integer)",
    ),
]

TYPES: list[Case] = [
    ("typeof(1)", "integer", "varchar(7)"),
    ("typeof(ARRAY[ROW(1, 'a')])", "array(row(integer, varchar(1)))", "varchar(31)"),
    ("typeof(CAST(ROW(1) AS row(a bigint)))", "row(a bigint)", "varchar(13)"),
    ("typeof(NULL)", "unknown", "varchar(7)"),
    ("typeof(now())", "timestamp(3) with time zone", "varchar(27)"),
    ("typeof(uuid())", "uuid", "varchar(4)"),
    ("uuid() = uuid()", False, "boolean"),
    ("random() < 1", True, "boolean"),
    ("random(1)", 0, "integer"),
]

FORMATS: list[Case] = [
    ("format('%s%%', 123)", "123%", "varchar"),
    ("format('%.5f', pi())", "3.14159", "varchar"),
    ("format('%03d', 8)", "008", "varchar"),
    ("format('%,.2f', 1234567.89)", "1,234,567.89", "varchar"),
    ("format('%-7s,%7s', 'hello', 'world')", "hello  ,  world", "varchar"),
    ("format('%2$s %3$s %1$s', 'a', 'b', 'c')", "b c a", "varchar"),
    ("format('%1$tA, %1$tB %1$te, %1$tY', DATE '2006-07-04')", "Tuesday, July 4, 2006", "varchar"),
    ("format('%s|%s|%5s', 1e10, true, NULL)", "1.0E10|true| null", "varchar"),
    ("format('%x %+d %,d', 255, 5, -1234567)", "ff +5 -1,234,567", "varchar"),
    ("format('%.2s%b', 'abc', true)", "abtrue", "varchar"),
    ("format('plain')", "plain", "varchar"),
]

ALL = [*STRINGS, *REGEXPS, *NUMBERS, *BINARY, *JSON, *ARRAYS, *MAPS, *TYPES, *FORMATS]


@each(ALL)
def test_function(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("foo(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered"),
        ("1 + foo(1)", "FUNCTION_NOT_FOUND: line 1:12: Function 'foo' not registered"),
        ("a.b.foo(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'a.b.foo(1)' not registered"),
        (
            "lower(1)",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function lower. "
            "Expected: lower(varchar)",
        ),
        (
            "lower()",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters () for function lower. "
            "Expected: lower(varchar)",
        ),
        (
            "ARRAY[1, 2][3]",
            "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array "
            "length: 3 > 2",
        ),
        ("ARRAY[1][0]", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
        ("ARRAY[1][-1]", "INVALID_FUNCTION_ARGUMENT: Array subscript is negative: -1"),
        ("element_at(ARRAY[1], 0)", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
        ("map(ARRAY['a'], ARRAY[1])['b']", "INVALID_FUNCTION_ARGUMENT: Key not present in map: b"),
        (
            "map(ARRAY['a', 'a'], ARRAY[1, 2])",
            "INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed",
        ),
        ("json_parse('{')", "INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{'"),
        (
            "regexp_like('a', '(')",
            "INVALID_FUNCTION_ARGUMENT: Invalid regular expression: missing ): (",
        ),
        ("split_part('a', ',', 0)", "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero"),
        (
            "ARRAY[1, 'a']",
            "TYPE_MISMATCH: line 1:17: All ARRAY elements must be the same type or "
            "coercible to a common type. Cannot find common type between integer and varchar(1), "
            "all types (without duplicates): [integer, varchar(1)]",
        ),
        (
            "lower('a') OVER ()",
            "FUNCTION_NOT_WINDOW: line 1:8: Function lower is not a window function",
        ),
        (
            "lower(DISTINCT 'a')",
            "FUNCTION_NOT_AGGREGATE: line 1:8: Function lower is not an aggregation function",
        ),
        (
            "row_number()",
            "MISSING_OVER: line 1:8: Window function row_number requires an OVER clause",
        ),
        (
            "format('%d', 'a')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: Invalid format string: %d "
            "(IllegalFormatConversion: d != varchar(1))",
        ),
        (
            "format('%s %s', 1)",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: Invalid format string: %s %s "
            "(Format specifier '%s')",
        ),
        ("xxhash64(X'00')", "NOT_SUPPORTED: line 1:8: Function 'xxhash64' is not supported"),
        (
            "json_value('{}', 'lax $.a' RETURNING bigint)",
            "NOT_SUPPORTED: line 1:8: Function 'json_value' is not supported",
        ),
        (
            "json_exists('{}', 'lax $.a')",
            "NOT_SUPPORTED: line 1:8: Function 'json_exists' is not supported",
        ),
        ("fail('no')", "GENERIC_USER_ERROR: no"),
    ],
)
def test_function_errors(expression: str, message: str) -> None:
    assert failure(f"SELECT {expression}") == message


@pytest.mark.parametrize(
    "call",
    [
        "getenv('HOME')",
        "current_setting('home_directory')",
        "read_text('/etc/passwd')",
        "list_transform(ARRAY[1], x -> x)",
        "struct_pack(1)",
        "nextval('x')",
        "error('x')",
        "query('SELECT 1')",
        "pragma_version()",
        "sleep_ms(10000)",
        "write_log('x')",
    ],
)
def test_functions_of_duckdb_are_unknown(call: str) -> None:
    name = call.split("(")[0]
    assert failure(f"SELECT {call}") == (
        f"FUNCTION_NOT_FOUND: line 1:8: Function '{name}' not registered"
    )


@pytest.mark.parametrize(
    "table", ["read_csv('/etc/passwd')", "glob('*')", "duckdb_settings()", "range(3)"]
)
def test_table_functions_are_unknown(table: str) -> None:
    name = table.split("(")[0]
    assert failure(f"SELECT * FROM {table}") == (
        f"FUNCTION_NOT_FOUND: line 1:15: Table function '{name}' not registered"
    )
