"""Single objects of the embedded S3: put, get, head, delete, copy."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from fsql.local.s3.conditions import byte_range, check_read, check_write, no_such_key
from fsql.local.s3.fileslice import FileSlice
from fsql.local.s3.metadata import Metadata, kept_headers
from fsql.local.s3.request import Request, receive
from fsql.local.s3.tagging import header_tags
from fsql.local.s3.xml import iso_time, parse, respond, xml_response
from fsql.local.store import Store, sync_folders
from fsql.local.store.listing import Found
from fsql.local.wire import AwsError, Response

CHECKSUM = "x-amz-checksum-"
_OVERRIDES = (
    "Content-Type",
    "Content-Language",
    "Content-Disposition",
    "Content-Encoding",
    "Cache-Control",
    "Expires",
)
_MAX_DELETES = 1000


class Objects:
    """PutObject, GetObject, HeadObject, DeleteObject, DeleteObjects and CopyObject."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, request: Request) -> Response:
        """Answer PutObject: the object is on the disk, whole, before it can be seen."""
        self._store.path(request.bucket, request.key)
        headers, tags = kept_headers(request.headers), header_tags(request.headers)
        with self._store.stage() as file:
            received = receive(request, file)
            checksums = typed_checksums(received.checksums, "FULL_OBJECT")
            metadata = Metadata(received.md5.hex(), headers | checksums, tags)
            commit(self._store, request, file, metadata)
        return respond(200, b"", {"ETag": f'"{metadata.etag}"'}, checksums)

    def get(self, request: Request) -> Response:
        """Answer GetObject, whole or a range; the body is read as the client asks for it."""
        found, metadata = self.require(request.bucket, request.key)
        check_read(request.headers, found, metadata.etag)
        headers = self._headers(request, found, metadata)
        span = byte_range(request.headers.get("range"), found.size)
        first, last = span or (0, found.size)
        headers["Content-Length"] = str(last - first)
        if span:
            headers["Content-Range"] = f"bytes {first}-{last - 1}/{found.size}"
            headers = without_checksums(headers)
        status = 206 if span else 200
        if request.method == "HEAD":
            return respond(status, b"", headers)
        return respond(status, FileSlice(found.path, first, last), headers)

    def delete(self, request: Request) -> Response:
        """Answer DeleteObject; an object that does not exist is no error."""
        with self._store.write() as db:
            self._store.path(request.bucket, request.key)
            if "if-match" in request.headers:
                check_write(request.headers, request.key, current_etag(self._store, db, request))
            _delete(self._store, db, request.bucket, request.key)
        return respond(204)

    def delete_many(self, request: Request, body: bytes) -> Response:
        """Answer DeleteObjects, at most 1,000."""
        root = parse(body, "Delete")
        keys = [element.findtext("Key") or "" for element in root.iter("Object")]
        if not 0 < len(keys) <= _MAX_DELETES:
            raise AwsError(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our "
                f"published schema: {len(keys)} objects, expected 1 to {_MAX_DELETES}.",
            )
        deleted, errors = [], []
        with self._store.write() as db:
            self._store.bucket_path(request.bucket)
            for key in keys:
                try:
                    _delete(self._store, db, request.bucket, key)
                    deleted.append({"Key": key})
                except AwsError as error:
                    errors.append({"Key": key, "Code": error.code, "Message": error.message})
        quiet = (root.findtext("Quiet") or "").lower() == "true"
        return xml_response("DeleteResult", {"Deleted": [] if quiet else deleted, "Error": errors})

    def copy(self, request: Request) -> Response:
        """Answer CopyObject."""
        replace = request.headers.get("x-amz-metadata-directive", "COPY").upper() == "REPLACE"
        with self.source(request) as source:
            if (source.bucket, source.key) == (request.bucket, request.key) and not replace:
                raise AwsError(
                    "InvalidRequest",
                    "This copy request is illegal because it is trying to copy an object to itself "
                    "without changing the object's metadata, storage class, website redirect "
                    "location or encryption attributes.",
                )
            kept = kept_headers(request.headers) if replace else source.metadata.headers
            retag = request.headers.get("x-amz-tagging-directive", "COPY").upper() == "REPLACE"
            tags = header_tags(request.headers) if retag else source.metadata.tags
            with self._store.stage() as file:
                digest = hashlib.md5(usedforsecurity=False)
                for block in source.blocks(0, source.found.size):
                    file.write(block)
                    digest.update(block)
                metadata = Metadata(digest.hexdigest(), without_checksums(kept), tags)
                path = commit(self._store, request, file, metadata)
        modified = iso_time(path.stat().st_mtime)
        etag = f'"{metadata.etag}"'
        return xml_response("CopyObjectResult", {"LastModified": modified, "ETag": etag})

    def source(self, request: Request) -> Source:
        """The object that a copy reads, its own conditions applied."""
        text = unquote(request.headers["x-amz-copy-source"]).removeprefix("/")
        bucket, _, key = text.partition("?versionId=")[0].partition("/")
        if not bucket or not key:
            raise AwsError("InvalidArgument", "Copy Source must mention the source bucket and key")
        found, metadata = self.require(bucket, key)
        check_read(request.headers, found, metadata.etag, "x-amz-copy-source-")
        return Source(bucket, key, found, metadata, found.path.open("rb"))

    def require(self, bucket: str, key: str) -> tuple[Found, Metadata]:
        """The object as a file, and what is known of it; AwsError NoSuchKey."""
        found = self._store.find(bucket, key)
        if found is None:
            raise no_such_key(key)
        with self._store.read() as db:
            return found, Metadata.of(db, bucket, found)

    @staticmethod
    def _headers(request: Request, found: Found, metadata: Metadata) -> dict[str, str]:
        headers = metadata.answer(found)
        if request.headers.get("x-amz-checksum-mode", "").upper() != "ENABLED":
            headers = without_checksums(headers)
        for name in _OVERRIDES:
            value = request.query.get(f"response-{name.lower()}")
            if value is not None:
                headers[name] = value
        return headers


