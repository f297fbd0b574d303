"""Buckets of the embedded S3: folders, with their birth and region in the catalog."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

from fsql.local.paging import decode_token, encode_token
from fsql.local.s3.request import Request, read_all
from fsql.local.s3.xml import iso_time, parse, respond, xml_response
from fsql.local.store import Store, sync_file, valid_bucket
from fsql.local.wire import ACCOUNT, REGION, AwsError, Response

OWNER = {"ID": hashlib.sha256(ACCOUNT.encode()).hexdigest()}


class Buckets:
    """CreateBucket, DeleteBucket, HeadBucket, ListBuckets and GetBucketLocation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Request) -> Response:
        """Answer CreateBucket; in us-east-1 a bucket of one's own may be created again."""
        name, region = request.bucket, _wanted_region(request)
        if not valid_bucket(name):
            raise AwsError(
                "InvalidBucketName", "The specified bucket is not valid.", 400, {"BucketName": name}
            )
        with self._store.write() as db:
            folder = self._store.buckets / name
            if folder.is_dir() and region != REGION:
                raise AwsError(
                    "BucketAlreadyOwnedByYou",
                    "Your previous request to create the named bucket succeeded and you already "
                    "own it.",
                    409,
                    {"BucketName": name},
                )
            if not folder.is_dir():
                folder.mkdir()
                row = (name, time.time(), region)
                db.execute("INSERT OR REPLACE INTO s3_bucket VALUES (?, ?, ?)", row)
        sync_file(self._store.buckets)
        return respond(200, b"", {"Location": f"/{name}"})

    def delete(self, request: Request) -> Response:
        """Answer DeleteBucket; unfinished uploads go with it."""
        with self._store.write() as db:
            folder = self._store.bucket_path(request.bucket)
            if any(True for _ in self._store.list(request.bucket)):
                raise _not_empty(request.bucket)
            uploads = db.execute("SELECT id FROM s3_upload WHERE bucket = ?", (request.bucket,))
            for (upload,) in uploads.fetchall():
                shutil.rmtree(self._store.multipart / upload, ignore_errors=True)
            db.execute("DELETE FROM s3_upload WHERE bucket = ?", (request.bucket,))
            db.execute("DELETE FROM s3_object WHERE bucket = ?", (request.bucket,))
            db.execute("DELETE FROM s3_bucket_tag WHERE bucket = ?", (request.bucket,))
            db.execute("DELETE FROM s3_bucket WHERE name = ?", (request.bucket,))
            try:
                _remove_empty_tree(folder)
            except OSError:  # something was written meanwhile, or is no object
                raise _not_empty(request.bucket) from None
        return respond(204)

    def head(self, request: Request) -> Response:
        """Answer HeadBucket."""
        self._store.bucket_path(request.bucket)
        headers = {"x-amz-bucket-region": self._region(request.bucket)}
        return respond(200, b"", headers, {"Content-Type": "application/xml"})

    def location(self, request: Request) -> Response:
        """Answer GetBucketLocation: empty for us-east-1, as S3 has it."""
        self._store.bucket_path(request.bucket)
        region = self._region(request.bucket)
        text = "" if region == REGION else region
        return xml_response("LocationConstraint", text)

    def list(self, request: Request) -> Response:
        """Answer ListBuckets, in the order of names."""
        most = request.number("max-buckets", 10_000, 1)
        prefix = request.query.get("prefix", "")
        token = request.query.get("continuation-token")
        after = decode_token(token, "InvalidArgument") or ""
        names = sorted(
            entry.name
            for entry in os.scandir(self._store.buckets)
            if valid_bucket(entry.name) and entry.is_dir(follow_symlinks=False)
        )
        wanted = [name for name in names if name.startswith(prefix) and name > after]
        shown = wanted[:most]
        buckets = [
            {"Name": name, "CreationDate": iso_time(self._created(name)), "BucketRegion": region}
            for name in shown
            for region in (self._region(name),)
        ]
        more = encode_token(shown[-1]) if len(wanted) > most else None
        return xml_response(
            "ListAllMyBucketsResult",
            {
                "Owner": OWNER,
                "Buckets": {"Bucket": buckets},
                "ContinuationToken": more,
                "Prefix": prefix or None,
            },
        )

    def _row(self, name: str) -> tuple[float, str] | None:
        with self._store.read() as db:
            row: tuple[float, str] | None = db.execute(
                "SELECT created, region FROM s3_bucket WHERE name = ?", (name,)
            ).fetchone()
        return row

    def _region(self, name: str) -> str:
        row = self._row(name)
        return row[1] if row else REGION

    def _created(self, name: str) -> float:
        row = self._row(name)
        return row[0] if row else (self._store.buckets / name).stat().st_mtime


def _not_empty(bucket: str) -> AwsError:
    return AwsError(
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
        409,
        {"BucketName": bucket},
    )


def _wanted_region(request: Request) -> str:
    body = read_all(request)
    if not body.strip():
        return request.region
    root = parse(body, "CreateBucketConfiguration")
    return root.findtext("LocationConstraint") or request.region


def _remove_empty_tree(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        Path(path).rmdir()
