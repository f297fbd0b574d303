"""What S3 knows of an object beyond its bytes: ETag, Content-Type, user metadata, checksums."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from fsql.local.store.listing import Found
from fsql.local.wire import AwsError

_KEPT = (
    "content-type",
    "cache-control",
    "content-disposition",
    "content-language",
    "expires",
    "x-amz-website-redirect-location",
)
_USER = "x-amz-meta-"
_MAX_USER_BYTES = 2048  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html


@dataclass(frozen=True)
class Metadata:
    """An object's ETag (without quotes), the headers that it is answered with, and its tags."""

    etag: str
    headers: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, db: sqlite3.Connection, bucket: str, found: Found) -> Metadata:
        """What the catalog knows of a file; derived if the file came by another way than S3."""
        row = db.execute(
            "SELECT size, mtime_ns, etag, headers, tags FROM s3_object"
            " WHERE bucket = ? AND key = ?",
            (bucket, found.key),
        ).fetchone()
        if row is None or (row[0], row[1]) != (found.size, found.mtime_ns):
            return cls(derived_etag(found), {})
        return cls(row[2], json.loads(row[3]), json.loads(row[4]))

    def save(self, db: sqlite3.Connection, bucket: str, key: str, path: Path) -> None:
        """Remember this of the file that was just put in place."""
        stat = path.stat()
        db.execute(
            "INSERT OR REPLACE INTO s3_object"
            " (bucket, key, size, mtime_ns, etag, headers, tags) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(bucket, key, stat.st_size, stat.st_mtime_ns, self.etag),
                *(json.dumps(self.headers), json.dumps(self.tags)),
            ),
        )

    def answer(self, found: Found) -> dict[str, str]:
        """The headers of a GET or HEAD of the object, but for its length."""
        return {
            "ETag": f'"{self.etag}"',
            "Last-Modified": formatdate(found.mtime_ns // 10**9, usegmt=True),
            "Accept-Ranges": "bytes",
            "Content-Type": "binary/octet-stream",
            **{_header(name): value for name, value in self.headers.items()},
            **({"x-amz-tagging-count": str(len(self.tags))} if self.tags else {}),
        }


def etags(db: sqlite3.Connection, bucket: str, found: list[Found]) -> dict[str, str]:
    """The ETags of a page of a listing, by key."""
    if not found:
        return {}
    rows = db.execute(
        "SELECT key, size, mtime_ns, etag FROM s3_object WHERE bucket = ? AND key BETWEEN ? AND ?",
        (bucket, found[0].key, found[-1].key),
    )
    known = {row[0]: row[1:] for row in rows}
    return {each.key: _etag(each, known.get(each.key)) for each in found}


def derived_etag(found: Found) -> str:
    """An ETag for a file that was written directly: new whenever the file is replaced.

    It has the form of a multipart upload's, which no client takes for the content's MD5.
    """
    state = f"{found.inode}:{found.mtime_ns}:{found.size}".encode()
    return f"{hashlib.md5(state, usedforsecurity=False).hexdigest()}-1"


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a PUT that its GET answers with; AwsError MetadataTooLarge."""
    kept = {name: headers[name] for name in _KEPT if name in headers}
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",")]
    encoding = ",".join(part for part in encodings if part and part != "aws-chunked")
    if encoding:
        kept["content-encoding"] = encoding
    user = {name: value for name, value in headers.items() if name.startswith(_USER)}
    size = sum(len(name) - len(_USER) + len(value.encode()) for name, value in user.items())
    if size > _MAX_USER_BYTES:
        raise AwsError(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            400,
            {"Size": str(size), "MaxSizeAllowed": str(_MAX_USER_BYTES)},
        )
    return kept | user


def _etag(found: Found, row: tuple[int, int, str] | None) -> str:
    if row is not None and row[:2] == (found.size, found.mtime_ns):
        return row[2]
    return derived_etag(found)


def _header(name: str) -> str:
    return name if name.startswith("x-amz-") else name.title()
