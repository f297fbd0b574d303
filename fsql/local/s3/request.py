"""One S3 request, and the object or part that its body carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from fsql.local.s3.body import Payload, incomplete
from fsql.local.s3.digests import Digests
from fsql.local.wire import ACCOUNT, REGION, AwsError, Body, ChunkSignatures

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/")
_UNSUPPORTED_HEADERS = (
    "x-amz-object-lock-mode",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-write-offset-bytes",
)


@dataclass
class Received:
    """What :func:`receive` read: size in bytes, MD5, checksum headers as the client gave them."""

    size: int
    md5: bytes
    checksums: dict[str, str]


@dataclass
class Request:
    """An S3 request: header names in lower case, query values decoded."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Body
    chunks: ChunkSignatures | None = None

    def check(self) -> None:
        """Refuse what the embedded S3 would otherwise silently leave undone."""
        for name in _UNSUPPORTED_HEADERS:
            if name in self.headers:
                raise not_implemented(f"the header {name}")
        owner = self.headers.get("x-amz-expected-bucket-owner", ACCOUNT)
        if owner != ACCOUNT:
            raise AwsError("AccessDenied", "Access Denied", 403)
        if self.query.get("versionId", "null") != "null":
            raise AwsError("NoSuchVersion", "The specified version does not exist.", 404)
        for name, value in self.query.items():
            if name.startswith("response-") and _CONTROL.search(value):
                raise AwsError("InvalidArgument", f"{name} holds a control character.")

    @property
    def region(self) -> str:
        """The region that the client signed for."""
        scope = _SCOPE.search(self.headers.get("authorization", ""))
        return scope[1] if scope else REGION

    def number(self, name: str, default: int, least: int = 0) -> int:
        """An integer of the query; AwsError InvalidArgument."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise AwsError(
                "InvalidArgument",
                f"Provided {name} not an integer or within integer range",
                400,
                {"ArgumentName": name, "ArgumentValue": text},
            )
        return int(text)


def not_implemented(what: str) -> AwsError:
    """The error for a part of S3 that the embedded one does not have."""
    return AwsError("NotImplemented", f"The embedded S3 does not have {what}.", 501)


def receive(request: Request, into: BinaryIO) -> Received:
    """Write a request's body to a file, aws-chunked framing undone, and verify its digests.

    AwsError BadDigest, InvalidDigest, IncompleteBody, SignatureDoesNotMatch.
    """
    payload = Payload(request.headers, request.body, request.chunks)
    trailers = request.headers.get("x-amz-trailer", "")
    digests = Digests(request.headers, [name.strip() for name in trailers.split(",")])
    expected = _expected_size(request, payload.chunked)
    size = 0
    for block in payload.blocks():
        size += len(block)
        if expected is not None and size > expected:
            break
        into.write(block)
        digests.update(block)
    if expected is not None and expected != size:
        raise incomplete()
    return Received(size, digests.md5.digest(), digests.verify(payload.trailers))


def read_all(request: Request, most: int = 8 << 20) -> bytes:
    """A small body as bytes, verified as by :func:`receive`."""
    buffer = _Limited(most)
    receive(request, buffer)
    return buffer.getvalue()


class _Limited(BytesIO):
    """Memory for so many bytes and no more."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._most:
            raise AwsError("MaxMessageLengthExceeded", "Your request was too big.")
        return super().write(data)


def _expected_size(request: Request, chunked: bool) -> int | None:
    name = "x-amz-decoded-content-length" if chunked else "content-length"
    text = request.headers.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise AwsError("InvalidArgument", f"The header {name} is no number.")
    return int(text)
