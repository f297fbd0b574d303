"""One line for each request, without anything that opens something or that a query asked."""

from __future__ import annotations

import logging
import re

__all__ = ["log_request"]

logger = logging.getLogger("fsql.serve")
_SECRET = re.compile(
    r"(?i)\b(X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId)=[^&]*"
)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def log_request(
    client: str, method: str, target: str, operation: str, status: int, seconds: float
) -> None:
    """Log who asked for what, and what came of it.

    Args:
        client: the address.
        method, target: of the request; secrets of presigned URLs are left out.
        operation: service, and the operation where a header names it.
        status, seconds: of the answer.
    """
    logger.info("%s %s", client, _line(method, target, operation, status, seconds))


def _line(method: str, target: str, operation: str, status: int, seconds: float) -> str:
    shown = _SECRET.sub(r"\1=...", target)
    what = _UNPRINTABLE.sub("?", f"{operation} {method} {shown}")
    return f"{what} {status} {seconds * 1000:.1f} ms"
