"""String functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "chr": [
        ("chr(65)", "A", "varchar"),
    ],
    "codepoint": [
        ("codepoint('A')", 65, "integer"),
    ],
    "concat": [
        ("concat('a', 'b', 'c')", "abc", "varchar"),
        ("concat('a', NULL)", None, "varchar"),
    ],
    "concat_ws": [
        ("concat_ws(',', 'a', NULL, 'b')", "a,b", "varchar"),
        ("concat_ws(',', ARRAY['a', NULL, 'b'])", "a,b", "varchar"),
    ],
    "length": [
        ("length('héllo')", 5, "bigint"),
        ("length(CAST('a' AS char(3)))", 3, "bigint"),
    ],
    "lower": [
        ("lower('ABC')", "abc", "varchar(3)"),
        ("lower(NULL)", None, "varchar(0)"),
        (
            "lower(1)",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function lower."
            " Expected: lower(varchar)",
        ),
        (
            "lower()",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters () for function lower. Expected:"
            " lower(varchar)",
        ),
        (
            "lower('a') OVER ()",
            "FUNCTION_NOT_WINDOW: line 1:8: Function lower is not a window function",
        ),
        (
            "lower(DISTINCT 'a')",
            "FUNCTION_NOT_AGGREGATE: line 1:8: Function lower is not an aggregation function",
        ),
    ],
    "upper": [
        ("upper('abc')", "ABC", "varchar(3)"),
    ],
    "reverse": [
        ("reverse('abc')", "cba", "varchar(3)"),
    ],
    "lpad": [
        ("lpad('abc', 5, 'xy')", "xyabc", "varchar"),
        ("lpad('abc', 2, 'x')", "ab", "varchar"),
    ],
    "rpad": [
        ("rpad('abc', 6, 'xy')", "abcxyx", "varchar"),
    ],
    "trim": [
        ("trim('  a \t')", "a", "varchar(5)"),
        ("trim(BOTH '$' FROM '$a$')", "a", "varchar(3)"),
        ("trim(LEADING FROM '  a ')", "a ", "varchar(4)"),
        ("trim(TRAILING 'x' FROM 'axx')", "a", "varchar(3)"),
    ],
    "ltrim": [
        ("ltrim('  a ')", "a ", "varchar(4)"),
    ],
    "rtrim": [
        ("rtrim('  a ')", "  a", "varchar(4)"),
    ],
    "replace": [
        ("replace('abcabc', 'b')", "acac", "varchar(6)"),
        ("replace('abc', 'b', 'xx')", "axxc", "varchar"),
    ],
    "split": [
        ("split('a,b,c', ',')", ["a", "b", "c"], "array(varchar)"),
        ("split('a,b,c', ',', 2)", ["a", "b,c"], "array(varchar)"),
        ("split('', ',')", [""], "array(varchar)"),
    ],
    "split_part": [
        ("split_part('a,b', ',', 2)", "b", "varchar"),
        ("split_part('a,b', ',', 3)", None, "varchar"),
        ("split_part('a', ',', 0)", "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero"),
    ],
    "split_to_map": [
        ("split_to_map('a=1;b=2', ';', '=')", {"a": "1", "b": "2"}, "map(varchar, varchar)"),
    ],
    "starts_with": [
        ("starts_with('abc', 'ab')", True, "boolean"),
    ],
    "strpos": [
        ("strpos('hello', 'l')", 3, "bigint"),
        ("strpos('hello', 'z')", 0, "bigint"),
    ],
    "position": [
        ("position('l' IN 'hello')", 3, "bigint"),
    ],
    "substr": [
        ("substr('hello', 2)", "ello", "varchar"),
        ("substr('hello', 2, 3)", "ell", "varchar"),
        ("substr('hello', -3)", "llo", "varchar"),
        ("substr('hello', -3, 2)", "ll", "varchar"),
        ("substr('hello', 0)", "", "varchar"),
        ("substr('hello', -9)", "", "varchar"),
        ("substr('hello', 9)", "", "varchar"),
        ("substr('hello', 2, -1)", "", "varchar"),
    ],
    "substring": [
        ("substring('hello' FROM 2 FOR 2)", "el", "varchar"),
    ],
    "translate": [
        ("translate('abcd', 'abc', 'xy')", "xyd", "varchar"),
    ],
    "levenshtein_distance": [
        ("levenshtein_distance('kitten', 'sitting')", 3, "bigint"),
    ],
    "hamming_distance": [
        ("hamming_distance('abc', 'abd')", 1, "bigint"),
    ],
    "to_utf8": [
        ("to_utf8('é')", b"\xc3\xa9", "varbinary"),
    ],
    "from_utf8": [
        ("from_utf8(X'c3a9')", "é", "varchar"),
    ],
    "normalize": [
        ("normalize('é')", "é", "varchar"),
    ],
    "fail": [
        ("fail('no')", "GENERIC_USER_ERROR: no"),
    ],
    "||": [
        ("'a' || 1", "TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) || integer"),
        ("'a' || 'bc'", "abc", "varchar(3)"),
        ("'a' || NULL", None, "varchar"),
        ("'a' || 'b' || 'c' || 'd'", "abcd", "varchar(4)"),
    ],
}
