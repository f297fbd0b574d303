"""Multipart uploads of the embedded S3; parts wait in a folder that no listing shows."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from fsql.local.s3.buckets import OWNER
from fsql.local.s3.conditions import byte_range
from fsql.local.s3.fileslice import append
from fsql.local.s3.metadata import Metadata, kept_headers
from fsql.local.s3.objects import CHECKSUM, Objects, commit, typed_checksums, without_checksums
from fsql.local.s3.parts import (
    Part,
    checksum_member,
    checksum_of,
    chosen_parts,
    composite_checksums,
    declared_checksum,
    full_checksum,
    joined_etag,
    wanted_parts,
)
from fsql.local.s3.request import Received, Request, read_all, receive
from fsql.local.s3.tagging import header_tags
from fsql.local.s3.xml import iso_time, respond, xml_response
from fsql.local.store import Store
from fsql.local.wire import AwsError, Response

_MAX_PARTS = 10_000  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html


class Uploads:
    """Create, UploadPart, UploadPartCopy, Complete, Abort, ListParts, ListMultipartUploads."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects
        # Parts that this process wrote. Others are looked at again before they are joined: parts
        # are not synced one by one, and the machine may have stopped since.
        self._fresh: set[str] = set()
        self._turns: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def create(self, request: Request) -> Response:
        """Answer CreateMultipartUpload."""
        self._store.path(request.bucket, request.key)
        upload = uuid.uuid4().hex
        kind = declared_checksum(request.headers)
        headers = kept_headers(request.headers) | kind
        header_tags(request.headers)
        if "x-amz-tagging" in request.headers:
            headers["x-amz-tagging"] = request.headers["x-amz-tagging"]
        (self._store.multipart / upload).mkdir()
        with self._store.write() as db:
            db.execute(
                "INSERT INTO s3_upload VALUES (?, ?, ?, ?, ?)",
                (upload, request.bucket, request.key, time.time(), json.dumps(headers)),
            )
        members = {"Bucket": request.bucket, "Key": request.key, "UploadId": upload}
        return xml_response("InitiateMultipartUploadResult", members, kind)

    def put_part(self, request: Request) -> Response:
        """Answer UploadPart."""
        self._require(request)
        number = _part_number(request)
        with self._store.stage() as file:
            received = receive(request, file)
            self._save(request, number, file, received)
        etag = {"ETag": f'"{received.md5.hex()}"'}
        return respond(200, b"", etag, received.checksums)

    def copy_part(self, request: Request) -> Response:
        """Answer UploadPartCopy."""
        self._require(request)
        number = _part_number(request)
        with self._objects.source(request) as source, self._store.stage() as file:
            size = source.found.size
            span = byte_range(request.headers.get("x-amz-copy-source-range"), size)
            digest, (first, last) = hashlib.md5(usedforsecurity=False), span or (0, size)
            for block in source.blocks(first, last):
                file.write(block)
                digest.update(block)
            received = Received(last - first, digest.digest(), {})
            self._save(request, number, file, received)
        members = {"LastModified": iso_time(time.time()), "ETag": f'"{received.md5.hex()}"'}
        return xml_response("CopyPartResult", members)

    def complete(self, request: Request) -> Response:
        """Answer CompleteMultipartUpload: the listed parts, joined, become the object.

        A client whose patience ended asks again, perhaps while we are still at it: it gets the
        same answer, as from S3.
        """
        # The checksum headers are the object's here, not those of this request's body.
        plain = replace(request, headers=without_checksums(request.headers))
        wanted = wanted_parts(read_all(plain))
        with self._one_at_a_time(request.query["uploadId"]):
            done = self._completed(request, wanted) or self._complete(request, wanted)
        checksums = {k: v for k, v in done.headers.items() if k.startswith(CHECKSUM)}
        return xml_response(
            "CompleteMultipartUploadResult",
            {
                "Location": f"/{request.bucket}/{request.key}",
                "Bucket": request.bucket,
                "Key": request.key,
                "ETag": f'"{done.etag}"',
                **{checksum_member(name): value for name, value in checksums.items()},
            },
        )

    def _completed(self, request: Request, wanted: list[tuple[int, str]]) -> Metadata | None:
        """The object that the parts became already; None while the upload is there."""
        with self._store.read() as db:
            row = db.execute("SELECT 1 FROM s3_upload WHERE id = ?", (request.query["uploadId"],))
            if row.fetchone() is not None:
                return None
            found = self._store.find(request.bucket, request.key)
            metadata = Metadata.of(db, request.bucket, found) if found else None
        same = metadata is not None and metadata.etag == joined_etag([etag for _, etag in wanted])
        return metadata if same else None

    def _complete(self, request: Request, wanted: list[tuple[int, str]]) -> Metadata:
        with self._store.read() as db:
            headers = self._find(db, request)
            parts = chosen_parts(wanted, Part.all(db, request.query["uploadId"]))
        with self._store.stage() as file:
            self._join(request, parts, file)
            checksums = self._checksums(request, parts, file, headers)
            etag = joined_etag([part.etag for part in parts])
            tags = header_tags(headers)
            headers.pop("x-amz-tagging", None)
            metadata = Metadata(etag, without_checksums(headers) | checksums, tags)
            commit(self._store, request, file, metadata)
        self._forget(request)
        return metadata

    @contextmanager
    def _one_at_a_time(self, upload: str) -> Iterator[None]:
        with self._guard:
            turn = self._turns.setdefault(upload, threading.Lock())
        try:
            with turn:
                yield
        finally:
            with self._guard:
                self._turns.pop(upload, None)

    def _join(self, request: Request, parts: list[Part], file: BinaryIO) -> None:
        """Write the parts one after the other."""
        for part in parts:
            with (self._folder(request) / part.file).open("rb") as source:
                if part.file not in self._fresh:
                    _verify(source, part)
                if append(source, file) != part.size:
                    raise _damaged(part)

    @staticmethod
    def _checksums(
        request: Request, parts: list[Part], file: BinaryIO, headers: Mapping[str, str]
    ) -> dict[str, str]:
        """The joined object's checksum headers; AwsError BadDigest."""
        if headers.get(f"{CHECKSUM}type") != "FULL_OBJECT":
            return typed_checksums(composite_checksums(parts), "COMPOSITE")
        name = headers[f"{CHECKSUM}algorithm"].lower()
        value = full_checksum(name, parts) or checksum_of(name, file)
        if request.headers.get(f"{CHECKSUM}{name}", value) != value:
            raise AwsError(
                "BadDigest",
                f"The {name.upper()} you specified did not match the calculated checksum.",
            )
        return typed_checksums({f"{CHECKSUM}{name}": value}, "FULL_OBJECT")

    def abort(self, request: Request) -> Response:
        """Answer AbortMultipartUpload."""
        self._require(request)
        self._forget(request)
        return respond(204)

    def list_parts(self, request: Request) -> Response:
        """Answer ListParts."""
        most, after = request.number("max-parts", 1000, 1), request.number("part-number-marker", 0)
        with self._store.read() as db:
            self._find(db, request)
            parts = Part.all(db, request.query["uploadId"])
        wanted = [part for number, part in parts.items() if number > after]
        shown = wanted[: min(most, 1000)]
        return xml_response(
            "ListPartsResult",
            {
                "Bucket": request.bucket,
                "Key": request.key,
                "UploadId": request.query["uploadId"],
                "PartNumberMarker": after,
                "NextPartNumberMarker": shown[-1].number if shown else 0,
                "MaxParts": most,
                "IsTruncated": len(wanted) > len(shown),
                "Part": [
                    {
                        "PartNumber": part.number,
                        "LastModified": iso_time(part.modified),
                        "ETag": f'"{part.etag}"',
                        "Size": part.size,
                        **{checksum_member(name): value for name, value in part.headers.items()},
                    }
                    for part in shown
                ],
                "Initiator": OWNER,
                "Owner": OWNER,
                "StorageClass": "STANDARD",
            },
        )

    def list(self, request: Request) -> Response:
        """Answer ListMultipartUploads, in the order of keys and then of age."""
        self._store.bucket_path(request.bucket)
        most = min(request.number("max-uploads", 1000, 1), 1000)
        prefix, marker = request.query.get("prefix", ""), request.query.get("key-marker", "")
        with self._store.read() as db:
            rows = db.execute(
                "SELECT key, id, initiated FROM s3_upload WHERE bucket = ? AND key > ? "
                "ORDER BY key, initiated",
                (request.bucket, marker),
            ).fetchall()
        wanted = [row for row in rows if row[0].startswith(prefix)]
        shown = wanted[:most]
        return xml_response(
            "ListMultipartUploadsResult",
            {
                "Bucket": request.bucket,
                "KeyMarker": marker,
                "Prefix": prefix or None,
                "MaxUploads": most,
                "IsTruncated": len(wanted) > most,
                "NextKeyMarker": shown[-1][0] if len(wanted) > most else None,
                "NextUploadIdMarker": shown[-1][1] if len(wanted) > most else None,
                "Upload": [
                    {
                        "Key": key,
                        "UploadId": upload,
                        "Initiator": OWNER,
                        "Owner": OWNER,
                        "StorageClass": "STANDARD",
                        "Initiated": iso_time(initiated),
                    }
                    for key, upload, initiated in shown
                ],
            },
        )

    def _find(self, db: sqlite3.Connection, request: Request) -> dict[str, str]:
        """The headers of the upload; AwsError NoSuchUpload."""
        self._store.bucket_path(request.bucket)
        row = db.execute(
            "SELECT headers FROM s3_upload WHERE id = ? AND bucket = ? AND key = ?",
            (request.query["uploadId"], request.bucket, request.key),
        ).fetchone()
        if row is None:
            raise AwsError(
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload "
                "may have been aborted or completed.",
                404,
                {"UploadId": request.query["uploadId"]},
            )
        headers: dict[str, str] = json.loads(row[0])
        return headers

    def _require(self, request: Request) -> None:
        with self._store.read() as db:
            self._find(db, request)

    def _folder(self, request: Request) -> Path:
        return self._store.multipart / request.query["uploadId"]

    def _save(self, request: Request, number: int, staged: BinaryIO, received: Received) -> None:
        staged.flush()
        name = f"{number}-{uuid.uuid4().hex}"
        upload = request.query["uploadId"]
        with self._store.write() as db:
            self._find(db, request)
            old = Part.all(db, upload).get(number)
            Path(staged.name).replace(self._folder(request) / name)
            self._fresh.add(name)
            row = (upload, number, name, received.size, received.md5.hex(), time.time())
            headers = json.dumps(received.checksums)
            db.execute("INSERT OR REPLACE INTO s3_part VALUES (?,?,?,?,?,?,?)", (*row, headers))
        if old is not None:
            self._fresh.discard(old.file)
            (self._folder(request) / old.file).unlink(missing_ok=True)

    def _forget(self, request: Request) -> None:
        with self._store.write() as db:
            self._fresh -= {part.file for part in Part.all(db, request.query["uploadId"]).values()}
            db.execute("DELETE FROM s3_upload WHERE id = ?", (request.query["uploadId"],))
        shutil.rmtree(self._folder(request), ignore_errors=True)


def _verify(source: BinaryIO, part: Part) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    while block := source.read(1 << 20):
        digest.update(block)
    source.seek(0)
    if digest.hexdigest() != part.etag:
        raise _damaged(part)


def _damaged(part: Part) -> AwsError:
    return AwsError(
        "InternalError",
        f"Part {part.number} is damaged on the disk; abort the upload and begin anew.",
        500,
    )


def _part_number(request: Request) -> int:
    number = request.number("partNumber", 0)
    if not 1 <= number <= _MAX_PARTS:
        raise AwsError(
            "InvalidArgument",
            f"Part number must be an integer between 1 and {_MAX_PARTS}, inclusive",
            400,
            {"ArgumentName": "partNumber", "ArgumentValue": request.query.get("partNumber", "")},
        )
    return number
