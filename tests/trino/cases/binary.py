"""Binary functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "length": [
        ("length(X'0102')", 2, "bigint"),
        ("length(X'')", 0, "bigint"),
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
        ("to_hex(X'')", "", "varchar"),
    ],
    "from_hex": [
        ("from_hex('00ff')", b"\x00\xff", "varbinary"),
        ("from_hex('')", b"", "varbinary"),
        ("from_hex('0')", "INVALID_FUNCTION_ARGUMENT"),
        ("from_hex('zz')", "INVALID_FUNCTION_ARGUMENT"),
        ("from_hex(to_utf8('ff'))", b"\xff", "varbinary"),
    ],
    "to_base64": [
        ("to_base64(to_utf8('abc'))", "YWJj", "varchar"),
    ],
    "from_base64": [
        ("from_base64('YWJj')", b"abc", "varbinary"),
        ("from_base64('YWI=')", b"ab", "varbinary"),
        ("from_base64('YWI')", b"ab", "varbinary"),
        ("from_base64('Y*')", "INVALID_FUNCTION_ARGUMENT"),
        ("from_base64(NULL)", None, "varbinary"),
        ("from_base64(to_utf8('YWI='))", b"ab", "varbinary"),
    ],
    "||": [
        ("X'01' || X'ff'", b"\x01\xff", "varbinary"),
        ("'a' || X'00'", "TYPE_MISMATCH"),
    ],
    "concat": [
        ("concat(X'01', X'', X'02')", b"\x01\x02", "varbinary"),
    ],
    "crc32": [
        ("crc32(to_utf8('hello'))", 907060870, "bigint"),
        ("crc32(X'')", 0, "bigint"),
    ],
    "to_base64url": [
        ("to_base64url(X'fbff')", "-_8=", "varchar"),
    ],
    "from_base64url": [
        ("from_base64url('-_8=')", b"\xfb\xff", "varbinary"),
    ],
    "to_base32": [
        ("to_base32(to_utf8('abc'))", "MFRGG===", "varchar"),
        ("to_base32(X'')", "", "varchar"),
    ],
    "from_base32": [
        ("from_base32('MFRGG===')", b"abc", "varbinary"),
        ("from_base32('1')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "hmac_md5": [
        (
            "to_hex(hmac_md5(to_utf8('Hi There'), X'0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b'))",
            "9294727A3638BB1C13F48EF8158BFC9D",
            "varchar",
        ),
        ("hmac_md5(X'00', X'')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "hmac_sha1": [
        (
            "to_hex(hmac_sha1(to_utf8('what do ya want for nothing?'), to_utf8('Jefe')))",
            "EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79",
            "varchar",
        ),
    ],
    "hmac_sha256": [
        (
            "to_hex(hmac_sha256(to_utf8('what do ya want for nothing?'), to_utf8('Jefe')))",
            "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
            "varchar",
        ),
    ],
    "hmac_sha512": [
        ("length(hmac_sha512(to_utf8('a'), to_utf8('k')))", 64, "bigint"),
    ],
    "md5": [
        ("to_hex(md5(X''))", "D41D8CD98F00B204E9800998ECF8427E", "varchar"),
        ("md5(NULL)", None, "varbinary"),
    ],
    "sha1": [
        ("to_hex(sha1(to_utf8('abc')))", "A9993E364706816ABA3E25717850C26C9CD0D89D", "varchar"),
    ],
    "sha256": [
        (
            "to_hex(sha256(to_utf8('abc')))",
            "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
            "varchar",
        ),
    ],
    "sha512": [
        (
            "substr(to_hex(sha512(to_utf8('abc'))), 1, 32)",
            "DDAF35A193617ABACC417349AE204131",
            "varchar",
        ),
        ("length(sha512(X''))", 64, "bigint"),
    ],
    "murmur3": [
        ("murmur3(X'')", bytes(16), "varbinary"),
        ("to_hex(murmur3(to_utf8('hello')))", "029BBD41B3A7D8CB191DAE486A901E5B", "varchar"),
    ],
    "xxhash64": [
        ("to_hex(xxhash64(X''))", "EF46DB3751D8E999", "varchar"),
        ("to_hex(xxhash64(to_utf8('a')))", "D24EC4F1A98C6E5B", "varchar"),
    ],
    "spooky_hash_v2_32": [
        ("spooky_hash_v2_32(X'')", "NOT_SUPPORTED"),
    ],
    "spooky_hash_v2_64": [
        ("spooky_hash_v2_64(X'')", "NOT_SUPPORTED"),
    ],
    "to_big_endian_32": [
        ("to_big_endian_32(1)", b"\x00\x00\x00\x01", "varbinary"),
        ("to_big_endian_32(-1)", b"\xff\xff\xff\xff", "varbinary"),
    ],
    "to_big_endian_64": [
        ("to_big_endian_64(258)", b"\x00\x00\x00\x00\x00\x00\x01\x02", "varbinary"),
    ],
    "from_big_endian_32": [
        ("from_big_endian_32(X'00000102')", 258, "integer"),
        ("from_big_endian_32(X'00')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "from_big_endian_64": [
        ("from_big_endian_64(X'ffffffffffffffff')", -1, "bigint"),
        ("from_big_endian_64(X'')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "to_ieee754_32": [
        ("to_ieee754_32(REAL '1.0')", b"\x3f\x80\x00\x00", "varbinary"),
    ],
    "to_ieee754_64": [
        ("to_ieee754_64(1e0)", b"\x3f\xf0\x00\x00\x00\x00\x00\x00", "varbinary"),
    ],
    "from_ieee754_32": [
        ("from_ieee754_32(X'3f800000')", 1.0, "real"),
        ("from_ieee754_32(X'3f80')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "from_ieee754_64": [
        ("from_ieee754_64(X'3ff8000000000000')", 1.5, "double"),
        ("from_ieee754_64(X'00')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "lpad": [
        ("lpad(X'1234', 5, X'ff00')", b"\xff\x00\xff\x12\x34", "varbinary"),
        ("lpad(X'1234', 1, X'ff')", b"\x12", "varbinary"),
        ("lpad(X'1234', 3, X'')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "rpad": [
        ("rpad(X'1234', 4, X'ff00')", b"\x12\x34\xff\x00", "varbinary"),
        ("rpad(X'12', -1, X'ff')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "reverse": [
        ("reverse(X'010203')", b"\x03\x02\x01", "varbinary"),
    ],
    "substr": [
        ("substr(X'010203', 2)", b"\x02\x03", "varbinary"),
        ("substr(X'010203', -2, 1)", b"\x02", "varbinary"),
        ("substr(X'010203', 0)", b"", "varbinary"),
        ("substr(X'010203', 9)", b"", "varbinary"),
    ],
    "<": [
        ("X'00' < X'01'", True, "boolean"),
        ("X'ff' > X'7f00'", True, "boolean"),
    ],
    "=": [
        ("X'0001' = X'0001'", True, "boolean"),
    ],
}
