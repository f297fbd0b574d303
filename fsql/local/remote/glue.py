"""Glue's operations, answered by a boto3 client."""

from __future__ import annotations

import datetime as dt
from typing import Any

from botocore import xform_name

from fsql.local.remote.failures import translated

__all__ = ["RemoteGlue"]


class RemoteGlue:
    """Answers as the client's Glue does, in the shapes of the wire; see `GlueCalls`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The operation's output; AwsError."""
        with translated():
            answer = getattr(self._client, xform_name(operation))(**request)
        return {k: _on_wire(value) for k, value in answer.items() if k != "ResponseMetadata"}


def _on_wire(value: Any) -> Any:
    """A value as the JSON protocol has it: times are seconds since the epoch."""
    match value:
        case dt.datetime():
            return value.timestamp()
        case dict():
            return {key: _on_wire(item) for key, item in value.items()}
        case list():
            return [_on_wire(item) for item in value]
    return value
