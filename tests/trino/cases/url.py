"""URL functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "url_extract_host": [
        ("url_extract_host('http://user@example.com:80/a/b?x=1#f')", "example.com", "varchar"),
    ],
    "url_extract_port": [
        ("url_extract_port('http://example.com:80/a')", 80, "bigint"),
    ],
    "url_extract_path": [
        ("url_extract_path('http://example.com/a/b?x=1')", "/a/b", "varchar"),
    ],
    "url_extract_query": [
        ("url_extract_query('http://example.com/a?x=1&y=2#f')", "x=1&y=2", "varchar"),
    ],
    "url_encode": [
        ("url_encode('a b/c')", "a+b%2Fc", "varchar"),
    ],
    "url_decode": [
        ("url_decode('a+b%2Fc')", "a b/c", "varchar"),
    ],
}
