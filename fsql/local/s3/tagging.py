"""Tags of buckets and objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from fsql.local.s3.conditions import no_such_key
from fsql.local.s3.metadata import Metadata
from fsql.local.s3.request import Request, read_all
from fsql.local.s3.xml import parse, respond, xml_response
from fsql.local.store import Store
from fsql.local.wire import AwsError, Response

__all__ = ["Tagging", "header_tags"]

_OBJECT_MOST, _BUCKET_MOST = 10, 50
_KEY_LENGTH, _VALUE_LENGTH = 128, 256


def header_tags(headers: Mapping[str, str]) -> dict[str, str]:
    """The tags of an ``x-amz-tagging`` header; AwsError InvalidArgument, InvalidTag, BadRequest."""
    text = headers.get("x-amz-tagging", "")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    except ValueError:
        raise AwsError(
            "InvalidArgument",
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query"
            " parameters without tag name duplicates.",
        ) from None
    return _checked(pairs, _OBJECT_MOST)


class Tagging:
    """Get, Put and Delete of BucketTagging and ObjectTagging."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get_bucket(self, request: Request) -> Response:
        """Answer GetBucketTagging; a bucket without tags has no tag set."""
        self._store.bucket_path(request.bucket)
        with self._store.read() as db:
            found = db.execute(
                "SELECT name, value FROM s3_bucket_tag WHERE bucket = ? ORDER BY name",
                (request.bucket,),
            ).fetchall()
        if not found:
            message = "The TagSet does not exist"
            raise AwsError("NoSuchTagSet", message, 404, {"BucketName": request.bucket})
        return _answer(dict(found))

    def put_bucket(self, request: Request) -> Response:
        """Answer PutBucketTagging: these tags in the place of all."""
        tags = _checked(_read(request), _BUCKET_MOST)
        self._set_bucket(request.bucket, tags)
        return respond(204)

    def delete_bucket(self, request: Request) -> Response:
        """Answer DeleteBucketTagging."""
        self._set_bucket(request.bucket, {})
        return respond(204)

    def get(self, request: Request) -> Response:
        """Answer GetObjectTagging."""
        found = self._store.find(request.bucket, request.key)
        if found is None:
            raise no_such_key(request.key)
        with self._store.read() as db:
            return _answer(Metadata.of(db, request.bucket, found).tags)

    def put(self, request: Request) -> Response:
        """Answer PutObjectTagging: these tags in the place of all."""
        self._set(request, _checked(_read(request), _OBJECT_MOST))
        return respond(200)

    def delete(self, request: Request) -> Response:
        """Answer DeleteObjectTagging."""
        self._set(request, {})
        return respond(204)

    def _set(self, request: Request, tags: dict[str, str]) -> None:
        with self._store.write() as db:
            found = self._store.find(request.bucket, request.key)
            if found is None:
                raise no_such_key(request.key)
            known = Metadata.of(db, request.bucket, found)
            changed = Metadata(known.etag, known.headers, tags)
            changed.save(db, request.bucket, request.key, found.path)

    def _set_bucket(self, bucket: str, tags: dict[str, str]) -> None:
        with self._store.write() as db:
            self._store.bucket_path(bucket)
            db.execute("DELETE FROM s3_bucket_tag WHERE bucket = ?", (bucket,))
            rows = [(bucket, *tag) for tag in tags.items()]
            db.executemany("INSERT INTO s3_bucket_tag VALUES (?, ?, ?)", rows)


def _read(request: Request) -> list[tuple[str, str]]:
    root = parse(read_all(request), "Tagging")
    return [(tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in root.iter("Tag")]


def _checked(pairs: list[tuple[str, str]], most: int) -> dict[str, str]:
    tags = dict(pairs)
    if len(tags) < len(pairs):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key")
    if len(tags) > most:
        what = "Object" if most == _OBJECT_MOST else "Bucket"
        raise AwsError("BadRequest", f"{what} tags cannot be greater than {most}")
    for key, value in tags.items():
        if not 0 < len(key) <= _KEY_LENGTH:
            raise AwsError("InvalidTag", "The TagKey you have provided is invalid", 400)
        if len(value) > _VALUE_LENGTH:
            raise AwsError("InvalidTag", "The TagValue you have provided is invalid", 400)
    return tags


def _answer(tags: Mapping[str, str]) -> Response:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return xml_response("Tagging", {"TagSet": {"Tag": listed}})
