"""One S3 request, and the object or part that its body carries."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from fsql.local.s3.checksums import ALGORITHMS, new_checksum
from fsql.local.wire import ACCOUNT, REGION, AwsError

_BLOCK = 1 << 20
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/")
_UNSUPPORTED_HEADERS = (
    "x-amz-tagging",
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
    body: BinaryIO

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

    AwsError BadDigest, InvalidDigest, IncompleteBody, InvalidRequest.
    """
    body = _Body(request)
    trailers = request.headers.get("x-amz-trailer", "")
    digests = _Digests(request.headers, [name.strip() for name in trailers.split(",")])
    size = 0
    for block in body.blocks():
        into.write(block)
        digests.update(block)
        size += len(block)
    expected = request.headers.get("x-amz-decoded-content-length") if body.chunked else None
    expected = expected or (None if body.chunked else request.headers.get("content-length"))
    if expected is not None and int(expected) != size:
        raise _incomplete()
    return Received(size, digests.md5.digest(), digests.verify(body.trailers))


def read_all(request: Request, most: int = 8 << 20) -> bytes:
    """A small body as bytes, verified as by :func:`receive`."""
    from io import BytesIO

    buffer = BytesIO()
    receive(request, buffer)
    if buffer.tell() > most:
        raise AwsError("MaxMessageLengthExceeded", "Your request was too big.")
    return buffer.getvalue()


@dataclass
class _Body:
    """A body as blocks of payload, its trailing headers once they are through."""

    request: Request
    trailers: dict[str, str] = field(default_factory=dict)
    _rest: bytes = b""

    @property
    def chunked(self) -> bool:
        headers = self.request.headers
        return "aws-chunked" in headers.get("content-encoding", "") or headers.get(
            "x-amz-content-sha256", ""
        ).startswith("STREAMING-")

    def blocks(self) -> Iterator[bytes]:
        if self.chunked:
            yield from self._payload_chunks()
            return
        while block := self.request.body.read(_BLOCK):
            yield block

    def _payload_chunks(self) -> Iterator[bytes]:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html"""
        while size := self._chunk_size():
            yield self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise _incomplete()
        while line := self._line():
            name, _, value = line.decode().partition(":")
            self.trailers[name.strip().lower()] = value.strip()

    def _chunk_size(self) -> int:
        try:
            return int(self._line().split(b";")[0], 16)
        except ValueError:
            raise _incomplete() from None

    def _line(self) -> bytes:
        while b"\r\n" not in self._rest:
            block = self.request.body.read(_BLOCK)
            if not block:
                line, self._rest = self._rest, b""
                return line
            self._rest += block
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        parts, missing = [self._rest[:size]], size - len(self._rest[:size])
        self._rest = self._rest[size:]
        while missing:
            block = self.request.body.read(missing)
            if not block:
                raise _incomplete()
            parts.append(block)
            missing -= len(block)
        return b"".join(parts)


class _Digests:
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


def _incomplete() -> AwsError:
    return AwsError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
