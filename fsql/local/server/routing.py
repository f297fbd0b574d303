"""Which service a request is for: one port answers all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from fsql.local.services import SERVICES
from fsql.local.wire import AwsError, HttpRequest

__all__ = ["credential_of", "require_service", "service_of"]

_TARGETS = {"AmazonAthena": "athena", "AWSGlue": "glue"}
_CREDENTIAL = re.compile(r"Credential=([^,\s]+)")
_FORM = "application/x-www-form-urlencoded"


def service_of(request: HttpRequest) -> str:
    """The service's name; that of the signature if the embedded AWS has no such service."""
    target = request.headers.get("x-amz-target", "").partition(".")[0]
    if target:
        return _TARGETS.get(target) or _signed_for(request) or target
    signed = _signed_for(request)
    if signed:
        return signed
    form = request.headers.get("content-type", "").startswith(_FORM)
    at_root = urlsplit(request.url).path in ("", "/")
    return "sts" if form and at_root and request.method == "POST" else "s3"


def require_service(name: str) -> None:
    """AwsError for a service that the embedded AWS does not have."""
    if name not in SERVICES:
        raise AwsError(
            "UnknownOperationException",
            f"This is an embedded store of fsql: it answers Athena, Glue, S3 and STS, not {name}. "
            f"Give the client of {name} an endpoint of its own.",
            501,
        )


def credential_of(headers: Mapping[str, str], url: str) -> list[str]:
    """The parts of a signature's credential: key id, date, region, service; [] for none."""
    found = _CREDENTIAL.search(headers.get("authorization", ""))
    text = found[1] if found else ""
    if not text and "x-amz-credential" in url.lower():
        query = parse_qs(urlsplit(url).query)
        text = query.get("X-Amz-Credential", [""])[0]
    parts = text.rsplit("/", 4)  # a key id may hold slashes
    return parts[:4] if len(parts) == 5 else []


def _signed_for(request: HttpRequest) -> str | None:
    parts = credential_of(request.headers, request.url)
    return parts[3] if parts else None
