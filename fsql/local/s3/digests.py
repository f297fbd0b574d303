"""What the bytes of an S3 request's body must agree with."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping

from fsql.local.s3.checksums import ALGORITHMS, new_checksum
from fsql.local.wire import AwsError

__all__ = ["Digests"]


class Digests:
    """Everything that a body's bytes must agree with."""

    def __init__(self, headers: Mapping[str, str], trailers: list[str]) -> None:
        self._headers = headers
        self.md5 = hashlib.md5(usedforsecurity=False)
        given = [name for name in headers if name.startswith("x-amz-checksum-")]
        names = {name.removeprefix("x-amz-checksum-") for name in (*given, *trailers)}
        self._checksums = {name: new_checksum(name) for name in names if name in ALGORITHMS}
        sha256 = headers.get("x-amz-content-sha256", "")
        self._payload_sha256 = sha256 if re.fullmatch(r"[0-9a-f]{64}", sha256) else None
        self._sha256 = hashlib.sha256() if self._payload_sha256 else None

    def update(self, block: bytes) -> None:
        self.md5.update(block)
        for checksum in self._checksums.values():
            checksum.update(block)
        if self._sha256:
            self._sha256.update(block)

    def verify(self, trailers: Mapping[str, str]) -> dict[str, str]:
        """The checksum headers, each right; AwsError BadDigest for one that is wrong."""
        self._verify_md5()
        if self._sha256 and self._sha256.hexdigest() != self._payload_sha256:
            raise AwsError(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )
        return dict(self._verified({**self._headers, **trailers}))

    def _verify_md5(self) -> None:
        given = self._headers.get("content-md5")
        if given is None:
            return
        if len(_base64(given) or b"") != 16:
            raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if _base64(given) != self.md5.digest():
            raise AwsError(
                "BadDigest", "The Content-MD5 you specified did not match what we received."
            )

    def _verified(self, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name, checksum in self._checksums.items():
            header = f"x-amz-checksum-{name}"
            value = given.get(header)
            if value is None:
                continue
            if _base64(value) != checksum.digest():
                raise AwsError(
                    "BadDigest",
                    f"The {name.upper()} you specified did not match the calculated checksum.",
                )
            yield header, value


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
