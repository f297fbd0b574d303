"""Conditional requests and byte ranges of S3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from fsql.local.store.listing import Found
from fsql.local.wire import AwsError

_RANGE = re.compile(r"bytes=(?:(\d+)-(\d*)|-(\d+))")


def no_such_key(key: str) -> AwsError:
    """The error for an object that does not exist."""
    return AwsError("NoSuchKey", "The specified key does not exist.", 404, {"Key": key})


def check_read(headers: Mapping[str, str], found: Found, etag: str, prefix: str = "") -> None:
    """Apply the conditions of a GET, HEAD or copy; ``prefix`` is ``x-amz-copy-source-`` there.

    AwsError PreconditionFailed (412), or NotModified (304) for a plain read.
    """
    match, none = headers.get(f"{prefix}if-match"), headers.get(f"{prefix}if-none-match")
    if match is not None:
        _require(_matches(match, etag), "If-Match")
    elif since := headers.get(f"{prefix}if-unmodified-since"):
        _require(not _modified_since(found, since), "If-Unmodified-Since")
    if none is not None:
        unchanged = _matches(none, etag)
    elif since := headers.get(f"{prefix}if-modified-since"):
        unchanged = not _modified_since(found, since)
    else:
        return
    if unchanged and prefix:
        _require(False, "x-amz-copy-source-If-None-Match")
    if unchanged:
        raise AwsError("NotModified", "Not Modified", 304, {"etag": f'"{etag}"'})


def check_write(headers: Mapping[str, str], key: str, etag: str | None) -> None:
    """Apply the conditions of a PUT, completed upload or DELETE; ``etag`` None: no object yet.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    match, none = headers.get("if-match"), headers.get("if-none-match")
    if none is not None:
        _require(etag is None or not _matches(none, etag), "If-None-Match")
    if match is not None:
        if etag is None:
            raise no_such_key(key)
        _require(_matches(match, etag), "If-Match")


def byte_range(text: str | None, size: int) -> tuple[int, int] | None:
    """First and one-past-last byte of a Range header; None if it asks for the whole object.

    AwsError InvalidRange for one that lies past the end. A header that is no single range of
    bytes counts as none, as in S3.
    """
    match = _RANGE.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    if match[3] is not None:
        first, last = max(size - int(match[3]), 0), size
    else:
        first, last = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < first:
            return None
    if first >= last:
        raise AwsError(
            "InvalidRange",
            "The requested range is not satisfiable",
            416,
            {
                "RangeRequested": text or "",
                "ActualObjectSize": str(size),
                "Content-Range": f"bytes */{size}",
            },
        )
    return first, last


def _matches(header: str, etag: str) -> bool:
    given = [part.strip().removeprefix("W/").strip('"') for part in header.split(",")]
    return "*" in given or etag in given


def _modified_since(found: Found, date: str) -> bool:
    try:
        then = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return True
    return found.mtime_ns // 10**9 > then


def _require(holds: bool, condition: str) -> None:
    if not holds:
        raise AwsError(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            412,
            {"Condition": condition},
        )
