"""Regular expression functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "regexp_like": [
        ("regexp_like('1a 2b', '\\d+b')", True, "boolean"),
        ("regexp_like('abc', '^b')", False, "boolean"),
        (
            "regexp_like('a', '(')",
            "INVALID_FUNCTION_ARGUMENT: Invalid regular expression: missing ): (",
        ),
    ],
    "regexp_extract": [
        ("regexp_extract('1a 2b', '\\d+')", "1", "varchar"),
        ("regexp_extract('1a 2b', '(\\d+)([a-z]+)', 2)", "a", "varchar"),
        ("regexp_extract('abc', '\\d+')", None, "varchar"),
    ],
    "regexp_extract_all": [
        ("regexp_extract_all('1a 2b 14m', '\\d+')", ["1", "2", "14"], "array(varchar)"),
        ("regexp_extract_all('1a 2b', '(\\d+)([a-z]+)', 2)", ["a", "b"], "array(varchar)"),
    ],
    "regexp_replace": [
        ("regexp_replace('1a 2b', '\\d+[ab] ?')", "", "varchar"),
        ("regexp_replace('1a 2b', '(\\d+)([ab])', '3c$2 ')", "3ca  3cb ", "varchar"),
        ("regexp_replace('ab', 'b', '\\$1')", "a$1", "varchar"),
    ],
    "regexp_split": [
        ("regexp_split('1a 2b 14m', '\\s*[a-z]+\\s*')", ["1", "2", "14", ""], "array(varchar)"),
    ],
    "regexp_count": [
        ("regexp_count('1a 2b 14m', '\\s*[a-z]+\\s*')", 3, "bigint"),
    ],
}