@dataclass
class Source:
    """The object that a copy reads; open, so that a replaced file stays readable."""

    bucket: str
    key: str
    found: Found
    metadata: Metadata
    file: BinaryIO

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def blocks(self, first: int, last: int) -> Iterator[bytes]:
        """The bytes from ``first`` up to ``last``, in blocks."""
        self.file.seek(first)
        while first < last and (block := self.file.read(min(1 << 20, last - first))):
            first += len(block)
            yield block


def commit(store: Store, request: Request, file: BinaryIO, metadata: Metadata) -> Path:
    """Make a staged file the object that the request names, if its conditions hold."""
    file.flush()
    # The kernel's own clock stands still for milliseconds, in which another program could
    # replace the file by one of the same size and time.
    os.utime(file.name, ns=(time.time_ns(), time.time_ns()))
    os.fsync(file.fileno())
    with store.write() as db:
        store.bucket_path(request.bucket)
        if "if-match" in request.headers or "if-none-match" in request.headers:
            check_write(request.headers, request.key, current_etag(store, db, request))
        path = store.place(file.name, request.bucket, request.key)
        metadata.save(db, request.bucket, request.key, path)
    sync_folders(path, store.buckets)
    return path


def current_etag(store: Store, db: sqlite3.Connection, request: Request) -> str | None:
    """The ETag of the object that is there now, None for none."""
    found = store.find(request.bucket, request.key)
    return None if found is None else Metadata.of(db, request.bucket, found).etag


def _delete(store: Store, db: sqlite3.Connection, bucket: str, key: str) -> None:
    store.unlink(bucket, key)
    db.execute("DELETE FROM s3_object WHERE bucket = ? AND key = ?", (bucket, key))


def typed_checksums(checksums: Mapping[str, str], kind: str) -> dict[str, str]:
    """Checksum headers with their type, FULL_OBJECT or COMPOSITE; {} for none."""
    return {**checksums, f"{CHECKSUM}type": kind} if checksums else {}


def without_checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers but for the checksums, which hold for the whole object only."""
    return {name: value for name, value in headers.items() if not name.startswith(CHECKSUM)}
