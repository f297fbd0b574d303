"""String functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "chr": [
        ("chr(65)", "A", "varchar"),
        ("chr(128512)", "😀", "varchar"),
        ("chr(NULL)", None, "varchar"),
        ("chr(-1)", "INVALID_FUNCTION_ARGUMENT"),
        ("chr(1114112)", "INVALID_FUNCTION_ARGUMENT"),
        ("chr(55296)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "codepoint": [
        ("codepoint('A')", 65, "integer"),
        ("codepoint('😀')", 128512, "integer"),
        ("codepoint('ab')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "concat": [
        ("concat('a', 'b', 'c')", "abc", "varchar"),
        ("concat('a', NULL)", None, "varchar"),
        ("concat('a', '', 'b')", "ab", "varchar"),
    ],
    "concat_ws": [
        ("concat_ws(',', 'a', NULL, 'b')", "a,b", "varchar"),
        ("concat_ws(',', ARRAY['a', NULL, 'b'])", "a,b", "varchar"),
        ("concat_ws('-', 'a', 'b', 'c')", "a-b-c", "varchar"),
        ("concat_ws(',', NULL, NULL)", "", "varchar"),
        ("concat_ws(NULL, 'a', 'b')", None, "varchar"),
        ("concat_ws(',', 'a', '')", "a,", "varchar"),
    ],
    "length": [
        ("length('héllo')", 5, "bigint"),
        ("length(CAST('a' AS char(3)))", 3, "bigint"),
        ("length('')", 0, "bigint"),
        ("length('😀')", 1, "bigint"),
        ("length(NULL)", None, "bigint"),
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
        ("lower('ÀÉ')", "àé", "varchar(2)"),
    ],
    "upper": [
        ("upper('abc')", "ABC", "varchar(3)"),
        ("upper('àé')", "ÀÉ", "varchar(2)"),
    ],
    "reverse": [
        ("reverse('abc')", "cba", "varchar(3)"),
        ("reverse('😀é')", "é😀", "varchar(2)"),
        ("reverse(U&'e\\0301x') = U&'x\\0301e'", True, "boolean"),
    ],
    "lpad": [
        ("lpad('abc', 5, 'xy')", "xyabc", "varchar"),
        ("lpad('abc', 2, 'x')", "ab", "varchar"),
        ("lpad('text', 0, 'x')", "", "varchar"),
        ("lpad('text', 7, 'äö')", "äöätext", "varchar"),
        (
            "lpad('abc', -1, 'x')",
            "INVALID_FUNCTION_ARGUMENT: Target length must be in the range [0..2147483647]",
        ),
        ("lpad('abc', 5, '')", "INVALID_FUNCTION_ARGUMENT: Padding string must not be empty"),
        ("lpad(NULL, 5, 'x')", None, "varchar"),
        ("lpad('a', 3000000000, 'b')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "rpad": [
        ("rpad('abc', 6, 'xy')", "abcxyx", "varchar"),
        ("rpad('text', 2, 'x')", "te", "varchar"),
        ("rpad('abc', 5, '')", "INVALID_FUNCTION_ARGUMENT: Padding string must not be empty"),
    ],
    "trim": [
        ("trim('  a \t')", "a", "varchar(5)"),
        ("trim(BOTH '$' FROM '$a$')", "a", "varchar(3)"),
        ("trim(LEADING FROM '  a ')", "a ", "varchar(4)"),
        ("trim(TRAILING 'x' FROM 'axx')", "a", "varchar(3)"),
        ("trim('  ')", "", "varchar(2)"),
        ("trim(LEADING 'ab' FROM 'abax')", "x", "varchar(4)"),
        ("trim(NULL)", None, "varchar(0)"),
    ],
    "ltrim": [
        ("ltrim('  a ')", "a ", "varchar(4)"),
        ("ltrim('xxabc', 'x')", "abc", "varchar(5)"),
    ],
    "rtrim": [
        ("rtrim('  a ')", "  a", "varchar(4)"),
        ("rtrim('abcxy', 'yx')", "abc", "varchar(5)"),
    ],
    "replace": [
        ("replace('abcabc', 'b')", "acac", "varchar(6)"),
        ("replace('abc', 'b', 'xx')", "axxc", "varchar"),
        ("replace('abc', 'z', 'y')", "abc", "varchar"),
        ("replace('abc', '', 'x')", "xaxbxcx", "varchar"),
        ("replace('', 'a', 'b')", "", "varchar"),
        ("replace('aaa', 'aa', 'b')", "ba", "varchar"),
    ],
    "split": [
        ("split('a,b,c', ',')", ["a", "b", "c"], "array(varchar)"),
        ("split('a,b,c', ',', 2)", ["a", "b,c"], "array(varchar)"),
        ("split('', ',')", [""], "array(varchar)"),
        ("split('a,,b', ',')", ["a", "", "b"], "array(varchar)"),
        ("split('a,b', ',', 1)", ["a,b"], "array(varchar)"),
        ("split('a,b,c', ',', 5)", ["a", "b", "c"], "array(varchar)"),
        ("split('a,b', ',', 0)", "INVALID_FUNCTION_ARGUMENT"),
        ("split('a', '')", "INVALID_FUNCTION_ARGUMENT"),
        ("split('a|b', '|')", ["a", "b"], "array(varchar)"),
    ],
    "split_part": [
        ("split_part('a,b', ',', 2)", "b", "varchar"),
        ("split_part('a,b', ',', 3)", None, "varchar"),
        ("split_part('a', ',', 0)", "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero"),
        ("split_part('a,b,', ',', 3)", "", "varchar"),
        ("split_part('abc', '', 2)", "b", "varchar"),
        ("split_part(NULL, ',', 1)", None, "varchar"),
    ],
    "split_to_map": [
        ("split_to_map('a=1;b=2', ';', '=')", {"a": "1", "b": "2"}, "map(varchar, varchar)"),
        (
            "split_to_map('a=1,b=2,a=3', ',', '=')",
            "INVALID_FUNCTION_ARGUMENT: Duplicate keys (a) are not allowed",
        ),
        ("split_to_map('', ',', '=')", {}, "map(varchar, varchar)"),
        ("split_to_map('a', ',', '=')", "INVALID_FUNCTION_ARGUMENT"),
        ("split_to_map('a=', ',', '=')", {"a": ""}, "map(varchar, varchar)"),
        ("split_to_map('a=1', '=', '=')", "INVALID_FUNCTION_ARGUMENT"),
        (
            "split_to_map('a=1;b=2;a=3', ';', '=', (k, x, y) -> concat(x, y))",
            {"a": "13", "b": "2"},
            "map(varchar, varchar)",
        ),
    ],
    "starts_with": [
        ("starts_with('abc', 'ab')", True, "boolean"),
        ("starts_with('abc', '')", True, "boolean"),
        ("starts_with('abc', 'bc')", False, "boolean"),
    ],
    "strpos": [
        ("strpos('hello', 'l')", 3, "bigint"),
        ("strpos('hello', 'z')", 0, "bigint"),
        ("strpos('hello', '')", 1, "bigint"),
        ("strpos('hello world, hello', 'hello', 2)", 14, "bigint"),
        ("strpos('hello world, hello', 'hello', -1)", 14, "bigint"),
        ("strpos('hello', 'l', -2)", 3, "bigint"),
        ("strpos('hello', 'l', 3)", 0, "bigint"),
        ("strpos('hello', 'l', 0)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "position": [
        ("position('l' IN 'hello')", 3, "bigint"),
        ("position('z' IN 'hello')", 0, "bigint"),
        ("position('' IN 'hello')", 1, "bigint"),
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
        ("substr('héllo', 2, 2)", "él", "varchar"),
        ("substr('hello', 5, 9)", "o", "varchar"),
        ("substr('hello', 2, 0)", "", "varchar"),
        ("substr('abc', NULL)", None, "varchar"),
    ],
    "substring": [
        ("substring('hello' FROM 2 FOR 2)", "el", "varchar"),
        ("substring('hello', 4)", "lo", "varchar"),
        ("substring('hello' FROM 3)", "llo", "varchar"),
        ("substring('hello', -2, 1)", "l", "varchar"),
    ],
    "translate": [
        ("translate('abcd', 'abc', 'xy')", "xyd", "varchar"),
        ("translate('abcd', '', 'x')", "abcd", "varchar"),
        ("translate('abca', 'aa', 'xy')", "xbcx", "varchar"),
        ("translate('Palhoça', 'ç', 'c')", "Palhoca", "varchar"),
    ],
    "levenshtein_distance": [
        ("levenshtein_distance('kitten', 'sitting')", 3, "bigint"),
        ("levenshtein_distance('', 'abc')", 3, "bigint"),
        ("levenshtein_distance('héllo', 'hello')", 1, "bigint"),
        ("levenshtein_distance('same', 'same')", 0, "bigint"),
        ("levenshtein_distance('a', NULL)", None, "bigint"),
    ],
    "hamming_distance": [
        ("hamming_distance('abc', 'abd')", 1, "bigint"),
        ("hamming_distance('', '')", 0, "bigint"),
        ("hamming_distance('hello', 'jello')", 1, "bigint"),
        ("hamming_distance('é', 'e')", 1, "bigint"),
        (
            "hamming_distance('ab', 'abc')",
            "INVALID_FUNCTION_ARGUMENT: The input strings to hamming_distance function must have"
            " the same length",
        ),
        ("hamming_distance(NULL, 'a')", None, "bigint"),
    ],
    "to_utf8": [
        ("to_utf8('é')", b"\xc3\xa9", "varbinary"),
    ],
    "from_utf8": [
        ("from_utf8(X'c3a9')", "é", "varchar"),
        ("from_utf8(X'61ff62')", "a\ufffdb", "varchar"),
        ("from_utf8(X'61ff62', '?')", "a?b", "varchar"),
        ("from_utf8(X'61ff62', '')", "ab", "varchar"),
        ("from_utf8(X'61ff62', 63)", "a?b", "varchar"),
        ("from_utf8(X'61ff', 'ab')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "normalize": [
        ("normalize('é')", "é", "varchar"),
        ("normalize(U&'e\\0301') = 'é'", True, "boolean"),
        ("length(normalize('é', NFD))", 2, "bigint"),
        ("normalize('ﬁ', NFKC)", "fi", "varchar"),
        ("length(normalize('ﬁé', NFKD))", 4, "bigint"),
    ],
    "fail": [
        ("fail('no')", "GENERIC_USER_ERROR: no"),
    ],
    "||": [
        ("'a' || 1", "TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) || integer"),
        ("'a' || 'bc'", "abc", "varchar(3)"),
        ("'a' || NULL", None, "varchar"),
        ("'a' || 'b' || 'c' || 'd'", "abcd", "varchar(4)"),
        ("'a' || CAST('b' AS char(2))", "ab ", "char(3)"),
    ],
    "ends_with": [
        ("ends_with('abc', 'bc')", True, "boolean"),
        ("ends_with('abc', 'ab')", False, "boolean"),
        ("ends_with('abc', '')", True, "boolean"),
        ("ends_with(NULL, 'a')", None, "boolean"),
    ],
    "luhn_check": [
        ("luhn_check('79927398713')", True, "boolean"),
        ("luhn_check('79927398714')", False, "boolean"),
        ("luhn_check('79927398-713')", "INVALID_FUNCTION_ARGUMENT"),
        ("luhn_check(NULL)", None, "boolean"),
    ],
    "soundex": [
        ("soundex('Robert')", "R163", "varchar(4)"),
        ("soundex('Rupert')", "R163", "varchar(4)"),
        ("soundex('Ashcraft')", "A261", "varchar(4)"),
        ("soundex('a')", "A000", "varchar(4)"),
    ],
    "split_to_multimap": [
        (
            "split_to_multimap('a=1,b=2,a=3', ',', '=')",
            {"a": ["1", "3"], "b": ["2"]},
            "map(varchar, array(varchar))",
        ),
        ("split_to_multimap(NULL, ',', '=')", None, "map(varchar, array(varchar))"),
    ],
    "title_case": [
        ("title_case('a')", "NOT_SUPPORTED"),
    ],
    "word_stem": [
        ("word_stem('running')", "NOT_SUPPORTED"),
    ],
    "char_length": [
        ("char_length('hé')", 2, "bigint"),
    ],
    "character_length": [
        ("character_length('')", 0, "bigint"),
        ("character_length('héllo')", 5, "bigint"),
    ],
}
