"""GetObjectAttributes: what a client wants to know of an object without its bytes."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import Any

from fsql.local.s3.objects import CHECKSUM, Objects
from fsql.local.s3.parts import checksum_member
from fsql.local.s3.request import Request
from fsql.local.s3.xml import xml_response
from fsql.local.wire import AwsError, Response

__all__ = ["Attributes"]

_PARTS = re.compile(r"[0-9a-f]{32}-(\d+)")
_KNOWN = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


class Attributes:
    """GetObjectAttributes."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def get(self, request: Request) -> Response:
        """Answer GetObjectAttributes; of parts it tells how many there were."""
        names = request.headers.get("x-amz-object-attributes", "")
        wanted = {name.strip() for name in names.split(",") if name.strip()}
        if not wanted or not wanted <= set(_KNOWN):
            raise AwsError("InvalidArgument", "Invalid attribute name specified.")
        found, metadata = self._objects.require(request.bucket, request.key)
        checksums = {k: v for k, v in metadata.headers.items() if k.startswith(CHECKSUM)}
        joined = _PARTS.fullmatch(metadata.etag)
        attributes: dict[str, Any] = {
            "ETag": metadata.etag,
            "Checksum": {checksum_member(k): v for k, v in checksums.items()} or None,
            "ObjectParts": {"PartsCount": int(joined[1])} if joined else None,
            "StorageClass": "STANDARD",
            "ObjectSize": found.size,
        }
        members = {name: attributes[name] for name in _KNOWN if name in wanted}
        modified = {"Last-Modified": formatdate(found.mtime_ns // 10**9, usegmt=True)}
        return xml_response("GetObjectAttributesResponse", members, modified)
