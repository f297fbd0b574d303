"""URL functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "url_extract_host": [
        ("url_extract_host('http://user@example.com:80/a/b?x=1#f')", "example.com", "varchar"),
        ("url_extract_host('https://trino.io/download.html')", "trino.io", "varchar"),
        ("url_extract_host(NULL)", None, "varchar"),
    ],
    "url_extract_port": [
        ("url_extract_port('http://example.com:80/a')", 80, "bigint"),
        ("url_extract_port('http://example.com/a')", None, "bigint"),
    ],
    "url_extract_path": [
        ("url_extract_path('http://example.com/a/b?x=1')", "/a/b", "varchar"),
        ("url_extract_path('http://example.com')", "", "varchar"),
    ],
    "url_extract_query": [
        ("url_extract_query('http://example.com/a?x=1&y=2#f')", "x=1&y=2", "varchar"),
        ("url_extract_query('http://example.com/a?')", "", "varchar"),
    ],
    "url_encode": [
        ("url_encode('a b/c')", "a+b%2Fc", "varchar"),
        ("url_encode('a-b_c.d*e~é')", "a-b_c.d*e%7E%C3%A9", "varchar"),
        ("url_encode('')", "", "varchar"),
    ],
    "url_decode": [
        ("url_decode('a+b%2Fc')", "a b/c", "varchar"),
        ("url_decode('http%3A%2F%2Fa.com%2F%3Fq%3D%C3%A9')", "http://a.com/?q=é", "varchar"),
        ("url_decode('%zz')", "INVALID_FUNCTION_ARGUMENT"),
        ("url_decode(NULL)", None, "varchar"),
    ],
    "url_extract_fragment": [
        ("url_extract_fragment('http://example.com/a?x=1#frag')", "frag", "varchar"),
    ],
    "url_extract_parameter": [
        (
            "url_extract_parameter('http://example.com/p?k1=v1&k2=v2&k1=v3#x', 'k1')",
            "v1",
            "varchar",
        ),
        ("url_extract_parameter('http://example.com/p?k1=&k2=a+b%21', 'k2')", "a b!", "varchar"),
        ("url_extract_parameter('http://example.com/p?k1', 'k1')", "", "varchar"),
        ("url_extract_parameter('http://example.com/p?k1=1', 'z')", None, "varchar"),
        ("url_extract_parameter('http://example.com/p', 'z')", None, "varchar"),
    ],
    "url_extract_protocol": [
        ("url_extract_protocol('http://example.com:8080/a')", "http", "varchar"),
    ],
}
