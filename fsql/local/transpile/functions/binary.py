"""Binary functions. Source: Trino documentation, "Binary functions and operators"."""

from __future__ import annotations

from fsql.local.transpile.functions.registry import SCALAR, register
from fsql.local.transpile.sqltext import string

__all__: list[str] = []


def _unpacked(kind: str, form: str, message: str) -> str:
    return f"fsql_unpacked_{kind}({{0}}, '{form}', {string(message)})"


_INTEGER = "expected {}-byte input, but got instead: {}"
_FLOAT = "Input floating-point value must be exactly {} bytes long"

register(
    SCALAR,
    {
        "to_hex(varbinary) varchar": "hex({0})",
        "from_hex(varchar) varbinary": "fsql_unhexed({0})",
        "from_hex(varbinary) varbinary": "fsql_unhexed(decode({0}, 'replace'))",
        "to_base64(varbinary) varchar": "to_base64({0})",
        "from_base64(varchar) varbinary": "fsql_unbased({0}, '+/')",
        "from_base64(varbinary) varbinary": "fsql_unbased(decode({0}, 'replace'), '+/')",
        "to_base64url(varbinary) varchar": "translate(to_base64({0}), '+/', '-_')",
        "from_base64url(varchar) varbinary": "fsql_unbased({0}, '-_')",
        "from_base64url(varbinary) varbinary": "fsql_unbased(decode({0}, 'replace'), '-_')",
        "to_base32(varbinary) varchar": "fsql_based32({0})",
        "from_base32(varchar) varbinary": "fsql_unbased32({0})",
        "from_base32(varbinary) varbinary": "fsql_unbased32(decode({0}, 'replace'))",
        "md5(varbinary) varbinary": "unhex(md5({0}))",
        "sha1(varbinary) varbinary": "unhex(sha1({0}))",
        "sha256(varbinary) varbinary": "unhex(sha256({0}))",
        "sha512(varbinary) varbinary": "fsql_sha512({0})",
        "crc32(varbinary) bigint": "fsql_crc32({0})",
        "murmur3(varbinary) varbinary": "fsql_murmur3({0})",
        "xxhash64(varbinary) varbinary": "fsql_xxhash64({0})",
        **{
            f"hmac_{name}(varbinary, varbinary) varbinary": f"fsql_hmac_of({{0}}, {{1}}, '{name}')"
            for name in ("md5", "sha1", "sha256", "sha512")
        },
        "to_big_endian_32(integer) varbinary": "fsql_packed_integer(CAST({0} AS BIGINT), '>i')",
        "to_big_endian_64(bigint) varbinary": "fsql_packed_integer({0}, '>q')",
        "from_big_endian_32(varbinary) integer": (
            f"CAST({_unpacked('integer', '>i', _INTEGER)} AS INTEGER)"
        ),
        "from_big_endian_64(varbinary) bigint": _unpacked("integer", ">q", _INTEGER),
        "to_ieee754_32(real) varbinary": "fsql_packed_float(CAST({0} AS DOUBLE), '>f')",
        "to_ieee754_64(double) varbinary": "fsql_packed_float({0}, '>d')",
        "from_ieee754_32(varbinary) real": f"CAST({_unpacked('float', '>f', _FLOAT)} AS FLOAT)",
        "from_ieee754_64(varbinary) double": _unpacked("float", ">d", _FLOAT),
        "lpad(varbinary, bigint, varbinary) varbinary": "fsql_padded({0}, {1}, {2}, true)",
        "rpad(varbinary, bigint, varbinary) varbinary": "fsql_padded({0}, {1}, {2}, false)",
        "reverse(varbinary) varbinary": "fsql_reversed_bytes({0})",
        "substr(varbinary, bigint) varbinary": "fsql_bytes_part({0}, {1}, octet_length({0}))",
        "substr(varbinary, bigint, bigint) varbinary": "fsql_bytes_part({0}, {1}, {2})",
        "substring(varbinary, bigint) varbinary": "fsql_bytes_part({0}, {1}, octet_length({0}))",
        "substring(varbinary, bigint, bigint) varbinary": "fsql_bytes_part({0}, {1}, {2})",
    },
)
