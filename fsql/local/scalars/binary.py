"""Hashes and encodings of bytes. Source: Trino documentation, "Binary functions and operators"."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
import zlib

from fsql.local.scalars.registry import Fault, scalar

__all__: list[str] = []

_MASK = (1 << 64) - 1


@scalar("BLOB", "BLOB")
def sha512(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


@scalar("BLOB", "BIGINT")
def crc32(data: bytes) -> int:
    return zlib.crc32(data)


@scalar("BLOB", "BLOB", "VARCHAR", "BLOB")
def hmac_of(data: bytes, key: bytes, name: str) -> bytes:
    if not key:
        raise Fault("INVALID_FUNCTION_ARGUMENT", "Empty key")
    return hmac.new(key, data, name).digest()


# ---- texts of bytes ----------------------------------------------------------------------------


@scalar("VARCHAR", "BLOB")
def unhexed(text: str) -> bytes:
    try:
        return binascii.unhexlify(text.encode())
    except binascii.Error as error:
        raise Fault("INVALID_FUNCTION_ARGUMENT", str(error)) from None


@scalar("VARCHAR", "VARCHAR", "BLOB")
def unbased(text: str, marks: str) -> bytes:
    """Base 64 with `marks` as its last two letters; what pads it may be left out."""
    try:
        digits = text.encode("ascii").rstrip(b"=")
        return base64.b64decode(digits + b"=" * (-len(digits) % 4), marks.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Fault("INVALID_FUNCTION_ARGUMENT", "Illegal base64 text") from None


@scalar("BLOB", "VARCHAR")
def based32(data: bytes) -> str:
    return base64.b32encode(data).decode()


@scalar("VARCHAR", "BLOB")
def unbased32(text: str) -> bytes:
    try:
        digits = text.encode("ascii").rstrip(b"=")
        return base64.b32decode(digits + b"=" * (-len(digits) % 8))
    except (binascii.Error, UnicodeEncodeError):
        raise Fault("INVALID_FUNCTION_ARGUMENT", "Illegal base32 text") from None


@scalar("BLOB", "BIGINT", "BLOB", "BOOLEAN", "BLOB")
def padded(data: bytes, size: int, pad: bytes, front: bool) -> bytes:
    if size < 0 or size > 2**31 - 1:
        message = f"Target length must be in the range [0..{2**31 - 1}]"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    if not pad:
        raise Fault("INVALID_FUNCTION_ARGUMENT", "Padding bytes must not be empty")
    missing = max(size - len(data), 0)
    filling = (pad * (missing // len(pad) + 1))[:missing]
    return filling + data[:size] if front else data[:size] + filling


@scalar("BLOB", "BLOB")
def reversed_bytes(data: bytes) -> bytes:
    return data[::-1]


@scalar("BLOB", "BIGINT", "BIGINT", "BLOB")
def bytes_part(data: bytes, start: int, count: int) -> bytes:
    """Places count from 1, or from the end where negative; outside there is nothing."""
    first = start - 1 if start > 0 else len(data) + start
    if start == 0 or not 0 <= first < len(data):
        return b""
    return data[first : first + max(count, 0)]


# ---- numbers as bytes --------------------------------------------------------------------------


@scalar("BIGINT", "VARCHAR", "BLOB")
def packed_integer(number: int, form: str) -> bytes:
    return struct.pack(form, number)


@scalar("DOUBLE", "VARCHAR", "BLOB")
def packed_float(number: float, form: str) -> bytes:
    return struct.pack(form, number)


@scalar("BLOB", "VARCHAR", "VARCHAR", "BIGINT")
def unpacked_integer(data: bytes, form: str, said: str) -> int:
    return int(_unpacked(data, form, said))


@scalar("BLOB", "VARCHAR", "VARCHAR", "DOUBLE")
def unpacked_float(data: bytes, form: str, said: str) -> float:
    return float(_unpacked(data, form, said))


def _unpacked(data: bytes, form: str, said: str) -> float:
    wanted = struct.calcsize(form)
    if len(data) != wanted:
        message = said.format(wanted, len(data))
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    value: float = struct.unpack(form, data)[0]
    return value


# ---- xxHash64 and MurmurHash3, by the descriptions of their authors ----------------------------

_XX1, _XX2, _XX3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_XX4, _XX5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def _turned(value: int, by: int) -> int:
    return (value << by | value >> (64 - by)) & _MASK


def _mixed(lane: int, word: int) -> int:
    return _turned((lane + word * _XX2) & _MASK, 31) * _XX1 & _MASK


@scalar("BLOB", "BLOB")
def xxhash64(data: bytes) -> bytes:
    whole = len(data) // 32 * 32
    value = _xx_stripes(data[:whole]) if whole else _XX5
    value = _xx_rest(data[whole:], value + len(data) & _MASK)
    for shift, factor in ((33, _XX2), (29, _XX3), (32, 1)):
        value = (value ^ value >> shift) * factor & _MASK
    return value.to_bytes(8, "big")


def _xx_stripes(data: bytes) -> int:
    lanes = [_XX1 + _XX2 & _MASK, _XX2, 0, -_XX1 & _MASK]
    for words in struct.iter_unpack("<4Q", data):
        lanes = [_mixed(lane, word) for lane, word in zip(lanes, words, strict=True)]
    value = sum(map(_turned, lanes, (1, 7, 12, 18))) & _MASK
    for lane in lanes:
        value = ((value ^ _mixed(0, lane)) * _XX1 + _XX4) & _MASK
    return value


def _xx_rest(rest: bytes, value: int) -> int:
    at = len(rest) // 8 * 8
    for (word,) in struct.iter_unpack("<Q", rest[:at]):
        value = (_turned(value ^ _mixed(0, word), 27) * _XX1 + _XX4) & _MASK
    if len(rest) - at >= 4:
        half = int.from_bytes(rest[at : at + 4], "little")
        value = (_turned(value ^ half * _XX1 & _MASK, 23) * _XX2 + _XX3) & _MASK
        at += 4
    for byte in rest[at:]:
        value = _turned(value ^ byte * _XX5 & _MASK, 11) * _XX1 & _MASK
    return value


_M1, _M2 = 0x87C37B91114253D5, 0x4CF5AD432745937F


@scalar("BLOB", "BLOB")
def murmur3(data: bytes) -> bytes:
    whole, first, second = len(data) // 16 * 16, 0, 0
    for one, two in struct.iter_unpack("<2Q", data[:whole]):
        first = (_turned(first ^ _m_first(one), 27) + second) * 5 + 0x52DCE729 & _MASK
        second = (_turned(second ^ _m_second(two), 31) + first) * 5 + 0x38495AB5 & _MASK
    rest = data[whole:].ljust(16, b"\0")
    first ^= _m_first(int.from_bytes(rest[:8], "little")) ^ len(data)
    second ^= _m_second(int.from_bytes(rest[8:], "little")) ^ len(data)
    first = first + second & _MASK
    second = second + first & _MASK
    first, second = _m_final(first), _m_final(second)
    first = first + second & _MASK
    return struct.pack("<2Q", first, second + first & _MASK)


def _m_first(word: int) -> int:
    return _turned(word * _M1 & _MASK, 31) * _M2 & _MASK


def _m_second(word: int) -> int:
    return _turned(word * _M2 & _MASK, 33) * _M1 & _MASK


def _m_final(value: int) -> int:
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ value >> 33
