"""The embedded services over one folder, whoever brings the requests."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fsql.local.glue import Glue
from fsql.local.limits import Limits
from fsql.local.members import check_types
from fsql.local.s3 import S3
from fsql.local.s3.address import s3_request
from fsql.local.s3.xml import error_response
from fsql.local.store import Store
from fsql.local.sts import answer_sts, sts_error
from fsql.local.wire import AwsError, Body, HttpRequest, Response, json_error, json_response

if TYPE_CHECKING:
    from fsql.local.athena.service import Athena

__all__ = ["SERVICES", "Services", "error_answer"]

SERVICES = ("athena", "glue", "s3", "sts")

_STUMBLES = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    sqlite3.Error,
)
Call = Callable[[str, dict[str, Any]], dict[str, Any]]

# Far above what AWS takes: 100 partitions of a wide table are the largest that it has to hold.
_MAX_BODY = 32 << 20
_UNLIMITED = Limits()


class Services:
    """Athena, Glue, S3 and STS of one folder, and what its queries may take."""

    def __init__(self, root: str | os.PathLike[str], limits: Limits = _UNLIMITED) -> None:
        self.store = Store(root)
        self.limits = limits
        self.glue = Glue(self.store)
        self.s3 = S3(self.store)
        self._athena: Athena | None = None
        self._lock = threading.Lock()

    @property
    def athena(self) -> Athena:
        """Made at the first Athena request: importing DuckDB takes a while."""
        with self._lock:
            if self._athena is None:
                self._athena = self._made()
            return self._athena

    def _made(self) -> Athena:
        from fsql.local.athena.service import Athena

        return Athena(self.store, self.glue, limits=self.limits)

    def answer(self, request: HttpRequest, service: str) -> Response:
        """The answer of one of SERVICES; an AWS error is an answer too."""
        try:
            if service == "s3":
                return self.s3.handle(s3_request(request))
            if service == "sts":
                return answer_sts(_whole(request.body).decode(errors="replace"))
            call = self.athena.call if service == "athena" else self.glue.call
            return _answer_json(request, service, call)
        except AwsError as error:
            return error_answer(error, service, request.method)

    def close(self) -> None:
        """Stop running queries and close the store's files."""
        with self._lock:
            if self._athena is not None:
                self._athena.close()
                self._athena = None
        self.store.close()


def error_answer(error: AwsError, service: str, method: str) -> Response:
    """An error in the words of a service's protocol; JSON for a service that is none of ours."""
    if service == "s3":
        return error_response(error, head=method == "HEAD")
    return sts_error(error) if service == "sts" else json_error(error)


def _answer_json(request: HttpRequest, service: str, call: Call) -> Response:
    operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
    members = _members(_whole(request.body))
    try:
        return json_response(call(operation, members))
    except _STUMBLES:
        # Whatever stumbled over a member of a wrong type: only then is a model worth reading.
        check_types(service, operation, members)
        raise


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise AwsError("SerializationException", "The request's body is no JSON object.")
    return {name: value for name, value in members.items() if value is not None}


def _whole(body: Body) -> bytes:
    parts, room = [], _MAX_BODY
    while block := body.read(room + 1):
        parts.append(block)
        room -= len(block)
        if room < 0:
            raise AwsError(
                "RequestEntityTooLargeException",
                f"The request's body is larger than {_MAX_BODY} bytes.",
                413,
            )
    return b"".join(parts)
