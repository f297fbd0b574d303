"""Multipart uploads of the embedded S3; parts wait in a folder that no listing shows."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .s3_buckets import OWNER
from .s3_checksums import new_checksum
from .s3_conditions import byte_range
from .s3_metadata import Metadata, kept_headers
from .s3_objects import Objects, commit
from .s3_request import Received, Request, read_all, receive
from .s3_xml import iso_time, parse, respond, xml_response
from .store import Store
from .wire import AwsError, Response

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
_MAX_PARTS = 10_000
_MIN_PART_BYTES = 5 << 20
_CHECKSUM = "x-amz-checksum-"


@dataclass(frozen=True)
class Part:
    """A part as it waits: its number, file, size in bytes, MD5 and checksum headers."""

    number: int
    file: str
    size: int
    etag: str
    modified: float
    headers: Mapping[str, str]

    @classmethod
    def all(cls, db: sqlite3.Connection, upload: str) -> dict[int, Part]:
        """The parts of an upload by number."""
        rows = db.execute(
            "SELECT number, file, size, etag, modified, headers FROM s3_part "
            "WHERE upload_id = ? ORDER BY number",
            (upload,),
        )
        return {
            number: cls(number, file, size, etag, modified, json.loads(headers))
            for number, file, size, etag, modified, headers in rows
        }


class Uploads:
    """Create, UploadPart, UploadPartCopy, Complete, Abort, ListParts, ListMultipartUploads."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    def create(self, request: Request) -> Response:
        """Answer CreateMultipartUpload."""
        self._store.path(request.bucket, request.key)
        upload = uuid.uuid4().hex
        headers = kept_headers(request.headers)
        (self._store.multipart / upload).mkdir()
        with self._store.write() as db:
            db.execute(
                "INSERT INTO s3_upload VALUES (?, ?, ?, ?, ?)",
                (upload, request.bucket, request.key, time.time(), json.dumps(headers)),
            )
        algorithm = request.headers.get(f"{_CHECKSUM}algorithm")
        echoed = {f"{_CHECKSUM}algorithm": algorithm} if algorithm else {}
        members = {"Bucket": request.bucket, "Key": request.key, "UploadId": upload}
        return xml_response("InitiateMultipartUploadResult", members, echoed)

    def put_part(self, request: Request) -> Response:
        """Answer UploadPart."""
        self._require(request)
        number = _part_number(request)
        with self._store.stage() as file:
            received = receive(request, file)
            self._save(request, number, Path(file.name), received)
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
            file.flush()
            received = Received(last - first, digest.digest(), {})
            self._save(request, number, Path(file.name), received)
        members = {"LastModified": iso_time(time.time()), "ETag": f'"{received.md5.hex()}"'}
        return xml_response("CopyPartResult", members)

    def complete(self, request: Request) -> Response:
        """Answer CompleteMultipartUpload: the listed parts, joined, become the object."""
        wanted = _wanted_parts(read_all(request))
        with self._store.read() as db:
            headers = self._find(db, request)
            parts = _chosen(wanted, Part.all(db, request.query["uploadId"]))
        with self._store.stage() as file:
            for part in parts:
                with (self._folder(request) / part.file).open("rb") as source:
                    shutil.copyfileobj(source, file, 1 << 20)
            checksum = _composite(parts)
            metadata = Metadata(_joined_etag(parts), {**headers, **checksum})
            commit(self._store, request, file, metadata)
        self._forget(request)
        named = {_member(name): value for name, value in checksum.items()}
        return xml_response(
            "CompleteMultipartUploadResult",
            {
                "Location": f"/{request.bucket}/{request.key}",
                "Bucket": request.bucket,
                "Key": request.key,
                "ETag": f'"{metadata.etag}"',
                **named,
                "ChecksumType": "COMPOSITE" if named else None,
            },
        )

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
                        **{_member(name): value for name, value in part.headers.items()},
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

    def _save(self, request: Request, number: int, staged: Path, received: Received) -> None:
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        name = f"{number}-{uuid.uuid4().hex}"
        upload = request.query["uploadId"]
        with self._store.write() as db:
            self._find(db, request)
            old = Part.all(db, upload).get(number)
            staged.replace(self._folder(request) / name)
            row = (upload, number, name, received.size, received.md5.hex(), time.time())
            headers = json.dumps(received.checksums)
            db.execute("INSERT OR REPLACE INTO s3_part VALUES (?,?,?,?,?,?,?)", (*row, headers))
        if old is not None:
            (self._folder(request) / old.file).unlink(missing_ok=True)

    def _forget(self, request: Request) -> None:
        with self._store.write() as db:
            db.execute("DELETE FROM s3_upload WHERE id = ?", (request.query["uploadId"],))
        shutil.rmtree(self._folder(request), ignore_errors=True)


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


def _wanted_parts(body: bytes) -> list[tuple[int, str]]:
    root = parse(body, "CompleteMultipartUpload")
    try:
        wanted = [
            (int(each.findtext("PartNumber") or ""), (each.findtext("ETag") or "").strip('"'))
            for each in root.iter("Part")
        ]
    except ValueError:
        wanted = []
    if not wanted:
        raise AwsError(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published "
            "schema: at least one Part with a PartNumber is needed.",
        )
    return wanted


def _chosen(wanted: list[tuple[int, str]], parts: Mapping[int, Part]) -> list[Part]:
    numbers = [number for number, _ in wanted]
    if numbers != sorted(set(numbers)):
        raise AwsError(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in "
            "order by part number.",
        )
    for number, etag in wanted:
        if number not in parts or parts[number].etag != etag:
            raise AwsError(
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have "
                "been uploaded, or the specified entity tag may not match the part's entity tag.",
                400,
                {"PartNumber": str(number)},
            )
    chosen = [parts[number] for number in numbers]
    for part in chosen[:-1]:
        if part.size < _MIN_PART_BYTES:
            raise AwsError(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                400,
                {
                    "ProposedSize": str(part.size),
                    "MinSizeAllowed": str(_MIN_PART_BYTES),
                    "PartNumber": str(part.number),
                },
            )
    return chosen


def _joined_etag(parts: list[Part]) -> str:
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"


def _composite(parts: list[Part]) -> dict[str, str]:
    """The checksum of the parts' checksums, if all have the same one."""
    names = set.intersection(*({*part.headers} for part in parts))
    return {name: _composite_of(name, parts) for name in sorted(names)}


def _composite_of(name: str, parts: list[Part]) -> str:
    checksum = new_checksum(name.removeprefix(_CHECKSUM))
    for part in parts:
        checksum.update(base64.b64decode(part.headers[name]))
    return f"{base64.b64encode(checksum.digest()).decode()}-{len(parts)}"


def _member(header: str) -> str:
    return f"Checksum{header.removeprefix(_CHECKSUM).upper()}"
