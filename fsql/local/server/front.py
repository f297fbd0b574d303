"""What stands before the services: health, who may ask, and which service is meant."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

from fsql.local.server.guard import Guard
from fsql.local.server.routing import credential_of, require_service, service_of
from fsql.local.server.signatures import check_signature
from fsql.local.services import Services, error_answer
from fsql.local.wire import AwsError, HttpRequest, Response

__all__ = ["Answered", "Front"]

logger = logging.getLogger(__name__)
_CODES = {"s3": "InternalError", "athena": "InternalServerException"}


@dataclass
class Answered:
    """An answer, and who gave it: a service's name, or ``health``."""

    by: str
    response: Response


class Front:
    """Lets requests through to the services of one folder.

    Args:
        services: who answers.
        guard: who may ask without a signature.
        keys: secrets by key id, of which every request must be signed with one; None asks for
            no signatures.
    """

    def __init__(self, services: Services, guard: Guard, keys: Mapping[str, str] | None) -> None:
        self._services = services
        self._guard = guard
        self._keys = keys

    def answer(self, request: HttpRequest) -> Answered:
        """The answer to any request; nothing is raised."""
        if is_health(request):
            return Answered("health", self._health())
        service = service_of(request)
        try:
            return Answered(service, self._services.answer(self._admit(request, service), service))
        except AwsError as error:
            failed = error
        except Exception:
            logger.exception("%s failed on a %s request", service, request.method)
            code = _CODES.get(service, "InternalFailure")
            failed = AwsError(code, "We encountered an internal error. Please try again.", 500)
        return Answered(service, error_answer(failed, service, request.method))

    def _admit(self, request: HttpRequest, service: str) -> HttpRequest:
        if self._keys is not None:
            request = check_signature(request, service, self._keys)
        else:
            self._guard.check(request.headers)
        require_service(service)
        return request

    def _health(self) -> Response:
        try:
            with self._services.store.read() as db:
                db.execute("SELECT count(*) FROM s3_bucket").fetchone()
        except (sqlite3.Error, OSError) as error:
            return _plain(503, {"status": "failing", "reason": type(error).__name__})
        return _plain(200, {"status": "ok", "service": "fsql", "version": version("fsql")})


def is_health(request: HttpRequest) -> bool:
    """Whether a request asks how the server is; a signed one asks for the bucket ``health``."""
    parts = urlsplit(request.url)
    plain = parts.path == "/health" and not parts.query and request.method in ("GET", "HEAD")
    return plain and not credential_of(request.headers, request.url)


def _plain(status: int, members: Mapping[str, str]) -> Response:
    body = json.dumps(members).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return Response(status, headers, body)
