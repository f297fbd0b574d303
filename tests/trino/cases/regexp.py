"""Regular expression functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES", "PARTLY"]

CASES: Cases = {
    "regexp_like": [
        ("regexp_like('1a 2b', '\\d+b')", True, "boolean"),
        ("regexp_like('abc', '^b')", False, "boolean"),
        (
            "regexp_like('a', '(')",
            "INVALID_FUNCTION_ARGUMENT: Invalid regular expression: missing ): (",
        ),
        ("regexp_like('1a 2b 14m', '^\\d+b$')", False, "boolean"),
        ("regexp_like('abcabc', '(abc)\\1')", True, "boolean"),
        ("regexp_like('foobar', 'foo(?=bar)')", True, "boolean"),
        ("regexp_like('foobaz', 'foo(?!baz)')", False, "boolean"),
        ("regexp_like('foobar', '(?<=foo)bar')", True, "boolean"),
        ("regexp_like('aaa', 'a++a')", False, "boolean"),
        ("regexp_like('ABC', '(?i)abc')", True, "boolean"),
        ("regexp_like('É', '(?i)é')", True, "boolean"),
        ("regexp_like(NULL, 'a')", None, "boolean"),
        ("regexp_like('a', NULL)", None, "boolean"),
        ("regexp_like('ab', '(?<x>a)b')", True, "boolean"),
        ("regexp_like('aXa', '(?<x>a)X\\k<x>')", True, "boolean"),
        ("regexp_like('a.b', '\\Q.\\E')", True, "boolean"),
        ("regexp_like('x', '[a-z&&[^x]]')", "NOT_SUPPORTED"),
        ("regexp_like('x', '(?u)x')", "NOT_SUPPORTED"),
        ("regexp_like('ab', '(?<=a*)b')", "NOT_SUPPORTED"),
        ("regexp_like('x', p) FROM (VALUES '(?=x)x') AS t(p)", True, "boolean"),
    ],
    "regexp_extract": [
        ("regexp_extract('1a 2b', '\\d+')", "1", "varchar"),
        ("regexp_extract('1a 2b', '(\\d+)([a-z]+)', 2)", "a", "varchar"),
        ("regexp_extract('abc', '\\d+')", None, "varchar"),
        ("regexp_extract('b', '(a)|(b)', 1)", None, "varchar"),
        ("regexp_extract('1a', '(\\d+)([a-z]+)', 3)", "INVALID_FUNCTION_ARGUMENT"),
        ("regexp_extract('1a', '\\d', -1)", "INVALID_FUNCTION_ARGUMENT"),
        ("regexp_extract('abc', 'x*')", "", "varchar"),
        ("regexp_extract('price: 10 EUR', '\\d+(?= EUR)')", "10", "varchar"),
    ],
    "regexp_extract_all": [
        ("regexp_extract_all('1a 2b 14m', '\\d+')", ["1", "2", "14"], "array(varchar)"),
        ("regexp_extract_all('1a 2b', '(\\d+)([a-z]+)', 2)", ["a", "b"], "array(varchar)"),
        ("regexp_extract_all('abc', 'x')", [], "array(varchar)"),
        ("regexp_extract_all('ab', '(a)|(b)', 2)", [None, "b"], "array(varchar)"),
        ("regexp_extract_all('aab', 'a*')", ["aa", "", ""], "array(varchar)"),
        ("regexp_extract_all(NULL, 'a')", None, "array(varchar)"),
    ],
    "regexp_replace": [
        ("regexp_replace('1a 2b', '\\d+[ab] ?')", "", "varchar"),
        ("regexp_replace('1a 2b', '(\\d+)([ab])', '3c$2 ')", "3ca  3cb ", "varchar"),
        ("regexp_replace('ab', 'b', '\\$1')", "a$1", "varchar"),
        ("regexp_replace('1a 2b 14m', '\\d+[ab] ')", "14m", "varchar"),
        ("regexp_replace('1a 2b 14m', '(\\d+)([ab]) ', '3c$2 ')", "3ca 3cb 14m", "varchar"),
        ("regexp_replace('1a', '(?<n>\\d)(?<l>[a-z])', '${l}${n}')", "a1", "varchar"),
        (
            "regexp_replace('new york', '(\\w)(\\w*)', x -> upper(x[1]) || lower(x[2]))",
            "New York",
            "varchar",
        ),
        ("regexp_replace('abc', 'b', '$1')", "INVALID_FUNCTION_ARGUMENT"),
        ("regexp_replace('abc', 'b', '\\\\')", "a\\c", "varchar"),
        ("regexp_replace('aXbX', 'X(?!$)', '-')", "a-bX", "varchar"),
        ("regexp_replace(NULL, 'a', 'b')", None, "varchar"),
    ],
    "regexp_split": [
        ("regexp_split('1a 2b 14m', '\\s*[a-z]+\\s*')", ["1", "2", "14", ""], "array(varchar)"),
        ("regexp_split('a,b,,c', ',')", ["a", "b", "", "c"], "array(varchar)"),
        ("regexp_split('abc', 'x')", ["abc"], "array(varchar)"),
        ("regexp_split('aXbYc', '(?=[XY])')", ["a", "Xb", "Yc"], "array(varchar)"),
    ],
    "regexp_count": [
        ("regexp_count('1a 2b 14m', '\\s*[a-z]+\\s*')", 3, "bigint"),
        ("regexp_count('aaa', 'aa')", 1, "bigint"),
        ("regexp_count('abc', 'x')", 0, "bigint"),
        ("regexp_count('abc', '')", 4, "bigint"),
    ],
    "regexp_position": [
        ("regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b')", 8, "integer"),
        (
            "regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b', 5)",
            8,
            "integer",
        ),
        (
            "regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b', 12)",
            19,
            "integer",
        ),
        (
            "regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b', 12, 1)",
            19,
            "integer",
        ),
        (
            "regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b', 12, 2)",
            31,
            "integer",
        ),
        (
            "regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b', 12, 3)",
            -1,
            "integer",
        ),
        ("regexp_position('abc', 'b', 0)", "INVALID_FUNCTION_ARGUMENT"),
        ("regexp_position('abc', 'x')", -1, "integer"),
    ],
}

PARTLY = {"regexp_like": "classes in classes, (?u), (?d) and lookbehind of any length are refused"}
