"""AWS Signature Version 4, checked: in the Authorization header, in a presigned URL, in chunks.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

from fsql.local.server.refusals import Refusal, refuse
from fsql.local.server.routing import credential_of
from fsql.local.server.signatures_v2 import check_v2, is_v2
from fsql.local.wire import HttpRequest

__all__ = ["check_signature"]

ALGORITHM = "AWS4-HMAC-SHA256"
_EMPTY = hashlib.sha256(b"").hexdigest()
_SKEW_SECONDS = 15 * 60
_LONGEST_SECONDS = 7 * 24 * 3600
_MAX_BODY = 32 << 20
_FIELD = re.compile(r"(SignedHeaders|Signature)=([^,\s]+)")
_SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_UNSIGNED = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")


def check_signature(request: HttpRequest, service: str, keys: Mapping[str, str]) -> HttpRequest:
    """The request, if one of ``keys`` (secrets by key id) signed it, to be answered in its stead.

    AwsError with the service's own code if it is unsigned, signed wrongly, too old, or signed
    for another service. The body's hash is checked here, but for S3's, which is checked while
    the body is read.
    """
    if service == "s3" and is_v2(request):
        check_v2(request, keys)
        return request
    signed = _read(request, service)
    secret = keys.get(signed.key_id)
    if secret is None:
        raise refuse(Refusal.UNKNOWN_KEY, service)
    request, payload = _payload(request, signed, service)
    key = signed.key(secret)
    expected = _hmac(key, signed.to_sign(_canonical(request, signed, payload))).hex()
    if not _same(expected, signed.signature):
        raise refuse(Refusal.MISMATCH, service)
    _check_time(signed, service)
    if payload.startswith(_SIGNED_CHUNKS):
        return replace(request, chunks=_Chunks(key, signed, service))
    return request


@dataclass(frozen=True)
class _Signed:
    """What a signature says of itself."""

    key_id: str
    date: str
    region: str
    service: str
    moment: datetime
    headers: tuple[str, ...]
    signature: str
    expires: int | None = None

    @property
    def stamp(self) -> str:
        return self.moment.strftime("%Y%m%dT%H%M%SZ")

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    def key(self, secret: str) -> bytes:
        key = f"AWS4{secret}".encode()
        for part in self.scope.split("/"):
            key = _hmac(key, part)
        return key

    def to_sign(self, canonical: str) -> str:
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return "\n".join((ALGORITHM, self.stamp, self.scope, digest))


class _Chunks:
    """The chain of signatures through a body: each chunk's holds the one before."""

    def __init__(self, key: bytes, signed: _Signed, service: str) -> None:
        self._key = key
        self._signed = signed
        self._service = service
        self._last = signed.signature

    def check_chunk(self, sha256: str, signature: str) -> None:
        self._check("PAYLOAD", f"{_EMPTY}\n{sha256}", signature)

    def check_trailer(self, text: bytes, signature: str) -> None:
        self._check("TRAILER", hashlib.sha256(text).hexdigest(), signature)

    def _check(self, kind: str, what: str, signature: str) -> None:
        head = (f"{ALGORITHM}-{kind}", self._signed.stamp, self._signed.scope, self._last)
        expected = _hmac(self._key, "\n".join((*head, what))).hex()
        if not _same(expected, signature):
            raise refuse(Refusal.MISMATCH, self._service)
        self._last = expected


def _read(request: HttpRequest, service: str) -> _Signed:
    header = request.headers.get("authorization")
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    presigned = "X-Amz-Signature" in query
    if header is None and not presigned:
        raise refuse(Refusal.MISSING, service)
    if header is not None and not header.startswith(ALGORITHM):
        raise refuse(Refusal.MALFORMED, service)
    credential = credential_of(request.headers, request.url)
    fields = query if header is None else dict(_FIELD.findall(header))
    prefix = "X-Amz-" if header is None else ""
    headers = fields.get(f"{prefix}SignedHeaders", "")
    if len(credential) != 4 or not headers or not fields.get(f"{prefix}Signature"):
        raise refuse(Refusal.MALFORMED, service)
    key_id, date, region, signed_for = credential
    signed = _Signed(
        key_id,
        date,
        region,
        signed_for,
        moment=_moment(request.headers, query if header is None else {}, service),
        headers=tuple(headers.lower().split(";")),
        signature=fields[f"{prefix}Signature"],
        expires=_expires(query, service) if header is None else None,
    )
    _check_scope(signed, request, service)
    return signed


def _check_scope(signed: _Signed, request: HttpRequest, service: str) -> None:
    if signed.service != service or signed.date != signed.stamp[:8]:
        raise refuse(Refusal.MALFORMED, service)
    # What was not signed, anybody on the way could have added.
    unsigned = {name for name in request.headers if name.startswith("x-amz-")}
    if "host" not in signed.headers or unsigned - {*signed.headers}:
        raise refuse(
            Refusal.EXPIRED,
            service,
            "There were headers present in the request which were not signed",
        )


def _moment(headers: Mapping[str, str], query: Mapping[str, str], service: str) -> datetime:
    text = query.get("X-Amz-Date") or headers.get("x-amz-date")
    try:
        if text:
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except ValueError:
        raise refuse(Refusal.MALFORMED, service) from None


def _expires(query: Mapping[str, str], service: str) -> int:
    text = query.get("X-Amz-Expires", "")
    if not (text.isascii() and text.isdigit() and int(text) <= _LONGEST_SECONDS):
        raise refuse(Refusal.MALFORMED, service)
    return int(text)


def _check_time(signed: _Signed, service: str) -> None:
    age = time.time() - signed.moment.timestamp()
    if signed.expires is not None and age > signed.expires:
        raise refuse(Refusal.EXPIRED, service)
    if age < -_SKEW_SECONDS or (signed.expires is None and age > _SKEW_SECONDS):
        raise refuse(Refusal.SKEWED, service)


def _payload(request: HttpRequest, signed: _Signed, service: str) -> tuple[HttpRequest, str]:
    """What stands for the body in the signature, and the request with its body unread."""
    given = request.headers.get("x-amz-content-sha256")
    if service == "s3":
        if signed.expires is not None:
            return request, given or "UNSIGNED-PAYLOAD"
        return request, given or _EMPTY
    body = request.body.read(_MAX_BODY)
    digest = hashlib.sha256(body).hexdigest()
    if given not in (None, digest, *_UNSIGNED):
        raise refuse(Refusal.MISMATCH, service)
    return replace(request, body=io.BytesIO(body)), given or digest


def _canonical(request: HttpRequest, signed: _Signed, payload: str) -> str:
    parts = urlsplit(request.url)
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed.headers
    )
    return "\n".join(
        (
            request.method,
            _encoded(parts.path, "/") or "/",
            _canonical_query(parts.query),
            headers,
            ";".join(signed.headers),
            payload,
        )
    )


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=")[::2] for part in query.split("&") if part)
    encoded = sorted((_encoded(name), _encoded(value.replace("+", " "))) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded if name != "X-Amz-Signature")


def _encoded(text: str, safe: str = "") -> str:
    """Percent-encoded as AWS wants it, whatever the client had encoded and what not."""
    return quote(unquote_to_bytes(text), safe=f"-_.~{safe}")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode(errors="replace"))
