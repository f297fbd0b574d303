"""The objects of an S3 that is not ours: DuckDB reads ranges, written files are uploaded."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from fsql.local.remote.failures import translated
from fsql.local.remote.files import DuckFiles, RemoteObject, opened
from fsql.local.store import check_key, split_uri
from fsql.local.wire import REGION, AwsError

__all__ = ["RemoteObjects"]

_DELETED_AT_ONCE = 1000  # AmazonS3/latest/API/API_DeleteObjects.html
_UPLOADS = 8
_START = "s3://"


class RemoteObjects:
    """Objects by a boto3 client of S3; see `Objects`.

    Args:
        client: the client, which threads share.
        scratch: a folder for files that are no objects yet.
    """

    def __init__(self, client: Any, scratch: Path) -> None:
        self._client = client
        self.scratch = scratch
        self.readable = [_START]
        self.filesystem = DuckFiles(client)

    def require_bucket(self, bucket: str) -> None:
        try:
            with translated():
                self._client.head_bucket(Bucket=bucket)
        except AwsError as error:
            if error.status != 404:
                raise
            message = "The specified bucket does not exist"
            raise AwsError("NoSuchBucket", message, 404, {"BucketName": bucket}) from error

    def ensure_bucket(self, bucket: str) -> None:
        try:
            self.require_bucket(bucket)
        except AwsError as error:
            if error.code != "NoSuchBucket":
                raise
            region = self._client.meta.region_name
            where = {"LocationConstraint": region}
            given = {} if region == REGION else {"CreateBucketConfiguration": where}
            with translated():
                self._client.create_bucket(Bucket=bucket, **given)

    def find(self, uri: str) -> RemoteObject | None:
        bucket, key = split_uri(uri)
        try:
            with translated():
                said = self._client.head_object(Bucket=bucket, Key=check_key(key))
        except AwsError as error:
            if error.status != 404:
                raise
            self.require_bucket(bucket)
            return None
        return RemoteObject.of(self._client, self.place(uri), said, said["ContentLength"])

    def list(self, uri: str) -> Iterator[RemoteObject]:
        bucket, prefix = split_uri(uri)
        pages = self._client.get_paginator("list_objects_v2")
        with translated():
            for page in pages.paginate(Bucket=bucket, Prefix=prefix):
                for said in page.get("Contents", ()):
                    found = f"s3://{bucket}/{said['Key']}"
                    yield RemoteObject.of(self._client, found, said, said["Size"])

    def place(self, uri: str) -> str:
        bucket, key = split_uri(uri)
        return f"{_START}{bucket}/{key}"

    def uri(self, place: str) -> str:
        return place

    def uri_sql(self, place: str) -> str:
        return place

    def shown(self, text: str) -> str:
        return text

    def open(self, uri: str) -> BinaryIO:
        return opened(self._client, uri)

    def create(self, uri: str, overwrite: bool) -> _Upload:
        if not overwrite and self.find(uri) is not None:
            raise FileExistsError(f"{uri} exists already and may not be overwritten.")
        return _Upload(partial(self._put, uri))

    @contextmanager
    def result(self, uri: str) -> Iterator[Path]:
        path = self.scratch / uuid.uuid4().hex
        try:
            yield path
            self._upload(path, uri)
        finally:
            path.unlink(missing_ok=True)

    def publish(self, files: Mapping[str, Path], check: Callable[[], None]) -> None:
        """As `Objects.publish`: each file can be seen as soon as it is uploaded."""

        def upload(uri: str) -> None:
            check()
            self._upload(files[uri], uri)

        try:
            with ThreadPoolExecutor(_UPLOADS, "fsql-upload") as pool:
                for _ in pool.map(upload, files):
                    pass
        except BaseException:
            self.delete(files)
            raise

    def delete(self, uris: Iterable[str]) -> None:
        keys: dict[str, list[str]] = {}
        for uri in uris:
            bucket, key = split_uri(uri)
            keys.setdefault(bucket, []).append(key)
        for bucket, found in keys.items():
            left = iter(found)
            while batch := [{"Key": key} for key in islice(left, _DELETED_AT_ONCE)]:
                self._delete(bucket, {"Objects": batch, "Quiet": True})

    def _delete(self, bucket: str, wanted: Mapping[str, Any]) -> None:
        with translated():
            answer = self._client.delete_objects(Bucket=bucket, Delete=wanted)
        for error in answer.get("Errors", ()):
            where = f"s3://{bucket}/{error['Key']}"
            raise AwsError(error["Code"], f"{where} can't be deleted: {error.get('Message')}", 403)

    def _upload(self, path: Path, uri: str) -> None:
        """A file as the object: a large one in parts, by boto3's own transfer."""
        bucket, key = split_uri(uri)
        with path.open("rb") as file, translated():
            self._client.upload_fileobj(file, bucket, check_key(key))

    def _put(self, uri: str, data: bytes) -> None:
        bucket, key = split_uri(uri)
        with translated():
            self._client.put_object(Bucket=bucket, Key=check_key(key), Body=data)


class _Upload(io.BytesIO):
    """Bytes that become the object when they are closed: of Iceberg's metadata, so not many."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        super().__init__()
        self._put = put

    def close(self) -> None:
        if not self.closed:
            data = self.getvalue()
            super().close()
            self._put(data)

    def __enter__(self) -> _Upload:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            super().close()
