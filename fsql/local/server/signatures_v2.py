"""URLs presigned with Signature Version 2, which boto3 still makes for S3 unless told otherwise.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from fsql.local.s3.address import parse_s3_url
from fsql.local.server.refusals import Refusal, refuse
from fsql.local.wire import HttpRequest

__all__ = ["check_v2", "is_v2"]

# Query arguments that are signed: those that name another operation or change the answer.
_SIGNED_ARGUMENTS = frozenset(
    (
        *("acl", "accelerate", "analytics", "cors", "defaultObjectAcl", "delete", "encryption"),
        *(
            "inventory",
            "lifecycle",
            "location",
            "logging",
            "metrics",
            "notification",
            "object-lock",
        ),
        *("partNumber", "policy", "policyStatus", "publicAccessBlock", "replication", "restore"),
        *("requestPayment", "response-cache-control", "response-content-disposition"),
        *("response-content-encoding", "response-content-language", "response-content-type"),
        *("response-expires", "select", "select-type", "tagging", "torrent", "uploadId", "uploads"),
        *("versionId", "versioning", "versions", "website"),
    )
)


def is_v2(request: HttpRequest) -> bool:
    """Whether the URL holds such a signature."""
    return "AWSAccessKeyId=" in urlsplit(request.url).query


def check_v2(request: HttpRequest, keys: Mapping[str, str]) -> None:
    """AwsError as for any signature that does not hold."""
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    secret = keys.get(query["AWSAccessKeyId"])
    if secret is None:
        raise refuse(Refusal.UNKNOWN_KEY, "s3")
    expires = query.get("Expires", "")
    if not (expires.isascii() and expires.isdigit()):
        raise refuse(Refusal.MALFORMED, "s3")
    digest = hmac.new(secret.encode(), _to_sign(request, query, expires).encode(), hashlib.sha1)
    expected = base64.b64encode(digest.digest())
    if not hmac.compare_digest(expected, query.get("Signature", "").encode()):
        raise refuse(Refusal.MISMATCH, "s3")
    if time.time() > int(expires):
        raise refuse(Refusal.EXPIRED, "s3")


def _to_sign(request: HttpRequest, query: Mapping[str, str], expires: str) -> str:
    given = {**request.headers, **{name.lower(): value for name, value in query.items()}}
    plain = [given.get("content-md5", ""), given.get("content-type", ""), expires]
    amz = sorted((k, v.strip()) for k, v in given.items() if k.startswith("x-amz-"))
    lines = [request.method, *plain, *(f"{name}:{value}" for name, value in amz)]
    return "\n".join([*lines, _resource(request.url)])


def _resource(url: str) -> str:
    parts = urlsplit(url)
    path, (bucket, key, _) = parts.path or "/", parse_s3_url(url)
    if bucket and unquote(path).removeprefix("/") == (key or ""):  # it is in the host's name
        path = f"/{bucket}{path}"
    arguments = (part.partition("=") for part in parts.query.split("&"))
    signed = sorted(
        name + equals + unquote(value)
        for name, equals, value in arguments
        if name in _SIGNED_ARGUMENTS
    )
    return f"{path}?{'&'.join(signed)}" if signed else path
