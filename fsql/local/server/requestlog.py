"""One line for each request, without anything that opens something or that a query asked."""

from __future__ import annotations

import logging
import re
from urllib.parse import unquote_plus

__all__ = ["log_request"]

logger = logging.getLogger("fsql.serve")
_SECRETS = frozenset(
    (
        *("x-amz-signature", "x-amz-credential", "x-amz-security-token"),
        *("signature", "awsaccesskeyid"),
    )
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
    path, mark, query = target.partition("?")
    shown = path + mark + "&".join(map(_open, query.split("&")))
    what = _UNPRINTABLE.sub("?", f"{operation} {method} {shown}")
    return f"{what} {status} {seconds * 1000:.1f} ms"


def _open(argument: str) -> str:
    """A query argument without what nobody may read; its name may be encoded."""
    name, equals, _ = argument.partition("=")
    return f"{name}=..." if equals and unquote_plus(name).lower() in _SECRETS else argument
