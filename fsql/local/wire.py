"""What every embedded service speaks: its request, its response, its error, the JSON protocol.

Athena and Glue use the AWS JSON 1.1 protocol (operation in ``X-Amz-Target``, errors as
``{"__type": code, "message": text}``); S3 and STS have XML bodies of their own.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

ACCOUNT = "000000000000"
"""The account that owns everything in an embedded store."""

REGION = "us-east-1"
"""The region that a session without one gets."""


class AwsError(Exception):
    """An error as an AWS service reports it.

    ``code`` is the exception name of the service model (``EntityNotFoundException``,
    ``NoSuchKey``), ``message`` the text a client shows, ``status`` the HTTP status, ``extra``
    the error's further members (Athena's ``AthenaErrorCode``, S3's ``Key``).
    """

    def __init__(
        self, code: str, message: str, status: int = 400, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.extra: dict[str, Any] = dict(extra or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message, self.status, self.extra)


class Body(Protocol):
    """A request's body, read at the service's pace."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, the rest for -1; empty at the end."""


class ChunkSignatures(Protocol):
    """Checks the signatures inside of an aws-chunked body; AwsError for one that is wrong."""

    def check_chunk(self, sha256: str, signature: str) -> None:
        """Take in the next chunk's hash, in hex, and the signature that came with it."""

    def check_trailer(self, text: bytes, signature: str) -> None:
        """Take in the trailing headers, a line each, and the signature that came with them."""


@dataclass
class HttpRequest:
    """One HTTP request, from wherever it came.

    ``url`` is absolute and as it was sent, so still encoded; header names are in lower case.
    ``chunks`` is there if the body's chunks are signed and the signatures count.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Body
    chunks: ChunkSignatures | None = None


class Stream(Protocol):
    """A body that is read at the client's pace, as from a connection."""

    def read(self, amt: int | None = None) -> bytes:
        """Up to ``amt`` bytes, the rest for None; empty at the end."""

    def stream(self, amt: int = ..., decode_content: bool | None = None) -> Iterator[bytes]:
        """The rest in blocks."""

    def close(self) -> None:
        """Stop reading."""


@dataclass
class Response:
    """One HTTP answer: ``body`` is bytes, or a stream."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Stream = b""


def request_id() -> str:
    """A new id for the header that AWS support would ask for."""
    return str(uuid.uuid4())


def json_response(value: Mapping[str, Any]) -> Response:
    """The JSON 1.1 answer that carries an operation's output."""
    return _json(200, value, {})


def json_error(error: AwsError) -> Response:
    """The JSON 1.1 answer that carries an error."""
    body = {"__type": error.code, "message": error.message, **error.extra}
    return _json(error.status, body, {"x-amzn-ErrorType": error.code})


def _json(status: int, value: Mapping[str, Any], headers: dict[str, str]) -> Response:
    body = json.dumps(value, separators=(",", ":")).encode()
    headers |= {
        "x-amzn-RequestId": request_id(),
        "Content-Type": "application/x-amz-json-1.1",
        "Content-Length": str(len(body)),
    }
    return Response(status, headers, body)


def unknown_operation(service: str, operation: str) -> AwsError:
    """The error for an operation that the embedded service does not have."""
    return AwsError(
        "UnknownOperationException",
        f"The embedded {service} does not answer the operation {operation}. "
        "It works on AWS only; ask for it in an issue if you need it here.",
    )
