"""Binary functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "length": [
        ("length(X'0102')", 2, "bigint"),
    ],
    "to_hex": [
        ("to_hex(X'00ff')", "00FF", "varchar"),
        ("to_hex(md5(to_utf8('a')))", "0CC175B9C0F1B6A831C399E269772661", "varchar"),
        (
            "to_hex(sha256(to_utf8('a')))",
            "CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB",
            "varchar",
        ),
        ("to_hex(sha1(to_utf8('a')))", "86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8", "varchar"),
    ],
    "from_hex": [
        ("from_hex('00ff')", b"\x00\xff", "varbinary"),
    ],
    "to_base64": [
        ("to_base64(to_utf8('abc'))", "YWJj", "varchar"),
    ],
    "from_base64": [
        ("from_base64('YWJj')", b"abc", "varbinary"),
    ],
    "||": [
        ("X'01' || X'ff'", b"\x01\xff", "varbinary"),
    ],
}
