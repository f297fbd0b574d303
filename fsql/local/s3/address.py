"""Which bucket and key a URL means, virtual-hosted or path style.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from fsql.local.s3.request import Request
from fsql.local.wire import AwsError, HttpRequest

__all__ = ["parse_s3_url", "s3_request"]

# On AWS; and on a server of one's own, where programs may put an `s3` between or not.
_VIRTUAL_HOSTS = (
    re.compile(r"(?P<bucket>.+)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com(?:\.cn)?"),
    re.compile(r"(?P<bucket>.+?)(?:\.s3(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?)?\.localhost"),
)
_NO_BUCKET = re.compile(r"s3(?:[.-][a-z0-9-]+)?\.localhost")


def s3_request(request: HttpRequest) -> Request:
    """The S3 request that an HTTP request is; AwsError InvalidURI."""
    bucket, key, query = parse_s3_url(request.url)
    return Request(
        request.method,
        bucket or "",
        key or "",
        query,
        request.headers,
        request.body,
        request.chunks,
    )


def parse_s3_url(url: str) -> tuple[str | None, str | None, dict[str, str]]:
    """Bucket, key and query of an S3 request's URL; AwsError InvalidURI."""
    parts = urlsplit(url)
    try:
        path = unquote(parts.path, errors="strict")
        query = dict(parse_qsl(parts.query, keep_blank_values=True, errors="strict"))
    except ValueError:  # no UTF-8, or more arguments than Python takes
        raise AwsError("InvalidURI", "Couldn't parse the specified URI.") from None
    hosted = _hosted(parts.hostname or "")
    if hosted:
        return hosted, path.removeprefix("/") or None, query
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket or None, key or None, query


def _hosted(host: str) -> str | None:
    if _NO_BUCKET.fullmatch(host):
        return None
    found = (pattern.fullmatch(host) for pattern in _VIRTUAL_HOSTS)
    return next((match["bucket"] for match in found if match), None)
