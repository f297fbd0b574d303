"""Pages of a listing: opaque tokens that hold the last key seen."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from fsql.local.wire import AwsError

T = TypeVar("T")


def encode_token(last: Any) -> str:
    """A token that stands for a JSON value."""
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


def decode_token(token: str | None, code: str = "InvalidInputException") -> Any:
    """The JSON value of a token, None for no token; AwsError ``code`` for one made up."""
    if not token:
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error):
        raise AwsError(
            code, f"Invalid NextToken {token!r}; pass the one of the page before."
        ) from None


def page(found: Iterable[T], size: int, key: Callable[[T], Any]) -> tuple[list[T], dict[str, str]]:
    """The first ``size`` of what was found, and ``{"NextToken": …}`` if there is more."""
    rows = list(islice(found, size + 1))
    if len(rows) <= size:
        return rows, {}
    return rows[:size], {"NextToken": encode_token(key(rows[size - 1]))}
