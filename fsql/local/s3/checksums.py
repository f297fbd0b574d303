"""The additional checksums of S3 objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Protocol

from fsql.local.wire import AwsError


class Checksum(Protocol):
    """A running checksum, as hashlib's."""

    def update(self, data: bytes, /) -> None:
        """Take further bytes in."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far, big-endian."""


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class _ReflectedCrc:
    """A CRC that Python's library lacks; slow (some 10 MB/s), boto3 needs an extra to send it."""

    def __init__(self, polynomial: int, size: int) -> None:
        self._table = _table(polynomial)
        self._ones = (1 << 8 * size) - 1
        self._value = self._ones
        self._size = size

    def update(self, data: bytes, /) -> None:
        value, table = self._value, self._table
        for byte in data:
            value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
        self._value = value

    def digest(self) -> bytes:
        return (self._value ^ self._ones).to_bytes(self._size, "big")


def _table(polynomial: int) -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        table.append(value)
    return table


ALGORITHMS = {
    "crc32": _Crc32,
    "crc32c": lambda: _ReflectedCrc(0x82F63B78, 4),
    "crc64nvme": lambda: _ReflectedCrc(0x9A6C9329AC4BC9B5, 8),
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "xxhash64": None,
    "xxhash3": None,
    "xxhash128": None,
}
"""How to make each checksum that S3 knows; None for those that the embedded one can't compute."""


def new_checksum(name: str) -> Checksum:
    """A checksum by its name in ``x-amz-checksum-<name>``; AwsError NotImplemented."""
    make = ALGORITHMS.get(name)
    if make is None:
        raise AwsError(
            "NotImplemented", f"The embedded S3 can't verify {name.upper()} checksums.", 501
        )
    return make()
