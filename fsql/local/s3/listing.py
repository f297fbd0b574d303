"""ListObjects, ListObjectsV2 and ListObjectVersions of the embedded S3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote

from fsql.local.paging import decode_token, encode_token
from fsql.local.s3.buckets import OWNER
from fsql.local.s3.metadata import etags
from fsql.local.s3.request import Request
from fsql.local.s3.xml import iso_time, xml_response
from fsql.local.store import Store
from fsql.local.store.listing import Common, Found
from fsql.local.wire import AwsError, Response

_MAX_KEYS = 1000


@dataclass(frozen=True)
class _Page:
    entries: list[Found | Common]
    truncated: bool

    @property
    def last(self) -> str:
        return self.entries[-1].key


class Listings:
    """The listings: the keys of a bucket in byte order, grouped by a delimiter if asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_v1(self, request: Request) -> Response:
        """Answer ListObjects."""
        marker = request.query.get("marker", "")
        page, encode = self._page(request, marker), _encoder(request)
        grouped = page.truncated and request.query.get("delimiter")
        return self._answer(
            request,
            page,
            {
                "Marker": encode(marker),
                "NextMarker": encode(page.last) if grouped else None,
            },
            owner=True,
        )

    def list_v2(self, request: Request) -> Response:
        """Answer ListObjectsV2."""
        token, start = request.query.get("continuation-token"), request.query.get("start-after")
        if token == "":
            raise AwsError("InvalidArgument", "The continuation token provided is incorrect")
        after = decode_token(token, "InvalidArgument") or start or ""
        page, encode = self._page(request, after), _encoder(request)
        return self._answer(
            request,
            page,
            {
                "KeyCount": len(page.entries),
                "ContinuationToken": token,
                "NextContinuationToken": encode_token(page.last) if page.truncated else None,
                "StartAfter": None if start is None else encode(start),
            },
            owner=request.query.get("fetch-owner") == "true",
        )

    def _page(self, request: Request, after: str) -> _Page:
        most = min(request.number("max-keys", _MAX_KEYS), _MAX_KEYS)
        prefix, delimiter = request.query.get("prefix", ""), request.query.get("delimiter", "")
        entries: Iterator[Found | Common]
        if delimiter == "/":
            entries = self._store.list_grouped(request.bucket, prefix, after)
        else:
            entries = iter(self._store.list(request.bucket, prefix, after))
            if delimiter:
                entries = _grouped(entries, prefix, delimiter, after)
        if most == 0:
            return _Page([], False)
        found = list(islice(entries, most + 1))
        return _Page(found[:most], len(found) > most)

    def list_versions(self, request: Request) -> Response:
        """Answer ListObjectVersions: in a bucket without versions each object has one, ``null``."""
        marker = request.query.get("key-marker", "")
        page, encode = self._page(request, marker), _encoder(request)
        return self._answer(
            request,
            page,
            {
                "KeyMarker": encode(marker),
                "VersionIdMarker": request.query.get("version-id-marker", ""),
                "NextKeyMarker": encode(page.last) if page.truncated else None,
                "NextVersionIdMarker": "null" if page.truncated else None,
            },
            owner=True,
            root=("ListVersionsResult", "Version", {"VersionId": "null", "IsLatest": True}),
        )

    def _answer(
        self,
        request: Request,
        page: _Page,
        members: dict[str, Any],
        owner: bool,
        root: tuple[str, str, dict[str, Any]] = ("ListBucketResult", "Contents", {}),
    ) -> Response:
        """A listing; ``root`` names its element and that of an object, with further members."""
        encode, query = _encoder(request), request.query
        found = [entry for entry in page.entries if isinstance(entry, Found)]
        with self._store.read() as db:
            tags = etags(db, request.bucket, found)
        result, entry_name, further = root
        return xml_response(
            result,
            {
                "Name": request.bucket,
                "Prefix": encode(query.get("prefix", "")),
                **members,
                "MaxKeys": min(request.number("max-keys", _MAX_KEYS), _MAX_KEYS),
                "Delimiter": encode(query["delimiter"]) if query.get("delimiter") else None,
                "EncodingType": query.get("encoding-type"),
                "IsTruncated": page.truncated,
                entry_name: [
                    {
                        "Key": encode(each.key),
                        **further,
                        "LastModified": iso_time(each.mtime_ns / 10**9),
                        "ETag": f'"{tags[each.key]}"',
                        "Size": each.size,
                        "StorageClass": "STANDARD",
                        "Owner": OWNER if owner else None,
                    }
                    for each in found
                ],
                "CommonPrefixes": [
                    {"Prefix": encode(entry.key)}
                    for entry in page.entries
                    if isinstance(entry, Common)
                ],
            },
        )


def _encoder(request: Request) -> Callable[[str], str]:
    kind = request.query.get("encoding-type")
    if kind not in (None, "url"):
        raise AwsError("InvalidArgument", "Invalid Encoding Method specified in Request")
    return quote if kind else str


def _grouped(
    entries: Iterable[Found | Common], prefix: str, delimiter: str, after: str
) -> Iterator[Found | Common]:
    last = after
    for entry in entries:
        end = entry.key.find(delimiter, len(prefix))
        if end < 0:
            yield entry
        elif (group := entry.key[: end + len(delimiter)]) != last:
            last = group
            yield Common(group)
