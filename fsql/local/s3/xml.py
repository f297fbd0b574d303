"""S3's XML: answers built from Python values, requests read into dicts, errors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from fsql.local.wire import AwsError, Response, Stream, request_id

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

Value = Any
"""str, int, bool, None (left out), a mapping of child elements, or a list of any of these."""

_ESCAPED = re.compile(r"[&<>\x00-\x08\x0b-\x1f\x7f]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def document(root: str, content: Value, namespace: str = NAMESPACE) -> bytes:
    """An XML document; a list repeats its element, None leaves it out."""
    element = _element(root, content)
    if namespace:
        element = element.replace(f"<{root}", f'<{root} xmlns="{namespace}"', 1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{element}'.encode()


def _element(name: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        inner = "".join(_element(child, item) for child, item in value.items())
        return f"<{name}>{inner}</{name}>"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(_element(name, item) for item in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{_ESCAPED.sub(_escape, text)}</{name}>"


def _escape(match: re.Match[str]) -> str:
    return _NAMED.get(match[0]) or f"&#{ord(match[0])};"


def parse(body: bytes, root: str) -> ElementTree.Element:
    """The root element of a request's document, namespaces removed; AwsError MalformedXML."""
    try:
        element = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError):  # LookupError: its encoding
        element = ElementTree.Element("none")
    for each in element.iter():
        each.tag = each.tag.rpartition("}")[2]
    if element.tag != root:
        raise AwsError(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published "
            f"schema: expected a {root} element.",
        )
    return element


def xml_response(root: str, content: Value, headers: Mapping[str, str] | None = None) -> Response:
    """A 200 answer that is an XML document."""
    return respond(200, document(root, content), {"Content-Type": "application/xml"}, headers)


def respond(
    status: int, body: bytes | Stream = b"", *headers: Mapping[str, str] | None
) -> Response:
    """An answer with S3's own headers; bytes get their Content-Length."""
    merged = {"x-amz-request-id": request_id(), "x-amz-id-2": "embedded", "Server": "AmazonS3"}
    for each in headers:
        merged.update(each or {})
    if isinstance(body, bytes) and status not in (204, 304):
        merged.setdefault("Content-Length", str(len(body)))
    return Response(status, merged, body)


def error_response(error: AwsError, head: bool = False) -> Response:
    """An error as S3 answers it; a HEAD request gets no body."""
    headers = {k: str(v) for k, v in error.extra.items() if k.islower() or k.startswith("Content-")}
    if head or error.status == 304:
        return respond(error.status, b"", headers)
    members = {k: str(v) for k, v in error.extra.items() if k not in headers}
    fields = {"Code": error.code, "Message": error.message, **members, "RequestId": request_id()}
    body = document("Error", fields, namespace="")
    return respond(error.status, body, {"Content-Type": "application/xml"}, headers)


def iso_time(seconds: float) -> str:
    """Epoch seconds as S3's XML has them, whole seconds of UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
