"""The additional checksums of S3 objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Protocol

from fsql.local.s3.crc import crc32c, crc64nvme
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


ALGORITHMS = {
    "crc32": _Crc32,
    "crc32c": crc32c,
    "crc64nvme": crc64nvme,
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
